//! Logins: the record behind each token, listed, revoked, and what no token can pretend.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::LoginView;
use protocol::{ClientFrame, ErrorCode, LeaveReason, UserKind};
use serde_json::json;
use server::auth::{Auth, TOKEN_MS};
use server::keys::Keys;

use crate::harness::{Ask, Guest, TestClient, TestServer, Wire, frame};
use crate::socketio::Raw;

const PASSWORD: &str = "correct horse battery";

async fn list(guest: &Guest) -> Vec<LoginView> {
    guest.ask(Ask::get("/api/v1/me/logins")).await.assert_status(200).json()
}

fn revoke(login: &LoginView) -> Ask {
    Ask::new("DELETE", &format!("/api/v1/me/logins/{}", login.id.as_str()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_login_is_disconnected_at_once_with_4511() {
    let server = TestServer::spawn().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let other = Guest::login(&server, "robin", PASSWORD).await;
    let room = own.room().await;
    let mut stays = own.enter(&room).await;
    let mut ends = other.enter(&room).await;
    let logins = list(&own).await;
    assert_eq!(logins.iter().filter(|login| login.current).count(), 1);
    assert_eq!(logins.len(), 2);
    let now = server.state.clock.wall();
    assert!(logins.iter().all(|login| login.last_used_at % realtime::clock::HOUR_MS == 0 && login.last_used_at <= now));
    let doomed = logins.iter().find(|login| !login.current).expect("there is another");
    own.ask(revoke(doomed)).await.assert_status(204);
    ends.wire.expect_end(ErrorCode::Revoked).await;
    assert_eq!(ErrorCode::Revoked.close_code(), 4511);
    assert_eq!(other.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Revoked);
    let mut wire = Wire::open(server.addr).await;
    wire.text(&frame(&ClientFrame::Hello { token: Some(other.token().to_owned()), resume: None, follow: false })).await;
    wire.expect_end(ErrorCode::Revoked).await;
    stays.say(&room.code, "still here").await;
    assert_eq!(list(&own).await.len(), 1);
    assert_eq!(own.ask(revoke(doomed)).await.code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_known_by_its_device() {
    let server = TestServer::spawn().await;
    let begin = |path: &str, device: &str| {
        let body = serde_json::json!({ "username": "robin", "password": PASSWORD, "device": device });
        Ask::post(&format!("/api/v1/{path}")).json(&body)
    };
    let guest = Guest::new(&server).await;
    guest.ask(begin("register", "Firefox on Linux")).await.assert_status(201);
    for coarse in ["Safari on iPhone", "Bot on another system"] {
        begin("login", coarse).send(server.addr).await.assert_status(200);
    }
    Guest::login(&server, "robin", PASSWORD).await;
    for fine in ["Firefox 150.0 on Linux", "Mozilla/5.0 (X11; Linux x86_64)", "my laptop", ""] {
        assert_eq!(begin("login", fine).send(server.addr).await.code(), ErrorCode::InvalidDevice, "{fine}");
    }
    let mut devices: Vec<_> = list(&guest).await.into_iter().map(|login| login.device).collect();
    devices.sort();
    let told = ["Bot on another system", "Firefox on Linux", "Safari on iPhone"];
    assert!(devices[0].is_none(), "one did not say");
    assert_eq!(devices[1..].iter().flatten().map(String::as_str).collect::<Vec<_>>(), told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_does_not_outlive_its_login() {
    let server = TestServer::spawn().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let other = Guest::login(&server, "robin", PASSWORD).await;
    let room = own.room().await;
    let mut stays = own.enter(&room).await;
    let lost = other.enter(&room).await.cut();
    let doomed = list(&own).await.into_iter().find(|login| !login.current).expect("there is another");
    own.ask(revoke(&doomed)).await.assert_status(204);
    // Not even with a login that is in force.
    let claim = crate::harness::Lost { token: own.token().to_owned(), ..lost };
    assert!(!TestClient::resume(&claim).await.resumed);
    stays.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_revokes_the_login_of_another() {
    let server = TestServer::spawn().await;
    let one = Guest::register(&server, "robin", PASSWORD).await;
    let two = Guest::register(&server, "wren", PASSWORD).await;
    let login = list(&one).await.remove(0);
    assert_eq!(two.ask(revoke(&login)).await.code(), ErrorCode::NotFound);
    assert_eq!(revoke(&login).send(server.addr).await.code(), ErrorCode::Unauthorized);
    one.ask(Ask::get("/api/v1/me")).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_login_makes_way_for_the_one_too_many() {
    let server = TestServer::limited(|limits| limits.logins_per_user = 2).await;
    let first = Guest::register(&server, "robin", PASSWORD).await;
    let mut oldest = first.connect().await;
    Guest::login(&server, "robin", PASSWORD).await;
    let third = Guest::login(&server, "robin", PASSWORD).await;
    oldest.wire.expect_end(ErrorCode::Revoked).await;
    assert_eq!(list(&third).await.len(), 2);
    assert_eq!(first.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Revoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_login_and_its_connections() {
    let server = TestServer::spawn().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let mut client = own.connect().await;
    own.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
    client.wire.expect_end(ErrorCode::Revoked).await;
    assert_eq!(own.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Revoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_signs_out_is_told_so_of_every_room_before_the_line_ends() {
    let server = TestServer::spawn().await;
    for _ in 0..5 {
        let guest = Guest::new(&server).await;
        let rooms = [guest.room().await, guest.room().await, guest.room().await];
        let mut client = guest.connect().await;
        let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
        for room in &rooms {
            client.join(&room.code).await;
            raw.send(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
            raw.expect("431").await;
        }
        guest.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
        for _ in &rooms {
            assert_eq!(client.expect_left().await, LeaveReason::SignedOut);
            raw.expect("42[\"left_room\"").await;
        }
        client.wire.expect_end(ErrorCode::Revoked).await;
        raw.expect("41").await;
    }
}

/// Tokens that are not the server's, or not any more, and what is wrong with each.
async fn bad_tokens(server: &TestServer, one: &Guest, two: &Guest) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = one.token().split('.').collect();
    let others: Vec<&str> = two.token().split('.').collect();
    let [head, claims, signature] = parts[..] else { panic!("a token has three parts") };
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let told = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).expect("is base64url")).expect("is UTF-8");
    let lasting = told.replace("\"exp\":1", "\"exp\":9");
    assert!(lasting != told, "the claims have an end");
    let none = encode("{\"typ\":\"JWT\",\"alg\":\"none\"}");
    let other_algorithm = encode("{\"typ\":\"JWT\",\"alg\":\"HS512\"}");
    let who = server.identity(one.token()).await;
    let issue = |auth: &Auth, at| auth.issue(who.user, who.login, UserKind::Guest, &who.name, at).token;
    let now = server.state.clock.wall();
    vec![
        ("another's claims", format!("{head}.{}.{signature}", others[1])),
        ("another's signature", format!("{head}.{claims}.{}", others[2])),
        ("a later end", format!("{head}.{}.{signature}", encode(&lasting))),
        ("no algorithm", format!("{none}.{claims}.")),
        ("no algorithm, signed", format!("{none}.{claims}.{signature}")),
        ("another algorithm", format!("{other_algorithm}.{claims}.{signature}")),
        ("no signature", format!("{head}.{claims}.")),
        ("two parts", format!("{head}.{claims}")),
        ("a foreign key", issue(&Auth::new(&Keys::derive(&[9; 32]), 1), now)),
        ("an end in the past", issue(&server.state.auth, now - TOKEN_MS)),
        ("nothing", String::new()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_tampered_with_is_refused() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let me = || Ask::get("/api/v1/me");
    for (what, token) in bad_tokens(&server, &one, &two).await {
        let answer = me().bearer(&token).send(server.addr).await;
        assert_eq!(answer.code(), ErrorCode::Unauthorized, "{what}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
        let answer = me().cookie(&token).send(server.addr).await;
        assert_eq!(answer.code(), ErrorCode::Unauthorized, "{what}, as a cookie");
    }
    one.ask(me()).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_a_url_is_nobodys() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    for name in ["token", "access_token", "ws"] {
        let answer = Ask::get(&format!("/api/v1/me?{name}={}", guest.token())).send(server.addr).await;
        assert_eq!(answer.code(), ErrorCode::Unauthorized);
    }
}
