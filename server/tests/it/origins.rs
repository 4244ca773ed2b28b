//! Cookies count only for the site's own pages; forwarded addresses only from proxies that are trusted.

use protocol::api::{CreateRoom, NewGuest, RoomView};
use protocol::{ClientFrame, ErrorCode, Me};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Ask, Guest, PATIENCE, TestClient, TestServer, Wire, frame};

fn hello_by_cookie() -> String {
    frame(&ClientFrame::Hello { token: None, resume: None, follow: false })
}

/// The token in the cookie that an answer sets.
fn cookie_of(answer: &crate::harness::Answer) -> Option<String> {
    let cookie = answer.header("set-cookie")?;
    Some(cookie.split_once('=')?.1.split(';').next()?.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sites_own_page_gets_a_cookie_and_a_program_gets_none() {
    let server = TestServer::spawn().await;
    let page = Ask::post("/api/v1/guest").origin(&server.origin()).send(server.addr).await.assert_status(201);
    let cookie = page.header("set-cookie").expect("a page gets its token as a cookie").to_owned();
    for wanted in ["ws=", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="] {
        assert!(cookie.contains(wanted), "{cookie} has no {wanted}");
    }
    assert!(!cookie.contains("Secure"), "over plain HTTP a browser would drop it");
    let token = cookie_of(&page).expect("has a value");
    let me: Me = Ask::get("/api/v1/me").cookie(&token).send(server.addr).await.assert_status(200).json();
    assert!(me == page.json::<protocol::api::TokenAnswer>().me);
    let program = Ask::post("/api/v1/guest").send(server.addr).await.assert_status(201);
    assert!(program.header("set-cookie").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_https_the_cookie_is_bound_to_the_host() {
    let public = "https://chat.example".to_owned();
    let server = TestServer::with(|config| {
        config.https = true;
        config.public_url = Some(public.clone());
    })
    .await;
    let page = Ask::post("/api/v1/guest").header("host", "chat.example").origin(&public).send(server.addr).await;
    let cookie = page.header("set-cookie").expect("a page gets its token as a cookie");
    assert!(cookie.starts_with("__Host-ws=") && cookie.contains("; Secure"), "{cookie}");
    assert!(page.header("strict-transport-security").is_some());
    let token = cookie_of(&page).expect("has a value");
    let plain_name = Ask::get("/api/v1/me").cookie(&token).send(server.addr).await;
    assert_eq!(plain_name.code(), ErrorCode::Unauthorized, "only under the name that is bound to the host");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_does_not_speak_for_another_site() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let (own, token) = (server.origin(), guest.token());
    let make = || Ask::post("/api/v1/rooms").json(&CreateRoom::default()).cookie(token);
    for foreign in ["https://evil.example", "http://127.0.0.1:1", "null", &format!("{own}.evil.example")] {
        assert_eq!(make().origin(foreign).send(server.addr).await.code(), ErrorCode::BadOrigin, "{foreign}");
        let delete = Ask::new("DELETE", "/api/v1/me").cookie(token).origin(foreign);
        assert_eq!(delete.send(server.addr).await.code(), ErrorCode::BadOrigin, "{foreign}");
        let logout = Ask::post("/api/v1/logout").cookie(token).origin(foreign);
        assert_eq!(logout.send(server.addr).await.code(), ErrorCode::BadOrigin, "{foreign}");
        let read = Ask::get("/api/v1/me").cookie(token).origin(foreign).send(server.addr).await;
        assert_eq!(read.code(), ErrorCode::BadOrigin, "nor may it read");
        assert!(read.header("access-control-allow-origin").is_none());
        let guest = Ask::post("/api/v1/guest").json(&NewGuest::default()).origin(foreign).send(server.addr).await;
        assert_eq!(guest.code(), ErrorCode::BadOrigin, "nor make guests without one");
    }
    assert_eq!(make().send(server.addr).await.code(), ErrorCode::BadOrigin, "without an Origin: bearer only");
    make().origin(&own).send(server.addr).await.assert_status(201);
    Ask::get("/api/v1/me").cookie(token).send(server.addr).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bearer_token_speaks_from_anywhere() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let make = || Ask::post("/api/v1/rooms").json(&CreateRoom::default());
    guest.ask(make()).await.assert_status(201);
    guest.ask(make().origin("https://evil.example")).await.assert_status(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r17_a_foreign_origin_is_refused_on_the_socket() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let cookie = format!("theme=dark; ws={}", guest.token());
    for foreign in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        for headers in [vec![("origin", foreign)], vec![("origin", foreign), ("cookie", cookie.as_str())]] {
            let refused = Wire::try_open(server.addr, &headers).await.err().expect("another site is refused");
            assert_eq!(refused.status(), 403);
            assert!(!refused.headers().contains_key("access-control-allow-origin"));
        }
    }
    let own = server.origin();
    let (mut page, _) = Wire::try_open(server.addr, &[("origin", &own), ("cookie", &cookie)])
        .await
        .expect("the site's own page is let in");
    page.text(&hello_by_cookie()).await;
    let client = TestClient::welcomed(page, server.addr, guest.token()).await;
    assert!(client.me == guest.session.me);
    // Without an Origin the cookie proves nothing.
    let (mut absent, _) = Wire::try_open(server.addr, &[("cookie", &cookie)]).await.expect("programs are let in");
    absent.text(&hello_by_cookie()).await;
    absent.expect_end(ErrorCode::Unauthorized).await;
    // And a program that holds the token needs neither.
    let bearer = format!("Bearer {}", guest.token());
    let (mut program, _) =
        Wire::try_open(server.addr, &[("authorization", &bearer), ("origin", "https://tool.example")])
            .await
            .expect("a bearer is let in from anywhere");
    program.text(&hello_by_cookie()).await;
    TestClient::welcomed(program, server.addr, guest.token()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listed_origin_counts_as_the_sites_own_everywhere() {
    let listed = "https://other.example";
    let server = TestServer::with(|config| config.origins = vec![listed.parse().expect("is an origin")]).await;
    let page = Ask::post("/api/v1/guest").origin(listed).send(server.addr).await.assert_status(201);
    assert_eq!(page.header("access-control-allow-origin"), Some(listed));
    let token = cookie_of(&page).expect("gets its cookie");
    let make = Ask::post("/api/v1/rooms").json(&CreateRoom::default()).cookie(&token).origin(listed);
    make.send(server.addr).await.assert_status(201);
    let cookie = format!("ws={token}");
    let (mut wire, _) =
        Wire::try_open(server.addr, &[("origin", listed), ("cookie", &cookie)]).await.expect("a listed page is let in");
    wire.text(&hello_by_cookie()).await;
    TestClient::welcomed(wire, server.addr, &token).await;
    let before = Ask::new("OPTIONS", "/api/v1/rooms")
        .origin(listed)
        .header("access-control-request-method", "POST")
        .send(server.addr)
        .await
        .assert_status(204);
    assert!(before.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r16_x_forwarded_for_is_believed_of_trusted_proxies_only() {
    let guest_from = async |server: &TestServer, address: &str| {
        Ask::post("/api/v1/guest").header("x-forwarded-for", address).send(server.addr).await.status
    };
    let alone = TestServer::limited(|limits| limits.guests_made_per_hour = 2).await;
    for (address, status) in [("203.0.113.1", 201), ("203.0.113.2", 201), ("203.0.113.3", 429)] {
        assert_eq!(guest_from(&alone, address).await, status, "{address}");
    }
    let behind = TestServer::with(|config| {
        config.proxies = vec!["127.0.0.0/8".parse().expect("is a network")];
        config.limits.guests_made_per_hour = 2;
    })
    .await;
    for (address, status) in [
        ("203.0.113.1", 201),
        ("203.0.113.1", 201),
        ("203.0.113.1", 429),
        ("203.0.113.2", 201),
        // What a client writes in front of what the proxy adds is its own claim.
        ("198.51.100.1, 203.0.113.1", 429),
        ("198.51.100.2, 203.0.113.1, 127.0.0.9", 429),
        // One household, one /64.
        ("2001:db8:1:2::1", 201),
        ("2001:db8:1:2::2", 201),
        ("2001:db8:1:2:ffff::3", 429),
        ("2001:db8:1:3::1", 201),
    ] {
        assert_eq!(guest_from(&behind, address).await, status, "{address}");
    }
    // The standard's header alike, where the other is not there.
    for (told, status) in [
        ("for=203.0.113.1", 429),
        ("for=203.0.113.3;proto=https", 201),
        ("for=203.0.113.9, for=\"203.0.113.3:4711\"", 201),
        ("for=\"open, for=203.0.113.3", 429),
        ("for=\"[2001:db8:1:2::9]\"", 429),
    ] {
        let asked = Ask::post("/api/v1/guest").header("forwarded", told).send(behind.addr).await;
        assert_eq!(asked.status, status, "{told}");
    }
    // The socket counts by the same rule.
    let sockets = TestServer::limited(|limits| limits.connections_per_address = 1).await;
    let _one = Wire::open(sockets.addr).await;
    let refused = Wire::try_open(sockets.addr, &[("x-forwarded-for", "203.0.113.1")]).await.err();
    assert_eq!(refused.expect("the claim is not believed").status(), 429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_shown_to_who_the_cookie_says_and_changes_nothing() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.pin_room("4711").await;
    let path = format!("/api/v1/rooms/{}", room.code);
    let link = Ask::get(&path).cookie(guest.token()).send(server.addr).await.assert_status(200);
    assert!(link.json::<RoomView>().member, "a followed link knows who follows it");
    let other_site = Ask::get(&path).cookie(guest.token()).origin("https://evil.example").send(server.addr).await;
    assert_eq!(other_site.code(), ErrorCode::BadOrigin);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_logins_on_one_socket_are_none_and_another_spelling_is_none() {
    let server = TestServer::spawn().await;
    let (own, guest, evil) = (server.origin(), Guest::new(&server).await, Guest::new(&server).await);
    for (cookies, code) in [
        (format!("ws={}; ws={}", guest.token(), evil.token()), ErrorCode::TwoLogins),
        (format!("%77s={}", evil.token()), ErrorCode::Unauthorized),
    ] {
        let (mut wire, _) =
            Wire::try_open(server.addr, &[("origin", &own), ("cookie", &cookies)]).await.expect("is told below");
        wire.text(&hello_by_cookie()).await;
        wire.expect_end(code).await;
    }
    let planted = format!("%77s={}; ws={}", evil.token(), guest.token());
    let (mut wire, _) =
        Wire::try_open(server.addr, &[("origin", &own), ("cookie", &planted)]).await.expect("is let in");
    wire.text(&hello_by_cookie()).await;
    let client = TestClient::welcomed(wire, server.addr, guest.token()).await;
    assert!(client.me == guest.session.me);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_is_listed_is_let_in_on_the_socket_too() {
    let listed = ["capacitor://localhost", "chrome-extension://abcdefghijklmnop", "https://*.team.example"];
    let server = TestServer::with(|config| {
        config.origins = listed.iter().map(|origin| origin.parse().expect("is an origin")).collect();
    })
    .await;
    let guest = Guest::new(&server).await;
    let cookie = format!("ws={}", guest.token());
    for origin in ["capacitor://localhost", "chrome-extension://abcdefghijklmnop", "https://a.team.example"] {
        let headers = [("origin", origin), ("cookie", cookie.as_str())];
        let (mut wire, _) = Wire::try_open(server.addr, &headers).await.expect("a listed page is let in");
        wire.text(&hello_by_cookie()).await;
        TestClient::welcomed(wire, server.addr, guest.token()).await;
    }
    for origin in ["ionic://localhost", "chrome-extension://ponmlkjihgfedcba", "https://team.example"] {
        let refused = Wire::try_open(server.addr, &[("origin", origin)]).await.err().expect("nobody listed it");
        assert_eq!(refused.status(), 403, "{origin}");
    }
}

/// One request as it is written here, and the status of its answer.
async fn status_of(server: &TestServer, head: &str) -> u16 {
    let mut stream = TcpStream::connect(server.addr).await.expect("the server listens");
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.expect("the line is open");
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("an answer comes in time").expect("the answer is text");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_names_one_host_or_is_refused() {
    let server = TestServer::spawn().await;
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nHost: a.example\r\n", 200),
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n", 400),
        ("GET /about HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n", 400),
        ("GET /ws HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n", 400),
        ("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: a.example, b.example\r\n", 400),
        ("GET http://a.example/healthz HTTP/1.1\r\nHost: b.example\r\n", 200),
        // Health checks of proxies speak HTTP/1.0, and know no host.
        ("GET /healthz HTTP/1.0\r\n", 200),
        ("GET /readyz HTTP/1.0\r\n", 200),
        ("GET /about HTTP/1.0\r\n", 200),
    ] {
        assert_eq!(status_of(&server, head).await, status, "{head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_behind_an_address_take_no_place_from_those_with_a_login() {
    let server = TestServer::limited(|limits| limits.connections_per_address = 2).await;
    let (own, guest) = (server.origin(), Guest::new(&server).await);
    let _strangers = [Wire::open(server.addr).await, Wire::open(server.addr).await];
    let refused = |cookie: String| {
        let own = own.clone();
        async move { Wire::try_open(server.addr, &[("origin", &own), ("cookie", &cookie)]).await.err() }
    };
    assert_eq!(refused(String::new()).await.expect("the places are taken").status(), 429);
    assert_eq!(refused("ws=nonsense".to_owned()).await.expect("anybody can say that").status(), 429);
    let cookie = format!("ws={}", guest.token());
    let mut held = Vec::new();
    for _ in 0..8 {
        let headers = [("origin", own.as_str()), ("cookie", cookie.as_str())];
        let (mut wire, _) = Wire::try_open(server.addr, &headers).await.expect("is somebody");
        wire.text(&hello_by_cookie()).await;
        held.push(TestClient::welcomed(wire, server.addr, guest.token()).await);
    }
    assert_eq!(refused(cookie).await.expect("all of an address have an end").status(), 429);
    assert_eq!(server.state.connections.total(), 10);
    drop(held);
    crate::harness::eventually("the places are given back", || server.state.connections.total() <= 2).await;
}
