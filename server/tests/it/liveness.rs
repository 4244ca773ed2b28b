//! Heartbeats: the server asks, silence is death, and an answer is life.

use std::time::{Duration, Instant};

use protocol::{Activity, ClientFrame, ErrorCode, ServerFrame};

use crate::harness::{Guest, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_connection_is_closed_with_4010_and_shown_offline() {
    let server = TestServer::limited(|limits| {
        limits.ping_every_ms = 200;
        limits.silence_ms_max = 1_500;
    })
    .await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let mut silent = two.connect().await;
    // Before the last that the server hears: on a busy machine its answer is read late.
    let heard_at = Instant::now();
    let you = silent.join(&room.code).await.you;
    let watcher = tokio::spawn(async move {
        let mut watcher = one.enter(&room).await;
        loop {
            let goes = watcher.expect("a ping or an end", |frame| match frame {
                ServerFrame::Ping {} => Some(true),
                ServerFrame::Presence { changed, .. } => {
                    changed.iter().any(|member| member.id == you && member.state == Activity::Offline).then_some(false)
                }
                _ => None,
            });
            if !goes.await {
                return watcher;
            }
            let have = watcher.have;
            watcher.tell(&ClientFrame::Pong { have }).await;
        }
    });
    silent.wire.expect_end(ErrorCode::Silence).await;
    let took = heard_at.elapsed();
    assert!((1_450..5_000).contains(&took.as_millis()), "{took:?}");
    assert_eq!(ErrorCode::Silence.close_code(), 4010);
    let pings = silent.wire.texts.iter().filter(|text| *text == "{\"t\":\"ping\"}").count();
    assert!(pings >= 2, "asked {pings} times before giving up");
    let mut watcher = watcher.await.expect("the watcher sees it");
    watcher.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_frame_is_a_sign_of_life() {
    let server = TestServer::limited(|limits| {
        limits.silence_ms_max = 1_500;
        limits.ping_every_ms = 120_000;
    })
    .await;
    let guest = Guest::new(&server).await;
    let mut client = guest.connect().await;
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(3_200) {
        client.ping().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    client.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ping_is_answered_and_may_confirm() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let have = client.have;
    client.tell(&ClientFrame::Ping { have: Some(have) }).await;
    client.expect("pong", |frame| (*frame == ServerFrame::Pong {}).then_some(())).await;
    client.tell(&ClientFrame::Ping { have: Some(have + 10) }).await;
    client.expect_error(ErrorCode::BadFrame, None).await;
}
