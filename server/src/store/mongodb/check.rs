//! For the operator: the schema as it is made, and fields that are not of it.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document};

use super::documents::{ROOM_FIELDS, USER_FIELDS};
use super::{MongoStore, indexes};
use crate::store::Result;

/// Collections, fields and indexes as JSON.
pub fn export_schema() -> String {
    let schema = serde_json::json!({
        "collections": { "users": USER_FIELDS, "rooms": ROOM_FIELDS },
        "indexes": indexes::described(),
    });
    format!("{schema:#}\n")
}

/// The names of collections and fields that this program does not write, each once.
///
/// # Errors
/// When the database does not answer.
pub async fn strange_fields(store: &MongoStore) -> Result<Vec<String>> {
    let link = store.server.link()?;
    let look = async {
        let mut strange = BTreeSet::new();
        for name in link.database.list_collection_names().await? {
            if name != "users" && name != "rooms" && !name.starts_with("system.") {
                strange.insert(name);
            }
        }
        for (collection, name, known) in [(&link.users, "users", USER_FIELDS), (&link.rooms, "rooms", ROOM_FIELDS)] {
            let mut documents = collection.find(Document::new()).await?;
            while let Some(document) = documents.try_next().await? {
                let mut fields = BTreeSet::new();
                collect(&document, "", &mut fields);
                strange.extend(
                    fields
                        .iter()
                        .filter(|field| !known.contains(&field.as_str()))
                        .map(|field| format!("{name}.{field}")),
                );
            }
        }
        Ok(strange.into_iter().collect())
    };
    store.server.sweep(look).await
}

/// The paths of every field, those of elements of arrays under the array's own.
fn collect(document: &Document, above: &str, fields: &mut BTreeSet<String>) {
    for (name, value) in document {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match value {
            Bson::Document(inner) => collect(inner, &path, fields),
            Bson::Array(elements) => {
                elements.iter().filter_map(Bson::as_document).for_each(|inner| collect(inner, &path, fields));
            }
            _ => {}
        }
        fields.insert(path);
    }
}
