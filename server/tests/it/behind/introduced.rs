//! The PROXY protocol: from the networks that are named for it a line says whose it is, from all others it does not.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use protocol::ErrorCode;
use server::commands::health;
use server::config::Config;
use server::listener::ListenAt;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::guest;
use crate::harness::{Ask, PATIENCE, TestServer, Wire, eventually};

async fn server(change: impl FnOnce(&mut Config)) -> TestServer {
    TestServer::with(|config| {
        config.introducers = vec!["127.0.0.0/8".parse().expect("is a network")];
        change(config);
    })
    .await
}

/// A line as a proxy begins it.
async fn begun(server: &TestServer, header: &[u8]) -> TcpStream {
    let mut line = TcpStream::connect(server.addr).await.expect("the server listens");
    line.write_all(header).await.expect("the line is open");
    line
}

fn text(client: &str) -> Vec<u8> {
    let family = if client.contains(':') { "TCP6" } else { "TCP4" };
    format!("PROXY {family} {client} {client} 4711 443\r\n").into_bytes()
}

/// Version 2, with something added that is passed over.
fn binary(client: &str) -> Vec<u8> {
    let addresses = match client.parse().expect("is an address") {
        IpAddr::V4(ip) => [ip.octets(), ip.octets()].concat(),
        IpAddr::V6(ip) => [ip.octets(), ip.octets()].concat(),
    };
    let family = if addresses.len() == 8 { 0x11 } else { 0x21 };
    let added = [0x02, 0, 4, b'c', b'h', b'a', b't'];
    let length = u8::try_from(addresses.len() + 4 + added.len()).expect("is short");
    [b"\r\n\r\n\0\r\nQUIT\n\x21".as_slice(), &[family, 0, length], &addresses, &[0x12, 0x67, 1, 187], &added].concat()
}

/// What comes until the end, which has to come.
async fn rest(mut line: TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    match timeout(PATIENCE, line.read_to_end(&mut read)).await.expect("the line ends") {
        Ok(_) => {}
        // With bytes that nobody has read, the end is a reset.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_introduced_is_who_counts() {
    let server = server(|config| config.limits.guests_made_per_hour = 2).await;
    for (header, status) in [
        (text("203.0.113.1"), 201),
        (binary("203.0.113.1"), 201),
        (text("203.0.113.1"), 429),
        (binary("203.0.113.2"), 201),
        (text("2001:db8:1:2::1"), 201),
        (binary("2001:db8:1:2::2"), 201),
        (binary("2001:db8:1:2::3"), 429),
        (text("::ffff:203.0.113.1"), 429),
    ] {
        let line = begun(&server, &header).await;
        assert_eq!(
            guest().send_over(line, "chat.example").await.status,
            status,
            "{}",
            String::from_utf8_lossy(&header)
        );
    }
    // What a client claims of itself is no more believed than without a proxy.
    let line = begun(&server, &text("203.0.113.1")).await;
    let claimed = guest().header("x-forwarded-for", "203.0.113.77").header("forwarded", "for=203.0.113.78");
    claimed.send_over(line, "chat.example").await.assert_status(429);
    // The proxy's own questions, and whoever has no address, are the proxy's.
    for own in [b"PROXY UNKNOWN\r\n".as_slice(), b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"] {
        let line = begun(&server, own).await;
        Ask::get("/readyz").send_over(line, "chat.example").await.assert_status(200);
    }
    let own = Config { listen: ListenAt::Tcp(server.addr), ..server.state.config.clone() };
    health::check(&own).await.expect("it says what it is expected to say");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_behind_the_one_that_introduces_is_believed_where_it_is_trusted() {
    let server = server(|config| {
        config.proxies = vec!["203.0.113.0/24".parse().expect("is a network")];
        config.limits.guests_made_per_hour = 1;
    })
    .await;
    for (client, status) in [("198.51.100.1", 201), ("198.51.100.2", 201), ("198.51.100.1", 429)] {
        let line = begun(&server, &text("203.0.113.1")).await;
        let asked = guest().header("x-forwarded-for", client).send_over(line, "chat.example").await;
        assert_eq!(asked.status, status, "{client}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_says_not_whose_it_is_is_closed_unanswered() {
    let server = server(|config| config.limits.headers_ms_max = 200).await;
    let large = [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff".as_slice(), &[0; 4_096]].concat();
    for begin in [b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".as_slice(), b"PROXY TCP4 nobody\r\n\r\n", &large] {
        assert_eq!(rest(begun(&server, begin).await).await, b"", "{}", String::from_utf8_lossy(begin));
    }
    // One that never comes to its end is not waited for.
    for begin in [b"".as_slice(), b"PRO", b"PROXY TCP4 203.0.113.1 ", &binary("203.0.113.1")[..20]] {
        let asked = Instant::now();
        assert_eq!(rest(begun(&server, begin).await).await, b"");
        assert!(asked.elapsed().as_millis() >= 190, "{begin:?}");
    }
    eventually("no line is left", || server.state.connections.lines() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_may_introduce() {
    let elsewhere = |config: &mut Config| config.introducers = vec!["192.0.2.0/24".parse().expect("is a network")];
    for server in [TestServer::with(elsewhere).await, TestServer::spawn().await] {
        for header in [text("203.0.113.1"), binary("203.0.113.1")] {
            let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".as_slice();
            let answer = rest(begun(&server, &[&header, ask].concat()).await).await;
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
        }
        Ask::get("/healthz").send(server.addr).await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_and_places_of_one_client_are_bounded_behind_a_proxy() {
    let server = server(|config| config.limits.connections_per_address = 1).await;
    let at = |line| Wire::over(line, server.addr, &[]);
    let one = at(begun(&server, &text("203.0.113.1")).await).await;
    let (_one, _) = one.unwrap_or_else(|refused| panic!("refused with {}", refused.status()));
    let second = at(begun(&server, &binary("203.0.113.1")).await).await.err().expect("one place an address");
    assert_eq!(second.status(), 429);
    at(begun(&server, &text("203.0.113.2")).await).await.map(drop).expect("another has a place of its own");
    // 36 lines an address, of which the socket is one.
    let mut held = Vec::new();
    while held.len() < 35 {
        held.push(begun(&server, &text("203.0.113.1")).await);
    }
    eventually("all are counted", || server.state.connections.lines() == 36).await;
    let more = Ask::get("/healthz").send_over(begun(&server, &text("203.0.113.1")).await, "chat.example").await;
    more.assert_status(200);
    let more = guest().send_over(begun(&server, &text("203.0.113.1")).await, "chat.example").await;
    assert_eq!(more.code(), ErrorCode::TooManyConnections);
    guest().send_over(begun(&server, &text("203.0.113.3")).await, "chat.example").await.assert_status(201);
    // Of those that have not said whose they are, the address is not the proxy's.
    let _silent = begun(&server, b"").await;
    eventually("it is one of all", || server.state.connections.lines() == 37).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_served_by_ipv6_as_well() {
    let server = TestServer::at_address(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 0)), |config| {
        config.introducers = vec!["::1".parse().expect("is an address")];
    })
    .await;
    let line = begun(&server, &binary("2001:db8::1")).await;
    Ask::get("/").send_over(line, &server.addr.to_string()).await.assert_status(200);
    let own = Config { listen: ListenAt::Tcp(server.addr), ..server.state.config.clone() };
    health::check(&own).await.expect("is ready");
    // And IPv4 by the same socket, where the system has it so.
    let both = TestServer::at_address(SocketAddr::from(([0; 8], 0)), |config| {
        config.introducers = vec!["127.0.0.1".parse().expect("is an address")];
    })
    .await;
    let four = SocketAddr::from((Ipv4Addr::LOCALHOST, both.addr.port()));
    if let Ok(mut line) = TcpStream::connect(four).await {
        line.write_all(&text("203.0.113.1")).await.expect("the line is open");
        Ask::get("/healthz").send_over(line, "chat.example").await.assert_status(200);
    }
}
