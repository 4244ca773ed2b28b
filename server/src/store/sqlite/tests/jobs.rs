//! What jobs of one transaction do to each other, and what callers are told when the file cannot be written.

use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use futures::FutureExt as _;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{NOW, a_room, account_user, assert_filled, file, fill, open, second_member};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::open::BUSY_MAX;
use crate::store::{JoinOutcome, Result, Room, RoomId, Store, StoreError, User, UserId};

async fn rooms_named(store: &SqliteStore, name: &'static str) -> i64 {
    let read = store.writer.run(move |db| {
        let sql = "SELECT count(*) FROM rooms WHERE name = ?";
        Ok(db.query_row(sql, [name], |row| row.get(0))?)
    });
    read.await.unwrap()
}

/// Keeps the thread busy until it is told to go on: what is asked meanwhile waits together and shares a transaction.
async fn occupy(store: &SqliteStore) -> (Pin<Box<dyn Future<Output = Result<()>> + '_>>, mpsc::Sender<()>) {
    let ((go, wait), (begin, begun)) = (mpsc::channel(), oneshot::channel());
    let mut busy: Pin<Box<dyn Future<Output = Result<()>> + '_>> = Box::pin(store.writer.run(move |_| {
        let _ = begin.send(());
        wait.recv().map_err(|_| StoreError::Unavailable)
    }));
    assert!(busy.as_mut().now_or_never().is_none());
    // Not only queued: a thread that had not begun would take some of what follows along, and leave the rest.
    begun.await.expect("the thread runs it");
    (busy, go)
}

/// Jobs that wait together: one that fails or panics half way leaves nothing of itself, the others are kept.
#[tokio::test]
async fn a_job_that_fails_takes_nothing_with_it() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let (busy, go) = occupy(&store).await;
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
    let (busy, first, failing, panicking, last, ()) = tokio::join!(busy, first, failing, panicking, last, release);
    busy.unwrap();
    first.unwrap();
    assert!(matches!(failing, Err(StoreError::NotFound)));
    assert!(matches!(panicking, Err(StoreError::Failed(_))));
    assert_eq!(last.unwrap(), JoinOutcome::New);
    assert_eq!(rooms_named(&store, "Tea").await, 1);
    assert_eq!(store.members(RoomId([3; 16])).await.unwrap().len(), 2);
}

/// An error of the disk may end the transaction under the jobs: then none of them is acknowledged.
#[tokio::test]
async fn a_lost_transaction_is_acknowledged_to_nobody() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let (busy, go) = occupy(&store).await;
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

/// A full disk makes the call unavailable, and nothing else; with room again the store goes on by itself.
#[tokio::test]
async fn a_full_disk_is_told_and_passes() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    fill(&store).await;
    let pages = |pages: u32| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        store.writer.run(move |db| Ok(db.query_row(&sql, [], |_| Ok(()))?))
    };
    pages(1).await.unwrap();
    let huge = Room {
        id: RoomId([9; 16]),
        code: protocol::RoomCode::parse("22222222").unwrap(),
        pin_hash: Some("p".repeat(1 << 20)),
        ..a_room("Huge")
    };
    let refused = store.create_room(huge.clone()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable)), "{refused:?}");
    assert_filled(&store).await;
    pages(1 << 20).await.unwrap();
    store.create_room(huge.clone()).await.unwrap();
    assert_eq!(store.room(huge.id, NOW).await.unwrap(), Some(huge));
}

/// A program that holds the file for longer than we wait makes the database unavailable, not wrong.
#[tokio::test]
async fn a_file_held_by_another_program_can_be_read_and_not_be_written_for_as_long() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(open(&folder).await);
    fill(&store).await;
    let other = Connection::open(file(&folder)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let eve = || User { id: UserId([9; 16]), logins: Vec::new(), ..account_user("eve") };
    let (writing, user) = (store.clone(), eve());
    let refused = tokio::spawn(async move { writing.create_user(user).await });
    // One after the other, so that each waits behind the one that writes.
    for _ in 0..10 {
        assert_filled(&store).await;
    }
    assert!(began.elapsed() < BUSY_MAX && !refused.is_finished(), "reading waits for the writer's place");
    let refused = refused.await.unwrap();
    assert!(matches!(refused, Err(StoreError::Unavailable)), "{refused:?}");
    assert!(began.elapsed() >= BUSY_MAX, "a short repair costs nobody an error");
    // What waits when the place is free again is done.
    let (writing, user) = (store.clone(), eve());
    let waiting = tokio::spawn(async move { writing.create_user(user).await });
    assert_filled(&store).await;
    other.execute_batch("ROLLBACK").unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(store.user(eve().id, NOW).await.unwrap(), Some(eve()));
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
