//! What the tests share: servers on port 0, clients that speak HTTP and the wire, and waiting with a deadline.

pub(crate) mod api;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod held;
pub(crate) mod http;
pub(crate) mod pebble;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod server;
pub(crate) mod wire;

use std::time::Duration;

pub(crate) use api::{Guest, Room};
pub(crate) use client::{Joined, Lost, TestClient};
pub(crate) use http::{Answer, Ask};
pub(crate) use server::TestServer;
pub(crate) use test_engine as engine;
pub(crate) use wire::{Heard, Wire, frame};

/// Longer than anything takes on a busy machine; only a failing test waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Between two looks at a condition that nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until a condition holds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "not in time: {what}");
}

/// Asks again and again, until the answer is `Some`.
pub(crate) async fn poll<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, waiting).await.ok();
    answer.unwrap_or_else(|| panic!("not in time: {what}"))
}
