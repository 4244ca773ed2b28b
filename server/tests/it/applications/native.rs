//! Channels by the native protocol: who is let in, what is told in which order, and what becomes of a session whose line
//! is lost.

use std::net::SocketAddr;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::{claims, lets_in, token, write_application};
use crate::harness::{Answer, Ask, PATIENCE, TestServer, poll};
use server::apps::keys::NewKey;

/// One client, without manners.
pub(super) struct Client {
    pub(super) socket: WebSocketStream<TcpStream>,
    /// Counted frames since the last `welcome`.
    pub(super) have: u64,
}

/// Frames that do not count.
const UNCOUNTED: [&str; 4] = ["welcome", "bye", "ping", "pong"];

impl Client {
    pub(super) async fn open(server: &TestServer, query: &str) -> Self {
        Self::open_at(server.addr, query).await
    }

    async fn open_at(addr: SocketAddr, query: &str) -> Self {
        let request = format!("ws://{addr}/ws{query}").into_client_request().expect("is a URL");
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        let opening = tokio_tungstenite::client_async(request, stream);
        let (socket, _) = timeout(PATIENCE, opening).await.expect("in time").expect("is upgraded");
        Self { socket, have: 0 }
    }

    /// Says hello and reads the answer.
    pub(super) async fn hello(server: &TestServer, hello: Value) -> (Self, Value) {
        Self::hello_at(server.addr, hello).await
    }

    pub(super) async fn hello_at(addr: SocketAddr, hello: Value) -> (Self, Value) {
        let mut client = Self::open_at(addr, "").await;
        client.send(hello).await;
        let welcome = client.next("welcome").await;
        (client, welcome)
    }

    /// Somebody of the market, who hears their own channel by then.
    pub(super) async fn of_market(server: &TestServer, user: &str, chat: &str) -> (Self, Value) {
        let (mut client, welcome) = Self::hello(server, hello(user, chat)).await;
        let own = client.next("subscribed").await;
        assert_eq!((&own["channel"], &own["cid"]), (&json!(format!("user:{user}")), &Value::Null));
        (client, welcome)
    }

    pub(super) async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the line is open");
    }

    /// The next frame but pings; `None` at the end of the line.
    pub(super) async fn read(&mut self) -> Option<Value> {
        loop {
            let heard = timeout(PATIENCE, self.socket.next()).await.expect("something comes in time");
            let text = match heard {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => continue,
            };
            let frame: Value = serde_json::from_str(&text).expect("is JSON");
            let kind = frame["t"].as_str().expect("has a kind").to_owned();
            if !UNCOUNTED.contains(&kind.as_str()) {
                self.have += 1;
            }
            if kind != "ping" {
                return Some(frame);
            }
        }
    }

    /// The next frame, which is of this kind.
    pub(super) async fn next(&mut self, kind: &str) -> Value {
        let frame = self.read().await.expect("the line lasts");
        assert_eq!(frame["t"], kind, "{frame}");
        frame
    }

    /// Asks, and reads the answer, which is the next frame.
    pub(super) async fn ask(&mut self, request: Value, kind: &str) -> Value {
        let cid = request["cid"].clone();
        self.send(request).await;
        let answer = self.next(kind).await;
        assert_eq!(answer["cid"], cid, "{answer}");
        answer
    }

    pub(super) async fn subscribe(&mut self, channel: &str) -> Value {
        self.ask(json!({"t": "subscribe", "cid": "s", "channel": channel}), "subscribed").await
    }

    /// How the claim to its session reads, when its line is lost.
    fn lost(self, welcome: &Value) -> Value {
        json!({"session": welcome["session"], "secret": welcome["secret"], "have": self.have})
    }
}

pub(super) fn hello(user: &str, chat: &str) -> Value {
    let mut claims = claims("market", user);
    claims["chats"] = json!([chat]);
    json!({"t": "hello", "token": token("market", claims)})
}

fn coming_back(user: &str, claim: Value) -> Value {
    let mut hello = hello(user, "1");
    hello["resume"] = claim;
    hello
}

const MORE: &str = r#"
[[namespaces]]
name = "/staff"
connect = [{ role = "staff" }]
[[events]]
name = "greet"
steps = [{ reply = "greeting", data = { to = "$user.name" } }, { acknowledge = { ok = true } }]
[[events]]
name = "move"
schema = { type = "object", required = ["x"], properties = { x = { type = "integer" } } }
steps = [{ relay = "chat:1", event = "moved", volatile_ms = 300, data = { x = "{x}", by = "$user.id" } }]
[[channels]]
pattern = "board:{board}"
subscribe = [{ anyone = true }]
publish = [{ subscribers = true }]
published = ["cursor"]
[[presence]]
namespace = "/"
online = { relay = "board:1", event = "online", data = { userId = "$user.id" } }
offline = { relay = "board:1", event = "offline", data = { userId = "$user.id" } }
"#;

pub(super) struct Market {
    pub(super) server: TestServer,
    key: NewKey,
    folder: TempDir,
}

impl Market {
    pub(super) async fn start() -> Self {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let key = NewKey::draw("market");
        write_application(folder.path(), "market", &lets_in(&key));
        let file = folder.path().join("market.toml");
        let text = std::fs::read_to_string(&file).expect("is there");
        std::fs::write(&file, format!("{text}{MORE}")).expect("can be written");
        write_application(folder.path(), "other", "");
        let apps = folder.path().to_owned();
        let server = TestServer::with(move |config| config.apps = Some(apps)).await;
        Self { server, key, folder }
    }

    pub(super) async fn post(&self, what: &str, body: Value) -> Answer {
        let ask = Ask::post(&format!("/api/v1/apps/market/{what}")).bearer(&self.key.key).json(&body);
        ask.send(self.server.addr).await
    }

    pub(super) async fn tell(&self, channel: &str, data: Value) -> u64 {
        let told = json!({"channel": channel, "event": "told", "data": data});
        let answer: Value = self.post("publish", told).await.assert_status(200).json();
        answer["connections"].as_u64().expect("is a number")
    }

    pub(super) async fn count(&self, channel: &str) -> Value {
        let ask = Ask::get(&format!("/api/v1/apps/market/count?channel={channel}")).bearer(&self.key.key);
        ask.send(self.server.addr).await.json()
    }

    pub(super) async fn nobody_in(&self, channel: &str) {
        poll("nobody is there", async || (self.count(channel).await["connections"] == 0).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_heard_in_its_order_and_until_it_is_left() {
    let market = Market::start().await;
    let (mut ada, welcome) = Client::of_market(&market.server, "ada", "1").await;
    assert_eq!(
        (&welcome["app"], &welcome["user"], &welcome["resumed"]),
        (&json!("market"), &json!("ada"), &json!(false))
    );
    assert_eq!((&welcome["namespaces"], &welcome["channels"]), (&json!(["/"]), &json!([])));
    let entered = ada.subscribe("chat:1").await;
    assert_eq!(
        (&entered["position"]["seq"], &entered["count"], &entered["users"]),
        (&json!(0), &json!(1), &json!(["ada"]))
    );
    for number in 1..=3 {
        assert_eq!(market.tell("chat:1", json!({"n": number})).await, 1);
    }
    market.post("publish", json!({"user": "ada", "event": "note", "data": 1})).await.assert_status(200);
    for number in 1..=3 {
        let event = ada.next("event").await;
        let wanted = json!({"t": "event", "channel": "chat:1", "seq": number, "event": "told", "data": {"n": number}});
        assert_eq!(event, wanted);
    }
    assert_eq!(ada.next("event").await, json!({"t": "event", "event": "note", "data": 1}));
    ada.ask(json!({"t": "unsubscribe", "cid": "u", "channel": "chat:1"}), "unsubscribed").await;
    assert_eq!(market.tell("chat:1", json!(4)).await, 0);
    market.post("subscribe", json!({"user": "ada", "channel": "chat:2"})).await.assert_status(200);
    assert_eq!(ada.next("subscribed").await["channel"], "chat:2", "its backend may let anybody in");
    market.post("unsubscribe", json!({"user": "ada", "channel": "chat:2"})).await.assert_status(200);
    assert_eq!(ada.next("unsubscribed").await, json!({"t": "unsubscribed", "channel": "chat:2"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_is_named_in_three_ways_and_its_tokens_are_its_own() {
    let market = Market::start().await;
    let token = &hello("ada", "1")["token"];
    for (query, hello) in [
        ("", json!({"t": "hello", "app": "market", "token": token})),
        ("?app=market", json!({"t": "hello", "token": token})),
        ("", json!({"t": "hello", "token": token})),
        ("", json!({"t": "hello", "app": "market", "token": token, "namespaces": ["/news", "/"]})),
    ] {
        let mut ada = Client::open(&market.server, query).await;
        ada.send(hello).await;
        assert_eq!(ada.next("welcome").await["app"], "market");
    }
    for (query, hello, code) in [
        ("?app=other", json!({"t": "hello", "token": token}), "unauthorized"),
        ("?app=nobody", json!({"t": "hello", "token": token}), "unauthorized"),
        ("", json!({"t": "hello", "app": "other", "token": token}), "unauthorized"),
        ("", json!({"t": "hello", "app": "market"}), "unauthorized"),
        (
            "",
            json!({"t": "hello", "app": "market", "token": format!("{}x", token.as_str().unwrap_or_default())}),
            "unauthorized",
        ),
        ("", json!({"t": "hello", "app": "market", "token": token, "namespaces": ["/nowhere"]}), "forbidden"),
    ] {
        let mut refused = Client::open(&market.server, query).await;
        refused.send(hello.clone()).await;
        assert_eq!(refused.next("error").await["code"], code, "{hello}");
        assert_eq!(refused.next("bye").await["code"], code);
        assert_eq!(refused.read().await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_allowed_is_refused_by_name_and_the_line_lasts() {
    let market = Market::start().await;
    let (mut ada, _) = Client::of_market(&market.server, "ada", "1").await;
    let long = "x".repeat(5_000);
    for channel in ["chat:2", "user:ben", "nothing", "chat:*", "", "chat:1:2", &long] {
        let asked = json!({"t": "subscribe", "cid": "s", "channel": channel});
        assert_eq!(ada.ask(asked, "error").await["code"], "UNAUTHORIZED");
    }
    let publish = |event: &str, channel: &str| json!({"t": "publish", "cid": "p", "channel": channel, "event": event, "data": {"user": "ben"}});
    for (event, channel) in [("cursor", "board:1"), ("cursor", "chat:1"), ("told", "user:ada")] {
        assert_eq!(ada.ask(publish(event, channel), "error").await["code"], "UNAUTHORIZED", "not subscribed");
    }
    ada.subscribe("board:1").await;
    assert_eq!(ada.ask(publish("told", "board:1"), "error").await["code"], "UNAUTHORIZED", "not published by clients");
    ada.ask(publish("cursor", "board:1"), "done").await;
    let unknown = json!({"t": "event", "cid": "e", "event": "nothing", "data": {}});
    assert_eq!(ada.ask(unknown, "error").await["code"], "INVALID_INPUT");
    let misfit = json!({"t": "event", "cid": "e", "event": "move", "data": {"x": "1"}});
    assert_eq!(ada.ask(misfit, "error").await["code"], "INVALID_INPUT");
    for bad in [json!({"t": "join", "cid": "b", "code": "KW7P3MXQ"}), json!({"t": "subscribe", "cid": "b"}), json!([1])]
    {
        ada.send(bad).await;
        assert_eq!(ada.next("error").await["code"], "bad_frame");
    }
    ada.send(json!({"t": "pong", "have": 1_000})).await;
    assert_eq!(ada.next("error").await["code"], "bad_frame", "so much was never sent");
    ada.send(json!({"t": "ping"})).await;
    ada.next("pong").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_clients_say_comes_with_who_said_it() {
    let market = Market::start().await;
    let (mut ada, _) = Client::of_market(&market.server, "ada", "1").await;
    let (mut ben, _) = Client::of_market(&market.server, "ben", "1").await;
    for client in [&mut ada, &mut ben] {
        client.subscribe("board:1").await;
        client.subscribe("chat:1").await;
    }
    let said =
        json!({"t": "publish", "cid": "p", "channel": "board:1", "event": "cursor", "data": {"user": "ben", "x": 1}});
    ada.ask(said, "done").await;
    let heard = ben.next("event").await;
    assert_eq!(heard["data"], json!({"user": "ada", "name": "ada", "data": {"user": "ben", "x": 1}}));
    let greeted = json!({"t": "event", "cid": "e", "event": "greet"});
    ada.send(greeted).await;
    assert_eq!(ada.next("event").await, json!({"t": "event", "event": "greeting", "data": {"to": "ada"}}));
    assert_eq!(ada.next("done").await, json!({"t": "done", "cid": "e", "data": {"ok": true}}));
    ada.ask(json!({"t": "event", "cid": "m", "event": "move", "data": {"x": 7}}), "done").await;
    let moved = ben.next("event").await;
    assert_eq!(moved, json!({"t": "event", "channel": "chat:1", "event": "moved", "data": {"by": "ada", "x": 7}}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_has_missed_nothing_and_reads_nothing_twice() {
    let market = Market::start().await;
    let (mut ada, welcome) = Client::of_market(&market.server, "ada", "1").await;
    let (mut ben, _) = Client::of_market(&market.server, "ben", "1").await;
    ben.subscribe("board:1").await;
    ada.subscribe("chat:1").await;
    market.tell("chat:1", json!(1)).await;
    ada.next("event").await;
    let claim = ada.lost(&welcome);
    let offline = ben.next("event").await;
    assert_eq!((&offline["event"], &offline["data"]), (&json!("offline"), &json!({"userId": "ada"})));
    market.nobody_in("chat:1").await;
    for number in 2..=4 {
        market.tell("chat:1", json!(number)).await;
    }
    let (mut ada, welcome) = Client::hello(&market.server, coming_back("ada", claim)).await;
    assert_eq!((&welcome["resumed"], &welcome["channels"]), (&json!(true), &json!(["chat:1", "user:ada"])));
    for number in 2..=4 {
        let event = ada.next("event").await;
        assert_eq!((&event["seq"], &event["data"]), (&json!(number), &json!(number)));
    }
    let online = ben.next("event").await;
    assert_eq!(online["event"], "online");
    market.tell("chat:1", json!(5)).await;
    assert_eq!(ada.next("event").await["seq"], 5);
    assert_eq!(market.count("chat:1").await, json!({"connections": 1, "users": 1}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_kept_is_told_as_a_gap() {
    let market = Market::start().await;
    let (mut ada, welcome) = Client::of_market(&market.server, "ada", "1").await;
    ada.subscribe("chat:1").await;
    let claim = ada.lost(&welcome);
    market.nobody_in("chat:1").await;
    let large = "x".repeat(60_000);
    for _ in 0..6 {
        market.tell("chat:1", json!(large)).await;
    }
    let (mut ada, welcome) = Client::hello(&market.server, coming_back("ada", claim)).await;
    assert_eq!(welcome["resumed"], true);
    let gap = ada.next("gap").await;
    let missed = gap["missed"].as_u64().expect("is known");
    assert_eq!(gap["channel"], "chat:1");
    assert!(missed > 0, "256 KiB do not hold six of them");
    for seq in missed + 1..=6 {
        assert_eq!(ada.next("event").await["seq"], seq);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_a_channel_tells_what_was_missed() {
    let market = Market::start().await;
    let (mut ada, _) = Client::of_market(&market.server, "ada", "1").await;
    let (mut ben, _) = Client::of_market(&market.server, "ben", "1").await;
    ben.subscribe("chat:1").await;
    let mut since = ada.subscribe("chat:1").await["position"].clone();
    let ask = |since: &Value| json!({"t": "subscribe", "cid": "s", "channel": "chat:1", "since": since});
    let leave = json!({"t": "unsubscribe", "cid": "u", "channel": "chat:1"});
    ada.ask(leave.clone(), "unsubscribed").await;
    ada.ask(ask(&since), "subscribed").await;
    ada.ask(leave, "unsubscribed").await;
    for number in 0..2 {
        market.tell("chat:1", json!(number)).await;
    }
    assert_eq!(ada.ask(ask(&since), "subscribed").await["position"]["seq"], 2, "there was nothing to miss before");
    assert_eq!(ada.next("gap").await, json!({"t": "gap", "channel": "chat:1", "missed": 2}));
    since["epoch"] = json!(since["epoch"].as_u64().map(|epoch| (epoch + 1) % 1_000));
    ada.ask(ask(&since), "subscribed").await;
    assert_eq!(ada.next("gap").await, json!({"t": "gap", "channel": "chat:1"}), "of another time: possibly some");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_comes_back_to_what_is_not_theirs_or_is_over() {
    let market = Market::start().await;
    let back = async |hello: Value| Client::hello(&market.server, hello).await.1["resumed"].clone();
    let (ada, welcome) = Client::of_market(&market.server, "ada", "1").await;
    let claim = ada.lost(&welcome);
    let mut wrong = claim.clone();
    wrong["secret"] = json!("A".repeat(22));
    assert_eq!(back(coming_back("ada", wrong)).await, false, "another secret");
    assert_eq!(back(coming_back("ben", claim.clone())).await, false, "another user");
    let mut other_rights = hello("ada", "2");
    other_rights["resume"] = claim.clone();
    assert_eq!(back(other_rights).await, false, "another token of the same user says something else");
    market.nobody_in("user:ada").await;
    market.server.state.clock.advance(31_000);
    poll("the end of the grace period", async || {
        let answer = Ask::get("/api/v1/apps/market/debug").bearer(&market.key.key).send(market.server.addr).await;
        (answer.json::<Value>()["totalConnections"] == 0).then_some(())
    })
    .await;
    assert_eq!(back(coming_back("ada", claim)).await, false, "too late");

    let (mut ben, welcome) = Client::of_market(&market.server, "ben", "1").await;
    market.post("disconnect", json!({"user": "ben"})).await.assert_status(200);
    assert_eq!(ben.next("bye").await["code"], "revoked");
    let claim = ben.lost(&welcome);
    market.nobody_in("user:ben").await;
    assert_eq!(back(coming_back("ben", claim)).await, false, "the application has sent them out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_lasts_as_long_as_its_last_token() {
    let market = Market::start().await;
    let now = market.server.state.clock.wall() / 1_000;
    let until = |seconds: u64| {
        let mut claims = claims("market", "ada");
        claims["exp"] = json!(now + seconds);
        token("market", claims)
    };
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (mut client, _) = Client::hello(&market.server, json!({"t": "hello", "token": until(3)})).await;
        client.next("subscribed").await;
        clients.push(client);
    }
    let (mut short, mut long) = (clients.remove(0), clients.remove(0));
    let of_ben = hello("ben", "1")["token"].clone();
    let refused = long.ask(json!({"t": "token", "cid": "t", "token": of_ben}), "error").await;
    assert_eq!(refused["code"], "UNAUTHORIZED");
    long.ask(json!({"t": "token", "cid": "t", "token": until(600)}), "done").await;
    assert_eq!(short.next("bye").await["code"], "unauthorized");
    long.send(json!({"t": "ping"})).await;
    long.next("pong").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_the_file_does_not_have_any_more_is_heard_by_nobody() {
    let market = Market::start().await;
    let (mut ada, _) = Client::of_market(&market.server, "ada", "1").await;
    ada.subscribe("chat:1").await;
    ada.subscribe("board:1").await;
    let file = market.folder.path().join("market.toml");
    let text = std::fs::read_to_string(&file).expect("is there");
    std::fs::write(&file, text.replace("board:{board}", "table:{board}").replace("board:1", "table:1"))
        .expect("is written");
    market.server.state.reload_applications();
    assert_eq!(ada.next("unsubscribed").await, json!({"t": "unsubscribed", "channel": "board:1"}));
    let told = json!({"channel": "board:1", "event": "told", "data": 1});
    market.post("publish", told).await.assert_status(400);
    assert_eq!(market.tell("chat:1", json!(2)).await, 1, "who was connected stays");
    assert_eq!(ada.next("event").await["data"], 2);
    std::fs::remove_file(&file).expect("is there");
    market.server.state.reload_applications();
    assert_eq!(ada.next("bye").await["code"], "revoked");
}
