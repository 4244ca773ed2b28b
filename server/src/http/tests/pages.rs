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
        let scripts: Vec<_> = html.split("<script").skip(1).filter_map(|tag| tag.split('>').next()).collect();
        assert!(!scripts.is_empty(), "{path}");
        let carried = format!("nonce=\"{nonce}\"");
        assert!(scripts.iter().all(|tag| tag.contains(&carried)), "{path}: {scripts:?}");
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
async fn only_what_is_for_anybody_is_listed_and_kept_for_the_way_back() {
    let server = Server::new();
    let guest = server.guest().await;
    let room: RoomView =
        server.ask("POST", "/api/v1/rooms").bearer(&guest).json(&json!({})).send().await.json(StatusCode::CREATED);
    let inside = format!("/r/{}", room.code.as_str());
    let table = [
        ("/", true, true),
        ("/about", true, true),
        ("/?error=wrong_pin&code=x", true, false),
        ("/account", false, false),
        (inside.as_str(), false, false),
        ("/r/AAAAAAAA", false, false),
        ("/nothing", false, false),
    ];
    for (path, listed, kept) in table {
        let answer = server.ask("GET", path).without("origin").send().await;
        assert_eq!(!answer.text().contains("content=\"noindex\""), listed, "{path}");
        assert_eq!(answer.headers["cache-control"], if kept { "private, no-cache" } else { "no-store" }, "{path}");
        let own = server.ask("GET", path).without("origin").cookie(&guest.token).send().await;
        assert_eq!(own.headers["cache-control"], "no-store", "{path}: it tells who reads it");
        assert!(!own.text().contains("content=\"noindex\""), "{path}: whoever has a login is no search engine");
    }
}

#[tokio::test]
async fn the_first_page_says_what_a_room_may_be_here() {
    let limit = ["capacity_max=40", "capacity_default=60", "lifetime_s_max=7200"].map(str::to_owned).to_vec();
    let server = Server::with(Options { limit, ..Options::default() });
    let html = server.ask("GET", "/").without("origin").send().await.text();
    assert!(html.contains("value=\"40\"") && html.contains("From 2 to 40."), "{html}");
    assert!(html.contains("2 hours") && !html.contains("24 hours"), "{html}");
    let guest = server.guest().await;
    for (wish, code, limit) in [
        (json!({ "capacity": 41 }), ErrorCode::InvalidCapacity, 40),
        (json!({ "lifetime_s": 7_201 }), ErrorCode::InvalidLifetime, 7_200),
    ] {
        let refused = server.ask("POST", "/api/v1/rooms").bearer(&guest).json(&wish).send().await.refused(code);
        assert_eq!(refused.limit, Some(limit));
    }
}

#[tokio::test]
async fn a_typed_code_leads_to_its_room_and_makes_nobody() {
    let server = Server::new();
    let table = [
        ("/join?code=kw7p-3mxq", "/r/KW7P3MXQ"),
        ("/join?code=https%3A%2F%2Fchat.example%2Fr%2FKW7P3MXQ%3Ffrom%3Dmail", "/r/KW7P3MXQ"),
        ("/join?code=what%3F", "/?error=invalid_code&code=what%3F"),
        ("/join?code=%2F%2Fevil.example", "/?error=invalid_code&code=%2F%2Fevil.example"),
        ("/join?code=%0d%0aset-cookie:x=y", "/?error=invalid_code&code=set-cookie%3Ax%3Dy"),
        ("/join?code=%FF", "/?error=invalid_code&code="),
        ("/join?code=a&code=b", "/?error=invalid_code&code="),
        ("/join?code=", "/?error=invalid_code&code="),
        ("/join?code=r%2Fkw7p3mxq", "/r/KW7P3MXQ"),
        // The address of a form that was sent, loaded again.
        ("/join?cookies=asked", "/"),
        ("/join", "/"),
    ];
    for (path, place) in table {
        let answer = server.ask("GET", path).without("origin").send().await;
        let led = answer.headers["location"].to_str().expect("is text");
        assert_eq!((answer.status, answer.cookie()), (StatusCode::SEE_OTHER, None), "{path}");
        assert!(led == place || path.contains("%FF") && led.starts_with("/?error=invalid_code"), "{path}: {led}");
    }
}

#[tokio::test]
async fn an_address_in_capitals_leads_to_its_room() {
    let server = Server::new();
    for (path, place) in [
        ("/R/KW7P3MXQ", "/r/KW7P3MXQ"),
        ("/R/kw7p-3mxq", "/r/KW7P3MXQ"),
        ("/R/nonsense", "/r/nonsense"),
        ("/R/%0D%0Ax", "/r/%0D%0Ax"),
        ("/R/KW7P3MXQ/", "/R/KW7P3MXQ"),
    ] {
        let answer = server.ask("GET", path).without("origin").send().await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{path}");
        assert_eq!(answer.headers["location"], place, "{path}");
    }
}

#[tokio::test]
async fn where_forms_are_posted_to_a_reader_finds_the_page_of_the_form() {
    let server = Server::new();
    for path in ["/create", "/create?cookies=asked", "/leave", "/join", "/join?cookies=asked"] {
        let page = server.ask("GET", path).without("origin").header("accept", "text/html,*/*;q=0.8").send().await;
        assert_eq!((page.status, page.led_to()), (StatusCode::SEE_OTHER, "/"), "{path}");
    }
}

#[tokio::test]
async fn a_page_is_compressed_unless_its_address_is_echoed() {
    let server = Server::new();
    let table = [
        ("/", "gzip, deflate, br", Some("br")),
        ("/about", "br;q=0, gzip", Some("gzip")),
        ("/?error=wrong_pin&code=x", "br, gzip", None),
    ];
    for (path, taken, encoding) in table {
        let answer = server.ask("GET", path).without("origin").header("accept-encoding", taken).send().await;
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
        (inside.as_str(), "Tea &amp; \u{2039}/title\u{203A} cake · WhisperSpace"),
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
            let kept = if path == "/" { "private, no-cache" } else { "no-store" };
            assert_eq!(header("cache-control").as_deref(), Some(kept), "{path}");
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
