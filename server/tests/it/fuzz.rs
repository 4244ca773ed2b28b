//! R3: whatever JSON comes in whatever field, nothing panics and the process keeps serving others.

use std::path::Path;

use protocol::api::CreateRoom;
use serde_json::{Map, Value, json};

use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, Heard, TestClient, Wire};

/// So many refusals a connection is allowed before it counts as flooding.
const REFUSALS: usize = 250;

fn hostile_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("\0"),
        json!("x".repeat(10_000)),
        json!("🦀\u{202e}\u{feff}"),
        json!("../../etc/passwd"),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({"$ne": null}),
    ]
}

/// Every object that differs from this one in one field, however deep.
fn variants(sample: &Map<String, Value>) -> Vec<Value> {
    let mut all = Vec::new();
    for (name, value) in sample {
        let mut replacements = hostile_values();
        if let Value::Object(inner) = value {
            replacements.extend(variants(inner));
        }
        for replacement in replacements {
            let mut variant = sample.clone();
            variant.insert(name.clone(), replacement);
            all.push(Value::Object(variant));
        }
        let mut without = sample.clone();
        without.remove(name);
        all.push(Value::Object(without));
    }
    let mut with = sample.clone();
    with.insert("colour".to_owned(), json!("red"));
    all.push(Value::Object(with));
    all
}

/// The frames of the golden files that a client sends, those of an example room made to fit a real one.
fn samples(code: &str) -> Vec<Map<String, Value>> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/protocol/src/golden");
    let mut samples = Vec::new();
    for entry in std::fs::read_dir(golden).expect("the golden files are there") {
        let path = entry.expect("the golden files are there").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.starts_with("client_") {
            let text = std::fs::read_to_string(path).expect("a golden file can be read");
            let text = text.replace("KW7P3MXQ", code).replace("kw7p-3mxq", code);
            samples.push(serde_json::from_str(&text).expect("a golden file is an object"));
        }
    }
    assert!(samples.len() >= 8, "one for each frame");
    samples
}

/// Text that is no JSON, half JSON or strange JSON.
fn soup() -> Vec<String> {
    let mut all: Vec<String> =
        ["", " ", "{", "}", "[", "\"", "{\"t\"", "nul", "NaN", "-", "1e999999", "{\"t\":\"ping\"}{\"t\":\"ping\"}"]
            .map(str::to_owned)
            .into();
    all.push("[".repeat(60_000));
    all.push("{\"a\":".repeat(10_000));
    all.push("{\"t\":\"ping\",\"t\":\"ping\"}".to_owned());
    all.push("{\"t\":\"send\",\"cid\":\"c\",\"room\":\"KW7P3MXQ\",\"text\":\"\\ud800\"}".to_owned());
    // A small generator of its own: the same soup each time.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let alphabet: Vec<char> = "{}[]\":,\\ tfn0123456789.eE+-sendjoinhelloéß🦀\u{0}".chars().collect();
    for _ in 0..400 {
        let mut text = String::new();
        for _ in 0..(state % 60) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push(alphabet[usize::try_from(state % alphabet.len() as u64).expect("is small")]);
        }
        state = state.wrapping_add(1);
        all.push(text);
    }
    all
}

/// Sends all of it, over as many connections as it takes; each must answer to its end.
async fn pour(guest: &Guest, texts: &[String]) {
    for some in texts.chunks(REFUSALS) {
        let mut client = guest.connect().await;
        client.wire.texts_at_once(some).await;
        client.ping().await;
        client.close().await;
    }
}

async fn post_hostile_bodies(guest: &Guest) {
    for (path, sample) in [
        ("/api/v1/guest", json!({"name": "x"})),
        ("/api/v1/register", json!({"username": "robin", "password": "short"})),
        ("/api/v1/login", json!({"username": "no name", "password": ""})),
        ("/api/v1/rooms", json!({"name": "x", "pin": "47", "capacity": 10, "lifetime_s": 4_000})),
        ("/api/v1/rooms/22222222/join", json!({"pin": "4711"})),
        ("/api/v1/me/password", json!({"current": "x", "new": "y"})),
    ] {
        let Value::Object(fields) = &sample else { panic!("samples are objects") };
        for body in variants(fields).into_iter().chain(hostile_values()) {
            let answer = guest.ask(Ask::post(path).json(&body)).await;
            assert!(answer.status < 500, "{} for {body} to {path}", answer.status);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r3_no_json_in_any_field_stops_the_process_from_serving_others() {
    let folder = Folder::new();
    let limits = [
        "frames_per_minute",
        "joins_per_minute",
        "misses_per_minute",
        "sends_burst",
        "guests_made_per_hour",
        "rooms_made_per_hour",
    ];
    let limits = format!("--limit={}", limits.map(|name| format!("{name}=100000")).join(","));
    let mut server = folder.serve(&["--database=memory:", "--log=trace", &limits]).await;
    let (guest, other) = (Guest::at(server.addr, None).await, Guest::at(server.addr, None).await);
    let room = guest.room_with(CreateRoom::default()).await;
    let mut bystander = other.enter(&room).await;

    let frames: Vec<String> =
        samples(&room.code).iter().flat_map(variants).map(|variant| variant.to_string()).collect();
    assert!(frames.len() > 500, "{} frames are no fuzzing", frames.len());
    pour(&guest, &frames).await;
    bystander.say(&room.code, "after the frames").await;
    pour(&guest, &soup()).await;
    bystander.say(&room.code, "after the soup").await;

    // The same before hello: each is refused, or ends its own connection.
    for hello in frames.iter().filter(|text| text.contains("\"hello\"")) {
        let mut wire = Wire::open(server.addr).await;
        wire.text(hello).await;
        assert!(matches!(wire.next().await, Heard::Frame(_)), "{hello} is not answered");
    }
    bystander.say(&room.code, "after the hellos").await;

    post_hostile_bodies(&guest).await;
    bystander.say(&room.code, "after the bodies").await;
    assert!(server.is_running());
    assert!(!folder.stderr().contains("panicked"), "{}", folder.stderr());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_is_not_utf8_ends_its_own_connection_only() {
    let server = crate::harness::TestServer::spawn().await;
    let (guest, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = guest.room().await;
    let mut bystander = other.enter(&room).await;
    let mut client: TestClient = guest.enter(&room).await;
    client.wire.invalid_text(b"{\"t\":\"ping\",\"x\":\"\xff\xfe\"}").await;
    client.wire.end().await;
    bystander.say(&room.code, "still served").await;
    guest.connect().await.ping().await;
}
