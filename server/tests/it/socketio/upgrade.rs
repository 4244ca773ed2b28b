//! From polling to WebSocket: whatever becomes of the upgrade, a session that polls goes on.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use super::polling::Polling;
use super::puppet::{Puppet, all, are_there};
use super::raw::Raw;
use crate::harness::{Ask, Guest, PATIENCE, TestServer, poll};

async fn upgrade(addr: SocketAddr, sid: &str) -> Result<Raw, u16> {
    let stream = TcpStream::connect(addr).await.expect("the server listens");
    Raw::over(stream, addr, &format!("EIO=4&sid={sid}"), &[]).await
}

/// Opens a line and asks on it; `None` where another has the session.
async fn probed(addr: SocketAddr, sid: &str) -> Option<Raw> {
    let mut line = upgrade(addr, sid).await.expect("is let in");
    // A line that is closed takes nothing.
    let _ = line.socket.send(Message::text("2probe")).await;
    (line.next().await? == "3probe").then_some(line)
}

async fn is_closed(line: Result<Raw, u16>) -> bool {
    line.expect("is let in").next().await.is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_dies_or_is_silent_costs_the_session_nothing() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let mut page = owner.enter(&room).await;
    let guest = Guest::new(&server).await;
    let mut polling = Polling::connect(server.addr, &json!({"token": guest.token()})).await;
    polling.post(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
    polling.expect("431").await;
    // Its line is cut; with a poll that waits, too.
    for said in [&[] as &[&str], &["2probe"], &["4hello"], &["2probe", "2probe"]] {
        let mut line = upgrade(server.addr, &polling.sid).await.expect("is let in");
        for packet in said {
            line.send(packet).await;
        }
        if said.first() == Some(&"2probe") {
            assert_eq!(line.next().await.as_deref(), Some("3probe"));
        }
        let waiting = polling.ask();
        let waiting = tokio::spawn(async move { waiting.send(server.addr).await });
        drop(line);
        page.say(&room.code, &format!("after {said:?}")).await;
        let polled = waiting.await.expect("no panic").assert_status(200);
        polling.took(&polled.text());
        polling.expect("42[\"new_message\"").await;
    }
    // A line that says nothing: news come by polls, which wait for them; and there is one upgrade at a time.
    let silent = upgrade(server.addr, &polling.sid).await.expect("is let in");
    assert!(is_closed(upgrade(server.addr, &polling.sid).await).await);
    page.say(&room.code, "beside it").await;
    polling.expect("42[\"new_message\"").await;
    let mut second = poll("the silent line is given up", async || probed(server.addr, &polling.sid).await).await;
    // Its client may go on polling all the same: news come, and nothing in measure.
    let began = Instant::now();
    while polling.poll().await != "6" {}
    assert_eq!(polling.poll().await, "6");
    assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
    page.say(&room.code, "later").await;
    assert!(polling.expect("42[\"new_message\"").await.contains("later"));
    // What is no upgrade ends it.
    second.send("4hello").await;
    assert_eq!(second.next().await, None);
    drop(second);
    drop(silent);
    go_over(&server, polling, &room.code).await;
}

/// An upgrade that goes well; the last request comes right behind it.
async fn go_over(server: &TestServer, polling: Polling, code: &str) {
    let mut line = poll("lines that were let go are missed", async || probed(server.addr, &polling.sid).await).await;
    let packets = ["5", &format!("427[\"send_message\",{{\"room\":\"{code}\",\"content\":\"over\"}}]")];
    for packet in packets {
        line.socket.feed(Message::text(packet)).await.expect("is open");
    }
    line.socket.flush().await.expect("is open");
    assert!(line.expect("437").await.contains("\"ok\":true"));
    assert!(is_closed(upgrade(server.addr, &polling.sid).await).await, "it is a WebSocket already");
    polling.ask().send(server.addr).await.assert_status(400);
    line.socket.close(None).await.expect("is open");
    while line.socket.next().await.is_some() {}
    assert!(matches!(upgrade(server.addr, &polling.sid).await, Err(400)), "it is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_of_no_session_is_refused_with_a_number() {
    let server = TestServer::spawn().await;
    for (sid, code) in [("AAAAAAAAAAAAAAAA", 1), ("short", 1)] {
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let told = Ask::get(&path).send(server.addr).await.assert_status(400);
        assert_eq!(told.json::<serde_json::Value>()["code"], json!(code));
        assert_eq!(upgrade(server.addr, sid).await.err(), Some(400));
    }
}

/// What a proxy makes of an upgrade.
#[derive(Debug, Clone, Copy)]
enum Proxy {
    Refuses,
    /// When the server has agreed.
    Cuts,
    Swallows,
}

/// Everything but upgrades goes through.
async fn relay(server: SocketAddr, proxy: Proxy) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let addr = listener.local_addr().expect("a bound port");
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(pass(near, server, proxy));
        }
    });
    addr
}

async fn pass(mut near: TcpStream, server: SocketAddr, proxy: Proxy) {
    let mut far = TcpStream::connect(server).await.expect("the server listens");
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if near.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    if !String::from_utf8_lossy(&head).contains("transport=websocket") {
        far.write_all(&head).await.expect("the server reads");
        let _ = copy_bidirectional(&mut near, &mut far).await;
        return;
    }
    if let Proxy::Refuses = proxy {
        let _ = near.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        return;
    }
    far.write_all(&head).await.expect("the server reads");
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        far.read_buf(&mut answer).await.expect("the server answers");
    }
    near.write_all(&answer).await.expect("the client reads");
    if let Proxy::Swallows = proxy {
        while near.read_buf(&mut answer).await.unwrap_or(0) > 0 {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_that_spoils_upgrades_the_official_clients_poll() {
    if !are_there() {
        return;
    }
    let server = TestServer::spawn().await;
    let mut all_of_them = Vec::new();
    for proxy in [Proxy::Refuses, Proxy::Cuts, Proxy::Swallows] {
        let addr = relay(server.addr, proxy).await;
        for (client, _) in all().into_iter().filter(|(_, way)| *way == "upgrade") {
            let guest = Guest::new(&server).await;
            let room = guest.room().await;
            all_of_them.push(async move {
                let auth = json!({"token": guest.token()});
                let mut puppet = Puppet::start(client, "upgrade", addr, &auth);
                puppet.hear("connect").await;
                assert_eq!(puppet.ask("join_room", json!(room.code)).await["ok"], true, "{client:?}, {proxy:?}");
                for _ in 0..10 {
                    let said = json!({"room": room.code, "content": "still here"});
                    assert_eq!(puppet.ask("send_message", said).await["ok"], true, "{client:?}, {proxy:?}");
                    puppet.hear("new_message").await;
                }
                assert!(!puppet.has_heard("disconnect"), "{client:?}, {proxy:?}");
                assert!(!puppet.has_heard("upgraded"), "{client:?}, {proxy:?}");
            });
        }
    }
    let all_of_them = futures::future::join_all(all_of_them);
    tokio::time::timeout(PATIENCE * 4, all_of_them).await.expect("in time");
}
