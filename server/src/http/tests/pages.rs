//! Pages: their status, their headers, and that reading one makes nothing.

use axum::http::StatusCode;
use protocol::ErrorCode;
use protocol::api::RoomView;
use serde_json::json;

use super::{Answer, Server};
use crate::config::Options;

/// The value of a nonce in a policy.
fn nonce(answer: &Answer) -> String {
    let policy = answer.headers["content-security-policy"].to_str().expect("is text");
    let rest = policy.split_once("'nonce-").expect("has a nonce").1;
    rest.split_once('\'').expect("ends").0.to_owned()
}

#[tokio::test]
async fn every_page_runs_only_what_carries_its_own_nonce() {
    let server = Server::new();
    let mut nonces = std::collections::HashSet::new();
    for path in ["/", "/", "/about", "/account", "/r/AAAAAAAA", "/nothing/here"] {
        let answer = server.ask("GET", path).without("origin").send().await;
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8", "{path}");
        let (nonce, html) = (nonce(&answer), answer.text());
        assert!(nonce.len() >= 22, "{nonce}");
        let scripts = html.matches("<script").count();
        assert!(scripts > 0, "{path}");
        assert_eq!(
            html.matches(&format!("nonce=\"{nonce}\"")).count() + html.matches(&format!("nonce={nonce}")).count(),
            scripts,
            "{path}: {html}"
        );
        for never in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
            assert!(!html.contains(never), "{path} has {never}");
        }
        let policy = answer.headers["content-security-policy"].to_str().expect("is text");
        assert!(
            !policy.contains("unsafe-inline") && policy.contains("connect-src 'self' ws://chat.example;"),
            "{policy}"
        );
        assert!(nonces.insert(nonce), "a nonce is used once");
    }
}

#[tokio::test]
async fn a_page_has_the_status_that_is_true() {
    let server = Server::new();
    let owner = server.guest().await;
    let room: RoomView =
        server.ask("POST", "/api/v1/rooms").bearer(&owner).json(&json!({})).send().await.json(StatusCode::CREATED);
    let inside = format!("/r/{}", room.code.as_str());
    let table = [
        ("/", 200),
        ("/about", 200),
        ("/account", 200),
        (inside.as_str(), 200),
        ("/r/AAAAAAAA", 404),
        ("/r/nonsense", 404),
        ("/r/%FF%FE", 404),
        ("/r/%00", 404),
        ("/r/%3Cscript%3E", 404),
        ("/nothing", 404),
        ("/r", 404),
        ("/index.html", 404),
        ("/pkg", 404),
        ("/.env", 404),
        ("/?error=%3Cscript%3E&code=%22%3E", 200),
    ];
    for (path, status) in table {
        let answer = server.ask("GET", path).without("origin").send().await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.text().contains("<html"), "{path}");
        assert!(!answer.text().contains("<script>"), "{path}");
    }
    let led = server.ask("GET", "/about/").send().await;
    assert_eq!(
        (led.status, &led.headers["location"]),
        (StatusCode::PERMANENT_REDIRECT, &"/about".parse().expect("is a value"))
    );
    for path in ["/r/..", "/r/%2e%2e", "/%2e%2e/%2e%2e/etc/passwd"] {
        server.ask("GET", path).send().await.refused(ErrorCode::NotFound);
    }
    server.ask("GET", "*").send().await.refused(ErrorCode::NotFound);
    server.ask("OPTIONS", "*").send().await.refused(ErrorCode::NotFound);
    let head = server.ask("HEAD", "/").send().await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn reading_makes_nobody() {
    let server = Server::with(Options { limit: vec!["guests_made_per_hour=1".to_owned()], ..Options::default() });
    for path in ["/", "/about", "/account", "/r/AAAAAAAA", "/api/v1/rooms/AAAAAAAA", "/healthz", "/nothing"] {
        for method in ["GET", "HEAD"] {
            let answer = server.ask(method, path).send().await;
            assert_eq!(answer.cookie(), None, "{method} {path}");
        }
    }
    server.guest().await;
    server.ask("POST", "/api/v1/guest").send().await.refused(ErrorCode::RateLimited);
}

#[tokio::test]
async fn a_page_knows_its_reader_and_their_theme() {
    let server = Server::new();
    let ask = server.ask("POST", "/api/v1/guest").json(&json!({ "name": "Zaphod Testname" }));
    let token = ask.send().await.cookie().expect("is somebody now");
    let own =
        server.ask("GET", "/").without("origin").header("cookie", &format!("theme=dark; ws={token}")).send().await;
    assert!(own.text().contains("Zaphod Testname"), "{}", own.text());
    assert!(own.text().contains("data-theme=\"dark\""));
    let other = server.ask("GET", "/").without("origin").header("cookie", "theme=\"><script>").send().await;
    assert!(!other.text().contains("Zaphod Testname") && other.text().contains("data-theme=\"system\""));
    let framed = server.ask("GET", "/").header("origin", "http://evil.example").cookie(&token).send().await;
    assert!(!framed.text().contains("Zaphod Testname"), "another site's page learns nothing");
}

#[tokio::test]
async fn a_page_is_compressed_unless_its_address_is_echoed() {
    let server = Server::new();
    for (path, encoding) in [("/", Some("gzip")), ("/about", Some("gzip")), ("/?error=wrong_pin&code=x", None)] {
        let answer = server.ask("GET", path).without("origin").header("accept-encoding", "br, gzip").send().await;
        let told = answer.headers.get("content-encoding").map(|value| value.to_str().expect("is text"));
        assert_eq!(told, encoding, "{path}");
        assert!(answer.headers["vary"].to_str().is_ok_and(|vary| vary.contains("accept-encoding")) || told.is_none());
    }
}

#[tokio::test]
async fn the_title_is_what_the_page_is_called_and_nothing_else() {
    let server = Server::new();
    let owner = server.guest().await;
    let wish = json!({ "name": "Tea & </title> cake" });
    let room: RoomView =
        server.ask("POST", "/api/v1/rooms").bearer(&owner).json(&wish).send().await.json(StatusCode::CREATED);
    let inside = format!("/r/{}", room.code.as_str());
    let table = [
        ("/", "WhisperSpace"),
        ("/about", "How do I know? · WhisperSpace"),
        ("/nothing", "There is nothing here · WhisperSpace"),
        (inside.as_str(), "Tea &amp; &lt;/title&gt; cake · WhisperSpace"),
    ];
    for (path, title) in table {
        let html = server.ask("GET", path).without("origin").cookie(&owner.token).send().await.text();
        assert!(html.contains(&format!("<title>{title}</title>")), "{path}: {html}");
    }
}

#[tokio::test]
async fn a_locked_room_tells_its_page_no_more_than_its_lock() {
    let server = Server::new();
    let owner = server.guest().await;
    let wish = json!({ "name": "Secret Garden", "pin": "open sesame" });
    let room: RoomView =
        server.ask("POST", "/api/v1/rooms").bearer(&owner).json(&wish).send().await.json(StatusCode::CREATED);
    let path = format!("/r/{}", room.code.as_str());
    let outside = server.ask("GET", &path).without("origin").send().await;
    assert_eq!(outside.status, StatusCode::OK);
    assert!(!outside.text().contains("Secret Garden"));
    let inside = server.ask("GET", &path).without("origin").cookie(&owner.token).send().await;
    assert!(inside.text().contains("Secret Garden"));
}

#[tokio::test]
async fn every_answer_is_dressed() {
    for (server, hsts) in [(Server::new(), None), (Server::https(), Some("max-age=31536000"))] {
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/nothing"),
            ("GET", "/api/v1/me"),
            ("POST", "/api/v1/guest"),
            ("GET", "/healthz"),
            ("GET", "/ws"),
        ] {
            let answer = server.ask(method, path).send().await;
            let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().expect("is text").to_owned());
            assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
            assert_eq!(header("referrer-policy").as_deref(), Some("same-origin"), "{path}");
            assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{path}");
            assert_eq!(header("strict-transport-security").as_deref(), hsts, "{path}");
            assert_eq!(header("cross-origin-opener-policy").is_some(), hsts.is_some(), "{path}");
            assert!(
                header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")),
                "{path}"
            );
            assert!(header("permissions-policy").is_some_and(|policy| policy.contains("camera=()")), "{path}");
        }
    }
}
