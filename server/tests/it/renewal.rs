//! A live session stands on its login: it outlives its token, which is renewed in time, and never its login.

use protocol::{ClientFrame, ErrorCode, Resume, ServerFrame};
use serde_json::json;
use server::auth::TOKEN_MS;

use crate::harness::held::Call;
use crate::harness::{Ask, Guest, Lost, TestClient, TestServer, Wire, frame, poll};
use crate::socketio::Raw;

const PASSWORD: &str = "correct horse battery";

fn me() -> Ask {
    Ask::get("/api/v1/me")
}

/// A server whose tokens end after seconds.
async fn hasty() -> TestServer {
    TestServer::limited(|limits| limits.token_s = 3).await
}

/// Waits until a token is refused because its time is over.
async fn ended(server: &TestServer, token: &str) {
    poll("the token ends", async || {
        let answer = me().bearer(token).send(server.addr).await;
        (answer.status == 401).then(|| assert_eq!(answer.code(), ErrorCode::Unauthorized))
    })
    .await;
}

async fn expect_token(client: &mut TestClient) -> Option<String> {
    client
        .expect("token", |frame| match frame {
            ServerFrame::Token { token, expires_at } => {
                assert_eq!(token.is_some(), expires_at.is_some());
                Some(token.clone())
            }
            _ => None,
        })
        .await
}

/// A line of the site's own page, by its cookie.
async fn page(server: &TestServer, token: &str, resume: Option<Resume>) -> TestClient {
    let (own, cookie) = (server.origin(), format!("ws={token}"));
    let headers = [("origin", own.as_str()), ("cookie", &cookie)];
    let Ok((mut wire, _)) = Wire::try_open(server.addr, &headers).await else { panic!("the upgrade was refused") };
    wire.text(&frame(&ClientFrame::Hello { token: None, resume, follow: false })).await;
    TestClient::welcomed(wire, server.addr, token).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connected_client_never_stops_being_who_it_is() {
    let server = hasty().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let mut client = owner.enter(&room).await;
    let mut token = owner.token().to_owned();
    // Over several lives of a token.
    for _ in 0..3 {
        let next = expect_token(&mut client).await.expect("who carries it itself is told it");
        ended(&server, &token).await;
        me().bearer(&next).send(server.addr).await.assert_status(200);
        client.say(&room.code, "still here").await;
        token = next;
    }
    let gone = Ask::new("DELETE", &format!("/api/v1/rooms/{}", room.code)).bearer(&token).send(server.addr).await;
    gone.assert_status(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_told_when_its_cookie_is_due_and_never_sees_a_token() {
    let server = hasty().await;
    let guest = Guest::new(&server).await;
    let mut client = page(&server, guest.token(), None).await;
    let mut cookie = guest.token().to_owned();
    for _ in 0..2 {
        assert_eq!(expect_token(&mut client).await, None, "scripts are told no token");
        let renew = Ask::post("/api/v1/me/token").cookie(&cookie).origin(&server.origin());
        let answer = renew.send(server.addr).await.assert_status(200);
        let set = answer.header("set-cookie").expect("a cookie").to_owned();
        let next = set.trim_start_matches("ws=").split(';').next().expect("a value").to_owned();
        ended(&server, &cookie).await;
        me().cookie(&next).send(server.addr).await.assert_status(200);
        cookie = next;
    }
    assert!(client.wire.texts.iter().all(|text| !text.contains("eyJ")));
    // Who has no cookie any more is made nobody new.
    let none = Ask::post("/api/v1/me/token").origin(&server.origin()).send(server.addr).await;
    assert_eq!((none.code(), none.header("set-cookie")), (ErrorCode::Unauthorized, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_connected_is_renewed_at_the_next_hello() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let mut fresh = guest.connect().await;
    assert!(fresh.ping().await.is_empty(), "it is not due");
    server.state.clock.set_wall_by(i64::try_from(TOKEN_MS / 2 + 1_000).expect("is small"));
    let mut due = guest.connect().await;
    let next = expect_token(&mut due).await.expect("is told");
    me().bearer(&next).send(server.addr).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_comes_back_by_its_secret_when_the_token_has_ended_and_not_when_the_login_has() {
    let server = hasty().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let (stays, walker) = (owner.enter(&room).await, page(&server, owner.token(), None).await);
    ended(&server, owner.token()).await;
    // Neither has read the word about the next token when the lines break.
    let lost = stays.cut();
    let (session, secret, have) = (walker.session.clone(), walker.secret.clone(), walker.have);
    drop(walker);
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    let token = expect_token(&mut back).await.expect("is told the next at once");
    back.say(&room.code, "back again").await;
    // A browser has thrown its cookie away by then.
    let resume = Resume { session, secret, have };
    let mut wire = Wire::open(server.addr).await;
    let token_of_no_use = Some("e30.e30.e30".to_owned());
    wire.text(&frame(&ClientFrame::Hello { token: token_of_no_use, resume: Some(resume.clone()), follow: false }))
        .await;
    let mut walker = TestClient::welcomed(wire, server.addr, "").await;
    assert!(walker.resumed);
    assert_eq!(expect_token(&mut walker).await, None, "no script that has read the secret learns a token by it");
    let claims = [
        Lost { session: back.session.clone(), secret: back.secret.clone(), token: String::new(), have: 0, ..lost },
        Lost { session: resume.session, secret: resume.secret, token: String::new(), have: 0, addr: server.addr },
    ];
    Ask::post("/api/v1/logout").bearer(&token).send(server.addr).await.assert_status(204);
    back.wire.expect_end(ErrorCode::Revoked).await;
    for claim in claims {
        let mut wire = Wire::open(server.addr).await;
        let resume = Resume { session: claim.session, secret: claim.secret, have: claim.have };
        wire.text(&frame(&ClientFrame::Hello { token: None, resume: Some(resume), follow: false })).await;
        wire.expect_end(ErrorCode::Unauthorized).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_ended_in_the_database_alone_ends_the_session_at_the_next_look() {
    let server = hasty().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let who = server.identity(own.token()).await;
    let mut client = own.connect().await;
    // As another node would, or a purge of what was unused for long.
    assert!(server.state.store.remove_login(who.user, who.login).await.expect("the store is there"));
    client.wire.expect_end(ErrorCode::Revoked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socketio_client_is_told_its_next_token() {
    let server = hasty().await;
    let guest = Guest::new(&server).await;
    let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    let told = raw.expect("42[\"token\",").await;
    let told: serde_json::Value = serde_json::from_str(told.trim_start_matches("42")).expect("is JSON");
    let next = told[1]["token"].as_str().expect("a token");
    assert!(told[1]["expiresAt"].as_u64().is_some_and(|end| end > server.state.clock.wall()));
    ended(&server, guest.token()).await;
    me().bearer(next).send(server.addr).await.assert_status(200);
    raw.expect("42[\"token\",").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_ends_while_its_hello_is_under_way_lets_nobody_in() {
    let (server, hold) = TestServer::held().await;
    // An account's login ends; a guest is deleted altogether.
    for own in [Guest::register(&server, "robin", PASSWORD).await, Guest::new(&server).await] {
        hold.arm(Call::User);
        let mut wire = Wire::open(server.addr).await;
        wire.text(&frame(&ClientFrame::Hello { token: Some(own.token().to_owned()), resume: None, follow: false }))
            .await;
        hold.reached().await;
        own.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
        hold.release();
        wire.expect_end(ErrorCode::Revoked).await;
        crate::harness::eventually("nothing is left of it", || server.state.hub.session_count() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_taken_back_by_a_login_that_just_ended_is_over() {
    let (server, hold) = TestServer::held().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let other = Guest::login(&server, "robin", PASSWORD).await;
    let lost = own.connect().await.cut();
    hold.arm(Call::User);
    let mut wire = Wire::open(server.addr).await;
    let resume = Resume { session: lost.session, secret: lost.secret, have: 0 };
    let hello = ClientFrame::Hello { token: Some(other.token().to_owned()), resume: Some(resume), follow: false };
    wire.text(&frame(&hello)).await;
    hold.reached().await;
    other.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
    hold.release();
    wire.expect_end(ErrorCode::Revoked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_ends_while_socketio_lets_it_in_lets_nobody_in() {
    let (server, hold) = TestServer::held().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    hold.arm(Call::User);
    let mut raw = Raw::open(server.addr).await;
    raw.send(&format!("40{}", json!({"token": own.token()}))).await;
    hold.reached().await;
    own.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
    hold.release();
    assert!(raw.expect("4").await.starts_with("44"), "a connect_error");
    crate::harness::eventually("nothing is left of it", || server.state.hub.session_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_under_way_renews_nothing_of_a_login_that_ended() {
    let (server, hold) = TestServer::held().await;
    for path in ["/api/v1/me/token", "/api/v1/guest"] {
        let own = Guest::register(&server, "robin", PASSWORD).await;
        hold.arm(Call::User);
        let (addr, token) = (server.addr, own.token().to_owned());
        let renewing = tokio::spawn(async move { Ask::post(path).bearer(&token).send(addr).await });
        hold.reached().await;
        own.ask(Ask::new("DELETE", "/api/v1/me").json(&json!({"password": PASSWORD}))).await.assert_status(204);
        hold.release();
        assert_eq!(renewing.await.expect("is answered").code(), ErrorCode::Revoked, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_by_the_old_password_does_not_outlive_its_change_nor_the_account() {
    let (server, hold) = TestServer::held().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let next = "another horse battery";
    let change = Ask::post("/api/v1/me/password").json(&json!({"current": PASSWORD, "new": next}));
    let delete = Ask::new("DELETE", "/api/v1/me").json(&json!({"password": next}));
    for (password, ending) in [(PASSWORD, change), (next, delete)] {
        hold.arm(Call::UserByName);
        let (addr, typed) = (server.addr, json!({"username": "robin", "password": password}));
        let signing_in = tokio::spawn(async move { Ask::post("/api/v1/login").json(&typed).send(addr).await });
        hold.reached().await;
        let answer = own.ask(ending).await;
        assert!(answer.status < 300, "{}", answer.status);
        hold.release();
        assert_eq!(signing_in.await.expect("is answered").code(), ErrorCode::BadCredentials);
    }
}
