//! Becoming somebody, and stopping to be.

use axum::http::StatusCode;
use protocol::api::{LoginView, RoomView, TokenAnswer};
use protocol::{ErrorCode, Me, UserKind};
use serde_json::json;

use super::Server;
use crate::config::Options;
use realtime::clock;

#[tokio::test]
async fn a_guest_has_a_name_and_stays_who_they_are() {
    let server = Server::new();
    let drawn = server.guest().await;
    assert_eq!((drawn.me.kind, drawn.me.username.clone()), (UserKind::Guest, None));
    let chosen: TokenAnswer = server
        .ask("POST", "/api/v1/guest")
        .json(&json!({ "name": "  Ada   L. " }))
        .send()
        .await
        .json(StatusCode::CREATED);
    assert_eq!(chosen.me.name.as_str(), "Ada L.");
    let again: TokenAnswer = server.ask("POST", "/api/v1/guest").cookie(&drawn.token).send().await.json(StatusCode::OK);
    assert_eq!(again.me, drawn.me);
    let renamed: TokenAnswer = server
        .ask("POST", "/api/v1/guest")
        .cookie(&drawn.token)
        .json(&json!({ "name": "Ada" }))
        .send()
        .await
        .json(StatusCode::OK);
    assert_eq!(renamed.me.name.as_str(), "Ada");
    let login = |session: TokenAnswer| async {
        let token = session.token;
        server
            .state
            .auth
            .authenticate(&*server.state.store, &token, server.state.clock.wall())
            .await
            .expect("is good")
            .user
    };
    assert_eq!(login(again).await, login(renamed).await);
}

#[tokio::test]
async fn a_guest_who_registers_keeps_the_rooms_and_not_the_name() {
    let server = Server::new();
    let guest = server.guest().await;
    let room: RoomView =
        server.ask("POST", "/api/v1/rooms").bearer(&guest).json(&json!({})).send().await.json(StatusCode::CREATED);
    let typed = json!({ "username": "Ada", "password": "correct horse" });
    let account: TokenAnswer =
        server.ask("POST", "/api/v1/register").cookie(&guest.token).json(&typed).send().await.json(StatusCode::CREATED);
    assert_eq!((account.me.kind, account.me.username.as_deref()), (UserKind::Account, Some("Ada")));
    assert_ne!(account.me.name, guest.me.name, "what a guest is called is never stored");
    let rooms: Vec<RoomView> = server.ask("GET", "/api/v1/rooms").bearer(&account).send().await.json(StatusCode::OK);
    assert_eq!(rooms.iter().map(|view| view.code).collect::<Vec<_>>(), [room.code]);
    let taken = json!({ "username": "aDA", "password": "another horse" });
    server.ask("POST", "/api/v1/register").json(&taken).send().await.refused(ErrorCode::UsernameTaken);
    server
        .ask("POST", "/api/v1/register")
        .bearer(&server.guest().await)
        .json(&taken)
        .send()
        .await
        .refused(ErrorCode::UsernameTaken);
}

#[tokio::test]
async fn unknown_user_and_wrong_password_are_one_answer() {
    let server = Server::new();
    server.account("ada").await;
    let attempts =
        [("ada", "wrong horse"), ("nobody", "correct horse"), ("", "correct horse"), ("ada", ""), ("a\u{0}da", "x")];
    let mut bodies = Vec::new();
    for (username, password) in attempts {
        let typed = json!({ "username": username, "password": password });
        let answer = server.ask("POST", "/api/v1/login").json(&typed).send().await;
        // Each request has an id of its own.
        let body = answer.text().replace(answer.headers["x-request-id"].to_str().expect("is text"), "");
        answer.refused(ErrorCode::BadCredentials);
        assert_eq!(answer.cookie(), None);
        bodies.push(body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let right = json!({ "username": "ADA", "password": "correct horse" });
    let session: TokenAnswer = server.ask("POST", "/api/v1/login").json(&right).send().await.json(StatusCode::OK);
    assert_eq!(session.me.username.as_deref(), Some("ada"));
}

#[tokio::test]
async fn too_many_failed_sign_ins_have_to_wait() {
    let server = Server::with(Options { limit: vec!["auth_failures=2".to_owned()], ..Options::default() });
    server.account("ada").await;
    let try_it = |password: &str| {
        let typed = json!({ "username": "ada", "password": password });
        server.ask("POST", "/api/v1/login").json(&typed).send()
    };
    try_it("wrong horse").await.refused(ErrorCode::BadCredentials);
    let _: TokenAnswer = try_it("correct horse").await.json(StatusCode::OK);
    for _ in 0..2 {
        try_it("wrong horse").await.refused(ErrorCode::BadCredentials);
    }
    let answer = try_it("correct horse").await;
    let wait_ms = answer.refused(ErrorCode::RateLimited).retry_after_ms.expect("says when");
    assert!(wait_ms > 440_000 && wait_ms <= 450_000, "{wait_ms}");
    assert_eq!(answer.headers["retry-after"], wait_ms.div_ceil(1_000).to_string().as_str());
}

#[tokio::test]
async fn a_guest_who_signs_in_leaves_nothing_behind() {
    let server = Server::new();
    server.account("ada").await;
    let (idle, owner) = (server.guest().await, server.guest().await);
    let room: RoomView =
        server.ask("POST", "/api/v1/rooms").bearer(&owner).json(&json!({})).send().await.json(StatusCode::CREATED);
    let typed = json!({ "username": "ada", "password": "correct horse" });
    for guest in [&idle, &owner] {
        let session: TokenAnswer =
            server.ask("POST", "/api/v1/login").cookie(&guest.token).json(&typed).send().await.json(StatusCode::OK);
        assert_eq!(session.me.kind, UserKind::Account);
    }
    server.ask("GET", "/api/v1/me").bearer(&idle).send().await.refused(ErrorCode::Unauthorized);
    server.ask("GET", "/api/v1/me").bearer(&owner).send().await.refused(ErrorCode::Revoked);
    let path = format!("/api/v1/rooms/{}", room.code.as_str());
    let _: RoomView = server.ask("GET", &path).send().await.json(StatusCode::OK);
}

#[tokio::test]
async fn signing_out_ends_the_login_and_a_guest_with_it() {
    let server = Server::new();
    for (session, code) in
        [(server.guest().await, ErrorCode::Unauthorized), (server.account("ada").await, ErrorCode::Revoked)]
    {
        let answer = server.ask("POST", "/api/v1/logout").cookie(&session.token).send().await;
        answer.done();
        assert_eq!(answer.headers["set-cookie"], "ws=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        server.ask("GET", "/api/v1/me").bearer(&session).send().await.refused(code);
        // Once more, or with nothing at all, is as good.
        server.ask("POST", "/api/v1/logout").cookie(&session.token).send().await.done();
    }
    server.ask("POST", "/api/v1/logout").send().await.done();
}

#[tokio::test]
async fn another_name_is_kept_for_accounts_and_carried_by_guests() {
    let server = Server::new();
    for session in [server.guest().await, server.account("ada").await] {
        let wish = json!({ "name": "Countess" });
        let renamed: TokenAnswer =
            server.ask("PATCH", "/api/v1/me").bearer(&session).json(&wish).send().await.json(StatusCode::OK);
        let me: Me = server.ask("GET", "/api/v1/me").bearer(&renamed).send().await.json(StatusCode::OK);
        assert_eq!((me.name.as_str(), me.kind), ("Countess", session.me.kind));
    }
    let typed = json!({ "username": "ada", "password": "correct horse" });
    let later: TokenAnswer = server.ask("POST", "/api/v1/login").json(&typed).send().await.json(StatusCode::OK);
    assert_eq!(later.me.name.as_str(), "Countess");
}

#[tokio::test]
async fn a_new_password_ends_every_other_login() {
    let server = Server::new();
    let here = server.account("ada").await;
    let typed = json!({ "username": "ada", "password": "correct horse" });
    let there: TokenAnswer = server.ask("POST", "/api/v1/login").json(&typed).send().await.json(StatusCode::OK);
    let change = |current: &str, new: &str| {
        let typed = json!({ "current": current, "new": new });
        server.ask("POST", "/api/v1/me/password").bearer(&here).json(&typed).send()
    };
    change("wrong horse", "battery staple").await.refused(ErrorCode::BadCredentials);
    change("correct horse", "short").await.refused(ErrorCode::InvalidPassword);
    let _: Me = server.ask("GET", "/api/v1/me").bearer(&there).send().await.json(StatusCode::OK);
    let again: TokenAnswer = change("correct horse", "battery staple").await.json(StatusCode::OK);
    server.ask("GET", "/api/v1/me").bearer(&there).send().await.refused(ErrorCode::Revoked);
    let _: Me = server.ask("GET", "/api/v1/me").bearer(&again).send().await.json(StatusCode::OK);
    server.ask("POST", "/api/v1/login").json(&typed).send().await.refused(ErrorCode::BadCredentials);
    let guest = server.guest().await;
    let by_guest = json!({ "current": "correct horse", "new": "battery staple" });
    server.ask("POST", "/api/v1/me/password").bearer(&guest).json(&by_guest).send().await.refused(ErrorCode::Forbidden);
}

#[tokio::test]
async fn logins_are_listed_and_revoked_by_their_owner_only() {
    let server = Server::new();
    let here = server.account("ada").await;
    let typed = json!({ "username": "ada", "password": "correct horse" });
    let there: TokenAnswer = server.ask("POST", "/api/v1/login").json(&typed).send().await.json(StatusCode::OK);
    let list = |session: &TokenAnswer| server.ask("GET", "/api/v1/me/logins").bearer(session).send();
    let logins: Vec<LoginView> = list(&here).await.json(StatusCode::OK);
    assert_eq!(logins.iter().map(|login| login.current).collect::<Vec<_>>(), [true, false]);
    assert!(logins.iter().all(|login| login.last_used_at % clock::HOUR_MS == 0));
    let path = format!("/api/v1/me/logins/{}", logins[1].id.as_str());
    let stranger = server.guest().await;
    server.ask("DELETE", &path).bearer(&stranger).send().await.refused(ErrorCode::NotFound);
    server.ask("DELETE", &path).bearer(&here).send().await.done();
    server.ask("DELETE", &path).bearer(&here).send().await.refused(ErrorCode::NotFound);
    server.ask("DELETE", "/api/v1/me/logins/nonsense").bearer(&here).send().await.refused(ErrorCode::NotFound);
    list(&there).await.refused(ErrorCode::Revoked);
    let own = format!("/api/v1/me/logins/{}", logins[0].id.as_str());
    let answer = server.ask("DELETE", &own).cookie(&here.token).send().await;
    answer.done();
    assert_eq!(answer.cookie().as_deref(), Some(""));
    list(&here).await.refused(ErrorCode::Revoked);
}

#[tokio::test]
async fn the_oldest_login_makes_way() {
    let server = Server::with(Options { limit: vec!["logins_per_user=2".to_owned()], ..Options::default() });
    let first = server.account("ada").await;
    let typed = json!({ "username": "ada", "password": "correct horse" });
    for _ in 0..2 {
        let _: TokenAnswer = server.ask("POST", "/api/v1/login").json(&typed).send().await.json(StatusCode::OK);
    }
    server.ask("GET", "/api/v1/me").bearer(&first).send().await.refused(ErrorCode::Revoked);
}

#[tokio::test]
async fn an_account_is_deleted_with_its_password_and_a_guest_without() {
    let server = Server::new();
    let account = server.account("ada").await;
    for typed in [json!({}), json!({ "password": "wrong horse" })] {
        server
            .ask("DELETE", "/api/v1/me")
            .bearer(&account)
            .json(&typed)
            .send()
            .await
            .refused(ErrorCode::BadCredentials);
    }
    let room: RoomView =
        server.ask("POST", "/api/v1/rooms").bearer(&account).json(&json!({})).send().await.json(StatusCode::CREATED);
    let right = json!({ "password": "correct horse" });
    server.ask("DELETE", "/api/v1/me").bearer(&account).json(&right).send().await.done();
    server.ask("GET", "/api/v1/me").bearer(&account).send().await.refused(ErrorCode::Unauthorized);
    let path = format!("/api/v1/rooms/{}", room.code.as_str());
    server.ask("GET", &path).send().await.refused(ErrorCode::RoomEnded);
    let typed = json!({ "username": "ada", "password": "correct horse" });
    server.ask("POST", "/api/v1/login").json(&typed).send().await.refused(ErrorCode::BadCredentials);
    let guest = server.guest().await;
    server.ask("DELETE", "/api/v1/me").cookie(&guest.token).send().await.done();
    server.ask("GET", "/api/v1/me").bearer(&guest).send().await.refused(ErrorCode::Unauthorized);
}

#[tokio::test]
async fn one_address_makes_so_many_users_and_no_more() {
    let server = Server::with(Options { limit: vec!["guests_made_per_hour=3".to_owned()], ..Options::default() });
    let first = server.guest().await;
    server.account("ada").await;
    server.guest().await;
    let answer = server.ask("POST", "/api/v1/guest").send().await;
    assert!(answer.refused(ErrorCode::RateLimited).retry_after_ms.is_some());
    let typed = json!({ "username": "bob", "password": "correct horse" });
    server.ask("POST", "/api/v1/register").json(&typed).send().await.refused(ErrorCode::RateLimited);
    let _: TokenAnswer = server.ask("POST", "/api/v1/guest").cookie(&first.token).send().await.json(StatusCode::OK);
}
