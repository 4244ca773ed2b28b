//! Applications over two nodes and a real Redis server: what is told on one is told on both, in one order, and who is where
//! is known on both.

use std::time::{Duration, Instant};

use realtime::broker::redis::RedisAddress;
use serde_json::{Value, json};
use server::apps::keys::NewKey;
use tempfile::TempDir;

use super::native::{Client, hello};
use super::{lets_in, write_application};
use crate::harness::{Answer, Ask, TestServer, poll};
use test_engine::{Engine, Relay, Way};

/// Two nodes that read one folder of applications.
struct Nodes {
    engine: Engine,
    a: TestServer,
    b: TestServer,
    market: NewKey,
    folder: TempDir,
}

impl Nodes {
    async fn start() -> Self {
        let engine = Engine::start().await;
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let market = NewKey::draw("market");
        write_application(folder.path(), "market", &lets_in(&market));
        let file = folder.path().join("market.toml");
        let text = std::fs::read_to_string(&file).expect("is there");
        std::fs::write(&file, format!("{text}{NEWS}")).expect("can be written");
        let apps = [(); 2].map(|()| Some(folder.path().to_owned()));
        let [of_a, of_b] = apps;
        let a = TestServer::node_with(&engine, None, |config| config.apps = of_a).await;
        let b = TestServer::node_with(&engine, Some(&a), |config| config.apps = of_b).await;
        let nodes = Self { engine, a, b, market, folder };
        for node in [&nodes.a, &nodes.b] {
            poll("the other node", async || (node.state.hub.broker().state().others == 1).then_some(())).await;
        }
        nodes
    }

    async fn post(&self, at: &TestServer, what: &str, body: &Value) -> Answer {
        Ask::post(&format!("/api/v1/apps/market/{what}")).bearer(&self.market.key).json(body).send(at.addr).await
    }

    async fn get(&self, at: &TestServer, what: &str) -> Value {
        Ask::get(&format!("/api/v1/apps/market/{what}")).bearer(&self.market.key).send(at.addr).await.json()
    }

    /// Until a node knows of so many connections in a channel.
    async fn counts(&self, at: &TestServer, channel: &str, connections: u64) {
        let path = format!("count?channel={channel}");
        poll("who is there", async || (self.get(at, &path).await["connections"] == connections).then_some(())).await;
    }
}

/// Who is there, and what is told of it.
const NEWS: &str = r#"
[[channels]]
pattern = "board:{board}"
subscribe = [{ anyone = true }]
[[presence]]
namespace = "/"
online = { relay = "board:1", event = "online", data = { id = "$user.id", name = "$user.name" } }
offline = { relay = "board:1", event = "offline", data = { id = "$user.id", name = "$user.name" } }
"#;

/// Somebody who reads who is there.
async fn reader(at: &TestServer, user: &str) -> Client {
    let (mut client, _) = Client::of_market(at, user, "1").await;
    client.subscribe("board:1").await;
    client
}

/// News of others than the readers, until an event ends it.
async fn news(reader: &mut Client) -> Vec<String> {
    let mut news = Vec::new();
    loop {
        let event = reader.next("event").await;
        let (name, data) = (event["event"].as_str().expect("has a name"), &event["data"]);
        if name == "end" {
            news.sort_unstable();
            return news;
        }
        assert_eq!(data["id"], data["name"], "what its token says");
        let id = data["id"].as_str().expect("has an id");
        if !id.starts_with("reader") {
            news.push(format!("{name} {id}"));
        }
    }
}

/// Somebody of the market, in a chat.
async fn somebody(at: &TestServer, user: &str) -> Client {
    let (mut client, _) = Client::of_market(at, user, "1").await;
    client.send(json!({"t": "subscribe", "cid": "s", "channel": "chat:1"})).await;
    client.next("subscribed").await;
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_backend_tells_one_node_is_told_on_both_in_one_order() {
    const EACH: usize = 20;
    let nodes = Nodes::start().await;
    let (mut ada, mut ben) = (somebody(&nodes.a, "ada").await, somebody(&nodes.b, "ben").await);
    nodes.counts(&nodes.a, "chat:1", 2).await;
    nodes.counts(&nodes.b, "chat:1", 2).await;
    let told = async |at: &TestServer, from: &str| {
        for number in 0..EACH {
            let body = json!({"channel": "chat:1", "event": "x", "data": format!("{from}{number}")});
            let answer: Value = nodes.post(at, "publish", &body).await.assert_status(200).json();
            assert_eq!(answer["connections"], 2, "on both nodes");
        }
    };
    tokio::join!(told(&nodes.a, "a"), told(&nodes.b, "b"));
    let mut heard = Vec::new();
    for client in [&mut ada, &mut ben] {
        let mut events = Vec::new();
        while events.len() < 2 * EACH {
            events.push(client.next("event").await["data"].as_str().expect("is a text").to_owned());
        }
        heard.push(events);
    }
    assert_eq!(heard[0], heard[1], "one order");
    // To a user, wherever they are; and what was told once is told once, whichever node is asked again.
    let body = json!({"user": "ben", "event": "y", "data": 1, "id": "once"});
    let first: Value = nodes.post(&nodes.a, "publish", &body).await.json();
    assert_eq!(first["connections"], 1);
    assert_eq!(ben.next("event").await["event"], "y");
    let again: Value = nodes.post(&nodes.b, "publish", &body).await.json();
    assert_eq!(again["repeated"], true);
    assert_eq!(nodes.engine.keys(), Vec::<String>::new(), "nothing is kept at the engine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_where_and_what_is_done_to_a_user_holds_on_both_nodes() {
    let nodes = Nodes::start().await;
    let (_ada, mut ben) = (somebody(&nodes.a, "ada").await, somebody(&nodes.b, "ben").await);
    nodes.counts(&nodes.a, "chat:1", 2).await;
    let present = nodes.get(&nodes.a, "presence?channel=chat:1").await;
    let users: Vec<_> = present["users"].as_array().expect("a list").iter().map(|one| &one["user"]).collect();
    assert_eq!(users, ["ada", "ben"]);
    let debug = nodes.get(&nodes.a, "debug").await;
    assert_eq!((&debug["totalConnections"], &debug["totalRooms"]), (&json!(2), &json!(3)));
    let body = json!({"user": "ben", "channel": "chat:2"});
    nodes.post(&nodes.a, "subscribe", &body).await.assert_status(200);
    assert_eq!(ben.next("subscribed").await["channel"], "chat:2");
    nodes.counts(&nodes.a, "chat:2", 1).await;
    let left: Value = nodes.post(&nodes.a, "unsubscribe", &body).await.json();
    assert_eq!(left["connections"], 1);
    assert_eq!(ben.next("unsubscribed").await["channel"], "chat:2");
    let ended: Value = nodes.post(&nodes.a, "disconnect", &json!({"user": "ben"})).await.json();
    assert_eq!(ended["connections"], 1);
    assert_eq!(ben.next("bye").await["code"], "revoked");
    nodes.counts(&nodes.a, "chat:1", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applications_go_on_within_each_node_while_the_engine_is_away_and_holes_are_told() {
    let mut nodes = Nodes::start().await;
    let (mut ada, mut ben) = (somebody(&nodes.a, "ada").await, somebody(&nodes.b, "ben").await);
    nodes.counts(&nodes.a, "chat:1", 2).await;
    nodes.engine.kill();
    // Who is on the other node is not reached, and not counted.
    nodes.counts(&nodes.a, "chat:1", 1).await;
    nodes.counts(&nodes.b, "chat:1", 1).await;
    let body = |text: &str| json!({"channel": "chat:1", "event": "x", "data": text});
    nodes.post(&nodes.a, "publish", &body("alone")).await.assert_status(200);
    assert_eq!(ada.next("event").await["data"], "alone");
    nodes.engine.start_again().await;
    nodes.counts(&nodes.a, "chat:1", 2).await;
    nodes.counts(&nodes.b, "chat:1", 2).await;
    nodes.post(&nodes.a, "publish", &body("together")).await.assert_status(200);
    assert_eq!(ada.next("event").await["data"], "together");
    assert_eq!(ben.next("gap").await["missed"], Value::Null, "nothing is told late");
    loop {
        let frame = ben.read().await.expect("the line lasts");
        if frame["t"] == "event" {
            assert_eq!(frame["data"], "together");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_on_a_node_that_died_is_told_gone_once() {
    let nodes = Nodes::start().await;
    let relay = Relay::start(nodes.engine.at()).await;
    let apps = Some(nodes.folder.path().to_owned());
    let address = RedisAddress::parse(&relay.url()).expect("is an address");
    let dies = TestServer::node_at(address, Some(&nodes.a), |config| config.apps = apps).await;
    let others = async |count: usize| {
        for node in [&nodes.a, &nodes.b] {
            poll("the other nodes", async || (node.state.hub.broker().state().others == count).then_some(())).await;
        }
    };
    others(2).await;
    let mut readers = [reader(&nodes.a, "reader-a").await, reader(&nodes.b, "reader-b").await];
    let (_cleo, _) = Client::hello_at(dies.addr, hello("cleo", "1")).await;
    let (_ada, _) = Client::hello_at(dies.addr, hello("ada", "1")).await;
    nodes.counts(&nodes.a, "user:ada", 1).await;
    let (_ada_too, _) = Client::hello_at(nodes.b.addr, hello("ada", "1")).await;
    nodes.counts(&nodes.a, "user:ada", 2).await;
    nodes.counts(&nodes.a, "user:cleo", 1).await;
    // To the others it is as if it were dead: nothing is closed, and nothing is said.
    relay.set(Way::Cut, Way::Cut);
    let silent = Instant::now();
    poll("most of the time that a node may be silent", async || {
        (silent.elapsed() > Duration::from_secs(8)).then_some(())
    })
    .await;
    nodes.counts(&nodes.a, "user:cleo", 0).await;
    nodes.counts(&nodes.b, "user:cleo", 0).await;
    let end = json!({"channel": "board:1", "event": "end", "data": null});
    nodes.post(&nodes.a, "publish", &end).await.assert_status(200);
    nodes.post(&nodes.b, "publish", &end).await.assert_status(200);
    for reader in &mut readers {
        let mut heard = news(reader).await;
        heard.append(&mut news(reader).await);
        heard.sort_unstable();
        assert_eq!(heard, ["offline cleo", "online ada", "online cleo"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_to_two_nodes_at_one_moment_and_goes_so_is_told_of_once() {
    let nodes = Nodes::start().await;
    let mut readers = [reader(&nodes.a, "reader-a").await, reader(&nodes.b, "reader-b").await];
    let end = json!({"channel": "board:1", "event": "end", "data": null});
    for number in 0..10 {
        let user = format!("u{number}");
        let come = async |at: &TestServer| Client::hello_at(at.addr, hello(&user, "1")).await.0;
        let (here, there) = tokio::join!(come(&nodes.a), come(&nodes.b));
        let own = format!("user:{user}");
        nodes.counts(&nodes.a, &own, 2).await;
        nodes.counts(&nodes.b, &own, 2).await;
        drop((here, there));
        nodes.counts(&nodes.a, &own, 0).await;
        nodes.counts(&nodes.b, &own, 0).await;
        for node in [&nodes.a, &nodes.b] {
            nodes.post(node, "publish", &end).await.assert_status(200);
        }
        for reader in &mut readers {
            let mut heard = news(reader).await;
            heard.append(&mut news(reader).await);
            heard.sort_unstable();
            assert_eq!(heard, [format!("offline {user}"), format!("online {user}")]);
        }
    }
}
