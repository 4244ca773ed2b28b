//! The closed schema: after a busy run every field of the database is on this list, and no value is what people said,
//! where they came from, or what a guest is called.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use mongodb::Client;
use mongodb::bson::{Bson, Document};
use protocol::api::{CreateRoom, RoomView};
use server::config::Database;

use crate::harness::api::credentials;
use crate::harness::database::{Scratch, is_mongodb, mongodb, of_folder};
use crate::harness::{Ask, Guest, TestServer};

/// Path of a field and its values as text; times as numbers.
type Fields = BTreeMap<String, Vec<String>>;

const MONGODB: &[&str] = &[
    "rooms._id",
    "rooms.capacity",
    "rooms.code",
    "rooms.created_at",
    "rooms.expires_at",
    "rooms.lobby",
    "rooms.locked",
    "rooms.members.joined_at",
    "rooms.members.user",
    "rooms.moderators",
    "rooms.name",
    "rooms.owner",
    "rooms.pin_hash",
    "rooms.sealed",
    "rooms.timer_s",
    "rooms.topic",
    "users._id",
    "users.account.display_name",
    "users.account.password_hash",
    "users.account.username",
    "users.account.username_folded",
    "users.created_at",
    "users.expires_at",
    "users.logins.created_at",
    "users.logins.device",
    "users.logins.key",
    "users.logins.last_used_at",
];

const SQLITE: &[&str] = &[
    "accounts.display_name",
    "accounts.password_hash",
    "accounts.user",
    "accounts.username",
    "accounts.username_folded",
    "logins.created_at",
    "logins.device",
    "logins.key",
    "logins.last_used_at",
    "logins.number",
    "logins.user",
    "memberships.joined_at",
    "memberships.number",
    "memberships.room",
    "memberships.user",
    "rooms.capacity",
    "rooms.code",
    "rooms.created_at",
    "rooms.expires_at",
    "rooms.id",
    "rooms.lobby",
    "rooms.locked",
    "rooms.moderators",
    "rooms.name",
    "rooms.owner",
    "rooms.pin_hash",
    "rooms.sealed",
    "rooms.timer_s",
    "rooms.topic",
    "users.created_at",
    "users.expires_at",
    "users.id",
];

/// Rounded down to the hour.
const HOURS: &[&str] = &["users.created_at", "users.logins.last_used_at", "logins.last_used_at"];

async fn busy_run(server: &TestServer) {
    let owner = Guest::named(server, "Nickname One").await;
    let request =
        CreateRoom { name: Some("A room".to_owned()), pin: Some("secretpin".to_owned()), ..CreateRoom::default() };
    let room = owner.room_with(request).await;
    let other = Guest::named(server, "Nickname Two").await;
    other.join(&room.code, Some("secretpin")).await.assert_status(200);
    let account = Guest::register(server, "robin", "correct horse battery").await;
    let login = serde_json::json!({
        "username": "robin", "password": "correct horse battery", "device": "Firefox on Linux",
    });
    Ask::post("/api/v1/login").json(&login).send(server.addr).await.assert_status(200);
    Guest::named(server, "Nickname Three").await.ask(credentials("register", "wren", "correct horse battery")).await;
    account.room_with(CreateRoom { sealed: true, ..CreateRoom::default() }).await;
    let (mut first, mut second) = (owner.enter(&room).await, other.enter(&room).await);
    for number in 0..10 {
        first.say(&room.code, &format!("messagetext {number}")).await;
        second.say(&room.code, &format!("messagetext too {number}")).await;
    }
    let set = serde_json::json!({"topic": "A topic", "timer_s": 30});
    owner.ask(Ask::new("PATCH", &format!("/api/v1/rooms/{}", room.code)).json(&set)).await.assert_status(200);
    let you = other.look_up(&room.code).await.json::<RoomView>().you;
    let role = serde_json::json!({"member": you, "role": "moderator"});
    owner.ask(Ask::post(&format!("/api/v1/rooms/{}/role", room.code)).json(&role)).await.assert_status(204);
    first.typing(&room.code, true).await;
    second.ping().await;
}

fn check(fields: &Fields, list: &[&str]) {
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    assert_eq!(names, list, "a field is a decision: it belongs on this list and into the promises of the product");
    for (name, values) in fields {
        for value in values {
            for never in ["messagetext", "Nickname", "secretpin", "correct horse", "127.0.0.1", "::1"] {
                assert!(!value.contains(never), "{never} is in {name}");
            }
            if HOURS.contains(&name.as_str()) {
                let at: u64 = value.parse().expect("is a time");
                assert_eq!(at % 3_600_000, 0, "{name} is rounded down to the hour");
            }
        }
    }
}

fn collect(document: &Document, above: &str, fields: &mut Fields) {
    for (name, value) in document {
        put(&format!("{above}.{name}"), value, fields);
    }
}

fn put(path: &str, value: &Bson, fields: &mut Fields) {
    match value {
        Bson::Document(inner) => collect(inner, path, fields),
        Bson::Array(elements) => elements.iter().for_each(|element| put(path, element, fields)),
        Bson::DateTime(at) => fields.entry(path.to_owned()).or_default().push(at.timestamp_millis().to_string()),
        Bson::Binary(binary) => {
            let text = String::from_utf8_lossy(&binary.bytes).into_owned();
            fields.entry(path.to_owned()).or_default().push(text);
        }
        other => fields.entry(path.to_owned()).or_default().push(other.to_string()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_of_mongodb_is_on_the_list() {
    if !is_mongodb() {
        return;
    }
    let name = format!("ws_it_schema_{}", u64::from_be_bytes(realtime::clock::random()));
    let uri = crate::harness::database::uri_of(&mongodb(), &name);
    let server = TestServer::with(|config| {
        config.database = Database::parse(&uri, std::path::Path::new("")).expect("is an address");
        config.data_dir = std::env::temp_dir().join(&name);
    })
    .await;
    busy_run(&server).await;
    let database = Client::with_uri_str(&mongodb()).await.expect("the server answers").database(&name);
    let mut collections = database.list_collection_names().await.expect("are listed");
    collections.sort();
    assert_eq!(collections, ["rooms", "users"]);
    let mut fields = Fields::new();
    for collection in collections {
        let found = database.collection::<Document>(&collection).find(Document::new()).await.expect("can be read");
        let documents: Vec<Document> = found.try_collect().await.expect("can be read");
        assert!(!documents.is_empty(), "the run was busy");
        for document in &documents {
            collect(document, &collection, &mut fields);
        }
    }
    server.stop().await;
    database.drop().await.expect("is dropped");
    std::fs::remove_dir_all(std::env::temp_dir().join(&name)).expect("the secret's folder goes");
    check(&fields, MONGODB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_of_sqlite_is_on_the_list() {
    let folder = tempfile::TempDir::new().expect("there is room for a temporary folder");
    let file = folder.path().join("schema.db");
    let server = TestServer::with(|config| {
        config.database = Database::Sqlite(file.clone());
        config.data_dir = folder.path().to_owned();
    })
    .await;
    busy_run(&server).await;
    server.stop().await;
    let db = rusqlite::Connection::open(&file).expect("opens");
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = {
        let mut statement = db.prepare(sql).expect("is SQL");
        let names = statement.query_map([], |row| row.get(0)).expect("can be read");
        names.collect::<rusqlite::Result<_>>().expect("can be read")
    };
    let mut fields = Fields::new();
    for table in tables {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).expect("is SQL");
        let names: Vec<String> = statement.column_names().map(|name| format!("{table}.{name}")).collect();
        let mut rows = statement.query([]).expect("can be read");
        while let Some(row) = rows.next().expect("can be read") {
            for (column, name) in names.iter().enumerate() {
                let value = match row.get_ref(column).expect("is there") {
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                        String::from_utf8_lossy(bytes).into_owned()
                    }
                    rusqlite::types::ValueRef::Null | rusqlite::types::ValueRef::Real(_) => continue,
                };
                fields.entry(name.clone()).or_default().push(value);
            }
        }
    }
    check(&fields, SQLITE);
}

/// The helpers of this run agree: a folder's database is a file unless the run is on a server.
#[test]
fn a_folder_has_one_database() {
    let folder = std::path::Path::new("folder");
    if !is_mongodb() {
        assert!(of_folder(folder) == Database::Sqlite(folder.join("whisperspace.db")));
        drop(Scratch::fresh());
    }
}
