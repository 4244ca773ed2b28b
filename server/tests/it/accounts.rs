//! Guests and accounts: becoming somebody, proving it, and stopping to be.

use std::time::{Duration, Instant};

use protocol::api::{ChangePassword, DeleteMe, RoomView, TokenAnswer};
use protocol::{ErrorCode, LeaveReason, Me, UserKind};

use crate::harness::api::credentials;
use crate::harness::{Ask, Guest, TestServer};

const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_made_by_a_post_and_named_by_choice_or_chance() {
    let server = TestServer::spawn().await;
    let anonymous = Ask::get("/api/v1/me").send(server.addr).await;
    assert_eq!(anonymous.code(), ErrorCode::Unauthorized);
    assert!(anonymous.header("set-cookie").is_none());
    let guest = Guest::named(&server, "  Quiet   Heron ").await;
    assert_eq!(guest.session.me.name.as_str(), "Quiet Heron");
    let me: Me = guest.ask(Ask::get("/api/v1/me")).await.assert_status(200).json();
    assert!(me == guest.session.me && me.kind == UserKind::Guest && me.username.is_none());
    let drawn: Vec<_> =
        [Guest::new(&server).await, Guest::new(&server).await].map(|guest| guest.session.me.name).into();
    assert!(drawn[0] != drawn[1], "names are drawn, not given");
    for bad in ["", "\u{301}\u{302}", "zero\u{200b}width", "left\u{202e}right", "nul\0", &"x".repeat(31)] {
        let body = protocol::api::NewGuest { name: Some(bad.to_owned()) };
        let refused = Ask::post("/api/v1/guest").json(&body).send(server.addr).await;
        assert_eq!(refused.code(), ErrorCode::InvalidName, "{bad:?}");
    }
    for (typed, shown) in [
        ("O'Brien & Sons", "O\u{2019}Brien & Sons"),
        ("<b>\"x\"</b>", "\u{2039}b\u{203A}\u{201D}x\u{201D}\u{2039}/b\u{203A}"),
        ("\u{200f}علی\u{200c}رضا\u{200f}", "علی\u{200c}رضا"),
    ] {
        assert_eq!(Guest::named(&server, typed).await.session.me.name.as_str(), shown, "{typed:?}");
    }
    // Without a body at all, as a page does it.
    Ask::post("/api/v1/guest").send(server.addr).await.assert_status(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_registers_keeps_rooms_and_connections() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.connect().await;
    let you = client.join(&room.code).await.you;
    let answer = guest.ask(credentials("register", "Robin_1", PASSWORD)).await.assert_status(201);
    let session: TokenAnswer = answer.json();
    assert_eq!((session.me.kind, session.me.username.as_deref()), (UserKind::Account, Some("Robin_1")));
    // What the guest was called was never theirs to store; those inside see the name that the account begins with.
    assert!(session.me.name != guest.session.me.name);
    let renamed = client.expect("the new name", |frame| {
        let protocol::ServerFrame::Presence { joined, changed, .. } = frame else {
            return None;
        };
        joined.iter().chain(changed).find(|member| member.name == session.me.name).cloned()
    });
    assert!(renamed.await.id == you);
    client.say(&room.code, "still here").await;
    let account = Guest::login(&server, "robin_1", PASSWORD).await;
    let rooms: Vec<RoomView> = account.ask(Ask::get("/api/v1/rooms")).await.json();
    assert!(rooms.len() == 1 && rooms[0].code == room.code() && rooms[0].owner && rooms[0].you == Some(you));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registering_checks_name_and_password() {
    let server = TestServer::spawn().await;
    Guest::register(&server, "Taken", PASSWORD).await;
    for (username, password, expected) in [
        ("TAKEN", PASSWORD, ErrorCode::UsernameTaken),
        ("ab", PASSWORD, ErrorCode::InvalidUsername),
        ("with space", PASSWORD, ErrorCode::InvalidUsername),
        ("e\u{2019}apostrophe", PASSWORD, ErrorCode::InvalidUsername),
        ("\u{200b}", PASSWORD, ErrorCode::InvalidUsername),
        (&"x".repeat(33), PASSWORD, ErrorCode::InvalidUsername),
        ("short", "1234567", ErrorCode::InvalidPassword),
        ("long", &"x".repeat(257), ErrorCode::InvalidPassword),
    ] {
        let refused = credentials("register", username, password).send(server.addr).await;
        assert_eq!(refused.code(), expected, "{username}");
    }
    Guest::register(&server, "longest", &"ü".repeat(256)).await;
    Guest::login(&server, "longest", &"ü".repeat(256)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_begins_under_a_name_of_its_own() {
    let server = TestServer::spawn().await;
    let guest = Guest::named(&server, "Quiet Heron").await;
    let register = |name: &str| {
        let body = serde_json::json!({ "username": "robin", "password": PASSWORD, "name": name });
        guest.ask(Ask::post("/api/v1/register").json(&body))
    };
    assert_eq!(register("").await.code(), ErrorCode::InvalidName);
    let session: TokenAnswer = register(" Brisk  Otter ").await.assert_status(201).json();
    assert_eq!(session.me.name.as_str(), "Brisk Otter");
    assert_eq!(Guest::login(&server, "robin", PASSWORD).await.session.me.name.as_str(), "Brisk Otter");
}

/// One person's keyboard writes a character whole and another's in parts, one is set to full width.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_entered_from_every_keyboard() {
    let server = TestServer::spawn().await;
    Guest::register(&server, "José", "pässwörter").await;
    for (username, password) in [
        ("jose\u{301}", "pa\u{308}sswo\u{308}rter"),
        ("JOSE\u{301}", "pässwörter"),
        ("\u{200b}ｊｏｓé ", "pässwo\u{308}rter"),
    ] {
        Guest::login(&server, username, password).await;
    }
    let taken = credentials("register", "ＪＯＳÉ", PASSWORD).send(server.addr).await;
    assert_eq!(taken.code(), ErrorCode::UsernameTaken);
    let other = credentials("login", "jose", "pässwörter").send(server.addr).await;
    assert_eq!(other.code(), ErrorCode::BadCredentials);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_user_and_wrong_password_are_one_answer() {
    let server = TestServer::spawn().await;
    Guest::register(&server, "robin", PASSWORD).await;
    let mut answers = Vec::new();
    for (username, password) in [
        ("robin", "wrong password"),
        ("nobody", "wrong password"),
        ("no such name!", "wrong password"),
        ("robin", ""),
        ("nobody", ""),
    ] {
        let answer = credentials("login", username, password).send(server.addr).await;
        assert_eq!(answer.code(), ErrorCode::BadCredentials);
        // Each request has an id of its own.
        let body = answer.text().replace(answer.header("x-request-id").expect("every answer has one"), "");
        let is_its_own = |name: &str| matches!(name, "date" | "x-request-id");
        let headers: Vec<_> = answer.headers.into_iter().filter(|(name, _)| !is_its_own(name)).collect();
        answers.push((answer.status, headers, body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_user_and_wrong_password_take_one_time() {
    const TRIES: usize = 5;
    let server = TestServer::limited(|limits| limits.auth_failures = 100).await;
    Guest::register(&server, "robin", PASSWORD).await;
    let timed = async |username: String| {
        let asked = Instant::now();
        assert_eq!(credentials("login", &username, "wrong password").send(server.addr).await.status, 401);
        asked.elapsed()
    };
    let (mut known, mut unknown): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    for number in 0..TRIES {
        // In turns, so that a busy moment of the machine meets both.
        known.push(timed("robin".to_owned()).await);
        unknown.push(timed(format!("nobody{number}")).await);
    }
    known.sort();
    unknown.sort();
    let (known, unknown) = (known[TRIES / 2].as_secs_f64(), unknown[TRIES / 2].as_secs_f64());
    assert!(unknown > 0.005, "{unknown} s is no argon2");
    assert!((known / unknown).max(unknown / known) < 3.0, "{known} s and {unknown} s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_sign_ins_are_limited_for_the_account_and_address_and_lock_nobody_else_out() {
    let proxy = "127.0.0.1".parse().expect("is an address");
    let server = TestServer::with(|config| config.proxies = vec![proxy]).await;
    Guest::register(&server, "robin", PASSWORD).await;
    let from =
        |address: &str, password: &str| credentials("login", "robin", password).header("x-forwarded-for", address);
    for _ in 0..5 {
        assert_eq!(from("203.0.113.7", "wrong").send(server.addr).await.code(), ErrorCode::BadCredentials);
    }
    let refused = from("203.0.113.7", PASSWORD).send(server.addr).await;
    assert_eq!(refused.code(), ErrorCode::RateLimited);
    assert!(refused.header("retry-after").is_some());
    from("203.0.113.8", PASSWORD).send(server.addr).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_ends_every_other_login() {
    let server = TestServer::spawn().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let other = Guest::login(&server, "robin", PASSWORD).await;
    let (mut stays, mut ends) = (own.connect().await, other.connect().await);
    let change = |current: &str, new: &str| {
        let body = ChangePassword { current: current.to_owned(), new: new.to_owned() };
        Ask::post("/api/v1/me/password").json(&body)
    };
    assert_eq!(own.ask(change("wrong", "another password")).await.code(), ErrorCode::BadCredentials);
    assert_eq!(own.ask(change(PASSWORD, "short")).await.code(), ErrorCode::InvalidPassword);
    ends.ping().await;
    own.ask(change(PASSWORD, "another password")).await.assert_status(200);
    ends.wire.expect_end(ErrorCode::Revoked).await;
    stays.ping().await;
    assert_eq!(other.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Revoked);
    own.ask(Ask::get("/api/v1/me")).await.assert_status(200);
    let old = credentials("login", "robin", PASSWORD).send(server.addr).await;
    assert_eq!(old.code(), ErrorCode::BadCredentials);
    Guest::login(&server, "robin", "another password").await;
    let guest = Guest::new(&server).await;
    assert_eq!(guest.ask(change("x", "another password")).await.code(), ErrorCode::Forbidden, "a guest has none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_is_gone_from_rooms_and_from_sight() {
    let server = TestServer::spawn().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let other = Guest::new(&server).await;
    let (shared, alone) = (own.room().await, own.room().await);
    let mut stays = other.enter(&shared).await;
    let mut goes = own.connect().await;
    let you = goes.join(&shared.code).await.you;
    stays.expect_state(&you, protocol::Activity::Online).await;
    let delete = |password: Option<&str>| {
        Ask::new("DELETE", "/api/v1/me").json(&DeleteMe { password: password.map(str::to_owned) })
    };
    assert_eq!(own.ask(delete(None)).await.code(), ErrorCode::BadCredentials);
    assert_eq!(own.ask(delete(Some("wrong"))).await.code(), ErrorCode::BadCredentials);
    own.ask(delete(Some(PASSWORD))).await.assert_status(204);
    assert_eq!(stays.expect_gone(&you).await, 1);
    let (close, _) = goes.wire.end().await;
    assert_eq!(close, Some(ErrorCode::Revoked.close_code()));
    assert_eq!(own.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Unauthorized);
    assert_eq!(credentials("login", "robin", PASSWORD).send(server.addr).await.code(), ErrorCode::BadCredentials);
    assert_eq!(other.look_up(&alone.code).await.code(), ErrorCode::RoomEnded, "its last member is gone");
    let view: RoomView = other.look_up(&shared.code).await.json();
    assert!(view.owner, "the room that is shared has an heir");
    Guest::register(&server, "Robin", PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_signs_out_leaves_nothing() {
    let server = TestServer::spawn().await;
    let (guest, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = guest.room().await;
    let mut stays = other.enter(&room).await;
    let mut client = guest.connect().await;
    let you = client.join(&room.code).await.you;
    stays.expect_state(&you, protocol::Activity::Online).await;
    guest.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
    stays.expect_gone(&you).await;
    let reason = client.expect("left or bye", |frame| match frame {
        protocol::ServerFrame::Left { reason, .. } => Some(Some(*reason)),
        protocol::ServerFrame::Bye { .. } => Some(None),
        _ => None,
    });
    assert!(matches!(reason.await, Some(LeaveReason::SignedOut) | None));
    assert_eq!(guest.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Unauthorized);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_are_limited_for_an_address() {
    let server = TestServer::limited(|limits| limits.guests_made_per_hour = 3).await;
    for _ in 0..3 {
        Guest::new(&server).await;
    }
    let refused = Ask::post("/api/v1/guest").send(server.addr).await;
    assert_eq!(refused.code(), ErrorCode::RateLimited);
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|s| s > 1)));
}
