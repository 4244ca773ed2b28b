//! Whose page asks, what a cookie is worth there, and when it is made and renewed.

use axum::http::StatusCode;
use protocol::ErrorCode;
use protocol::api::TokenAnswer;
use serde_json::json;

use super::{Ask, HOST, Server};
use crate::auth::TOKEN_MS;
use crate::config::Options;
use crate::store::{LoginKey, UserId};

#[tokio::test]
async fn a_cookie_is_made_as_safe_as_its_connection_lets_it() {
    let table = [
        (Server::new(), "ws=", "; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"),
        (Server::https(), "__Host-ws=", "; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"),
    ];
    for (server, name, attributes) in table {
        let answer = server.ask("POST", "/api/v1/guest").send().await;
        let session: TokenAnswer = answer.json(StatusCode::CREATED);
        let cookie = answer.headers["set-cookie"].to_str().expect("is text");
        let token = cookie.strip_prefix(name).and_then(|rest| rest.split(';').next());
        assert_eq!(token, Some(session.token.as_str()));
        // The seconds of the token are whole ones: its cookie may end one earlier.
        let told = cookie[name.len() + session.token.len()..].replace("86399", "86400");
        assert_eq!(told, attributes);
        let me: protocol::Me = server.ask("GET", "/api/v1/me").cookie(&session.token).send().await.json(StatusCode::OK);
        assert_eq!(me, session.me);
    }
}

#[tokio::test]
async fn the_cookie_of_one_kind_of_connection_is_none_for_the_other() {
    let (plain, secure) = (Server::new(), Server::https());
    let token = plain.guest().await.token;
    let other = plain.ask("GET", "/api/v1/me").header("cookie", &format!("__Host-ws={token}"));
    other.send().await.refused(ErrorCode::Unauthorized);
    let token = secure.guest().await.token;
    let other = secure.ask("GET", "/api/v1/me").header("cookie", &format!("ws={token}"));
    other.send().await.refused(ErrorCode::Unauthorized);
}

#[tokio::test]
async fn a_cookie_counts_for_the_sites_own_pages_only() {
    let server = Server::new();
    let session = server.guest().await;
    let rename = || server.ask("PATCH", "/api/v1/me").json(&json!({ "name": "Someone Else" }));
    for origin in ["http://evil.example", "null", "https://chat.example.evil.example"] {
        rename().header("origin", origin).cookie(&session.token).send().await.refused(ErrorCode::BadOrigin);
        let read = server.ask("GET", "/api/v1/me").header("origin", origin).cookie(&session.token);
        read.send().await.refused(ErrorCode::BadOrigin);
        let made = server.ask("POST", "/api/v1/guest").header("origin", origin);
        made.send().await.refused(ErrorCode::BadOrigin);
        let by_token = rename().header("origin", origin).bearer(&session).send().await;
        let _: TokenAnswer = by_token.json(StatusCode::OK);
        assert_eq!((by_token.cookie(), by_token.headers.get("access-control-allow-origin")), (None, None));
    }
    rename().without("origin").cookie(&session.token).send().await.refused(ErrorCode::BadOrigin);
    let _: TokenAnswer = rename().without("origin").bearer(&session).send().await.json(StatusCode::OK);
    let _: TokenAnswer = rename().cookie(&session.token).send().await.json(StatusCode::OK);
}

#[tokio::test]
async fn a_program_gets_its_token_in_the_body_and_no_cookie() {
    let server = Server::new();
    let answer = server.ask("POST", "/api/v1/guest").without("origin").send().await;
    let session: TokenAnswer = answer.json(StatusCode::CREATED);
    assert_eq!(answer.cookie(), None);
    let me: protocol::Me =
        server.ask("GET", "/api/v1/me").without("origin").bearer(&session).send().await.json(StatusCode::OK);
    assert_eq!(me, session.me);
}

#[tokio::test]
async fn a_listed_origin_may_ask_and_read() {
    let options = Options { allow_origin: vec!["https://other.example".to_owned()], ..Options::default() };
    let server = Server::with(options);
    let before = server.ask("OPTIONS", "/api/v1/me").header("origin", "https://other.example");
    let answer = before.header("access-control-request-method", "PATCH").send().await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://other.example");
    assert!(answer.headers["access-control-allow-methods"].to_str().is_ok_and(|methods| methods.contains("PATCH")));
    let made = server.ask("POST", "/api/v1/guest").header("origin", "https://other.example").send().await;
    let _: TokenAnswer = made.json(StatusCode::CREATED);
    assert_eq!(made.headers["access-control-allow-credentials"], "true");
    assert_eq!(made.headers["vary"], "origin");
    let foreign = server.ask("OPTIONS", "/api/v1/me").header("origin", "https://evil.example");
    let answer = foreign.header("access-control-request-method", "PATCH").send().await;
    answer.refused(ErrorCode::MethodNotAllowed);
    assert_eq!(answer.headers.get("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_token_in_its_second_half_is_renewed_by_use_and_its_guest_with_it() {
    let server = Server::new();
    let session = server.guest().await;
    let young = server.ask("GET", "/api/v1/me").cookie(&session.token).send().await;
    assert_eq!(young.cookie(), None);
    let old = aged(&server, &session).await;
    for path in ["/api/v1/me", "/api/v1/rooms", "/", "/about"] {
        let answer = server.ask("GET", path).without("origin").cookie(&old).send().await;
        let renewed = answer.cookie().expect("is renewed");
        let identity = server
            .state
            .auth
            .authenticate(&*server.state.store, &renewed, server.state.clock.wall())
            .await
            .expect("is good");
        assert!(identity.expires_at > server.state.clock.wall() + TOKEN_MS - 60_000, "{path}");
        assert_eq!(identity.me(), session.me);
        let guest = server
            .state
            .store
            .user(identity.user, server.state.clock.wall())
            .await
            .expect("answers")
            .expect("is there");
        assert!(guest.expires_at.is_some_and(|at| at >= identity.expires_at), "{path}");
    }
    let refused = server.ask("POST", "/api/v1/rooms").cookie(&old).json(&json!({ "capacity": 1 })).send().await;
    assert_eq!(
        (refused.refused(ErrorCode::InvalidCapacity).code, refused.cookie()),
        (ErrorCode::InvalidCapacity, None)
    );
    let by_bearer = server.ask("GET", "/api/v1/me").header("authorization", &format!("Bearer {old}")).send().await;
    assert_eq!((by_bearer.status, by_bearer.cookie()), (StatusCode::OK, None));
    let out = server.ask("POST", "/api/v1/logout").cookie(&old).send().await;
    assert_eq!(out.cookie().as_deref(), Some(""), "signing out is not undone by a renewal");
}

/// The token of the same login as it would be thirteen hours later.
async fn aged(server: &Server, session: &TokenAnswer) -> String {
    let state = &server.state;
    let identity = state.auth.authenticate(&*state.store, &session.token, state.clock.wall()).await.expect("is good");
    let then = state.clock.wall() - TOKEN_MS / 2 - 3_600_000;
    state.auth.issue(identity.user, identity.login, identity.kind, &identity.name, then).token
}

/// A new guest's request as a proxy hands it on.
fn from<'a>(server: &'a Server, person: &str) -> Ask<'a> {
    let ask =
        server.ask("POST", "/api/v1/guest").header("x-forwarded-for", person).header("x-forwarded-proto", "https");
    ask.header("origin", &format!("https://{HOST}"))
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_person_counts_and_not_the_proxy() {
    let limit = vec!["guests_made_per_hour=1".to_owned()];
    let trusting = Server::with(Options {
        limit: limit.clone(),
        trust_proxy: vec!["192.0.2.0/24".to_owned()],
        ..Options::default()
    });
    let alone = Server::with(Options { limit, ..Options::default() });
    let first = from(&trusting, "203.0.113.1").send().await;
    let _: TokenAnswer = first.json(StatusCode::CREATED);
    assert!(first.headers["set-cookie"].to_str().is_ok_and(|cookie| cookie.starts_with("__Host-ws=")));
    from(&trusting, "203.0.113.1").send().await.refused(ErrorCode::RateLimited);
    let _: TokenAnswer = from(&trusting, "203.0.113.2").send().await.json(StatusCode::CREATED);
    let first = from(&alone, "203.0.113.1").send().await;
    let _: TokenAnswer = first.json(StatusCode::CREATED);
    assert!(first.headers["set-cookie"].to_str().is_ok_and(|cookie| cookie.starts_with("ws=")));
    from(&alone, "203.0.113.2").send().await.refused(ErrorCode::RateLimited);
}

#[tokio::test]
async fn a_token_of_nobody_here_is_worth_nothing() {
    let server = Server::new();
    let name = server.guest().await.me.name;
    let kind = protocol::UserKind::Guest;
    let stranger =
        server.state.auth.issue(UserId([9; 16]), LoginKey([9; 16]), kind, &name, server.state.clock.wall()).token;
    server.ask("GET", "/api/v1/me").cookie(&stranger).send().await.refused(ErrorCode::Unauthorized);
    let answer = server.ask("POST", "/api/v1/guest").cookie(&stranger).send().await;
    let _: TokenAnswer = answer.json(StatusCode::CREATED);
}

#[tokio::test]
async fn a_login_by_another_spelling_is_none_and_two_are_none() {
    for (server, name, other) in [(Server::https(), "__Host-ws", "__%48ost-ws"), (Server::new(), "ws", "%77s")] {
        let (own, evil) = (server.guest().await, server.guest().await);
        let me = |cookies: String| server.ask("GET", "/api/v1/me").header("cookie", &cookies).send();
        me(format!("{other}={}", evil.token)).await.refused(ErrorCode::Unauthorized);
        for cookies in [
            format!("{other}={}; {name}={}", evil.token, own.token),
            format!("{name}={}; {other}={}", own.token, evil.token),
        ] {
            let profile: protocol::api::Profile = me(cookies).await.json(StatusCode::OK);
            assert_eq!(profile.id, own.id, "the planted one is not read");
        }
        let two = format!("{name}={}; theme=dark; {name}={}", own.token, evil.token);
        me(two.clone()).await.refused(ErrorCode::TwoLogins);
        let made = server.ask("POST", "/api/v1/guest").header("cookie", &two).send().await;
        made.refused(ErrorCode::TwoLogins);
        assert_eq!(made.cookie(), None, "no new guest at every page");
        let page = server.ask("GET", "/").without("origin").header("cookie", &two).send().await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("Two logins came"), "the page says why nobody is signed in");
        assert!(page.text().contains("data-theme=\"dark\""), "{}", page.text());
    }
}

#[tokio::test]
async fn the_theme_is_read_by_its_own_name_only() {
    let server = Server::new();
    for (cookies, dark) in [("theme=dark", true), ("them%65=dark", false), ("a=b; theme=dark; theme=light", true)] {
        let page = server.ask("GET", "/about").without("origin").header("cookie", cookies).send().await;
        assert_eq!(page.text().contains("data-theme=\"dark\""), dark, "{cookies}");
    }
}

#[tokio::test]
async fn with_a_public_address_the_host_of_a_request_makes_no_origin_an_own_one() {
    let server = Server::https();
    let ask = |host: &str, origin: &str| {
        server.ask("POST", "/api/v1/guest").header("host", host).header("origin", origin).send()
    };
    ask("evil.example", "https://evil.example").await.refused(ErrorCode::BadOrigin);
    ask("192.0.2.9:3000", "http://192.0.2.9:3000").await.refused(ErrorCode::BadOrigin);
    let _: TokenAnswer = ask("127.0.0.1:3000", "https://chat.example").await.json(StatusCode::CREATED);
}

#[tokio::test]
async fn what_another_site_embeds_is_neither_counted_nor_worked_for() {
    let server = Server::with(Options { limit: vec!["misses_per_minute=3".to_owned()], ..Options::default() });
    let image = |path: &'static str| {
        let ask = server.ask("GET", path).without("origin").header("sec-fetch-site", "cross-site");
        ask.header("sec-fetch-mode", "no-cors").header("sec-fetch-dest", "image").send()
    };
    for _ in 0..40 {
        image("/r/KW7P3MXQ").await.refused(ErrorCode::BadOrigin);
        image("/api/v1/rooms/KW7P3MXQ").await.refused(ErrorCode::BadOrigin);
        let old_browser = server.ask("GET", "/r/KW7P3MXQ").without("origin").header("accept", "image/avif,image/*,*/*");
        old_browser.send().await.refused(ErrorCode::BadOrigin);
        let frame = server.ask("GET", "/r/KW7P3MXQ").without("origin").header("sec-fetch-site", "cross-site");
        let frame = frame.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "iframe");
        frame.send().await.refused(ErrorCode::BadOrigin);
        let fetched = server.ask("GET", "/api/v1/rooms/KW7P3MXQ").header("origin", "https://evil.example");
        fetched.send().await.refused(ErrorCode::BadOrigin);
    }
    assert!(server.state.rate_limits.is_empty(), "nothing is counted");
    let typed = server.ask("GET", "/r/KW7P3MXQ").without("origin").header("sec-fetch-site", "none");
    assert_eq!(typed.send().await.status, StatusCode::NOT_FOUND, "and their victim is not locked out");
    for _ in 0..110 {
        image("/socket.io/?EIO=4&transport=polling").await.refused(ErrorCode::BadOrigin);
    }
    assert_eq!(server.state.connections.total(), 0);
}

#[tokio::test]
async fn applications_that_are_listed_ask_and_read_by_one_list() {
    let listed = ["capacitor://localhost", "tauri://localhost", "https://*.team.example"];
    let server = Server::with(Options { allow_origin: listed.map(str::to_owned).to_vec(), ..Options::default() });
    let made = |origin: &'static str| server.ask("POST", "/api/v1/guest").header("origin", origin).send();
    let poll =
        |origin: &'static str| server.ask("GET", "/socket.io/?EIO=4&transport=polling").header("origin", origin).send();
    for origin in ["capacitor://localhost", "tauri://localhost", "https://a.team.example"] {
        for answer in [made(origin).await, poll(origin).await] {
            assert!(answer.status.is_success(), "{origin}: {}", answer.text());
            assert_eq!(answer.headers["access-control-allow-origin"], origin);
        }
    }
    for origin in ["ionic://localhost", "https://team.example", "https://a.team.example.evil.example"] {
        for answer in [made(origin).await, poll(origin).await] {
            answer.refused(ErrorCode::BadOrigin);
            assert_eq!(answer.headers.get("access-control-allow-origin"), None);
        }
    }
}
