//! Who is there and who is not, as Engine.IO counts it: the server's pings, and the poll that waits.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::polling::Polling;
use super::raw::Raw;
use crate::harness::{Guest, PATIENCE, TestServer, eventually};

const INTERVAL: Duration = Duration::from_millis(600);
/// A timer may be early by its grain.
const GRAIN: Duration = Duration::from_millis(20);

async fn server() -> TestServer {
    TestServer::limited(|limits| {
        (limits.ping_every_ms, limits.silence_ms_max) = (600, 1_000);
        limits.grace_ms = 0;
    })
    .await
}

/// The next packet, whatever it is; `None` at the end.
async fn next(raw: &mut Raw) -> Option<String> {
    match tokio::time::timeout(PATIENCE, raw.socket.next()).await.expect("something comes in time") {
        Some(Ok(Message::Text(text))) => Some(text.as_str().to_owned()),
        Some(Ok(other)) => Some(format!("{other:?}")).filter(|_| !other.is_close()),
        Some(Err(_)) | None => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_socket_is_pinged_after_each_interval_and_not_before() {
    let server = server().await;
    let guest = Guest::new(&server).await;
    let began = Instant::now();
    let mut raw = Raw::open(server.addr).await;
    raw.send(&format!("40{}", json!({"token": guest.token()}))).await;
    assert!(next(&mut raw).await.is_some_and(|packet| packet.starts_with("0{")));
    assert!(next(&mut raw).await.is_some_and(|packet| packet.starts_with("40{")));
    for number in 1..=3 {
        assert_eq!(next(&mut raw).await.as_deref(), Some("2"));
        let came = began.elapsed();
        assert!(came + GRAIN >= INTERVAL * number, "ping {number} after {came:?}");
        raw.send("3").await;
    }
    // Nobody answers any more; what no client sent is not taken for an answer.
    assert_eq!(next(&mut raw).await.as_deref(), Some("2"));
    while let Some(packet) = next(&mut raw).await {
        assert_eq!(packet, "1", "told that it is over, at most");
    }
    eventually("its session is over", || server.state.hub.session_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polling_client_is_pinged_after_each_interval_and_not_before() {
    let server = server().await;
    let guest = Guest::new(&server).await;
    let began = Instant::now();
    let polling = Polling::connect(server.addr, &json!({"token": guest.token()})).await;
    for number in 1..=2 {
        assert_eq!(polling.poll().await, "2");
        let came = began.elapsed();
        assert!(came + GRAIN >= INTERVAL * number, "ping {number} after {came:?}");
        polling.post("3").await;
    }
    assert_eq!(server.state.hub.session_count(), 1);
    // A poll waits, the ping in it is not answered.
    assert_eq!(polling.poll().await, "2");
    eventually("its session is over", || server.state.hub.session_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_is_cut_is_a_client_that_is_gone() {
    let server = TestServer::limited(|limits| limits.grace_ms = 0).await;
    let guest = Guest::new(&server).await;
    let polling = Polling::connect(server.addr, &json!({"token": guest.token()})).await;
    eventually("its session is open", || server.state.hub.session_count() == 1).await;
    // Whatever waits is fetched first, so that the last poll waits.
    let mut cut = Vec::new();
    for _ in 0..3 {
        let ask = polling.ask();
        let asking = ask.send(server.addr);
        cut.push(tokio::time::timeout(Duration::from_millis(500), asking).await.is_err());
        if cut.contains(&true) {
            break;
        }
    }
    assert!(cut.contains(&true), "a poll without news waits");
    eventually("its session is over at once", || server.state.hub.session_count() == 0).await;
    polling.ask().send(server.addr).await.assert_status(400);
}
