//! One Engine.IO session by polling, without a client library.

use std::collections::VecDeque;
use std::net::SocketAddr;

use serde_json::Value;

use crate::harness::Ask;

/// No test makes more.
const PACKETS_MAX: usize = 10_000;

/// Polls when something is expected, and only then.
pub(crate) struct Polling {
    addr: SocketAddr,
    pub(crate) sid: String,
    heard: VecDeque<String>,
}

impl Polling {
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        let opened = Ask::get("/socket.io/?EIO=4&transport=polling").send(addr).await.assert_status(200);
        let handshake: Value = serde_json::from_str(&opened.text()[1..]).expect("a handshake");
        Self { addr, sid: handshake["sid"].as_str().expect("a sid").to_owned(), heard: VecDeque::new() }
    }

    /// A socket that is connected to the namespace.
    pub(crate) async fn connect(addr: SocketAddr, auth: &Value) -> Self {
        let mut polling = Self::open(addr).await;
        polling.post(&format!("40{auth}")).await;
        polling.expect("40{\"sid\"").await;
        polling
    }

    /// Where its requests go.
    pub(crate) fn path(&self) -> String {
        format!("/socket.io/?EIO=4&transport=polling&sid={}", self.sid)
    }

    /// The next poll, not sent yet.
    pub(crate) fn ask(&self) -> Ask {
        Ask::get(&self.path())
    }

    pub(crate) async fn post(&self, packets: &str) {
        Ask::post(&self.path()).body("text/plain", packets.as_bytes()).send(self.addr).await.assert_status(200);
    }

    /// What one poll brings.
    pub(crate) async fn poll(&self) -> String {
        self.ask().send(self.addr).await.assert_status(200).text()
    }

    /// Notes what a poll has brought.
    pub(crate) fn took(&mut self, packets: &str) {
        self.heard.extend(packets.split('\u{1e}').map(str::to_owned));
    }

    /// The next packet that is no ping. Pings are answered.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            match self.heard.pop_front() {
                Some(packet) if packet == "2" => self.post("3").await,
                Some(packet) => return packet,
                None => {
                    let packets = self.poll().await;
                    self.took(&packets);
                }
            }
        }
    }

    /// The next packet that begins so; pings on the way are answered.
    pub(crate) async fn expect(&mut self, start: &str) -> String {
        let mut passed = Vec::new();
        loop {
            while let Some(packet) = self.heard.pop_front() {
                if packet.starts_with(start) {
                    return packet;
                }
                if packet == "2" {
                    self.post("3").await;
                }
                passed.push(packet);
            }
            assert!(passed.len() < PACKETS_MAX, "no {start} but {} others, the last {:?}", passed.len(), passed.last());
            let packets = self.poll().await;
            self.took(&packets);
        }
    }
}
