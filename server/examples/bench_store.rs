//! Operations a second and the slowest hundredth of joins, leaves and look-ups, on each database.
//!
//! `cargo xtask bench store` runs it; `TEST_MONGODB_URI` names the MongoDB server, the variable `STORE_SECONDS` how long
//! each is measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use protocol::{RoomCode, RoomName};
use server::clock::{now, random};
use server::config::Database;
use server::store::{Joined, Membership, Room, RoomId, SharedStore, UserId};

/// Callers at once.
const CALLERS: usize = 16;
/// Members who are there already, so that a room is neither empty nor full.
const MEMBERS: usize = 50;

#[derive(Clone, Copy)]
enum Operation {
    Join,
    Leave,
    LookUp,
}

fn main() -> anyhow::Result<()> {
    let seconds: u64 = std::env::var("STORE_SECONDS").ok().map_or(Ok(3), |seconds| seconds.parse())?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(Duration::from_secs(seconds)))
}

async fn measure(time: Duration) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut databases = vec![Database::Memory, Database::Sqlite(folder.path().join("bench.db"))];
    match std::env::var("TEST_MONGODB_URI") {
        Ok(uri) if !uri.is_empty() => {
            let name = format!("ws_bench_{}", u64::from_be_bytes(random()));
            let (base, options) = uri.split_at(uri.find('?').unwrap_or(uri.len()));
            let uri = format!("{}/{name}{options}", base.trim_end_matches('/'));
            databases.push(Database::parse(&uri, folder.path())?);
        }
        Ok(_) | Err(_) => say("no MongoDB server: TEST_MONGODB_URI names none"),
    }
    say(&format!(
        "{:<9} {:>12} {:>12} {:>12}   operations a second (p99), {CALLERS} callers",
        "", "join", "leave", "look-up"
    ));
    for database in databases {
        let store = server::database::open(&database).await?;
        let (joins, leaves, looks) = one_store(&store, time).await.context("the store failed")?;
        say(&format!("{:<9} {joins:>12} {leaves:>12} {looks:>12}", database.kind()));
        store.close().await?;
    }
    Ok(())
}

async fn one_store(store: &SharedStore, time: Duration) -> anyhow::Result<(String, String, String)> {
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(caller(Arc::clone(store), time))).collect();
    let mut took: [Vec<Duration>; 3] = Default::default();
    for caller in callers {
        for (all, own) in took.iter_mut().zip(caller.await??) {
            all.extend(own);
        }
    }
    let [joins, leaves, looks] = took.map(|took| told(took, time));
    Ok((joins, leaves, looks))
}

/// One caller with a room of its own: somebody comes, is looked up, goes.
async fn caller(store: SharedStore, time: Duration) -> anyhow::Result<[Vec<Duration>; 3]> {
    let code = loop {
        if let Some(code) = RoomCode::from_random(&random::<32>()) {
            break code;
        }
    };
    let room = Room {
        id: RoomId(random()),
        code,
        name: RoomName::parse("bench")?,
        pin_hash: None,
        capacity: 50,
        owner: UserId(random()),
        created_at: now(),
        expires_at: now() + 3_600_000,
    };
    store.create_room(room.clone()).await?;
    for _ in 0..MEMBERS {
        store.join(room.id, Membership { user: UserId(random()), joined_at: now() }, 10_000, now()).await?;
    }
    let mut took: [Vec<Duration>; 3] = Default::default();
    let begun = Instant::now();
    while begun.elapsed() < time {
        let user = UserId(random());
        for (operation, place) in [(Operation::Join, 0), (Operation::LookUp, 2), (Operation::Leave, 1)] {
            let asked = Instant::now();
            match operation {
                Operation::Join => {
                    let joined = store.join(room.id, Membership { user, joined_at: now() }, 10_000, now()).await?;
                    ensure!(joined == Joined::New, "a stranger is no member");
                }
                Operation::LookUp => ensure!(store.room_by_code(code, now()).await?.is_some(), "the room is kept"),
                Operation::Leave => drop(store.leave(room.id, user).await?),
            }
            took[place].push(asked.elapsed());
        }
    }
    store.delete_room(room.id).await?;
    Ok(took)
}

fn told(mut took: Vec<Duration>, time: Duration) -> String {
    took.sort();
    let slowest = took.get(took.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default();
    // Each caller spends its time on three kinds of calls, one after the other: per second of the whole run.
    let rate = took.len() as u64 * 1_000 / u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    format!("{rate} ({:.1} ms)", slowest.as_secs_f64() * 1_000.0)
}

#[expect(clippy::print_stdout, reason = "a measurement talks on standard output")]
fn say(line: &str) {
    println!("{line}");
}
