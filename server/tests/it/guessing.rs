//! What guessing costs, by PIN, password and code: the guesser, and nobody who is at home at what is guessed.

#![expect(clippy::print_stdout, reason = "the rates that got through are what these tests are read for")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use protocol::api::{JoinRoom, RoomView};
use protocol::{ErrorCode, Limits};
use realtime::address::Address;
use realtime::rate_limits::Caller;
use server::network::Network;
use tokio::task::JoinSet;

use crate::harness::api::credentials;
use crate::harness::{Answer, Ask, Guest, Room, TestServer};

/// Each request may come from an address of its own.
async fn behind_a_proxy(change: impl FnOnce(&mut Limits)) -> TestServer {
    let proxy: Network = "127.0.0.1".parse().expect("is an address");
    TestServer::with(|config| {
        config.proxies = vec![proxy];
        change(&mut config.limits);
    })
    .await
}

async fn try_pin(guest: &Guest, address: &str, room: &Room, pin: &str) -> Answer {
    let body = JoinRoom { pin: Some(pin.to_owned()), invite: None };
    let ask = Ask::post(&format!("/api/v1/rooms/{}/join", room.code)).json(&body);
    guest.ask(ask.header("x-forwarded-for", address)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_a_pin_costs_growing_waits_to_the_one_address_only() {
    let server = behind_a_proxy(|_| {}).await;
    let owner = Guest::new(&server).await;
    let room = owner.pin_room("right").await;
    let (guesser, other) = (Guest::new(&server).await, Guest::new(&server).await);
    for _ in 0..5 {
        let guessed = try_pin(&guesser, "203.0.113.7", &room, "guess").await;
        assert_eq!(guessed.code(), ErrorCode::WrongPin);
    }
    let refused = try_pin(&guesser, "203.0.113.7", &room, "right").await;
    let problem = refused.problem();
    assert_eq!(problem.code, ErrorCode::TooManyTries, "even the right one has to wait");
    let wait_ms = problem.retry_after_ms.expect("a limit says how long to wait");
    assert!((1_000..=60_000).contains(&wait_ms), "{wait_ms} ms");
    assert_eq!(refused.header("retry-after"), Some(wait_ms.div_ceil(1_000).to_string().as_str()));
    try_pin(&other, "203.0.113.8", &room, "right").await.assert_status(200);
    let mut member = owner.enter(&room).await;
    member.say(&room.code, "members are not locked out").await;

    // The waits grow, by a clock that is handed in.
    let (state, now) = (&server.state, server.state.clock.now());
    let stored = state.store.room_by_code(room.code(), now.wall).await.expect("the store answers").expect("it lives");
    let address = Address::from(IpAddr::from([203, 0, 113, 7]));
    let guesser = Caller { user: None, address, followed: false };
    let after = now.after(wait_ms + 1);
    drop(state.rate_limits.try_pin(stored.id.into(), guesser, after).expect("the wait is over"));
    let longer = state.rate_limits.try_pin(stored.id.into(), guesser, after.after(1)).expect_err("the next one begins");
    assert!(longer.retry_after_ms > Some(wait_ms), "{longer:?} is no longer than {wait_ms} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_pin_forgets_the_wrong_ones() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.pin_room("right").await;
    for _ in 0..2 {
        let guest = Guest::new(&server).await;
        for _ in 0..4 {
            assert_eq!(guest.join(&room.code, Some("wrong")).await.code(), ErrorCode::WrongPin);
        }
        guest.join(&room.code, Some("right")).await.assert_status(200);
    }
}

/// The codes of what was answered within three seconds, with how often each came: what waits for its turn is let go.
async fn answered(mut asking: JoinSet<ErrorCode>) -> BTreeMap<ErrorCode, usize> {
    let mut codes = BTreeMap::new();
    let _ = tokio::time::timeout(Duration::from_secs(3), async {
        while let Some(code) = asking.join_next().await {
            *codes.entry(code.expect("no request panics")).or_default() += 1;
        }
    })
    .await;
    codes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_48_guesses_pins_as_slowly_as_few_and_keeps_nobody_out() {
    let server = behind_a_proxy(|limits| limits.joins_per_minute = 1_000).await;
    let owner = Guest::new(&server).await;
    let room = owner.pin_room("right").await;
    let (guesser, friend) = (Guest::new(&server).await, Guest::new(&server).await);
    let mut asking = JoinSet::new();
    for number in 0..200 {
        let (guesser, room) = (guesser.clone(), room.clone());
        asking
            .spawn(async move { try_pin(&guesser, &format!("2001:db8:1:{number:x}::1"), &room, "guess").await.code() });
    }
    let guessing = tokio::spawn(answered(asking));
    try_pin(&friend, "2001:db8:2::1", &room, "right").await.assert_status(200);
    let codes = guessing.await.expect("the guesses are answered");
    println!("200 guesses of a /48 at once: {codes:?}");
    let wrong = codes.get(&ErrorCode::WrongPin).copied().unwrap_or_default();
    let limited = codes.get(&ErrorCode::TooManyTries).copied().unwrap_or_default();
    assert!((1..=40).contains(&wrong), "{codes:?}");
    assert!(
        limited >= 160 && wrong + limited == codes.values().sum::<usize>(),
        "nobody met an overloaded server: {codes:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_botnet_at_one_account_is_slowed_together_and_its_owner_is_not() {
    let server = behind_a_proxy(|_| {}).await;
    Guest::register(&server, "robin", "correct horse battery").await;
    let sign_in = async |address: &str, password: &str| {
        credentials("login", "robin", password).header("x-forwarded-for", address).send(server.addr).await
    };
    let home = sign_in("203.0.113.1", "correct horse battery").await.assert_status(200);
    let session = Guest { addr: server.addr, session: home.json() };
    let mut asking = JoinSet::new();
    for number in 0..200 {
        let ask = credentials("login", "robin", "wrong").header("x-forwarded-for", &format!("10.0.0.{number}"));
        let addr = server.addr;
        asking.spawn(async move { ask.send(addr).await.code() });
    }
    let guessing = tokio::spawn(answered(asking));
    sign_in("203.0.113.1", "correct horse battery").await.assert_status(200);
    let delete = Ask::new("DELETE", "/api/v1/me").json(&serde_json::json!({ "password": "wrong" }));
    let refused = session.ask(delete.header("x-forwarded-for", "198.51.100.9")).await;
    assert_eq!(refused.code(), ErrorCode::BadCredentials, "one who is signed in does not stand in line, wherever");
    let codes = guessing.await.expect("the guesses are answered");
    println!("200 guesses of as many machines at once: {codes:?}");
    let wrong = codes.get(&ErrorCode::BadCredentials).copied().unwrap_or_default();
    assert!((1..=20).contains(&wrong), "fifteen at once, then one each four seconds: {codes:?}");
    assert!(codes.keys().all(|code| matches!(code, ErrorCode::BadCredentials | ErrorCode::RateLimited)), "{codes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_codes_is_limited_whatever_the_way() {
    let server = TestServer::limited(|limits| limits.misses_per_minute = 4).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let guest = Guest::new(&server).await;
    let mut client = guest.connect().await;
    assert_eq!(guest.look_up("22222222").await.code(), ErrorCode::RoomNotFound);
    assert_eq!(guest.join("22222223", None).await.code(), ErrorCode::RoomNotFound);
    let cid = client.ask_join("22222224", None, None).await;
    client.expect_error(ErrorCode::RoomNotFound, Some(&cid)).await;
    assert_eq!(guest.look_up("22222225").await.code(), ErrorCode::RoomNotFound);
    let cid = client.ask_join("22222226", None, None).await;
    client.expect_error(ErrorCode::RateLimited, Some(&cid)).await;
    let limited = guest.look_up("22222227").await;
    assert_eq!(limited.code(), ErrorCode::RateLimited);
    assert!(limited.header("retry-after").is_some());
    assert_eq!(guest.look_up(&room.code).await.code(), ErrorCode::RateLimited, "or a hit would stand out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_who_guesses_codes_keeps_nobody_from_rooms_who_has_a_login() {
    let server = TestServer::limited(|limits| limits.misses_per_minute = 4).await;
    let (owner, friend) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    let nobody = async |code: &str| Ask::get(&format!("/api/v1/rooms/{code}")).send(server.addr).await;
    for _ in 0..4 {
        assert_eq!(nobody("22222222").await.code(), ErrorCode::RoomNotFound);
    }
    assert_eq!(nobody(&room.code).await.code(), ErrorCode::RateLimited);
    friend.look_up(&room.code).await.assert_status(200);
    // A link of another site that was followed too often takes nothing of theirs.
    let followed = async |code: &str| {
        let page = Ask::get(&format!("/r/{code}")).header("sec-fetch-site", "cross-site").cookie(owner.token());
        page.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document").send(server.addr).await.status
    };
    for expected in [404, 404, 404, 404, 429] {
        assert_eq!(followed("22222222").await, expected);
    }
    assert_eq!(followed(&room.code).await, 200, "a member comes in by a link");
    // And a member comes in, also one who has used up everything.
    for _ in 0..4 {
        assert_eq!(owner.look_up("22222222").await.code(), ErrorCode::RoomNotFound);
    }
    assert_eq!(owner.look_up("22222222").await.code(), ErrorCode::RateLimited);
    assert!(owner.look_up(&room.code).await.assert_status(200).json::<RoomView>().member);
    owner.enter(&room).await;
}
