//! Operations a second and the slowest hundredth of joins, leaves and look-ups, on each database.
//!
//! `cargo xtask bench store` runs it; `TEST_MONGODB_URI` names the MongoDB server, the variable `STORE_SECONDS` how long
//! each is measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use protocol::{RoomCode, RoomName};
use realtime::clock::{Clock, random};
use server::config::Database;
use server::store::{JoinOutcome, Membership, Room, RoomId, SharedStore, UserId};

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
    let begun = Instant::now();
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(caller(Arc::clone(store), time))).collect();
    let mut took: [Vec<Duration>; 3] = Default::default();
    for caller in callers {
        for (all, own) in took.iter_mut().zip(caller.await??) {
            all.extend(own);
        }
    }
    // Callers of a store that never waits run one after the other: the clock tells how long all took together.
    let (wall, spent) = (begun.elapsed(), took.iter().flatten().sum::<Duration>());
    let [joins, leaves, looks] = took.map(|took| told(took, wall, spent));
    Ok((joins, leaves, looks))
}

/// One caller with a room of its own: somebody comes, is looked up, goes.
async fn caller(store: SharedStore, time: Duration) -> anyhow::Result<[Vec<Duration>; 3]> {
    let code = loop {
        if let Some(code) = RoomCode::from_random(&random::<32>()) {
            break code;
        }
    };
    let now = Clock::start().wall();
    let room = Room {
        id: RoomId(random()),
        code,
        name: RoomName::parse("bench")?,
        topic: None,
        pin_hash: None,
        locked: false,
        timer_s: None,
        lobby: false,
        moderators: Vec::new(),
        capacity: 50,
        sealed: false,
        owner: UserId(random()),
        created_at: now,
        expires_at: now + 3_600_000,
    };
    store.create_room(room.clone()).await?;
    for _ in 0..MEMBERS {
        store.join(room.id, Membership { user: UserId(random()), joined_at: now }, 10_000, now).await?;
    }
    let mut took: [Vec<Duration>; 3] = Default::default();
    let begun = Instant::now();
    while begun.elapsed() < time {
        let user = UserId(random());
        for (operation, place) in [(Operation::Join, 0), (Operation::LookUp, 2), (Operation::Leave, 1)] {
            let asked = Instant::now();
            match operation {
                Operation::Join => {
                    let joined = store.join(room.id, Membership { user, joined_at: now }, 10_000, now).await?;
                    ensure!(joined == JoinOutcome::New, "a stranger is no member");
                }
                Operation::LookUp => ensure!(store.room_by_code(code, now).await?.is_some(), "the room is kept"),
                Operation::Leave => drop(store.leave(room.id, user).await?),
            }
            took[place].push(asked.elapsed());
        }
    }
    store.delete_room(room.id).await?;
    Ok(took)
}

/// `wall` is how long all callers took together, `spent` what all operations took of it.
fn told(mut took: Vec<Duration>, wall: Duration, spent: Duration) -> String {
    took.sort();
    let slowest = took.get(took.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default();
    // Callers do three kinds in turn: per second of the time that went into this kind.
    let share = took.iter().sum::<Duration>().as_secs_f64() / spent.as_secs_f64().max(f64::EPSILON);
    let rate = count(&took) / (wall.as_secs_f64() * share).max(f64::EPSILON);
    format!("{rate:.0} ({:.3} ms)", slowest.as_secs_f64() * 1_000.0)
}

fn count(took: &[Duration]) -> f64 {
    // More than four thousand millions are not measured in a few seconds.
    f64::from(u32::try_from(took.len()).unwrap_or(u32::MAX))
}

#[expect(clippy::print_stdout, reason = "a measurement talks on standard output")]
fn say(line: &str) {
    println!("{line}");
}
