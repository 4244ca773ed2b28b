//! What only a file can get wrong: its mode, its columns, what stays in it, what outlives a crash.
#![expect(clippy::unwrap_used, reason = "a test ends where a value is missing")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, proptest};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{OpenError, SqliteStore};
use crate::store::conformance::sequences;
use crate::store::memory::MemoryStore;
use crate::store::{
    Account, Joined, Login, LoginKey, Membership, Result, Room, RoomId, SharedStore, Store,
    StoreError, User, UserId,
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
        logins: vec![Login {
            key: LoginKey([2; 16]),
            created_at: NOW,
            last_used_at: NOW,
        }],
    }
}

fn a_room(name: &str) -> Room {
    Room {
        id: RoomId([3; 16]),
        code: protocol::RoomCode::parse("TEAT-EATE").unwrap(),
        name: protocol::RoomName::parse(name).unwrap(),
        pin_hash: Some("$argon2id$pin".to_owned()),
        capacity: 50,
        owner: UserId([1; 16]),
        created_at: NOW,
        expires_at: NOW + 1_000,
    }
}

fn second_member() -> Membership {
    Membership {
        user: UserId([4; 16]),
        joined_at: NOW + 1,
    }
}

async fn fill(store: &SqliteStore) {
    store.create_user(account_user("ada")).await.unwrap();
    store.create_room(a_room("Tea")).await.unwrap();
    let joined = store
        .join(RoomId([3; 16]), second_member(), 10, NOW)
        .await
        .unwrap();
    assert_eq!(joined, Joined::New);
}

async fn assert_filled(store: &SqliteStore) {
    assert_eq!(
        store.user(UserId([1; 16]), NOW).await.unwrap(),
        Some(account_user("ada"))
    );
    assert_eq!(
        store.room(RoomId([3; 16]), NOW).await.unwrap(),
        Some(a_room("Tea"))
    );
    let members = store.members(RoomId([3; 16])).await.unwrap();
    assert_eq!(
        members,
        [
            Membership {
                user: UserId([1; 16]),
                joined_at: NOW
            },
            second_member()
        ]
    );
}

/// All bytes of all files of a folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
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
        ("busy_timeout", "5000"),
    ];
    for (name, expected) in settings {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        let sql = sql.replace("CAST(busy_timeout", "CAST(timeout");
        let read = store
            .writer
            .run(move |db| Ok(db.query_row(&sql, [], |row| row.get(0))?));
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

/// The files as they are at the moment of the answer are what a killed process leaves behind.
#[tokio::test]
async fn what_was_acknowledged_is_in_the_files() {
    let (killed, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(&folder).await;
    fill(&store).await;
    for suffix in ["", "-wal"] {
        let name = format!("whisperspace.db{suffix}");
        std::fs::copy(folder.path().join(&name), killed.path().join(&name)).unwrap();
    }
    assert_filled(&open(&killed).await).await;
}

/// A deleted name is in no file after the next purge, or after a close: not in a free page, not in the log.
#[tokio::test]
async fn what_is_deleted_is_not_in_the_files() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    for (close, canary) in [(false, "canary-one-7c1e"), (true, "canary-two-93ab")] {
        fill_with(&store, canary).await;
        assert!(
            holds(&bytes_in(folder.path()), canary),
            "{canary} is found while it is there"
        );
        store.delete_user(UserId([1; 16])).await.unwrap();
        if close {
            store.close().await.unwrap();
        } else {
            store.purge(NOW, 0).await.unwrap();
        }
        assert!(
            !holds(&bytes_in(folder.path()), canary),
            "{canary} is not found any more"
        );
    }
}

/// Enough of them that deletion empties whole pages, with some rows left in between.
async fn fill_with(store: &SqliteStore, canary: &str) {
    store.create_user(account_user(canary)).await.unwrap();
    for number in 0..200_u8 {
        let letters = protocol::ids::ROOM_CODE_ALPHABET;
        let mut code = *b"TEATEA22";
        code[6] = letters[usize::from(number) / letters.len()];
        code[7] = letters[usize::from(number) % letters.len()];
        let code = std::str::from_utf8(&code).unwrap();
        let room = Room {
            id: RoomId([number; 16]),
            code: protocol::RoomCode::parse(code).unwrap(),
            ..a_room(&format!("{canary} {number}"))
        };
        store.create_room(room).await.unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    fill(&store).await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(files.len() > 1, "the log is there too");
    for file in files {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    open(&folder).await.close().await.unwrap();
    let db = Connection::open(file(&folder)).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let error = SqliteStore::open(&file(&folder)).await.unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Newer {
                found: 99,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("start that version"), "{error}");
    let version: i64 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 99);
}

#[tokio::test]
async fn files_of_other_programs_are_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let text = folder.path().join("notes.txt");
    let content = "not a database at all\n".repeat(100);
    std::fs::write(&text, &content).unwrap();
    let database = folder.path().join("other.db");
    Connection::open(&database)
        .unwrap()
        .execute_batch("CREATE TABLE notes (text)")
        .unwrap();
    let before = std::fs::read(&database).unwrap();
    for path in [&text, &database] {
        let error = SqliteStore::open(path).await.unwrap_err();
        assert!(matches!(error, OpenError::Foreign(_)), "{error:?}");
        assert!(error.to_string().contains("move it away"), "{error}");
    }
    assert_eq!(std::fs::read(&text).unwrap(), content.as_bytes());
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

/// A missing folder, a file for a folder, a folder for a file.
#[tokio::test]
async fn a_path_that_cannot_be_a_file_is_explained() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for path in ["missing/db", "file/db", "."] {
        let path = folder.path().join(path);
        let error = SqliteStore::open(&path).await.unwrap_err();
        assert!(matches!(error, OpenError::File { .. }), "{error:?}");
        let told = error.to_string();
        assert!(told.contains("let this user write") && told.contains(path.to_str().unwrap()));
    }
}

/// `SQLite` cannot make its journal where a folder is in the way, as it cannot in a folder that is not writable.
#[tokio::test]
async fn a_folder_that_takes_no_journal_is_explained() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("whisperspace.db-journal")).unwrap();
    let error = SqliteStore::open(&file(&folder)).await.unwrap_err();
    assert!(matches!(error, OpenError::Folder(_)), "{error:?}");
    assert!(error.to_string().contains("write to its folder"), "{error}");
}

async fn rooms_named(store: &SqliteStore, name: &'static str) -> i64 {
    let read = store.writer.run(move |db| {
        let sql = "SELECT count(*) FROM rooms WHERE name = ?";
        Ok(db.query_row(sql, [name], |row| row.get(0))?)
    });
    read.await.unwrap()
}

/// Jobs that wait together: one that fails or panics half way leaves nothing of itself, the others are kept.
#[tokio::test]
async fn a_job_that_fails_takes_nothing_with_it() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    // While the thread is busy with this one, the others gather behind it and share a transaction.
    let (go, wait) = std::sync::mpsc::channel();
    let busy = store
        .writer
        .run(move |_| wait.recv().map_err(|_| StoreError::Unavailable));
    let rename = |name: &'static str, end: fn() -> Result<()>| {
        store.writer.run(move |db| {
            db.execute("UPDATE rooms SET name = ?", [name])?;
            end()
        })
    };
    let first = store.create_room(a_room("Tea"));
    let failing = rename("failed", || Err(StoreError::NotFound));
    let panicking = rename("panicked", || panic!("a bug, on purpose"));
    let last = store.join(RoomId([3; 16]), second_member(), 10, NOW);
    let release = async { go.send(()).unwrap() };
    let (busy, first, failing, panicking, last, ()) =
        tokio::join!(busy, first, failing, panicking, last, release);
    busy.unwrap();
    first.unwrap();
    assert!(matches!(failing, Err(StoreError::NotFound)));
    assert!(matches!(panicking, Err(StoreError::Failed(_))));
    assert_eq!(last.unwrap(), Joined::New);
    assert_eq!(rooms_named(&store, "Tea").await, 1);
    assert_eq!(store.members(RoomId([3; 16])).await.unwrap().len(), 2);
}

/// An error of the disk may end the transaction under the jobs: then none of them is acknowledged.
#[tokio::test]
async fn a_lost_transaction_is_acknowledged_to_nobody() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let (go, wait) = std::sync::mpsc::channel();
    let busy = store
        .writer
        .run(move |_| wait.recv().map_err(|_| StoreError::Unavailable));
    let first = store.create_room(a_room("Tea"));
    let losing = store.writer.run(|db| Ok(db.execute_batch("ROLLBACK")?));
    let last = store.create_user(account_user("ada"));
    let release = async { go.send(()).unwrap() };
    let (_, first, losing, last, ()) = tokio::join!(busy, first, losing, last, release);
    for refused in [first, losing, last] {
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    }
    assert_eq!(store.live_rooms(NOW).await.unwrap(), []);
    fill(&store).await;
    assert_filled(&store).await;
}

/// A full disk fails the call with its cause and nothing else; with room again the store goes on by itself.
#[tokio::test]
async fn a_full_disk_is_told_and_passes() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    fill(&store).await;
    let pages = |pages: u32| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        store
            .writer
            .run(move |db| Ok(db.query_row(&sql, [], |_| Ok(()))?))
    };
    pages(1).await.unwrap();
    let huge = Room {
        id: RoomId([9; 16]),
        code: protocol::RoomCode::parse("22222222").unwrap(),
        pin_hash: Some("p".repeat(1 << 20)),
        ..a_room("Huge")
    };
    let refused = store.create_room(huge.clone()).await;
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    assert_filled(&store).await;
    pages(1 << 20).await.unwrap();
    store.create_room(huge.clone()).await.unwrap();
    assert_eq!(store.room(huge.id, NOW).await.unwrap(), Some(huge));
}

/// A program that holds the file for longer than we wait makes the database unavailable, not wrong.
#[tokio::test]
async fn a_file_held_by_another_program_is_unavailable_for_as_long() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let impatient = store
        .writer
        .run(|db| Ok(db.busy_timeout(std::time::Duration::ZERO)?));
    impatient.await.unwrap();
    let other = Connection::open(file(&folder)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.create_user(account_user("ada")).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable)),
        "{refused:?}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    store.create_user(account_user("ada")).await.unwrap();
}

/// More calls than the queue has places, most of their callers gone: the rest are answered, and nothing hangs.
#[tokio::test]
async fn callers_that_give_up_are_no_harm() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(open(&folder).await);
    let calls: Vec<_> = (0..3_000)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.ping().await })
        })
        .collect();
    tokio::task::yield_now().await;
    for (number, call) in calls.into_iter().enumerate() {
        if number % 3 == 0 {
            call.await.unwrap().unwrap();
        } else {
            call.abort();
        }
    }
    fill(&store).await;
    store.close().await.unwrap();
    assert_filled(&open(&folder).await).await;
}

/// What prints a store prints no path and no content.
#[tokio::test]
async fn a_store_prints_nothing_of_its_content() {
    let (store, _folder) = make().await;
    assert_eq!(format!("{store:?}"), "SqliteStore(…)");
}
