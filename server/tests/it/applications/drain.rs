//! A node that its operator drains: whoever is on it by whatever way is told, or their line ends in the way that has them come
//! back, and nobody is left.

use futures::StreamExt as _;
use protocol::admin::BeginDrain;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use super::native::Client;
use super::streams::Reader;
use super::{claims, token, write_application};
use crate::harness::{Ask, Guest, PATIENCE, TestServer, poll};
use crate::socketio::Raw;

const OPERATOR: &str = "0123456789abcdef0123456789abcdef";
const PLAIN: &str = "[[plain]]\npath = \"/ws/market\"\nchannels = [\"user:{user}\"]\n";

/// Every packet until the end of the line.
async fn rest(mut raw: Raw) -> Vec<String> {
    let mut packets = Vec::new();
    while let Some(packet) = raw.next().await {
        packets.push(packet);
    }
    packets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_of_being_here_ends_when_its_node_is_drained() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    write_application(folder.path(), "market", PLAIN);
    let operator = folder.path().join("operator");
    std::fs::write(&operator, OPERATOR).expect("can be written");
    let apps = folder.path().to_owned();
    let server = TestServer::with(move |config| {
        config.apps = Some(apps);
        config.admin_token_file = Some(operator);
    })
    .await;
    let of = |user: &str| token("market", claims("market", user));

    let guest = Guest::new(&server).await;
    let in_rooms = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    let in_channels = Raw::connect(server.addr, &json!({"token": of("ada")})).await;
    let (mut native, _) = Client::hello(&server, json!({"t": "hello", "token": of("ben")})).await;
    let mut plain = Client::open(&server, "/market").await;
    plain.send(json!({"token": of("cem")})).await;
    let mut stream = Reader::open_at(server.addr, &of("dan"), "").await;
    poll("all are here", async || (server.state.connections.total() >= 5).then_some(())).await;

    let now = BeginDrain { after_s: Some(0), over_s: Some(0) };
    Ask::post("/api/v1/admin/drain").bearer(OPERATOR).json(&now).send(server.addr).await.assert_status(200);
    stream.until("event: bye\ndata: {\"code\":\"shutting_down\"}").await;
    let mut told = Vec::new();
    while let Some(frame) = native.read().await {
        told.push(frame);
    }
    let bye = told.iter().find(|frame| frame["t"] == "bye").expect("is told");
    assert!(bye["code"] == "shutting_down" && bye["reconnect_in_ms"].is_number(), "{bye}");
    let ended = async { while let Some(Ok(_)) = plain.socket.next().await {} };
    timeout(PATIENCE, ended).await.expect("the plain line ends");
    for raw in [in_rooms, in_channels] {
        let last = rest(raw).await;
        assert!(!last.iter().any(|packet| packet == "41" || packet == "1"), "they come back by themselves: {last:?}");
    }
    poll("nobody is left", async || (server.state.connections.total() == 0).then_some(())).await;
}
