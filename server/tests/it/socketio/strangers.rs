//! Who has not said who it is: costs little, keeps nobody out, and neither do those who have gone without a word.

use std::time::{Duration, Instant};

use futures::SinkExt as _;
use protocol::ErrorCode;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::polling::Polling;
use super::raw::Raw;
use crate::harness::{Ask, Guest, TestServer, eventually, poll};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_said_who_it_is_has_no_place_and_makes_way_oldest_first() {
    let server = TestServer::limited(|limits| {
        (limits.strangers_total, limits.strangers_per_network) = (10, 10);
        limits.connections_per_address = 20;
    })
    .await;
    let guest = Guest::new(&server).await;
    let auth = json!({"token": guest.token()});
    let mut known = Polling::connect(server.addr, &auth).await;
    let first = Polling::open(server.addr).await;
    let mut last = Polling::open(server.addr).await;
    // Also more than the library would keep until their time is over.
    for _ in 0..60 {
        last = Polling::open(server.addr).await;
    }
    assert_eq!(server.state.connections.total(), 1);
    let forgotten = first.ask().send(server.addr).await;
    assert!(forgotten.status == 400 && forgotten.text().contains("Session ID unknown"), "{}", forgotten.text());
    last.post(&format!("40{auth}")).await;
    last.expect("40{\"sid\"").await;
    assert_eq!(server.state.connections.total(), 2);
    let room = guest.room().await;
    known.post(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
    assert!(known.expect("431").await.contains("\"ok\":true"), "who is known makes way for nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_lost_before_its_client_said_who_it_is_holds_no_place() {
    let server = TestServer::limited(|limits| limits.connections_per_address = 2).await;
    for _ in 0..6 {
        drop(Raw::open(server.addr).await);
    }
    assert_eq!(server.state.connections.total(), 0);
    let guest = Guest::new(&server).await;
    let _one = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    assert_eq!(server.state.connections.total(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_an_address_whose_places_are_taken_who_has_a_login_finds_one_here_too() {
    let server = TestServer::limited(|limits| limits.connections_per_address = 2).await;
    let (first, second) = (Guest::new(&server).await, Guest::new(&server).await);
    let _taken = (first.connect().await, first.connect().await);
    let auth = json!({"token": second.token()});
    let _line = Raw::connect(server.addr, &auth).await;
    let _polls = Polling::connect(server.addr, &auth).await;
    assert_eq!(server.state.connections.total(), 4);
    // Also those places have an end, and it is said at the door.
    let mut more = Vec::new();
    for _ in 0..6 {
        let guest = Guest::new(&server).await;
        more.push(Raw::connect(server.addr, &json!({"token": guest.token()})).await);
    }
    let refused = Ask::get("/socket.io/?EIO=4&transport=polling").send(server.addr).await;
    assert_eq!((refused.status, refused.code()), (429, ErrorCode::TooManyConnections));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_and_keeps_the_line_has_no_place_and_may_come_back_or_make_way() {
    let server = TestServer::limited(|limits| (limits.strangers_total, limits.strangers_per_network) = (10, 2)).await;
    let guest = Guest::new(&server).await;
    let auth = json!({"token": guest.token()});
    let places = || server.state.connections.total();
    let polling = Polling::connect(server.addr, &auth).await;
    let mut line = Raw::connect(server.addr, &auth).await;
    polling.post("41").await;
    line.send("41").await;
    eventually("both places are given back", || places() == 0).await;
    line.send(&format!("40{auth}")).await;
    line.expect("40{\"sid\"").await;
    assert_eq!(places(), 1, "who comes back has one again");
    // The oldest of three makes way, by polling or on a line.
    let mut others = [Raw::connect(server.addr, &auth).await, Raw::connect(server.addr, &auth).await];
    for other in &mut others {
        other.send("41").await;
    }
    eventually("the places are given back", || places() == 1).await;
    let unknown = async || polling.ask().send(server.addr).await.text().contains("Session ID unknown");
    poll("the end of the oldest", async || unknown().await.then_some(())).await;
    line.send("41").await;
    eventually("the last place is given back", || places() == 0).await;
    let _newest = Polling::open(server.addr).await;
    line.send(&format!("40{auth}")).await;
    line.expect("40{\"sid\"").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_sessions_that_nobody_comes_to_make_way_for_a_new_one_of_the_same_person() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let auth = json!({"token": guest.token()});
    let stays = Polling::connect(server.addr, &auth).await;
    let waiting = tokio::spawn(async move { stays.poll().await });
    let mut abandoned = Vec::new();
    for _ in 0..7 {
        abandoned.push(Polling::connect(server.addr, &auth).await);
    }
    let mut ninth = Raw::open(server.addr).await;
    ninth.send(&format!("40{auth}")).await;
    assert!(ninth.expect("4").await.starts_with("44"), "all eight were there just now");
    let mut others = Vec::new();
    for _ in 0..2 {
        let other = poll("a place", async || {
            let mut raw = Raw::open(server.addr).await;
            raw.send(&format!("40{auth}")).await;
            raw.expect("4").await.starts_with("40").then_some(raw)
        });
        others.push(other.await);
    }
    // A third makes way as soon as nobody has come to it for long enough.
    let began = Instant::now();
    eventually("the others are abandoned too", || began.elapsed() >= Duration::from_millis(2_100)).await;
    let _page = guest.connect().await;
    assert!(!waiting.is_finished(), "who waits for news is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_below_the_events_come_at_a_rate() {
    const PACKETS: usize = 6_000;
    // A burst of 4,096, and then four in a millisecond.
    let server = TestServer::limited(|limits| limits.frames_per_minute = 60_000).await;
    let guest = Guest::new(&server).await;
    let (auth, room) = (json!({"token": guest.token()}), guest.room().await);
    let join = format!("421[\"join_room\",\"{}\"]", room.code);
    let mut raw = Raw::connect(server.addr, &auth).await;
    let began = Instant::now();
    for _ in 0..PACKETS {
        raw.socket.feed(Message::text("3")).await.expect("the line is open");
    }
    raw.send(&join).await;
    raw.expect("431").await;
    assert!(began.elapsed() >= Duration::from_millis(250), "{:?} for {PACKETS} frames", began.elapsed());

    let mut polling = Polling::connect(server.addr, &auth).await;
    let began = Instant::now();
    polling.post(&vec!["3"; PACKETS].join("\u{1e}")).await;
    polling.post(&join).await;
    polling.expect("431").await;
    assert!(began.elapsed() >= Duration::from_millis(250), "{:?} for {PACKETS} packets", began.elapsed());
}
