//! What is in the files, who may read them, and which are refused.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{NOW, a_room, account_user, assert_filled, file, fill, open};
use crate::store::sqlite::open::BUSY_MAX;
use crate::store::sqlite::{OpenError, SqliteStore};
use crate::store::{LeaveOutcome, Room, RoomId, Store, StoreError, User, UserId};

/// All bytes of all files of a folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
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
        assert!(holds(&bytes_in(folder.path()), canary), "{canary} is found while it is there");
        store.delete_user(UserId([1; 16])).await.unwrap();
        if close {
            store.close().await.unwrap();
        } else {
            store.purge(NOW, 0, &BTreeSet::new()).await.unwrap();
        }
        assert!(!holds(&bytes_in(folder.path()), canary), "{canary} is not found any more");
    }
}

/// A room's name and a user's go with them at once, and not only with the next purge: not even the log has them.
#[tokio::test]
async fn what_ends_leaves_no_name_behind_from_that_moment_on() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let gone = |name: &str| assert!(!holds(&bytes_in(folder.path()), name), "{name} is found after its end");
    let left = a_room("canary-left-51fd");
    store.create_room(left.clone()).await.unwrap();
    assert!(holds(&bytes_in(folder.path()), "canary-left-51fd"), "it is found while it is there");
    assert_eq!(store.leave(left.id, left.owner).await.unwrap(), LeaveOutcome::RoomDeleted);
    gone("canary-left-51fd");
    let deleted = a_room("canary-deleted-0c3a");
    store.create_room(deleted.clone()).await.unwrap();
    assert!(store.delete_room(deleted.id).await.unwrap());
    gone("canary-deleted-0c3a");
    store.create_user(account_user("canary-user-77b2")).await.unwrap();
    store.delete_user(UserId([1; 16])).await.unwrap();
    gone("canary-user-77b2");
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

/// Who made an account before there were devices, and names of every script, signs in as ever. A room takes text, as all
/// did before some were sealed.
#[tokio::test]
async fn a_file_of_the_first_version_is_taken_further() {
    let folder = TempDir::new().unwrap();
    let db = Connection::open(file(&folder)).unwrap();
    db.execute_batch(crate::store::sqlite::SCHEMA[0]).unwrap();
    db.pragma_update(None, "application_id", 0x5753_5052).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.execute_batch(
        "INSERT INTO users VALUES (x'01010101010101010101010101010101', 1800000000000, NULL);
         INSERT INTO accounts VALUES
             (x'01010101010101010101010101010101', 'Robin_1', 'robin_1', '$argon2id$hash', 'Rob ''n'' \"Ro\"');
         INSERT INTO logins (user, key, created_at, last_used_at) VALUES
             (x'01010101010101010101010101010101', x'02020202020202020202020202020202', 1800000000000, 1800000000000);
         INSERT INTO rooms VALUES
             (x'03030303030303030303030303030303', 'TEATEATE', 'Tea', NULL, 50, x'01010101010101010101010101010101',
              1800000000000, 1800000001000);",
    )
    .unwrap();
    drop(db);
    let store = open(&folder).await;
    assert!(!store.room(RoomId([3; 16]), NOW).await.unwrap().unwrap().sealed);
    let found = store.user_by_name(&protocol::Username::parse("ＲＯＢＩＮ_1").unwrap()).await.unwrap().unwrap();
    // Its name stays as it was chosen, also one that would be set otherwise today.
    assert_eq!(found.account.unwrap().display_name.as_str(), "Rob 'n' \"Ro\"");
    assert!(found.logins.len() == 1 && found.logins[0].device.is_none());
    let again = store.create_user(User { id: UserId([9; 16]), ..account_user("robin_1") }).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    open(&folder).await.close().await.unwrap();
    let db = Connection::open(file(&folder)).unwrap();
    let newest: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let error = SqliteStore::open(&file(&folder)).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, known, .. } if known == newest), "{error:?}");
    assert!(error.to_string().contains("start that version"), "{error}");
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[tokio::test]
async fn files_of_other_programs_are_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let text = folder.path().join("notes.txt");
    let content = "not a database at all\n".repeat(100);
    std::fs::write(&text, &content).unwrap();
    let database = folder.path().join("other.db");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
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

/// A copy being made by hand holds up nobody, and what it kept in the log goes with the next purge.
#[tokio::test]
async fn a_reader_elsewhere_does_not_hold_up_a_purge() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let other = Connection::open(file(&folder)).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
    fill(&store).await;
    let log = || std::fs::metadata(folder.path().join("whisperspace.db-wal")).unwrap().len();
    let patience = BUSY_MAX / 2;
    tokio::time::timeout(patience, store.purge(NOW, 0, &BTreeSet::new())).await.unwrap().unwrap();
    assert!(log() > 0);
    other.execute_batch("COMMIT").unwrap();
    store.purge(NOW, 0, &BTreeSet::new()).await.unwrap();
    assert_eq!(log(), 0);
}

/// A file that was copied or made by hand may be open to everybody, and its log with it.
#[tokio::test]
async fn files_that_others_could_read_are_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, copied) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(&folder).await;
    fill(&store).await;
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("whisperspace.db{suffix}");
        let copy = copied.path().join(&name);
        std::fs::copy(folder.path().join(&name), &copy).unwrap();
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let store = open(&copied).await;
    assert_filled(&store).await;
    for file in std::fs::read_dir(copied.path()).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// Bytes that a broken disk returns differently, on any page: found at the start, and nothing is written to the file.
#[tokio::test]
async fn a_damaged_file_is_refused_at_the_start() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    fill_with(&store, "damaged").await;
    store.close().await.unwrap();
    let whole = std::fs::read(file(&folder)).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 8);
    for page in 2..pages {
        let mut broken = whole.clone();
        broken[page * 4096..page * 4096 + 64].fill(0xA5);
        std::fs::write(file(&folder), &broken).unwrap();
        let error = SqliteStore::open(&file(&folder)).await.unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "page {page}: {error:?}");
        assert!(error.to_string().contains("restore it from a copy"), "{error}");
        assert_eq!(std::fs::read(file(&folder)).unwrap(), broken);
    }
    std::fs::write(file(&folder), &whole).unwrap();
    open(&folder).await.close().await.unwrap();
}

/// What is done to the file while it is in use is told by the next ping, and so is its return.
#[tokio::test]
async fn a_file_that_is_not_the_one_of_the_path_any_more_is_not_ready() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ping().await.unwrap();
    let aside = folder.path().join("aside");
    std::fs::rename(file(&folder), &aside).unwrap();
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable)));
    std::fs::write(file(&folder), "another").unwrap();
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable)));
    std::fs::rename(&aside, file(&folder)).unwrap();
    store.ping().await.unwrap();
}
