//! What only a file can get wrong, beside the suite that every store passes.

mod files;
mod jobs;

use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, proptest};
use rusqlite::Connection;
use tempfile::TempDir;

use super::SqliteStore;
use crate::store::conformance::sequences;
use crate::store::memory::MemoryStore;
use crate::store::{
    Account, JoinOutcome, Login, LoginKey, Membership, Room, RoomId, SharedStore, Store, StoreError, User, UserId,
};

const NOW: u64 = 1_800_000_000_000;

async fn make() -> (SharedStore, TempDir) {
    let folder = TempDir::new().unwrap();
    (Arc::new(open(&folder).await), folder)
}

crate::store_conformance!(make);

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn random_calls_are_answered_as_by_the_reference(steps in sequences::steps()) {
        let folder = TempDir::new().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            sequences::assert_alike(&MemoryStore::new(), &open(&folder).await, &steps).await;
        });
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("whisperspace.db")
}

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&file(folder)).await.unwrap()
}

fn account_user(name: &str) -> User {
    User {
        id: UserId([1; 16]),
        account: Some(Account {
            username: protocol::Username::parse(name).unwrap(),
            password_hash: "$argon2id$hash".to_owned(),
            display_name: protocol::DisplayName::parse("Ada").unwrap(),
        }),
        created_at: NOW,
        expires_at: None,
        logins: vec![Login { key: LoginKey([2; 16]), created_at: NOW, last_used_at: NOW, device: None }],
    }
}

fn a_room(name: &str) -> Room {
    Room {
        id: RoomId([3; 16]),
        code: protocol::RoomCode::parse("TEAT-EATE").unwrap(),
        name: protocol::RoomName::parse(name).unwrap(),
        topic: None,
        pin_hash: Some("$argon2id$pin".to_owned()),
        locked: false,
        timer_s: None,
        lobby: false,
        moderators: Vec::new(),
        capacity: 50,
        sealed: false,
        owner: UserId([1; 16]),
        created_at: NOW,
        expires_at: NOW + 1_000,
    }
}

fn second_member() -> Membership {
    Membership { user: UserId([4; 16]), joined_at: NOW + 1 }
}

async fn fill(store: &SqliteStore) {
    store.create_user(account_user("ada")).await.unwrap();
    store.create_room(a_room("Tea")).await.unwrap();
    let joined = store.join(RoomId([3; 16]), second_member(), 10, NOW).await.unwrap();
    assert_eq!(joined, JoinOutcome::New);
}

async fn assert_filled(store: &SqliteStore) {
    assert_eq!(store.user(UserId([1; 16]), NOW).await.unwrap(), Some(account_user("ada")));
    assert_eq!(store.room(RoomId([3; 16]), NOW).await.unwrap(), Some(a_room("Tea")));
    let members = store.members(RoomId([3; 16])).await.unwrap();
    assert_eq!(members, [Membership { user: UserId([1; 16]), joined_at: NOW }, second_member()]);
}

/// A new column is a decision about what is kept of people: it is made here, too, and in the promises of the product.
#[tokio::test]
async fn tables_and_columns_are_exactly_these() {
    let (_store, folder) = make().await;
    let db = Connection::open(file(&folder)).unwrap();
    let sql = "SELECT tables.name || '.' || columns.name FROM sqlite_schema AS tables
               JOIN pragma_table_xinfo(tables.name) AS columns WHERE tables.type <> 'index'
               ORDER BY tables.name, columns.cid";
    let mut statement = db.prepare(sql).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    let names: Vec<String> = names.collect::<rusqlite::Result<_>>().unwrap();
    let expected = [
        "accounts.user",
        "accounts.username",
        "accounts.username_folded",
        "accounts.password_hash",
        "accounts.display_name",
        "logins.number",
        "logins.user",
        "logins.key",
        "logins.created_at",
        "logins.last_used_at",
        "logins.device",
        "memberships.number",
        "memberships.room",
        "memberships.user",
        "memberships.joined_at",
        "rooms.id",
        "rooms.code",
        "rooms.name",
        "rooms.pin_hash",
        "rooms.capacity",
        "rooms.owner",
        "rooms.created_at",
        "rooms.expires_at",
        "rooms.sealed",
        "rooms.topic",
        "rooms.locked",
        "rooms.moderators",
        "rooms.timer_s",
        "rooms.lobby",
        "users.id",
        "users.created_at",
        "users.expires_at",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn settings_are_in_force() {
    let (_, folder) = make().await;
    let store = open(&folder).await;
    let settings = [
        ("journal_mode", "wal"),
        ("synchronous", "1"),
        ("secure_delete", "1"),
        ("foreign_keys", "1"),
        ("temp_store", "2"),
        ("trusted_schema", "0"),
        ("busy_timeout", "50"),
    ];
    for (name, expected) in settings {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        let sql = sql.replace("CAST(busy_timeout", "CAST(timeout");
        let read = store.writer.run(move |db| Ok(db.query_row(&sql, [], |row| row.get(0))?));
        let value: String = read.await.unwrap();
        assert_eq!(value, expected, "{name}");
    }
}

#[tokio::test]
async fn everything_is_there_after_closing_and_opening() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    fill(&store).await;
    store.close().await.unwrap();
    store.close().await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "the log and its index are gone");
    let store = open(&folder).await;
    assert_filled(&store).await;
    let again = store.create_user(account_user("ADA")).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
}

/// What prints a store prints no path and no content.
#[tokio::test]
async fn a_store_prints_nothing_of_its_content() {
    let (store, _folder) = make().await;
    assert_eq!(format!("{store:?}"), "SqliteStore(…)");
}
