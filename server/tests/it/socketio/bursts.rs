//! Much at once: every call is answered, and who floods is sent away for good.

use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use realtime::rate_limits::RateLimit;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::polling::Polling;
use super::puppet::{Client, Puppet, WAYS, are_there};
use super::raw::Raw;
use crate::harness::{Guest, TestServer};

/// More than the rates allow, fewer than a flood.
const CALLS: usize = 550;
/// More than a client may be refused.
const FLOOD: usize = 1_500;

fn calls(code: &str, count: usize) -> Vec<String> {
    let call = |number: usize| match number % 3 {
        0 => format!("42{number}[\"typing_stop\",\"{code}\"]"),
        1 => format!("42{number}[\"leave_room\",\"nowhere\"]"),
        _ => format!("42{number}[\"send_message\",{{\"room\":\"{code}\",\"content\":\"at once\"}}]"),
    };
    (0..count).map(call).collect()
}

/// The number and the body of an acknowledgement.
fn answered(packet: &str) -> Option<(usize, Value)> {
    let (number, body) = packet.strip_prefix("43")?.split_once('[')?;
    let body = serde_json::from_str::<Value>(&format!("[{body}")).ok()?;
    Some((number.parse().ok()?, body[0].clone()))
}

#[derive(Default)]
struct Tally {
    heard: Vec<bool>,
    taken: usize,
    limited: usize,
}

impl Tally {
    /// Returns whether every call has its answer.
    fn count(&mut self, packet: &str) -> bool {
        if let Some((number, body)) = answered(packet) {
            self.heard.resize(CALLS, false);
            assert!(!std::mem::replace(&mut self.heard[number], true), "{number} is answered twice");
            if body["ok"] == true {
                self.taken += 1;
            } else if body["code"] == "RATE_LIMIT" {
                assert!(body["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{body}");
                self.limited += 1;
            } else {
                assert_eq!((number % 3, &body["code"]), (1, &json!("INVALID_INPUT")), "{body}");
                assert_eq!(body["reason"], "invalid_code");
            }
        }
        self.heard.iter().filter(|heard| **heard).count() == CALLS
    }

    /// The limits alone decide: the first three hundred frames are read, and thirty messages of theirs relayed; while
    /// that goes on, one frame more every fifth of a second.
    fn check(&self, took: Duration) {
        let more = usize::try_from(took.as_millis()).expect("is short") / 200 + 1;
        let (taken, limited) = (100 + 30, CALLS - 300 + 70);
        assert!((taken..=taken + more).contains(&self.taken), "{} signals and messages, {took:?}", self.taken);
        assert!((limited - more..=limited).contains(&self.limited), "{} refused, {took:?}", self.limited);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_hundreds_of_calls_at_once_each_is_answered_by_its_limit() {
    let server = TestServer::limited(|limits| {
        // Whatever a slow machine takes, nothing more is allowed meanwhile.
        limits.sends_refill_ms = 3_600_000;
        limits.joins_per_minute = 100;
    })
    .await;
    for polls in [true, false] {
        let guest = Guest::new(&server).await;
        let code = guest.room().await.code;
        let join = format!("429999[\"join_room\",\"{code}\"]");
        let auth = json!({"token": guest.token()});
        let mut tally = Tally::default();
        let began = Instant::now();
        if polls {
            let mut polling = Polling::connect(server.addr, &auth).await;
            polling.post(&join).await;
            polling.expect("439999").await;
            polling.post(&calls(&code, CALLS).join("\u{1e}")).await;
            while !tally.count(&polling.expect("4").await) {}
        } else {
            let mut raw = Raw::connect(server.addr, &auth).await;
            raw.send(&join).await;
            raw.expect("439999").await;
            for call in calls(&code, CALLS) {
                raw.socket.feed(Message::text(call)).await.expect("is open");
            }
            raw.socket.flush().await.expect("is open");
            while !tally.count(&raw.next().await.expect("the line stays")) {}
        }
        tally.check(began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_ends_with_the_packet_after_which_clients_stay_away() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let code = guest.room().await.code;
    let auth = json!({"token": guest.token()});
    let mut raw = Raw::connect(server.addr, &auth).await;
    for call in calls(&code, FLOOD) {
        // The end may come in between.
        let _ = raw.socket.feed(Message::text(call)).await;
    }
    let _ = raw.socket.flush().await;
    let mut last = Vec::new();
    while let Some(Ok(message)) = raw.socket.next().await {
        last.push(message.to_string());
    }
    assert!(last.iter().any(|packet| packet == "41"), "of {} packets none", last.len());
    let mut polling = Polling::connect(server.addr, &auth).await;
    for part in calls(&code, FLOOD).chunks(500) {
        polling.post(&part.join("\u{1e}")).await;
    }
    polling.expect("41").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_does_not_come_back_after_a_flood() {
    if !are_there() {
        return;
    }
    let server = TestServer::spawn().await;
    let mut floods = Vec::new();
    for way in WAYS {
        for (event, times) in
            [("send_message", FLOOD), ("leave_room", FLOOD), ("join_room", 5_000), ("nobody_knows", 5_000)]
        {
            let guest = Guest::new(&server).await;
            let code = guest.room().await.code;
            floods.push(async move {
                let mut puppet = Puppet::connect(Client::JavaScript, way, guest.addr, guest.token()).await;
                puppet.burst(event, json!({"room": code, "content": "again"}), times).await;
                assert_eq!(puppet.hear("disconnect").await, "io server disconnect", "{event} by {way}");
            });
        }
    }
    futures::future::join_all(floods).await;
}

/// python-engineio takes sixteen packets of one poll and drops its line over one more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_brings_no_more_than_the_official_clients_take() {
    if !are_there() {
        return;
    }
    let server = TestServer::spawn().await;
    for client in [Client::Python, Client::JavaScript] {
        let talker = Guest::new(&server).await;
        let room = talker.room().await;
        let mut page = talker.enter(&room).await;
        let mut puppet = Puppet::connect(client, "polling", server.addr, Guest::new(&server).await.token()).await;
        assert_eq!(puppet.ask("join_room", json!(room.code)).await["ok"], true);
        for number in 0..30 {
            page.send(&room.code, &format!("burst {number}")).await;
        }
        let mut heard = Vec::new();
        for _ in 0..30 {
            heard.push(puppet.hear("new_message").await["content"].as_str().expect("a text").to_owned());
        }
        // Python's client hands each packet to a thread of its own: in which order these run says nothing of the server.
        if client == Client::Python {
            heard.sort_by_key(|text| text.trim_start_matches("burst ").parse::<u32>().expect("a number"));
        }
        let sent: Vec<_> = (0..30).map(|number| format!("burst {number}")).collect();
        assert_eq!(heard, sent, "{client:?}");
        puppet.burst("typing_start", json!("nowhere"), 100).await;
        for _ in 0..100 {
            assert_eq!(puppet.hear("error").await["code"], "INVALID_INPUT", "{client:?}");
        }
        assert!(!puppet.has_heard("disconnect"), "{client:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_that_is_refused_says_so_and_a_call_that_nobody_knows_too() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let elsewhere = Guest::new(&server).await.room().await.code;
    let code = guest.room().await.code;
    let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    raw.send(&format!("421[\"join_room\",\"{code}\"]")).await;
    raw.expect("431").await;
    let table = [
        (format!("[\"typing_start\",\"{code}\"]"), json!(null), json!(null)),
        (format!("[\"typing_start\",{{\"room\":\"{elsewhere}\"}}]"), json!("UNAUTHORIZED"), json!("not_in_room")),
        ("[\"typing_stop\",\"x\"]".to_owned(), json!("INVALID_INPUT"), json!("invalid_code")),
        ("[\"typing_start\"]".to_owned(), json!("INVALID_INPUT"), json!("bad_frame")),
        ("[\"nobody_knows\",1]".to_owned(), json!("INVALID_INPUT"), json!("bad_frame")),
        (
            format!("[\"send_message\",{{\"room\":\"{code}\",\"content\":\"\\ud800\"}}]"),
            json!("INVALID_INPUT"),
            json!("bad_frame"),
        ),
        (
            format!("[\"send_message\",{{\"room\":\"{code}\",\"content\":\"\\u0000\"}}]"),
            json!("INVALID_INPUT"),
            json!("empty_text"),
        ),
    ];
    for (at, (call, code, reason)) in table.into_iter().enumerate() {
        let number = 10 + at;
        raw.send(&format!("42{number}{call}")).await;
        let packet = raw.expect(&format!("43{number}[")).await;
        let (_, body) = answered(&packet).expect("is an acknowledgement");
        assert_eq!((&body["code"], &body["reason"]), (&code, &reason), "{call}");
        assert_eq!(body["ok"] == true, code.is_null(), "{call}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_nobody_knows_is_refused_and_no_mischief_however_often() {
    let server = TestServer::limited(|limits| limits.frames_per_minute = 1_000_000).await;
    let guest = Guest::new(&server).await;
    let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    // More than a client may be refused of what it should know.
    for _ in 0..350 {
        raw.send("42[\"of_the_original\",{}]").await;
        assert!(raw.expect("42[\"error\"").await.contains("INVALID_INPUT"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_and_goes_all_the_time_enters_its_rooms_in_measure() {
    let server = TestServer::limited(|limits| limits.joins_per_minute = 60).await;
    let guest = Guest::new(&server).await;
    let codes = [guest.room().await.code, guest.room().await.code];
    let user = server.identity(guest.token()).await.user;
    let took = Instant::now();
    while server.state.rate_limits.take(RateLimit::Follows(user), server.state.clock.now()).is_ok() {
        assert!(took.elapsed().as_secs() < 1, "the gate closes at last");
    }
    let began = Instant::now();
    let mut raw = Raw::connect(server.addr, &json!({"token": guest.token(), "autoJoin": true})).await;
    // What it asks for itself does not wait.
    raw.send(&format!("421[\"join_room\",\"{}\"]", codes[0])).await;
    raw.expect("431").await;
    assert!(began.elapsed().as_millis() < 900, "{:?}", began.elapsed());
    raw.expect(&format!("42[\"joined_room\",\"{}\"]", codes[1])).await;
    assert!(began.elapsed().as_millis() >= 900, "{:?}", began.elapsed());
}
