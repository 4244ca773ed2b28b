//! Every frame that is written down as the wire's own fits its message of the document, and what is no such frame does not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::document;
use super::schemas::{closed, faults, resolved};
use crate::harness::TestServer;

/// The frames under `golden/`, each with the name of its message: `rooms_client_join`.
fn golden() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/protocol/src/golden");
    let mut frames = Vec::new();
    for file in std::fs::read_dir(folder).expect("the golden files are there") {
        let path = file.expect("the folder can be read").path();
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let frame: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("is text")).expect("is JSON");
        let (conversation, rest) = name.strip_prefix("channels_").map_or(("rooms", &*name), |rest| ("channels", rest));
        let side = rest.split('_').next().unwrap_or_default();
        let tag = frame["t"].as_str().expect("a frame has a tag");
        frames.push((format!("{conversation}_{side}_{tag}"), frame));
    }
    frames
}

/// A value of another type.
fn mistyped(value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) => json!("x"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => json!([{"$ne": 1}]),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_fits_its_description_and_no_other_does() {
    let server = TestServer::spawn().await;
    let document = document(&server, "asyncapi").await;
    let messages = &document["components"]["messages"];
    let mut seen = BTreeSet::new();
    for (name, frame) in golden() {
        let payload = &messages[&name]["payload"];
        assert!(payload.is_object(), "{name} is not described");
        let described = closed(&document, resolved(&document, payload));
        assert_eq!(faults(&described, &frame), None, "{name}: {frame}");
        let mut more = frame.clone();
        more["invented"] = json!(1);
        assert!(!described.is_valid(&more), "{name} takes a field that nobody sends");
        for (field, value) in frame.as_object().expect("a frame is an object") {
            // What applications say to their clients may be anything.
            if field == "data" {
                continue;
            }
            let mut wrong = frame.clone();
            wrong[field] = mistyped(value);
            assert!(!described.is_valid(&wrong), "{name}: {field} takes {}", wrong[field]);
        }
        let mut untagged = frame.clone();
        untagged.as_object_mut().expect("a frame is an object").remove("t");
        assert!(!described.is_valid(&untagged), "{name} needs no tag");
        seen.insert(name);
    }
    let described: BTreeSet<String> =
        messages.as_object().expect("there are messages").keys().filter(|name| is_native(name)).cloned().collect();
    let without: Vec<_> = described.difference(&seen).collect();
    assert!(without.is_empty(), "described, and in no golden file: {without:?}");
}

/// Events of Socket.IO have no golden files.
fn is_native(message: &str) -> bool {
    message.starts_with("rooms_") || message.starts_with("channels_")
}
