//! Real proxies in front of the server, with what the documentation tells to configure: pages, sockets and polls pass, and
//! whoever asks is counted by their own address.

mod nodes;

use std::net::SocketAddr;

use protocol::api::CreateRoom;
use protocol::{ClientFrame, ServerFrame};
use serde_json::{Value, json};
use server::config::{Config, ProxyHeaders};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::documented::{Block, Proxy};
use super::guest;
use crate::harness::process::Folder;
use crate::harness::{Ask, Heard, TestServer, Wire, frame, poll};
use crate::socketio::raw::Raw;

const HOST: &str = "chat.example";
const ORIGIN: &str = "https://chat.example";
const UPSTREAM: &str = "127.0.0.1:3000";

/// Behind a proxy that writes headers: of the host and of https it knows what these say.
fn trusting(config: &mut Config) {
    config.limits.guests_made_per_hour = 2;
    config.proxies = vec!["127.0.0.1".parse().expect("is an address")];
}

/// Behind one that says whose line it brings, and no more.
fn introduced(config: &mut Config) {
    config.limits.guests_made_per_hour = 2;
    config.introducers = vec!["127.0.0.1".parse().expect("is an address")];
    config.public_url = Some(ORIGIN.to_owned());
    config.https = true;
}

async fn ask(proxy: &Proxy, from: u8, ask: Ask) -> crate::harness::Answer {
    ask.send_over(proxy.line(from).await, HOST).await
}

/// Everything that people do, from two addresses.
async fn passes_and_counts(proxy: &Proxy) {
    let page = ask(proxy, 4, Ask::get("/")).await.assert_status(200);
    assert!(page.text().contains("WhisperSpace"));
    let named = ask(proxy, 4, Ask::get("/healthz").header("x-request-id", "of-a-stranger")).await;
    assert!(named.header("x-request-id").is_some_and(|id| id != "of-a-stranger"), "{named:?}");
    let made = ask(proxy, 4, guest().origin(ORIGIN)).await.assert_status(201);
    assert!(made.header("set-cookie").is_some_and(|cookie| cookie.starts_with("__Host-ws=")), "{made:?}");
    let token = made.json::<Value>()["token"].as_str().expect("has one").to_owned();

    let (mut wire, _) = Wire::over(proxy.line(4).await, HOST, &[("origin", ORIGIN)]).await.expect("is let in");
    wire.text(&frame(&ClientFrame::Hello { token: Some(token.clone()), resume: None, follow: false })).await;
    assert!(matches!(wire.next().await, Heard::Frame(ServerFrame::Welcome { .. })));
    wire.text("{\"t\":\"ping\"}").await;
    assert!(matches!(wire.next().await, Heard::Frame(ServerFrame::Pong {})));

    let room = ask(proxy, 4, Ask::post("/api/v1/rooms").bearer(&token).json(&CreateRoom::default())).await;
    let code = room.assert_status(201).json::<Value>()["code"].as_str().expect("has one").to_owned();
    polls_and_upgrades(proxy, 4, &token, &code).await;

    for (from, claim, status) in [
        (2, None, 201),
        (2, None, 201),
        (2, None, 429),
        (2, Some("x-forwarded-for"), 429),
        (2, Some("forwarded"), 429),
        (3, Some("x-forwarded-for"), 201),
    ] {
        let asked = match claim {
            Some("forwarded") => guest().header("forwarded", "for=203.0.113.7;proto=https"),
            Some(name) => guest().header(name, "203.0.113.8"),
            None => guest(),
        };
        assert_eq!(ask(proxy, from, asked).await.status, status, "127.0.0.{from} claiming by {claim:?}");
    }
}

/// Socket.IO as its clients begin it: by polls, and then by a WebSocket of the same session.
async fn polls_and_upgrades(proxy: &Proxy, from: u8, token: &str, code: &str) {
    let opened = ask(proxy, from, Ask::get("/socket.io/?EIO=4&transport=polling")).await.assert_status(200).text();
    let handshake: Value = serde_json::from_str(&opened[1..]).expect("a handshake");
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", handshake["sid"].as_str().expect("a sid"));
    let post = async |packets: String| {
        let posting = Ask::post(&path).body("text/plain", packets.as_bytes());
        ask(proxy, from, posting).await.assert_status(200);
    };
    post(format!("40{}", json!({"token": token}))).await;
    let polled = ask(proxy, from, Ask::get(&path)).await.assert_status(200).text();
    assert!(polled.starts_with("40{\"sid\""), "{polled}");
    post(format!("421[\"join_room\",\"{code}\"]")).await;
    let query = path.strip_prefix("/socket.io/?").expect("is").replace("&transport=polling", "");
    let mut line: Raw<TlsStream<TcpStream>> =
        Raw::over(proxy.line(from).await, HOST, &query, &[]).await.expect("is let in");
    line.send("2probe").await;
    line.expect("3probe").await;
    line.send("5").await;
    line.send(&format!("422[\"send_message\",{{\"room\":\"{code}\",\"content\":\"through\"}}]")).await;
    let answer = line.expect("432").await;
    assert!(answer.contains("\"ok\":true"), "{answer}");
}

fn upstream(addr: SocketAddr) -> String {
    addr.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_by_an_address_and_x_forwarded_for() {
    let server = TestServer::with(trusting).await;
    let block = Block::of("nginx", "X-Forwarded-For").with(UPSTREAM, &upstream(server.addr));
    passes_and_counts(&Proxy::nginx(block).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_by_a_unix_socket_and_forwarded() {
    let folder = Folder::new();
    let path = folder.path().join("chat.sock");
    let _server = TestServer::in_path(&path, |config| {
        trusting(config);
        config.proxy_headers = Some(ProxyHeaders::Forwarded);
    })
    .await;
    let block = Block::of("nginx", "Forwarded \"").with("/run/whisperspace.sock", &path.display().to_string());
    passes_and_counts(&Proxy::nginx(block).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_by_x_forwarded_for() {
    let server = TestServer::with(trusting).await;
    let block = Block::of("haproxy", "forwardfor").with(UPSTREAM, &upstream(server.addr));
    passes_and_counts(&Proxy::haproxy(block).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_by_the_proxy_protocol() {
    let server = TestServer::with(introduced).await;
    let block = Block::of("haproxy", "send-proxy-v2").with(UPSTREAM, &upstream(server.addr));
    passes_and_counts(&Proxy::haproxy(block).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_by_the_proxy_protocol_and_a_unix_socket() {
    let folder = Folder::new();
    let path = folder.path().join("chat.sock");
    let _server = TestServer::in_path(&path, introduced).await;
    let at = format!("unix@{}", path.display());
    let block = Block::of("haproxy", "send-proxy-v2").with(UPSTREAM, &at).with("send-proxy-v2", "send-proxy");
    passes_and_counts(&Proxy::haproxy(block).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caddy_as_it_is() {
    let server = TestServer::with(trusting).await;
    let block = Block::of("caddy", "reverse_proxy").with(UPSTREAM, &upstream(server.addr));
    passes_and_counts(&Proxy::caddy(block).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_lines_for_sockets_and_hosts_the_operator_is_told_once_of_each() {
    let folder = Folder::new();
    let server = folder.serve(&["--trust-proxy=127.0.0.1"]).await;
    let block = Block::of("nginx", "X-Forwarded-For").with(UPSTREAM, &upstream(server.addr));
    let block = block.without("proxy_set_header Upgrade").without("proxy_set_header Connection");
    let proxy = Proxy::nginx(block.without("proxy_set_header Host")).await;
    for _ in 0..3 {
        let refused = Wire::over(proxy.line(2).await, HOST, &[]).await.err().expect("nothing asks for an upgrade");
        assert!((400..500).contains(&refused.status().as_u16()), "{}", refused.status());
        ask(&proxy, 2, guest().origin(ORIGIN)).await.assert_status(403);
    }
    for words in ["proxy_set_header Upgrade", "proxy_set_header Host"] {
        let lines = poll(words, async || {
            let log = folder.stderr();
            let count = log.lines().filter(|line| line.contains(words)).count();
            (count > 0).then_some(count)
        });
        assert_eq!(lines.await, 1, "{}", folder.stderr());
    }
    assert!(server.terminate().await.success());
}
