//! Logins: the record behind each token, listed, revoked, and what no token can pretend.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::LoginView;
use protocol::{ClientFrame, ErrorCode, UserKind};
use server::auth::{Auth, TOKEN_MS};
use server::keys::Keys;

use crate::harness::{Ask, Guest, TestClient, TestServer, Wire, frame};

const PASSWORD: &str = "correct horse battery";

async fn list(guest: &Guest) -> Vec<LoginView> {
    guest
        .ask(Ask::get("/api/v1/me/logins"))
        .await
        .assert_status(200)
        .json()
}

fn revoke(login: &LoginView) -> Ask {
    Ask::new(
        "DELETE",
        &format!("/api/v1/me/logins/{}", login.id.as_str()),
    )
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
    let now = server::clock::now();
    assert!(
        logins
            .iter()
            .all(|login| login.last_used_at % server::clock::HOUR_MS == 0
                && login.last_used_at <= now)
    );
    let doomed = logins
        .iter()
        .find(|login| !login.current)
        .expect("there is another");
    own.ask(revoke(doomed)).await.assert_status(204);
    ends.wire.expect_end(ErrorCode::Revoked).await;
    assert_eq!(ErrorCode::Revoked.close_code(), 4511);
    assert_eq!(
        other.ask(Ask::get("/api/v1/me")).await.code(),
        ErrorCode::Revoked
    );
    let mut wire = Wire::open(server.addr).await;
    wire.text(&frame(&ClientFrame::Hello {
        token: Some(other.token().to_owned()),
        resume: None,
    }))
    .await;
    wire.expect_end(ErrorCode::Revoked).await;
    stays.say(&room.code, "still here").await;
    assert_eq!(list(&own).await.len(), 1);
    assert_eq!(own.ask(revoke(doomed)).await.code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_does_not_outlive_its_login() {
    let server = TestServer::spawn().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let other = Guest::login(&server, "robin", PASSWORD).await;
    let room = own.room().await;
    let mut stays = own.enter(&room).await;
    let lost = other.enter(&room).await.cut();
    let doomed = list(&own)
        .await
        .into_iter()
        .find(|login| !login.current)
        .expect("there is another");
    own.ask(revoke(&doomed)).await.assert_status(204);
    // Not even with a login that is in force.
    let claim = crate::harness::Lost {
        token: own.token().to_owned(),
        ..lost
    };
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
    assert_eq!(
        revoke(&login).send(server.addr).await.code(),
        ErrorCode::Unauthorized
    );
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
    assert_eq!(
        first.ask(Ask::get("/api/v1/me")).await.code(),
        ErrorCode::Revoked
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_login_and_its_connections() {
    let server = TestServer::spawn().await;
    let own = Guest::register(&server, "robin", PASSWORD).await;
    let mut client = own.connect().await;
    own.ask(Ask::post("/api/v1/logout"))
        .await
        .assert_status(204);
    client.wire.expect_end(ErrorCode::Revoked).await;
    assert_eq!(
        own.ask(Ask::get("/api/v1/me")).await.code(),
        ErrorCode::Revoked
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_tampered_with_is_refused() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let parts: Vec<&str> = one.token().split('.').collect();
    let others: Vec<&str> = two.token().split('.').collect();
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).expect("is base64url"))
        .expect("is UTF-8");
    let lasting = claims.replace("\"exp\":1", "\"exp\":9");
    assert!(lasting != claims, "the claims have an end");
    let now = server::clock::now();
    let identity = server
        .state
        .auth
        .authenticate(&*server.state.store, one.token(), now)
        .await
        .expect("is good");
    let foreign = Auth::new(&Keys::derive(&[9; 32]), 1);
    let foreign = foreign
        .issue(
            identity.user,
            identity.login,
            UserKind::Guest,
            &identity.name,
            now,
        )
        .token;
    let ended = server.state.auth.issue(
        identity.user,
        identity.login,
        UserKind::Guest,
        &identity.name,
        now - TOKEN_MS,
    );
    let none = encode("{\"typ\":\"JWT\",\"alg\":\"none\"}");
    let other_algorithm = encode("{\"typ\":\"JWT\",\"alg\":\"HS512\"}");
    for (what, token) in [
        (
            "another's claims",
            format!("{}.{}.{}", parts[0], others[1], parts[2]),
        ),
        (
            "another's signature",
            format!("{}.{}.{}", parts[0], parts[1], others[2]),
        ),
        (
            "a later end",
            format!("{}.{}.{}", parts[0], encode(&lasting), parts[2]),
        ),
        ("no algorithm", format!("{none}.{}.", parts[1])),
        (
            "no algorithm, signed",
            format!("{none}.{}.{}", parts[1], parts[2]),
        ),
        (
            "another algorithm",
            format!("{other_algorithm}.{}.{}", parts[1], parts[2]),
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("a foreign key", foreign),
        ("an end in the past", ended.token),
        ("nothing", String::new()),
    ] {
        let answer = Ask::get("/api/v1/me")
            .bearer(&token)
            .send(server.addr)
            .await;
        assert_eq!(answer.code(), ErrorCode::Unauthorized, "{what}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
        let answer = Ask::get("/api/v1/me")
            .cookie(&token)
            .send(server.addr)
            .await;
        assert_eq!(
            answer.code(),
            ErrorCode::Unauthorized,
            "{what}, as a cookie"
        );
    }
    one.ask(Ask::get("/api/v1/me")).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_a_url_is_nobodys() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    for name in ["token", "access_token", "ws"] {
        let answer = Ask::get(&format!("/api/v1/me?{name}={}", guest.token()))
            .send(server.addr)
            .await;
        assert_eq!(answer.code(), ErrorCode::Unauthorized);
    }
}
