//! The database is killed under load, the gateway in front of it too, and is away when the server starts. What was
//! acknowledged stands, what was not does not, and those inside notice nothing.
//!
//! Needs a server that may be killed: `cargo xtask test` hands one over by `TEST_MONGODB_CONTROL`.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::{ErrorCode, ServerFrame};
use server::store::UserId;
use tokio::sync::Mutex;

use crate::harness::database::Scratch;
use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, PATIENCE, Room, TestClient, TestServer, poll};

/// They kill the same server: one after the other.
static ALONE: Mutex<()> = Mutex::const_new(());

/// People who come and go, each ten times a second: two hundred joins and leaves.
const PEOPLE: u64 = 20;
const STEP_EVERY: Duration = Duration::from_millis(100);
const BEFORE: Duration = Duration::from_secs(3);
const AWAY: Duration = Duration::from_secs(3);

/// `None` where nothing may be killed, which is an error where nobody reads warnings.
fn control() -> Option<String> {
    let named = std::env::var("TEST_MONGODB_CONTROL").ok().filter(|addr| !addr.is_empty());
    if named.is_none() {
        assert!(std::env::var_os("CI").is_none(), "TEST_MONGODB_CONTROL names nothing: type `cargo xtask test`");
        let told = "WARNING: the database is not killed: type `cargo xtask test`\n";
        std::io::stderr().write_all(told.as_bytes()).expect("standard error can be written");
    }
    named
}

/// Answers `false` where there is no such part.
async fn order(addr: &str, line: &'static str) -> bool {
    let addr = addr.to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).expect("xtask listens");
        writeln!(stream, "{line}").expect("xtask listens");
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).expect("xtask answers");
        answer
    });
    answer.await.expect("xtask answers").trim() == "ok"
}

async fn generous() -> TestServer {
    let scratch = Scratch::mongodb();
    let database = scratch.database.clone();
    let folder = std::env::temp_dir().join(format!("ws-faults-{}", std::process::id()));
    // Its database is dropped at the start already, and made anew: at the end the server may be away.
    drop(scratch);
    TestServer::with(|config| {
        config.database = database;
        config.data_dir = folder;
        let limits = &mut config.limits;
        limits.joins_per_minute = 100_000;
        limits.frames_per_minute = 1_000_000;
        limits.guests_made_per_hour = 1_000_000;
        limits.sends_burst = 100_000;
        limits.misses_per_minute = 1_000_000;
    })
    .await
}

/// One who comes and goes until told to stop. Returns whether they are inside then, as far as they were told.
async fn come_and_go(mut client: TestClient, code: String, stop: Arc<AtomicBool>, done: Arc<AtomicU64>) -> bool {
    let mut inside = false;
    loop {
        let step = Instant::now();
        if stop.load(Ordering::Relaxed) {
            drop(client.close().await);
            return inside;
        }
        if inside {
            client.leave(&code).await;
            inside = false;
            done.fetch_add(1, Ordering::Relaxed);
        } else {
            let cid = client.ask_join(&code, None, None).await;
            let answer = client
                .expect("an answer to the join", |frame| match frame {
                    ServerFrame::Joined { cid: asked, .. } if asked.as_ref() == Some(&cid) => Some(Ok(())),
                    ServerFrame::Error { cid: asked, code, retry_after_ms, .. } if asked.as_ref() == Some(&cid) => {
                        Some(Err((*code, *retry_after_ms)))
                    }
                    _ => None,
                })
                .await;
            match answer {
                Ok(()) => {
                    inside = true;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Err((code, retry)) => {
                    assert_eq!(code, ErrorCode::Unavailable);
                    assert!(retry.is_some_and(|wait| wait > 0), "it says when to try again");
                }
            }
        }
        tokio::time::sleep(STEP_EVERY.saturating_sub(step.elapsed())).await;
    }
}

/// Says something until the time is over; the middle of how long it took to reach the other.
async fn latency(one: &mut TestClient, two: &mut TestClient, code: &str, time: Duration) -> Duration {
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let text = format!("number {}", took.len());
        let said = Instant::now();
        one.send(code, &text).await;
        two.expect_message(&text).await;
        took.push(said.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    took.sort();
    took[took.len() / 2]
}

async fn ready(server: &TestServer, status: u16) {
    poll("that readiness", async || (Ask::get("/readyz").send(server.addr).await.status == status).then_some(())).await;
}

async fn storm(kill: &'static str, start: &'static str) {
    let Some(addr) = control() else {
        return;
    };
    let _alone = ALONE.lock().await;
    let server = generous().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let (talk, busy): (Room, Room) = (one.room().await, one.room().await);
    let (mut first, mut second) = (one.enter(&talk).await, two.enter(&talk).await);
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        let guest = Guest::new(&server).await;
        let user = server.identity(guest.token()).await.user;
        let walk = come_and_go(guest.connect().await, busy.code.clone(), stop.clone(), done.clone());
        people.push((user, tokio::spawn(walk)));
    }
    let before = latency(&mut first, &mut second, &talk.code, BEFORE).await;
    let rate = done.load(Ordering::Relaxed) / BEFORE.as_secs();
    let killed = order(&addr, kill).await;
    if killed {
        ready(&server, 503).await;
        let away = latency(&mut first, &mut second, &talk.code, AWAY).await;
        assert!(order(&addr, start).await, "{start}");
        ready(&server, 200).await;
        let told = format!("{kill}: {rate} joins and leaves a second; chat {before:?} before, {away:?} while away\n");
        std::io::stderr().write_all(told.as_bytes()).expect("standard error can be written");
        assert!(away <= before * 2 + Duration::from_millis(2), "those inside notice: {before:?}, then {away:?}");
    }
    stop.store(true, Ordering::Relaxed);
    let mut expected: BTreeSet<UserId> = [server.identity(one.token()).await.user].into();
    for (user, walk) in people {
        if tokio::time::timeout(PATIENCE, walk).await.expect("in time").expect("a person does not panic") {
            expected.insert(user);
        }
    }
    poll("everything is settled", async || (server.state.rooms.owed_count() == 0).then_some(())).await;
    let id = server.state.store.room_by_code(busy.code(), 0).await.expect("answers").expect("the room is kept").id;
    let members = server.state.store.members(id).await.expect("answers");
    assert_eq!(
        members.len(),
        members.iter().map(|member| member.user).collect::<BTreeSet<_>>().len(),
        "nobody is twice"
    );
    let found: BTreeSet<UserId> = members.iter().map(|member| member.user).collect();
    assert_eq!(expected.difference(&found).count(), 0, "an acknowledged membership is lost");
    assert_eq!(found.difference(&expected).count(), 0, "a ghost is left");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_killed_under_joins_and_leaves() {
    storm("kill database", "start database").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_is_killed_under_joins_and_leaves() {
    storm("kill gateway", "start gateway").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_its_database_waits_says_so_and_then_serves() {
    let Some(addr) = control() else {
        return;
    };
    let _alone = ALONE.lock().await;
    let uri = crate::harness::database::mongodb();
    assert!(order(&addr, "kill database").await);
    let folder = Folder::new();
    let server = folder.serve(&["--database", &uri]).await;
    let refused = Ask::get("/readyz").send(server.addr).await;
    assert_eq!(refused.code(), ErrorCode::Unavailable);
    let refused = Ask::post("/api/v1/guest").send(server.addr).await;
    assert_eq!(refused.code(), ErrorCode::Unavailable);
    assert!(refused.header("retry-after").is_some(), "it says when to try again");
    let log = folder.stderr();
    assert!(log.contains("the server waits for it"), "{log}");
    assert!(!log.contains("mongodb://") && !log.contains("127.0.0.1:27"), "no address in the log: {log}");
    assert!(order(&addr, "start database").await);
    let status = async || Ask::get("/readyz").send(server.addr).await.status;
    poll("it serves", async || (status().await == 200).then_some(())).await;
    Guest::at(server.addr, None).await.room().await;
    assert!(folder.stderr().contains("database=\"mongodb\"") || folder.stderr().contains("database=mongodb"));
}
