//! Pages and files: their status is true, reading makes nothing, and every answer carries its policy.

use protocol::ErrorCode;
use serde_json::json;

use crate::harness::{Answer, Ask, Guest, TestServer};

/// The nonce that a page's policy names.
fn nonce(page: &Answer) -> String {
    let policy = page.header("content-security-policy").expect("a page has a policy");
    let rest = policy.split_once("'nonce-").unwrap_or_else(|| panic!("no nonce in {policy}")).1;
    rest.split_once('\'').expect("a nonce ends").0.to_owned()
}

/// Every opening tag of a page.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|part| part.split('>').next()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_rendered_and_reading_them_makes_nobody() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let (open, locked) = (guest.room().await, guest.pin_room("4711").await);
    for path in ["/", "/about", "/account", &format!("/r/{}", open.code), &format!("/r/{}", locked.code)] {
        let page = Ask::get(path).send(server.addr).await.assert_status(200);
        assert!(page.header("set-cookie").is_none(), "{path} sets a cookie");
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{path}");
        let html = page.text();
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains("</html>"), "{path} is no whole page");
        assert!(html.contains("<main"), "{path} has no content");
    }
    assert_eq!(server.state.hub.session_count(), 0, "nobody took a seat");
    let mine: Vec<protocol::api::RoomView> = guest.ask(Ask::get("/api/v1/rooms")).await.json();
    assert!(mine.len() == 2 && mine.iter().all(|room| room.count == Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_room_and_an_unknown_page_are_true_404s() {
    let server = TestServer::spawn().await;
    for path in ["/r/22222222", "/r/nonsense", "/r/", "/r", "/nothing", "/about/nothing", "/index.php"] {
        let page = Ask::get(path).send(server.addr).await;
        let page = match page.header("location") {
            Some(place) => Ask::get(place).send(server.addr).await,
            None => page,
        };
        assert_eq!(page.status, 404, "{path}");
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{path}");
        assert!(page.text().contains("</html>"), "{path} is a page too");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_room_tells_a_stranger_neither_its_name_nor_who_is_inside() {
    let server = TestServer::spawn().await;
    let owner = Guest::named(&server, "Quiet Heron").await;
    let request = protocol::api::CreateRoom {
        name: Some("Thursday handover".to_owned()),
        pin: Some("4711".to_owned()),
        ..Default::default()
    };
    let room = owner.room_with(request).await;
    let mut inside = owner.enter(&room).await;
    let path = format!("/r/{}", room.code);
    let stranger = Ask::get(&path).send(server.addr).await.assert_status(200).text();
    assert!(!stranger.contains("Thursday handover") && !stranger.contains("Quiet Heron"));
    let member = Ask::get(&path).cookie(owner.token()).send(server.addr).await.assert_status(200).text();
    assert!(member.contains("Thursday handover"));
    inside.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_has_a_nonce_of_its_own_and_every_script_carries_it() {
    let server = TestServer::spawn().await;
    let mut seen = Vec::new();
    for path in ["/", "/", "/about", "/nothing", "/r/22222222"] {
        let page = Ask::get(path).send(server.addr).await;
        let (nonce, html) = (nonce(&page), page.text());
        assert!(nonce.len() >= 16 && !seen.contains(&nonce), "{nonce} is no fresh nonce");
        let scripts: Vec<_> = tags(&html).into_iter().filter(|tag| tag.starts_with("script")).collect();
        for script in &scripts {
            assert!(script.contains(&format!("nonce=\"{nonce}\"")), "<{script}> on {path}");
        }
        assert!(!scripts.is_empty(), "{path} is not hydrated");
        seen.push(nonce);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r20_a_page_names_no_other_host_and_nothing_inline() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    for path in ["/", "/about", "/account", &format!("/r/{}", room.code), "/nothing"] {
        let page = Ask::get(path).send(server.addr).await;
        let policy = page.header("content-security-policy").expect("a page has a policy").to_owned();
        for never in ["unsafe-inline", "'unsafe-eval'", "https:", "*", "http:"] {
            assert!(!policy.contains(never), "{never} in {policy}");
        }
        for always in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"] {
            assert!(policy.contains(always), "{always} is not in {policy}");
        }
        let hosts: Vec<_> = policy.split([' ', ';']).filter(|word| word.contains("//")).collect();
        assert!(hosts.iter().all(|host| *host == format!("ws://{}", server.addr)), "{hosts:?}");
        let html = page.text();
        for tag in tags(&html) {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            let inline = tag.split(['"', '\'']).step_by(2).any(|part| part.contains(" style=") || part.contains(" on"));
            assert!(!inline, "<{tag}> on {path}");
            let fetches = ["src=\"http", "srcset=", "src=\"//", "href=\"//"].iter().any(|part| tag.contains(part));
            let link = name == "link" && tag.contains("href=\"http");
            assert!(!fetches && !link, "<{tag}> on {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_answer_carries_the_security_headers() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let answers = [
        ("a page", Ask::get("/").send(server.addr).await),
        ("no page", Ask::get("/nothing").send(server.addr).await),
        ("an answer", guest.ask(Ask::get("/api/v1/me")).await),
        ("a creation", Ask::post("/api/v1/guest").send(server.addr).await),
        ("a refusal", Ask::get("/api/v1/me").send(server.addr).await),
        ("a bad body", guest.ask(Ask::post("/api/v1/rooms").json(&json!([]))).await),
        ("a wrong method", Ask::new("PUT", "/api/v1/me").send(server.addr).await),
        ("no path", Ask::get("/api/v1/nothing").send(server.addr).await),
        ("no upgrade", Ask::get("/ws").send(server.addr).await),
        ("health", Ask::get("/healthz").send(server.addr).await),
        ("no file", Ask::get("/pkg/none/nothing.js").send(server.addr).await),
        ("a form", Ask::post("/create").origin(&server.origin()).form("name=x").send(server.addr).await),
        ("a redirect", Ask::get("/about/").send(server.addr).await),
    ];
    for (what, answer) in &answers {
        assert!(answer.status < 500, "{what}: {}", answer.status);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name} of {what}");
        }
        for name in ["content-security-policy", "permissions-policy"] {
            assert_eq!(answer.all(name).count(), 1, "{name} of {what}");
        }
        assert!(answer.header("strict-transport-security").is_none(), "HSTS of {what} over plain HTTP");
        for name in ["server", "x-powered-by"] {
            assert!(answer.header(name).is_none(), "{name} of {what}");
        }
    }
    assert_eq!(answers[2].1.header("cache-control"), Some("no-store"), "what is private is not kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_the_interface_never_change_under_their_address() {
    let server = TestServer::spawn().await;
    let package = server.state.leptos.site_pkg_dir.to_string();
    for unknown in ["/pkg/none/nothing.js", "/pkg/0000/whisperspace.js", "/pkg/", "/pkg", "/favicon.php"] {
        let answer = Ask::get(unknown).send(server.addr).await;
        assert!(matches!(answer.status, 308 | 404), "{unknown}: {}", answer.status);
    }
    if package.ends_with("none") {
        // This build carries no interface: there is nothing more to be served.
        return;
    }
    let page = Ask::get("/").send(server.addr).await.text();
    let prefix = format!("/{package}/");
    let addresses =
        tags(&page).into_iter().flat_map(|tag| tag.split(['"', ' '])).filter(|part| part.starts_with(&prefix));
    let addresses: Vec<_> = addresses.map(str::to_owned).collect();
    for ending in [".css", ".js", ".wasm"] {
        assert!(addresses.iter().any(|address| address.ends_with(ending)), "{addresses:?} have no {ending}");
    }
    for address in addresses {
        let file = Ask::get(&address).send(server.addr).await;
        assert_eq!(file.status, 200, "{address}");
        let kept = file.header("cache-control").unwrap_or_default();
        assert!(kept.contains("immutable"), "{address} is kept as {kept:?}");
        let etag = file.header("etag").expect("a file has an ETag").to_owned();
        let again = Ask::get(&address).header("if-none-match", &etag).send(server.addr).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        let squeezed = Ask::get(&address).header("accept-encoding", "br").send(server.addr).await;
        assert!(squeezed.body.len() <= file.body.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_theme_of_the_cookie_is_in_the_first_byte() {
    let server = TestServer::spawn().await;
    for (cookie, theme) in [("theme=dark", "dark"), ("theme=light", "light"), ("theme=\"><script>", "system")] {
        let html = Ask::get("/").header("cookie", cookie).send(server.addr).await.assert_status(200).text();
        let tag = tags(&html).into_iter().find(|tag| tag.starts_with("html")).expect("is a page").to_owned();
        assert!(tag.contains(&format!("data-theme=\"{theme}\"")), "<{tag}> for {cookie}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_told_to_whoever_asks() {
    let server = TestServer::spawn().await;
    for path in ["/healthz", "/readyz"] {
        Ask::get(path).send(server.addr).await.assert_status(200);
        assert_eq!(Ask::post(path).send(server.addr).await.code(), ErrorCode::MethodNotAllowed);
    }
}
