//! The documents name every address and frame that there is, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{below, frames, openapi, operations};
use crate::sub_path::SubPath;

/// Method and path of every route that the source names, but for pages, files and forms.
fn routed() -> BTreeSet<(String, String)> {
    let (site, apps) = (include_str!("../../routes.rs"), include_str!("../../apps/api.rs"));
    let (here, admin) = (include_str!("mod.rs"), include_str!("../../admin/api.rs"));
    let mut found = BTreeSet::new();
    for (source, below) in [(site, "/api/v1"), (apps, ""), (here, ""), (admin, "/api/v1/admin")] {
        for line in source.lines().map(str::trim).filter(|line| line.starts_with(".route(\"")) {
            let mut parts = line.trim_start_matches(".route(\"").splitn(2, "\", ");
            let (path, handlers) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let is_other = ["/ws", "/ws/{name}", "/create", "/join", "/leave"].contains(&path);
            if is_other || handlers.starts_with("any(") {
                continue;
            }
            let is_api = !path.ends_with('z');
            let path = if is_api { format!("{below}{path}") } else { path.to_owned() };
            for method in ["get", "post", "patch", "delete"] {
                if handlers.starts_with(&format!("{method}(")) || handlers.contains(&format!(").{method}(")) {
                    found.insert((method.to_ascii_uppercase(), path.clone()));
                }
            }
        }
    }
    found
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let described: BTreeSet<_> = operations().iter().map(|it| (it.method().to_owned(), it.path().to_owned())).collect();
    let routed = routed();
    assert!(routed.len() > 40, "{routed:?}");
    let missing: Vec<_> = routed.difference(&described).collect();
    let invented: Vec<_> = described.difference(&routed).collect();
    assert!(missing.is_empty() && invented.is_empty(), "not described: {missing:?}; no route: {invented:?}");
}

/// Every `$ref` of a document leads somewhere in it.
fn assert_whole(document: &Value) {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(path)) = fields.get("$ref") {
                    let found = document.pointer(path.trim_start_matches('#'));
                    assert!(found.is_some(), "{path} leads nowhere");
                }
                fields.values().for_each(|value| walk(value, document));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, document)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    walk(document, document);
}

#[test]
fn the_document_of_the_api_is_whole() {
    let document = serde_json::to_value(openapi(&SubPath::default())).expect("is JSON");
    assert_whole(&document);
    assert_eq!(document["openapi"], "3.1.0");
    let codes = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().map(Vec::len);
    assert_eq!(codes, Some(protocol::ErrorCode::ALL.len()), "every code of the table");
    let room = &document["components"]["schemas"]["CreateRoom"];
    assert_eq!(room["additionalProperties"], false, "what is not described is refused");
}

#[test]
fn the_document_of_frames_is_whole_and_has_every_frame() {
    let document = frames::asyncapi();
    assert_whole(&document);
    let golden =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../app/protocol/src/golden")).expect("is there");
    let mut count = 0;
    for file in golden.map(|file| file.expect("is readable")) {
        let name = file.file_name().to_string_lossy().into_owned();
        let (conversation, rest) =
            name.strip_prefix("channels_").map_or(("rooms", name.as_str()), |rest| ("channels", rest));
        let side = if rest.starts_with("client") { "client" } else { "server" };
        let text = std::fs::read_to_string(file.path()).expect("is text");
        let frame: Value = serde_json::from_str(&text).expect("is JSON");
        let message = format!("{conversation}_{side}_{}", frame["t"].as_str().expect("has a tag"));
        // Of channels, these three are the frames of rooms.
        let is_shared = conversation == "channels"
            && side == "server"
            && ["bye", "ping", "pong"].contains(&frame["t"].as_str().unwrap_or_default());
        let payload = &document["components"]["messages"][&message]["payload"];
        assert!(payload.is_object() || is_shared, "{name}: {message} is not described");
        for field in frame.as_object().expect("is an object").keys() {
            assert!(payload["properties"].get(field).is_some(), "{name}: {field} is not described");
        }
        for needed in payload["required"].as_array().into_iter().flatten() {
            assert!(
                frame.get(needed.as_str().unwrap_or_default()).is_some(),
                "{name}: {needed} is said to be there always"
            );
        }
        count += 1;
    }
    assert!(count > 90, "{count}");
}

#[test]
fn below_a_path_the_documents_say_where() {
    let (http, frames) = below("https://example.org:8443", &SubPath::parse("/chat").expect("is one"));
    let read = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).expect("is JSON") };
    let (http, frames) = (read(&http), read(&frames));
    assert_whole(&http);
    assert_eq!(http["servers"], serde_json::json!([{"url": "https://example.org:8443/chat"}]));
    assert_eq!(http["components"]["securitySchemes"]["cookie"]["name"], "ws+chat");
    let public = serde_json::json!({"host": "example.org:8443", "pathname": "/chat", "protocol": "wss"});
    assert_eq!(frames["servers"], serde_json::json!({ "public": public }));
}
