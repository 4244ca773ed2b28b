//! What an operator reads of a server: the numbers are those of what people did, name nobody, and are the ones that the
//! documents speak of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

use prometheus_parse::{Scrape, Value};
use protocol::api::CreateRoom;
use protocol::{Activity, ClientFrame, ErrorCode, ServerFrame};
use serde_json::json;
use server::config::Config;
use server::transports::Carries;

use crate::canary::random_word;
use crate::harness::engine::Engine;
use crate::harness::{Ask, Guest, TestClient, TestServer, eventually, poll};
use crate::socketio::Polling;

/// A metric, its labels, its number.
type Expected = (&'static str, &'static [(&'static str, &'static str)], f64);

/// The numbers of one moment, read by a parser that is not of this project.
struct Numbers {
    text: String,
    scrape: Scrape,
}

impl Numbers {
    async fn of(server: &TestServer) -> Self {
        let answer = Ask::get("/metrics").send(at(server)).await.assert_status(200);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let text = answer.text();
        assert!(!text.contains("e+308"), "what is above all bounds is in the bucket +Inf alone");
        let lines = text.lines().map(|line| Ok(line.to_owned()));
        let scrape = Scrape::parse(lines).expect("is what Prometheus reads");
        Self { text, scrape }
    }

    /// The number of a metric, with these labels and no others; 0 where there is none.
    fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let wanted: BTreeMap<_, _> = labels.iter().copied().collect();
        let has = |sample: &&prometheus_parse::Sample| {
            let labels: BTreeMap<_, _> =
                sample.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            sample.metric == name && labels == wanted
        };
        match self.scrape.samples.iter().find(has).map(|sample| &sample.value) {
            Some(Value::Counter(number) | Value::Gauge(number) | Value::Untyped(number)) => *number,
            Some(other) => panic!("{name} is no number: {other:?}"),
            None => 0.0,
        }
    }

    #[track_caller]
    fn assert(&self, expected: &[Expected]) {
        for (name, labels, number) in expected {
            let told = self.get(name, labels);
            assert!((told - number).abs() < f64::EPSILON, "{name} {labels:?} is {told}, not {number}\n{}", self.text);
        }
    }

    /// What the text declares, as it is queried.
    fn names(&self) -> BTreeSet<String> {
        let types = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        types.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    }
}

fn at(server: &TestServer) -> SocketAddr {
    server.state.metrics_at.expect("it serves its numbers")
}

async fn watched() -> TestServer {
    TestServer::with(watch).await
}

fn watch(config: &mut Config) {
    config.metrics = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.limits.refusals_burst = 3;
    config.memory_max = Some(1 << 40);
}

/// Asks for nothing that can be read, until the server has had enough.
async fn flood(guest: &Guest) {
    let mut client = guest.connect().await;
    for _ in 0..4 {
        client.wire.text("{}").await;
    }
    client.wire.expect_end(ErrorCode::Flooding).await;
}

/// What the test below leads to, and nothing else.
const EXPECTED: &[Expected] = &[
    ("whisperspace_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0),
    ("whisperspace_connections", &[("transport", "websocket")], 3.0),
    ("whisperspace_connections", &[("transport", "socketio_polling")], 1.0),
    ("whisperspace_connections", &[("transport", "event_stream")], 0.0),
    ("whisperspace_sessions", &[("state", "connected")], 4.0),
    // That of the flood.
    ("whisperspace_sessions", &[("state", "away")], 1.0),
    ("whisperspace_rooms", &[], 1.0),
    // Four times to three of them, and once between two.
    ("whisperspace_messages_total", &[], 5.0),
    ("whisperspace_deliveries_total", &[], 14.0),
    ("whisperspace_resumes_total", &[], 1.0),
    ("whisperspace_gaps_total", &[], 0.0),
    ("whisperspace_refusals_total", &[("code", "invalid_code")], 1.0),
    ("whisperspace_refusals_total", &[("code", "unauthorized")], 1.0),
    ("whisperspace_refusals_total", &[("code", "bad_frame")], 3.0),
    ("whisperspace_connections_closed_total", &[("code", "flooding")], 1.0),
    ("whisperspace_evictions_total", &[("reason", "flooding")], 1.0),
    ("whisperspace_evictions_total", &[("reason", "slow_reader")], 0.0),
    ("whisperspace_join_seconds_count", &[], 3.0),
    ("whisperspace_store_up", &[], 1.0),
    ("whisperspace_store_operation_seconds_count", &[("operation", "create_room")], 1.0),
    ("whisperspace_store_failures_total", &[("kind", "unavailable")], 0.0),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_are_those_of_what_people_did_and_name_nobody() {
    let server = watched().await;
    let (name, said, whispered, pin) = (random_word(), random_word(), random_word(), "80411937");
    let mut guests = Vec::new();
    for _ in 0..3 {
        guests.push(Guest::named(&server, &name).await);
    }
    let wanted = CreateRoom { name: Some(name.clone()), pin: Some(pin.to_owned()), ..CreateRoom::default() };
    let room = guests[0].room_with(wanted).await;
    let mut inside = Vec::new();
    for guest in &guests {
        guest.join(&room.code, Some(pin)).await.assert_status(200);
        let mut client = guest.connect().await;
        let joined = client.join(&room.code).await;
        inside.push((client, joined.you));
    }
    for _ in 0..3 {
        inside[1].0.say(&room.code, &said).await;
    }
    let to = inside[0].1.clone();
    inside[1].0.whisper(&room.code, &to, &whispered, None).await;
    let told = |frame: &ServerFrame| matches!(frame, ServerFrame::Whisper(_)).then_some(());
    inside[0].0.expect("a whisper", told).await;
    // One of three is away while something is said, and comes back.
    let (drops, gone) = inside.pop().expect("there are three");
    let lost = drops.cut();
    inside[0].0.expect_state(&gone, Activity::Offline).await;
    inside[0].0.say(&room.code, &said).await;
    let back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    let cid = inside[0].0.ask_join("no code", None, None).await;
    inside[0].0.expect_error(ErrorCode::InvalidCode, Some(&cid)).await;
    Ask::get("/api/v1/me").send(server.addr).await.assert_status(401);
    let polling = Polling::connect(server.addr, &json!({"token": guests[2].token()})).await;
    flood(&guests[1]).await;

    let numbers = poll("everybody who has gone is counted out", async || {
        let numbers = Numbers::of(&server).await;
        let flushes = numbers.get("whisperspace_delivery_seconds_count", &[]);
        let is_still = numbers.get("whisperspace_queue_bytes", &[("state", "unwritten")]) < 1.0;
        let evicted = numbers.get("whisperspace_evictions_total", &[("reason", "flooding")]);
        let websockets = numbers.get("whisperspace_connections", &[("transport", "websocket")]);
        (flushes > 0.0 && is_still && evicted > 0.0 && websockets < 3.5).then_some(numbers)
    })
    .await;
    numbers.assert(EXPECTED);
    assert!(numbers.get("whisperspace_tcp_connections", &[]) >= 3.0);
    assert!(numbers.get("whisperspace_queue_bytes", &[("state", "unconfirmed")]) > 100.0);
    assert!(numbers.get("process_resident_memory_bytes", &[]) > 1e6);
    names_nobody(&numbers, &server, &guests, &[&name, &said, &whispered, pin, &room.code, &polling.sid]);
}

/// No label holds a word that is not the program's own, and none of these stands anywhere.
fn names_nobody(numbers: &Numbers, server: &TestServer, guests: &[Guest], words: &[&str]) {
    let tokens = guests.iter().flat_map(|guest| guest.token().split('.'));
    for word in words.iter().copied().chain(tokens).chain(["127.0.0.1", &server.addr.port().to_string()]) {
        assert!(!numbers.text.contains(word), "{word} is among the numbers");
    }
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let carriers = Carries::ALL.iter().map(|by| by.as_str());
    let known: BTreeSet<_> = codes.chain(carriers).collect();
    for sample in &numbers.scrape.samples {
        for (label, value) in sample.labels.iter() {
            let is_own = match label.as_str() {
                "code" | "transport" => known.contains(value.as_str()),
                // Closed lists that are not to be seen from here.
                "state" | "reason" | "kind" | "operation" => value.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "version" => value == env!("CARGO_PKG_VERSION"),
                "le" => value.parse::<f64>().is_ok(),
                _ => false,
            };
            assert!(is_own, "{} has the label {label}={value}", sample.metric);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_served_where_nobody_asked_and_nothing_beside_the_numbers() {
    let silent = TestServer::spawn().await;
    assert!(silent.state.metrics_at.is_none() && silent.state.hub.counts().times().is_none());
    Ask::get("/metrics").send(silent.addr).await.assert_status(404);
    let server = watched().await;
    Ask::get("/metrics").send(server.addr).await.assert_status(404);
    for (ask, status) in [(Ask::get("/api/v1/me"), 404), (Ask::post("/metrics"), 405), (Ask::get("/ws"), 404)] {
        ask.send(at(&server)).await.assert_status(status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_queues_is_counted_until_it_is_confirmed() {
    let server = watched().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let said = "long".repeat(250);
    client.say(&room.code, &said).await;
    let unconfirmed = async || Numbers::of(&server).await.get("whisperspace_queue_bytes", &[("state", "unconfirmed")]);
    assert!(unconfirmed().await >= 1_000.0);
    client.expect_message(&said).await;
    client.tell(&ClientFrame::Pong { have: client.have }).await;
    poll("confirmed bytes are given up", async || (unconfirmed().await < 1_000.0).then_some(())).await;
    let lost = client.cut();
    eventually("its line is gone", || server.state.transports.count(Carries::WebSocket) == 0).await;
    let numbers = Numbers::of(&server).await;
    numbers.assert(&[
        ("whisperspace_sessions", &[("state", "away")], 1.0),
        ("whisperspace_connections", &[("transport", "websocket")], 0.0),
    ]);
    assert!(TestClient::resume(&lost).await.resumed);
}

/// Every name of a metric that a text has, as Prometheus' queries spell it.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_metric = |word: &&str| word.starts_with("whisperspace_") || word.starts_with("process_");
    words.filter(is_metric).map(str::to_owned).collect()
}

/// The codes that queries in a text ask for: `code="one"`, `code=~"one|other"`.
fn codes(text: &str) -> Vec<String> {
    let queries = text.replace('\\', "").replace("code=~", "code=");
    let asked = queries.split("code=\"").skip(1).filter_map(|rest| rest.split('"').next());
    asked.flat_map(|codes| codes.split('|')).map(str::to_owned).collect()
}

fn is_code(word: &str) -> bool {
    ErrorCode::ALL.iter().any(|code| code.as_str() == word)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_dashboard_and_alerts_name_the_metrics_that_there_are() {
    // One of several nodes: it has the numbers of the broker, too.
    let engine = Engine::start().await;
    let server = TestServer::node_with(&engine, None, watch).await;
    let names = Numbers::of(&server).await.names();
    assert!(names.len() > 20, "{names:?}");
    let parts = ["", "_bucket", "_sum", "_count"];
    let exists = |word: &String| names.iter().any(|name| parts.iter().any(|part| *word == format!("{name}{part}")));
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for file in ["operations.md", "operations/grafana.json", "operations/alerts.yml"] {
        let text = std::fs::read_to_string(docs.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let used = named(&text);
        assert!(used.len() > 5, "{file} names metrics");
        let strange: Vec<_> = used.iter().filter(|word| !exists(word)).collect();
        assert!(strange.is_empty(), "{file} names what there is not: {strange:?}");
        let strange: Vec<_> = codes(&text).into_iter().filter(|code| !is_code(code)).collect();
        assert!(strange.is_empty(), "{file} names codes that there are not: {strange:?}");
        if file == "operations.md" {
            let untold: Vec<_> = names.iter().filter(|name| !used.contains(*name)).collect();
            assert!(untold.is_empty(), "{file} leaves out {untold:?}");
        }
        if file == "operations/grafana.json" {
            serde_json::from_str::<serde_json::Value>(&text).expect("a dashboard is JSON");
        }
    }
}
