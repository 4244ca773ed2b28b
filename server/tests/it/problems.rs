//! Every refusal by HTTP is `application/problem+json` with a code of the table, whatever part of the server refuses.

use protocol::ErrorCode;
use serde_json::json;

use crate::harness::{Ask, Guest, TestServer};

const PATHS: &[(&str, &[&str])] = &[
    ("/api/v1/guest", &["POST"]),
    ("/api/v1/register", &["POST"]),
    ("/api/v1/login", &["POST"]),
    ("/api/v1/logout", &["POST"]),
    ("/api/v1/me", &["GET", "PATCH", "DELETE"]),
    ("/api/v1/me/password", &["POST"]),
    ("/api/v1/me/logins", &["GET"]),
    ("/api/v1/me/logins/AAAAAAAAAAAAAAAAAAAAAA", &["DELETE"]),
    ("/api/v1/rooms", &["GET", "POST"]),
    ("/api/v1/rooms/KW7P3MXQ", &["GET", "PATCH", "DELETE"]),
    ("/api/v1/rooms/KW7P3MXQ/join", &["POST"]),
    ("/api/v1/rooms/KW7P3MXQ/leave", &["POST"]),
    ("/api/v1/rooms/KW7P3MXQ/kick", &["POST"]),
    ("/api/v1/rooms/KW7P3MXQ/ban", &["POST"]),
    ("/api/v1/rooms/KW7P3MXQ/role", &["POST"]),
    ("/healthz", &["GET"]),
    ("/readyz", &["GET"]),
    ("/ws", &["GET"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_path_is_not_found() {
    let server = TestServer::spawn().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/rooms", "/api/v1/me/nothing"] {
        for method in ["GET", "POST", "DELETE"] {
            assert_eq!(Ask::new(method, path).send(server.addr).await.code(), ErrorCode::NotFound, "{method} {path}");
        }
    }
    assert_eq!(Ask::post("/nothing").send(server.addr).await.code(), ErrorCode::NotFound);
    assert_eq!(Ask::get("/api/v1/rooms/%ff%fe").send(server.addr).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_method_is_told_which_ones_there_are() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    for (path, methods) in PATHS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "BREW"] {
            if methods.contains(&method) {
                continue;
            }
            let answer = guest.ask(Ask::new(method, path)).await;
            assert_eq!(answer.code(), ErrorCode::MethodNotAllowed, "{method} {path}");
            let allowed = answer.header("allow").unwrap_or_default();
            assert!(methods.iter().all(|method| allowed.contains(method)), "{path} allows {allowed:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_no_json_of_the_right_shape_is_refused() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "7",
        "{\"name\":\"x\",\"colour\":\"red\"}",
        "{\"name\":\"x\"}{}",
        "\u{feff}{}",
    ] {
        let answer = guest.ask(Ask::post("/api/v1/rooms").body("application/json", body.as_bytes())).await;
        assert_eq!(answer.code(), ErrorCode::BadFrame, "{body:?}");
    }
    let not_utf8 = guest.ask(Ask::post("/api/v1/rooms").body("application/json", b"{\"name\":\"\xff\xfe\"}")).await;
    assert_eq!(not_utf8.code(), ErrorCode::BadFrame);
    let deep = "[".repeat(60_000);
    let answer = guest.ask(Ask::post("/api/v1/rooms").body("application/json", deep.as_bytes())).await;
    assert_eq!(answer.code(), ErrorCode::BadFrame, "nested deeper than any stack");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_operator_objects_where_strings_are_expected_are_refused() {
    let server = TestServer::spawn().await;
    let account = Guest::register(&server, "admin", "correct horse battery").await;
    let room = account.pin_room("4711").await;
    let join = format!("/api/v1/rooms/{}/join", room.code);
    for operator in
        [json!({"$ne": null}), json!({"$gt": ""}), json!(["a"]), json!(7), json!(true), json!({"$regex": ".*"})]
    {
        let stranger = Guest::new(&server).await;
        for (path, body) in [
            ("/api/v1/login", json!({"username": operator, "password": "correct horse battery"})),
            ("/api/v1/login", json!({"username": "admin", "password": operator})),
            ("/api/v1/register", json!({"username": operator, "password": operator})),
            ("/api/v1/guest", json!({"name": operator})),
            ("/api/v1/rooms", json!({"name": operator})),
            ("/api/v1/rooms", json!({"pin": operator})),
            (join.as_str(), json!({"pin": operator})),
            ("/api/v1/me/password", json!({"current": operator, "new": operator})),
        ] {
            let answer = stranger.ask(Ask::post(path).json(&body)).await;
            assert_eq!((answer.status, answer.code()), (400, ErrorCode::BadFrame), "{body} to {path}");
        }
        let change = stranger.ask(Ask::new("PATCH", "/api/v1/me").json(&json!({"name": operator}))).await;
        assert_eq!(change.code(), ErrorCode::BadFrame);
        let delete = account.ask(Ask::new("DELETE", "/api/v1/me").json(&json!({"password": operator}))).await;
        assert_eq!(delete.code(), ErrorCode::BadFrame);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_content_type_is_refused() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let body = b"{\"name\":\"x\"}";
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""] {
        let answer = guest.ask(Ask::post("/api/v1/rooms").body(kind, body)).await;
        assert_eq!(answer.code(), ErrorCode::UnsupportedMedia, "{kind:?}");
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        guest.ask(Ask::post("/api/v1/rooms").body(kind, body)).await.assert_status(201);
    }
    let form = Ask::post("/create").origin(&server.origin()).body("application/json", b"{}");
    assert_eq!(form.send(server.addr).await.code(), ErrorCode::UnsupportedMedia);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_64_kib_is_read_and_one_byte_more_is_too_large() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let padded = |bytes: usize| format!("{{\"name\":\"x\"{}}}", " ".repeat(bytes - 12));
    assert_eq!(padded(64 * 1024).len(), 64 * 1024);
    let make = |body: &str| Ask::post("/api/v1/rooms").body("application/json", body.as_bytes());
    guest.ask(make(&padded(64 * 1024))).await.assert_status(201);
    assert_eq!(guest.ask(make(&padded(64 * 1024 + 1))).await.code(), ErrorCode::TooLarge);
    assert_eq!(guest.ask(make(&padded(4 * 1024 * 1024))).await.code(), ErrorCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_framework_s_own_refusals_have_the_one_form_too() {
    let server = TestServer::spawn().await;
    let plain = Ask::get("/ws").send(server.addr).await;
    let problem = plain.problem();
    assert!(matches!(problem.status, 400 | 426), "{problem:?}");
    let wrong_version = Ask::get("/ws")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "8")
        .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .send(server.addr)
        .await;
    assert_eq!((wrong_version.problem().status, wrong_version.code()), (426, ErrorCode::UnsupportedVersion));
    assert_eq!(wrong_version.header("sec-websocket-version"), Some("13"), "RFC 6455, 4.4");
    assert_eq!(wrong_version.header("upgrade"), Some("websocket"), "RFC 9110, 15.5.22");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_says_when_to_come_back() {
    let server = TestServer::limited(|limits| limits.rooms_made_per_hour = 1).await;
    let guest = Guest::new(&server).await;
    guest.room().await;
    let answer = guest.ask(Ask::post("/api/v1/rooms").json(&json!({}))).await;
    let problem = answer.problem();
    assert_eq!((answer.status, problem.code), (429, ErrorCode::RateLimited));
    assert_eq!(problem.title, ErrorCode::RateLimited.text());
    let wait_ms = problem.retry_after_ms.expect("says how long to wait");
    let seconds: u64 = answer.header("retry-after").expect("in the header too").parse().expect("is a number");
    assert!((1..=3_600).contains(&seconds) && seconds * 1_000 >= wait_ms, "{seconds} s, {wait_ms} ms");
}
