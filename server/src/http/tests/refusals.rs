//! Everything that is refused has the one form, whatever it was that did not fit.

use axum::http::StatusCode;
use protocol::ErrorCode;
use protocol::api::TokenAnswer;
use serde_json::json;

use super::{Server, object};
use crate::config::Options;

#[tokio::test]
async fn an_unknown_path_under_api_is_a_problem() {
    let server = Server::new();
    for path in ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/rooms", "/api/v1/rooms/KW7P3MXQ/x"]
    {
        for method in ["GET", "POST", "DELETE"] {
            server.ask(method, path).send().await.refused(ErrorCode::NotFound);
        }
    }
    server.ask("POST", "/nothing").send().await.refused(ErrorCode::NotFound);
    server.ask("GET", "/pkg/none/whisperspace.js").send().await.refused(ErrorCode::NotFound);
}

#[tokio::test]
async fn a_known_path_says_which_methods_it_takes() {
    let server = Server::new();
    let table = [
        ("GET", "/api/v1/guest", "POST"),
        ("PUT", "/api/v1/me", "GET,HEAD,PATCH,DELETE"),
        ("PATCH", "/api/v1/rooms", "GET,HEAD,POST"),
        ("GET", "/create", "POST"),
        ("POST", "/", "GET,HEAD"),
        ("POST", "/healthz", "GET,HEAD"),
        ("POST", "/ws", "GET,HEAD"),
    ];
    for (method, path, allowed) in table {
        let answer = server.ask(method, path).send().await;
        answer.refused(ErrorCode::MethodNotAllowed);
        assert_eq!(answer.headers["allow"], allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_and_says_how() {
    let server = Server::new();
    let guest = server.guest().await;
    let bodies = [
        "",
        "{",
        "nonsense",
        "null",
        "[]",
        "[\"abc\",\"correct horse\"]",
        "\"text\"",
        "17",
        "{\"username\":\"a\"}",
        "{\"username\":1,\"password\":\"p\"}",
        "{\"username\":{\"$ne\":null},\"password\":{\"$ne\":null}}",
        "{\"username\":[\"a\"],\"password\":\"p\"}",
        "{\"username\":\"abc\",\"password\":\"correct horse\",\"admin\":true}",
        "{\"username\":\"abc\",\"username\":\"def\",\"password\":\"correct horse\"}",
        "{\"username\":\"\\ud800\",\"password\":\"correct horse\"}",
        "{\"username\":\"abc\",\"password\":\"correct horse\"} x",
    ];
    for path in ["/api/v1/login", "/api/v1/register"] {
        for body in bodies {
            let ask = server.ask("POST", path).header("content-type", "application/json").body(body);
            ask.send().await.refused(ErrorCode::BadFrame);
        }
    }
    let typed = server.ask("POST", "/api/v1/login").header("content-type", "application/json").body(vec![0xFF, 0xFE]);
    typed.send().await.refused(ErrorCode::BadFrame);
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let ask = server.ask("POST", "/api/v1/login").header("content-type", "application/json").body(deep);
    ask.send().await.refused(ErrorCode::BadFrame);
    for fields in [
        "{\"name\":{\"$gt\":\"\"}}",
        "{\"capacity\":\"50\"}",
        "{\"capacity\":[50]}",
        "{\"lifetime_s\":true}",
        "{\"pin\":1234}",
    ] {
        let ask = server.ask("POST", "/api/v1/rooms").bearer(&guest).json(&object(fields));
        ask.send().await.refused(ErrorCode::BadFrame);
    }
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let server = Server::new();
    let typed = "{\"username\":\"abc\",\"password\":\"correct horse\"}";
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let ask = server.ask("POST", "/api/v1/login").header("content-type", kind).body(typed);
        ask.send().await.refused(ErrorCode::UnsupportedMedia);
    }
    server.ask("POST", "/api/v1/login").body(typed).send().await.refused(ErrorCode::UnsupportedMedia);
    server.ask("POST", "/api/v1/guest").body("{}").send().await.refused(ErrorCode::UnsupportedMedia);
    let kind = "Application/JSON; charset=utf-8";
    let ask = server.ask("POST", "/api/v1/login").header("content-type", kind).body(typed);
    ask.send().await.refused(ErrorCode::BadCredentials);
}

#[tokio::test]
async fn a_body_has_a_limit_whether_its_length_is_told_or_not() {
    let server = Server::new();
    let limit = server.state.config.limits.body_bytes_max as usize;
    let padded = |bytes: usize| {
        let bare = "{\"name\":null}";
        format!("{bare}{}", " ".repeat(bytes - bare.len()))
    };
    let ask = |body: axum::body::Body| {
        server.ask("POST", "/api/v1/guest").header("content-type", "application/json").body(body)
    };
    let _: TokenAnswer = ask(padded(limit).into()).send().await.json(StatusCode::CREATED);
    ask(padded(limit + 1).into()).send().await.refused(ErrorCode::TooLarge);
    let pieces = |bytes: usize| {
        let all = padded(bytes).into_bytes();
        let chunks: Vec<_> = all.chunks(1_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
        axum::body::Body::from_stream(futures::stream::iter(chunks))
    };
    let _: TokenAnswer = ask(pieces(limit)).send().await.json(StatusCode::CREATED);
    ask(pieces(limit + 1)).send().await.refused(ErrorCode::TooLarge);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::with(Options { limit: vec!["headers_ms_max=100".to_owned()], ..Options::default() });
    let never = axum::body::Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let ask = server.ask("POST", "/api/v1/guest").header("content-type", "application/json").body(never);
    ask.send().await.refused(ErrorCode::HelloTimeout);
}

#[tokio::test]
async fn what_was_typed_has_the_error_that_fits() {
    let server = Server::new();
    let guest = server.guest().await;
    let long = "x".repeat(31);
    let table = [
        ("POST", "/api/v1/guest", json!({ "name": "\u{301}" }), ErrorCode::InvalidName),
        ("POST", "/api/v1/guest", json!({ "name": " " }), ErrorCode::InvalidName),
        ("POST", "/api/v1/guest", json!({ "name": long }), ErrorCode::InvalidName),
        ("PATCH", "/api/v1/me", json!({ "name": "" }), ErrorCode::InvalidName),
        (
            "POST",
            "/api/v1/register",
            json!({ "username": "ab", "password": "correct horse" }),
            ErrorCode::InvalidUsername,
        ),
        (
            "POST",
            "/api/v1/register",
            json!({ "username": "a b", "password": "correct horse" }),
            ErrorCode::InvalidUsername,
        ),
        ("POST", "/api/v1/register", json!({ "username": "abc", "password": "1234567" }), ErrorCode::InvalidPassword),
        (
            "POST",
            "/api/v1/register",
            json!({ "username": "abc", "password": "x".repeat(257) }),
            ErrorCode::InvalidPassword,
        ),
        ("POST", "/api/v1/rooms", json!({ "name": " " }), ErrorCode::InvalidRoomName),
        ("POST", "/api/v1/rooms", json!({ "name": "x".repeat(51) }), ErrorCode::InvalidRoomName),
        ("POST", "/api/v1/rooms", json!({ "pin": "123" }), ErrorCode::InvalidPin),
        ("POST", "/api/v1/rooms", json!({ "pin": "x".repeat(65) }), ErrorCode::InvalidPin),
        ("POST", "/api/v1/rooms", json!({ "capacity": 1 }), ErrorCode::InvalidCapacity),
        ("POST", "/api/v1/rooms", json!({ "capacity": 501 }), ErrorCode::InvalidCapacity),
        ("POST", "/api/v1/rooms", json!({ "capacity": -1 }), ErrorCode::InvalidCapacity),
        ("POST", "/api/v1/rooms", json!({ "capacity": 1e99 }), ErrorCode::InvalidCapacity),
        ("POST", "/api/v1/rooms", json!({ "lifetime_s": -1 }), ErrorCode::InvalidLifetime),
        ("POST", "/api/v1/rooms", json!({ "lifetime_s": 3_600.5 }), ErrorCode::InvalidLifetime),
        ("POST", "/api/v1/rooms", json!({ "lifetime_s": 3_599 }), ErrorCode::InvalidLifetime),
        ("POST", "/api/v1/rooms", json!({ "lifetime_s": 604_801 }), ErrorCode::InvalidLifetime),
        ("POST", "/api/v1/rooms/nonsense/join", json!({}), ErrorCode::InvalidCode),
        ("POST", "/api/v1/rooms/AAAAAAAA/join", json!({}), ErrorCode::RoomNotFound),
        ("POST", "/api/v1/rooms/AAAAAAAA/leave", json!({}), ErrorCode::RoomNotFound),
    ];
    for (method, path, body, code) in table {
        server.ask(method, path).bearer(&guest).json(&body).send().await.refused(code);
    }
    for path in [
        "/api/v1/rooms/nonsense",
        "/api/v1/rooms/%FF%FE",
        "/api/v1/rooms/%2e%2e%2f%2e%2e%2fetc",
        "/api/v1/rooms/0OIL1000",
    ] {
        let answer = server.ask("GET", path).send().await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{path}: {}", answer.text());
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so() {
    let server = Server::new();
    let table = [
        ("GET", "/api/v1/me"),
        ("PATCH", "/api/v1/me"),
        ("DELETE", "/api/v1/me"),
        ("POST", "/api/v1/me/password"),
        ("GET", "/api/v1/me/logins"),
        ("DELETE", "/api/v1/me/logins/AAAAAAAAAAAAAAAAAAAAAA"),
        ("POST", "/api/v1/rooms"),
        ("GET", "/api/v1/rooms"),
        ("DELETE", "/api/v1/rooms/KW7P3MXQ"),
        ("POST", "/api/v1/rooms/KW7P3MXQ/join"),
        ("POST", "/api/v1/rooms/KW7P3MXQ/leave"),
    ];
    for (method, path) in table {
        for token in [None, Some("nonsense")] {
            let ask = server.ask(method, path).json(&json!({}));
            let answer = match token {
                Some(token) => ask.cookie(token).send().await,
                None => ask.send().await,
            };
            answer.refused(ErrorCode::Unauthorized);
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_socket_that_is_none_is_refused_like_the_rest() {
    let server = Server::new();
    let answer = server.ask("GET", "/ws").send().await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn health_is_told_to_whoever_asks() {
    let server = Server::new();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.ask("GET", path).without("origin").send().await.status, StatusCode::OK, "{path}");
    }
    server.state.stopping.cancel();
    assert_eq!(server.ask("GET", "/healthz").send().await.status, StatusCode::OK);
    server.ask("GET", "/readyz").send().await.refused(ErrorCode::ShuttingDown);
}
