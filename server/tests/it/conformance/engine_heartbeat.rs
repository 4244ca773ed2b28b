//! Pings at their interval, and the end of who does not answer them.

use std::time::Instant;

use super::client::{Came, Session, Socket};
use super::{Pace, Target};
use crate::harness::poll;

/// A timer may be early by its grain.
const GRAIN_MS: u128 = 20;

/// Asserts that so many intervals have passed.
fn assert_not_early(target: &Target, began: Instant, intervals: u128) {
    let came = began.elapsed().as_millis();
    assert!(came + GRAIN_MS >= intervals * u128::from(target.ping_ms), "{}: {came} ms", target.label());
}

#[tokio::test]
async fn a_polling_session_is_pinged_at_each_interval() {
    for target in Target::all(Pace::Suites).await {
        let began = Instant::now();
        let session = Session::open(&target).await;
        for ping in 1..=2 {
            assert_eq!(session.poll().await, "2", "{}", target.label());
            assert_not_early(&target, began, ping);
            session.posts("3").await;
        }
    }
}

#[tokio::test]
async fn a_websocket_session_is_pinged_at_each_interval() {
    for target in Target::all(Pace::Suites).await {
        let began = Instant::now();
        let (mut socket, _) = Socket::session(&target).await;
        for ping in 1..=2 {
            socket.hears("2").await;
            assert_not_early(&target, began, ping);
            socket.send("3").await;
        }
        socket.close().await;
    }
}

#[tokio::test]
async fn a_polling_session_that_answers_no_ping_ends() {
    for target in Target::all(Pace::Suites).await {
        // Nobody polls at all; the first look is when it must be over.
        let session = Session::open(&target).await;
        let due = std::time::Duration::from_millis(target.ping_ms + target.timeout_ms);
        tokio::time::sleep(due).await;
        let over = poll("the silence is noticed", async || {
            (session.poll_ask().send(target.addr).await.status == 400).then_some(())
        });
        over.await;
    }
}

#[tokio::test]
async fn a_websocket_session_that_answers_no_ping_ends() {
    for target in Target::all(Pace::Suites).await {
        let began = Instant::now();
        let (mut socket, _) = Socket::session(&target).await;
        socket.hears("2").await;
        // What else it says is no answer.
        for packet in socket.ends().await {
            assert_eq!(packet, "1", "{}", target.label());
        }
        let took = began.elapsed().as_millis();
        assert!(took + GRAIN_MS >= u128::from(target.ping_ms + target.timeout_ms), "{}: {took} ms", target.label());
    }
}

#[tokio::test]
async fn an_upgraded_session_is_pinged_on_its_websocket() {
    for target in Target::all(Pace::Suites).await {
        let session = Session::open(&target).await;
        let mut socket = session.probed().await;
        socket.send("5").await;
        for _ in 0..2 {
            socket.hears("2").await;
            socket.send("3").await;
        }
        session.is_over().await;
        assert!(!matches!(socket.next().await, Came::Binary(_)));
    }
}
