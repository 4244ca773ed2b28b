//! Events as a stream of text: what is published is read by whom it is for, and by nobody else.

use std::net::SocketAddr;

use protocol::ErrorCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{PAGES, Two, claims, token};
use crate::harness::{Answer, Ask, PATIENCE, poll};

/// One reader of a stream.
pub(super) struct Reader {
    line: TcpStream,
    read: String,
}

impl Reader {
    async fn open(two: &Two, token: &str, query: &str) -> Self {
        Self::open_at(two.server.addr, token, query).await
    }

    pub(super) async fn open_at(addr: SocketAddr, token: &str, query: &str) -> Self {
        let mut line = TcpStream::connect(addr).await.expect("the server listens");
        let ask = format!(
            "GET /api/v1/apps/market/events{query} HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {token}\r\n\r\n",
        );
        line.write_all(ask.as_bytes()).await.expect("is sent");
        let mut reader = Self { line, read: String::new() };
        reader.until(": welcome").await;
        assert!(reader.read.contains("content-type: text/event-stream"), "{}", reader.read);
        reader
    }

    /// Reads until this was told.
    pub(super) async fn until(&mut self, words: &str) {
        let reading = async {
            while !self.read.contains(words) {
                let mut some = [0; 4_096];
                let count = self.line.read(&mut some).await.expect("the line holds");
                assert!(count > 0, "the stream ended: {}", self.read);
                self.read.push_str(&String::from_utf8_lossy(&some[..count]));
            }
        };
        let in_time = timeout(PATIENCE, reading).await;
        assert!(in_time.is_ok(), "{words} did not come: {}", self.read);
    }
}

fn in_chat(user: &str, chat: &str) -> Value {
    let mut claims = claims("market", user);
    claims["chats"] = json!([chat]);
    claims
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_is_read_by_those_who_may_hear_it() {
    let two = Two::start().await;
    let mut ada = Reader::open(&two, &token("market", in_chat("ada", "1")), "?channel=chat:1").await;
    let mut ben = Reader::open(&two, &token("market", in_chat("ben", "2")), "?channel=chat:2").await;
    let connections = |answer: Answer| answer.assert_status(200).json::<Value>()["connections"].as_u64();
    let tell = async |body: Value| connections(two.post("publish", &body).await);
    assert_eq!(tell(json!({"channel": "chat:1", "event": "message", "data": {"text": "to one"}})).await, Some(1));
    assert_eq!(tell(json!({"channel": "user:ada", "event": "note", "data": {"n": 1}})).await, Some(1));
    assert_eq!(tell(json!({"user": "ben", "event": "note", "data": {"n": 2}})).await, Some(1));
    assert_eq!(tell(json!({"user": "ben", "event": "note", "data": 3, "namespace": "/news"})).await, Some(0));
    assert_eq!(tell(json!({"channels": ["chat:1", "chat:2"], "event": "end", "data": null})).await, Some(2));
    ada.until("event: end\ndata: null\n\n").await;
    ben.until("event: end\ndata: null\n\n").await;
    assert!(ada.read.contains("event: message\ndata: {\"text\":\"to one\"}\n\n"), "{}", ada.read);
    assert!(ada.read.contains("event: note\ndata: {\"n\":1}\n\n") && !ada.read.contains("{\"n\":2}"), "{}", ada.read);
    assert!(ben.read.contains("event: note\ndata: {\"n\":2}\n\n") && !ben.read.contains("to one"), "{}", ben.read);

    assert_eq!(two.get("count?channel=chat:1").await.json::<Value>(), json!({"connections": 1, "users": 1}));
    let present: Value = two.get("presence?channel=chat:1").await.json();
    assert_eq!((&present["users"][0]["user"], &present["users"][0]["connections"]), (&json!("ada"), &json!(1)));
    let overview: Value = two.get("debug").await.json();
    assert_eq!(overview["totalConnections"], 2);
    let entered = two.post("subscribe", &json!({"user": "ben", "channel": "chat:1"})).await;
    assert_eq!(connections(entered), Some(2), "its backend may let anybody in");
    assert_eq!(tell(json!({"channel": "chat:1", "event": "message", "data": "to both"})).await, Some(2));
    ben.until("to both").await;
    let left = two.post("unsubscribe", &json!({"user": "ben", "channel": "chat:1"})).await;
    assert_eq!(connections(left), Some(1));
    assert_eq!(tell(json!({"channel": "chat:1", "event": "message", "data": "to one again"})).await, Some(1));

    assert_eq!(connections(two.post("disconnect", &json!({"user": "ada"})).await), Some(1));
    ada.until("event: bye\ndata: {\"code\":\"revoked\"}").await;
    drop(ben);
    poll("the end of both", async || {
        let channels: Value = two.get("channels").await.json();
        (channels == json!({"channels": []})).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_heard_that_is_not_for_the_user() {
    let two = Two::start().await;
    let ada = token("market", in_chat("ada", "1"));
    let open = async |query: &str, token: &str| {
        Ask::get(&format!("/api/v1/apps/market/events{query}")).bearer(token).send(two.server.addr).await.code()
    };
    for foreign in ["chat:2", "user:ben", "nothing", "chat:*", "chat:", "*", "%F0%9F%98%80"] {
        assert_eq!(open(&format!("?channel={foreign}"), &ada).await, ErrorCode::Forbidden, "{foreign}");
    }
    assert_eq!(open(&format!("?channel=chat:{}", "x".repeat(5_000)), &ada).await, ErrorCode::Forbidden);
    assert_eq!(open("?namespace=/nowhere", &ada).await, ErrorCode::Forbidden);
    assert_eq!(open("?colour=red", &ada).await, ErrorCode::BadFrame);
    for wrong in [token("other", in_chat("ada", "1")), two.market.key.clone(), "x".to_owned()] {
        assert_eq!(open("", &wrong).await, ErrorCode::Unauthorized);
    }
    let elsewhere = Ask::get("/api/v1/apps/other/events").bearer(&ada).send(two.server.addr).await;
    assert_eq!(elsewhere.code(), ErrorCode::Unauthorized);
    let overview: Value = two.get("debug").await.json();
    assert_eq!(overview["totalConnections"], 0, "whoever was refused has left nothing behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_token_and_with_its_application() {
    let two = Two::start().await;
    let mut short = in_chat("ada", "1");
    short["exp"] = json!(two.server.state.clock.wall() / 1_000 + 2);
    let mut ada = Reader::open(&two, &token("market", short), "").await;
    let mut ben = Reader::open(&two, &token("market", in_chat("ben", "1")), "?channel=chat:1").await;
    ada.until("event: bye\ndata: {\"code\":\"unauthorized\"}").await;
    std::fs::remove_file(two.folder.path().join("market.toml")).expect("is there");
    two.server.state.reload_applications();
    ben.until("event: bye\ndata: {\"code\":\"revoked\"}").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_does_not_read_is_not_waited_for() {
    let two = Two::start().await;
    let idle = Reader::open(&two, &token("market", in_chat("ada", "1")), "?channel=chat:1").await;
    let mut ben = Reader::open(&two, &token("market", in_chat("ben", "1")), "?channel=chat:1").await;
    let large = json!({"channel": "chat:1", "event": "large", "data": "x".repeat(60_000)});
    let batch = json!({"batch": vec![large; 15]});
    poll("the end of who does not read", async || {
        two.post("publish", &batch).await.assert_status(200);
        let end = json!({"channel": "chat:1", "event": "end", "data": null});
        two.post("publish", &end).await.assert_status(200);
        ben.until("event: end").await;
        ben.read.clear();
        let overview: Value = two.get("debug").await.json();
        (overview["totalConnections"] == 1).then_some(())
    })
    .await;
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_application_may_read_it_and_others_may_not() {
    let two = Two::start().await;
    let path = "/api/v1/apps/market/events";
    let beforehand = |origin: &str| {
        let ask = Ask::new("OPTIONS", path).origin(origin).header("access-control-request-method", "GET");
        ask.header("access-control-request-headers", "authorization")
    };
    let answer = beforehand(PAGES).send(two.server.addr).await.assert_status(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGES));
    assert!(answer.header("access-control-allow-headers").is_some_and(|names| names.contains("authorization")));
    let refused = Ask::get(path).origin(PAGES).bearer("x").send(two.server.addr).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, Some(PAGES)));
    let foreign = beforehand("https://other.example").send(two.server.addr).await;
    assert_eq!(foreign.header("access-control-allow-origin"), None);
}
