//! The client's side of the cases: polls and sockets that answer nothing by themselves.

use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Target;
use crate::harness::{Answer, Ask, PATIENCE};

/// A session by polling.
pub(super) struct Session<'a> {
    pub(super) target: &'a Target,
    pub(super) sid: String,
}

/// One WebSocket.
pub(super) struct Socket(WebSocketStream<TcpStream>);

/// What a WebSocket brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    Text(String),
    Binary(Vec<u8>),
    End,
}

impl<'a> Session<'a> {
    pub(super) async fn open(target: &'a Target) -> Self {
        let opened = target.get("EIO=4&transport=polling").send(target.addr).await.assert_status(200);
        let handshake: Value = serde_json::from_str(&opened.text()[1..]).expect("a handshake");
        Self { target, sid: handshake["sid"].as_str().expect("a sid").to_owned() }
    }

    pub(super) fn query(&self, transport: &str) -> String {
        format!("EIO=4&transport={transport}&sid={}", self.sid)
    }

    pub(super) fn poll_ask(&self) -> Ask {
        self.target.get(&self.query("polling"))
    }

    pub(super) fn post_ask(&self, body: &[u8]) -> Ask {
        Ask::post(&self.target.url(&self.query("polling"))).body("text/plain;charset=UTF-8", body)
    }

    /// One poll: its body, which must be one.
    pub(super) async fn poll(&self) -> String {
        self.poll_ask().send(self.target.addr).await.assert_status(200).text()
    }

    pub(super) async fn post(&self, body: &str) -> Answer {
        self.post_ask(body.as_bytes()).send(self.target.addr).await
    }

    /// Asserts that what is posted is taken.
    pub(super) async fn posts(&self, body: &str) {
        assert_eq!(self.post(body).await.assert_status(200).text(), "ok", "{}", self.target.label());
    }

    /// Asserts that nobody knows the session any more.
    pub(super) async fn is_over(&self) {
        self.target.refuses(self.poll_ask(), "a session that is over").await;
    }

    pub(super) async fn upgrade(&self) -> Result<Socket, u16> {
        Socket::open(self.target, &self.query("websocket")).await
    }

    /// An upgrade that has got its answer.
    pub(super) async fn probed(&self) -> Socket {
        let mut socket = self.upgrade().await.expect("is let in");
        socket.send("2probe").await;
        socket.hears("3probe").await;
        socket
    }
}

impl Socket {
    pub(super) async fn open(target: &Target, query: &str) -> Result<Self, u16> {
        let stream = TcpStream::connect(target.addr).await.expect("the server listens");
        let url = format!("ws://{}{}", target.addr, target.url(query));
        let request = url.into_client_request().expect("is a URL");
        let upgrade = tokio_tungstenite::client_async(request, stream);
        match tokio::time::timeout(PATIENCE, upgrade).await.expect("is answered in time") {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(refused)) => Err(refused.status().as_u16()),
            Err(error) => panic!("the upgrade failed: {error}"),
        }
    }

    /// A session by WebSocket alone; its handshake was read.
    pub(super) async fn session(target: &Target) -> (Self, Value) {
        let mut socket = Self::open(target, "EIO=4&transport=websocket").await.expect("is let in");
        let opened = socket.text().await;
        assert!(opened.starts_with("0{"), "{}: {opened}", target.label());
        let handshake = serde_json::from_str(&opened[1..]).expect("a handshake");
        (socket, handshake)
    }

    pub(super) async fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.expect("the line is open");
    }

    /// Sends where the other side may end the line meanwhile.
    pub(super) async fn try_send(&mut self, packet: &str) {
        let _ = self.0.send(Message::text(packet)).await;
    }

    /// Several in one write.
    pub(super) async fn send_at_once(&mut self, packets: &[&str]) {
        for packet in packets {
            self.0.feed(Message::text(*packet)).await.expect("the line is open");
        }
        self.0.flush().await.expect("the line is open");
    }

    pub(super) async fn binary(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).await.expect("the line is open");
    }

    /// The next packet, also a ping.
    pub(super) async fn next(&mut self) -> Came {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something comes in time") {
                Some(Ok(Message::Text(text))) => return Came::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => return Came::Binary(bytes.to_vec()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Came::End,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            }
        }
    }

    pub(super) async fn text(&mut self) -> String {
        match self.next().await {
            Came::Text(text) => text,
            other => panic!("no text but {other:?}"),
        }
    }

    pub(super) async fn hears(&mut self, packet: &str) {
        assert_eq!(self.next().await, Came::Text(packet.to_owned()));
    }

    /// Asserts that the session is closed; answers what came before.
    pub(super) async fn ends(&mut self) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match self.next().await {
                Came::Text(text) => before.push(text),
                Came::Binary(bytes) => panic!("{} bytes before the end", bytes.len()),
                Came::End => return before,
            }
        }
    }

    pub(super) async fn close(mut self) {
        self.0.close(None).await.expect("the line is open");
    }
}
