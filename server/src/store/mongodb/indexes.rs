//! The indexes, made at every start: what is there already stays as it is.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::doc;
use mongodb::options::IndexOptions;
use serde_json::{Value, json};

use super::collections::Collections;

/// The server itself deletes what ended so long ago: a backstop, because the hub deletes in time and tells.
const BACKSTOP: Duration = Duration::from_hours(1);

/// Collection, name, keys, unique, whether only where the field is there, and whether it is the backstop.
type Row = (&'static str, &'static str, &'static str, bool, bool, bool);

const INDEXES: &[Row] = &[
    ("users", "by_name", "account.username_folded", true, true, false),
    ("users", "by_end", "expires_at", false, false, true),
    ("rooms", "by_code", "code", true, false, false),
    ("rooms", "by_end", "expires_at", false, false, true),
    ("rooms", "by_member", "members.user", false, false, false),
];

pub(super) async fn make(link: &Collections) -> mongodb::error::Result<()> {
    for (collection, name) in [(&link.users, "users"), (&link.rooms, "rooms")] {
        let rows = INDEXES.iter().filter(|row| row.0 == name);
        collection.create_indexes(rows.map(model)).await?;
    }
    Ok(())
}

fn model(&(_, name, field, unique, sparse, backstop): &Row) -> IndexModel {
    let only_where = sparse.then(|| doc! { field: { "$exists": true } });
    let options = IndexOptions::builder()
        .name(name.to_owned())
        .unique(unique.then_some(true))
        .partial_filter_expression(only_where)
        .expire_after(backstop.then_some(BACKSTOP))
        .build();
    IndexModel::builder().keys(doc! { field: 1 }).options(options).build()
}

/// What is made, for whoever prepares a database by hand.
pub(super) fn described() -> Vec<Value> {
    let describe = |&(collection, name, field, unique, sparse, backstop): &Row| {
        let mut index = json!({ "collection": collection, "name": name, "key": { field: 1 } });
        if unique {
            index["unique"] = Value::Bool(true);
        }
        if sparse {
            index["partialFilterExpression"] = json!({ field: { "$exists": true } });
        }
        if backstop {
            index["expireAfterSeconds"] = BACKSTOP.as_secs().into();
        }
        index
    };
    INDEXES.iter().map(describe).collect()
}
