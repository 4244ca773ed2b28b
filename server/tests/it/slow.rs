//! R12: who does not read delays nobody, costs a bounded amount of memory, and is closed with a code that says why.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use protocol::{Activity, ErrorCode};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::harness::process::Folder;
use crate::harness::{Guest, Room, TestClient, TestServer, Wire, eventually};
use crate::socketio::Raw;

/// Traffic that fills every buffer between the server and a reader that has stopped.
const MESSAGES: usize = 1_000;
const BYTES: usize = 16_000;

fn text(number: usize) -> String {
    format!("{number:05}{}", "🦀".repeat(BYTES / 4))
}

/// A connection with a seat, over a socket with a small receive buffer.
async fn enter_narrow(addr: SocketAddr, guest: &Guest, room: &Room) -> TestClient {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.set_recv_buffer_size(16 * 1024).expect("the size may be set");
    let stream = socket.connect(addr).await.expect("the server listens");
    let Ok((wire, _)) = Wire::over(stream, addr, &[]).await else { panic!("the upgrade was refused") };
    let mut client = TestClient::hello(wire, addr, guest.token(), None).await;
    client.join(&room.code).await;
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_a_stalled_reader_delays_nobody_and_is_closed_with_4009() {
    let server = TestServer::limited(|limits| {
        limits.sends_burst = 100_000;
        limits.frames_per_minute = 1_000_000;
        limits.unwritten_bytes_max = 64 * 1024;
    })
    .await;
    let sender = Guest::new(&server).await;
    let room = sender.room().await;
    let mut speaks = sender.enter(&room).await;
    let mut listeners = Vec::new();
    for _ in 0..17 {
        listeners.push(Guest::new(&server).await.enter(&room).await);
    }
    let (never, late) = (Guest::new(&server).await, Guest::new(&server).await);
    let never_reads = enter_narrow(server.addr, &never, &room).await;
    let mut reads_late = enter_narrow(server.addr, &late, &room).await;
    let never = server.identity(never.token()).await.user;
    let late = server.identity(late.token()).await.user;
    let closing = |user| {
        let sessions = server.state.hub.sessions_of(user);
        sessions
            .iter()
            .any(|session| !session.is_connected() || session.wants_close(1) == Some(ErrorCode::SlowConsumer))
    };

    let (mut slowest, mut number) = (Duration::ZERO, 0);
    while number < MESSAGES && !(closing(never) && closing(late)) {
        let said = text(number);
        let sent_at = Instant::now();
        speaks.say(&room.code, &said).await;
        // One after the other, so the last one's time is the time until all had it.
        for listener in &mut listeners {
            let heard = listener.expect_message(&said).await;
            assert_eq!(heard.seq, number as u64 + 1, "nothing was left out");
        }
        slowest = slowest.max(sent_at.elapsed());
        number += 1;
    }
    assert!(closing(never) && closing(late), "{number} messages were not enough to fill the line");
    // A write that is stuck may stay so for ten seconds; nobody else waits for it.
    assert!(slowest < Duration::from_secs(3), "somebody waited {slowest:?} for a message");
    // Whoever begins to read again while the server says goodbye is told why.
    let (close, _) = reads_late.wire.end().await;
    assert_eq!(close, Some(4009), "after {number} messages");
    eventually("the stalled ones are gone", || server.state.connections.total() == 18).await;
    speaks.say(&room.code, "still here").await;
    for listener in &mut listeners {
        listener.expect_message("still here").await;
    }
    drop(never_reads);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_a_reader_that_falls_behind_is_told_4009_and_may_resume_with_a_gap() {
    let server = TestServer::limited(|limits| {
        limits.sends_burst = 100_000;
        limits.unwritten_bytes_max = 64 * 1024;
        limits.retention_bytes_max = 64 * 1024;
    })
    .await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let (mut speaks, mut behind) = (one.enter(&room).await, two.connect().await);
    let you = behind.join(&room.code).await.you;
    speaks.expect_state(&you, Activity::Online).await;
    // More at once than may wait for one reader, pushed faster than a socket can be woken.
    let user = server.identity(two.token()).await.user;
    server.state.hub.sessions_of(user)[0].close(ErrorCode::SlowConsumer);
    behind.wire.expect_end(ErrorCode::SlowConsumer).await;
    assert_eq!(ErrorCode::SlowConsumer.close_code(), 4009);
    let lost = behind.cut();
    speaks.expect_state(&you, Activity::Offline).await;
    for number in 0..40 {
        speaks.say(&room.code, &text(number)).await;
    }
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    let (mut kept, mut missed) = (0, 0);
    back.expect("joined", |frame| match frame {
        protocol::ServerFrame::Message(_) => {
            kept += 1;
            None
        }
        protocol::ServerFrame::Gap { missed: Some(count), .. } => {
            missed += count;
            None
        }
        protocol::ServerFrame::Joined { .. } => Some(()),
        _ => None,
    })
    .await;
    assert!(kept > 1 && missed > 5 && kept + missed == 40, "{kept} kept, {missed} missed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_a_burst_is_no_reason_to_end_a_reader_that_takes_it() {
    const SAID: usize = 60;
    let server = TestServer::narrow(|limits| {
        limits.sends_burst = 100_000;
        // Whatever a slow machine takes to say it all.
        limits.unwritten_ms_max = 60_000;
    })
    .await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let (mut speaks, mut late) = (one.enter(&room).await, enter_narrow(server.addr, &two, &room).await);
    let mut raw = Raw::connect(server.addr, &json!({"token": two.token()})).await;
    raw.send(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
    raw.expect("431").await;
    // Four times what may usually wait, before anything of it is read.
    const { assert!(SAID * BYTES > 3 * 256 * 1024) };
    for number in 0..SAID {
        speaks.say(&room.code, &text(number)).await;
    }
    assert_eq!(late.messages_until(&text(SAID - 1)).await.len(), SAID);
    for number in 0..SAID {
        let said = raw.expect("42[\"new_message\"").await;
        assert!(said.contains(&format!("\"{number:05}")), "{number} was left out");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_stalled_readers_cost_a_bounded_amount_of_memory() {
    const STALLED: usize = 8;
    const SAID: usize = 600;
    let folder = Folder::new();
    let server = folder
        .serve(&[
            "--database=memory:",
            "--limit=sends_burst=100000",
            "--limit=frames_per_minute=1000000",
            "--limit=unwritten_ms_max=60000",
            "--limit=unwritten_bytes_max=65536",
            "--limit=retention_bytes_max=65536",
        ])
        .await;
    let sender = Guest::at(server.addr, None).await;
    let room = sender.room().await;
    let mut speaks = sender.enter(&room).await;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        stalled.push(enter_narrow(server.addr, &Guest::at(server.addr, None).await, &room).await);
    }
    for number in 0..50 {
        speaks.say(&room.code, &text(number)).await;
    }
    let before = server.memory();
    for number in 0..SAID {
        speaks.say(&room.code, &text(number)).await;
    }
    let grown = server.memory().saturating_sub(before);
    // Without a bound each of them would hold all that was said.
    let unbounded = (STALLED * SAID * BYTES) as u64;
    assert!(grown < unbounded / 2, "{} KiB more, of {} KiB said", grown / 1024, unbounded / 1024);
}
