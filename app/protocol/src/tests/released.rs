//! Two versions that meet: a page that was loaded before an upgrade and the server behind it, or a new page and a node that
//! is upgraded later. `released/` has the golden frames of each release as they were then, and is only ever added to.
//!
//! `WHISPERSPACE_RELEASE=1 cargo test -p protocol released` writes those of this version, when it is released.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{ServerFrame, decode_channel_client, decode_client, decode_server};

/// Golden frames by the names of their files.
type Frames = BTreeMap<String, String>;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)
}

/// The frames of today.
fn today() -> Frames {
    let files = fs::read_dir(folder("golden")).unwrap().map(|file| file.unwrap().path());
    let frames = files.map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&file).unwrap().trim_end().to_owned())
    });
    frames.collect()
}

/// The frames of every release, a file each: the name of a frame, a space, the frame.
fn releases() -> Vec<(String, Frames)> {
    if option_env!("WHISPERSPACE_RELEASE").is_some() {
        let lines: Vec<_> = today().iter().map(|(name, frame)| format!("{name} {frame}")).collect();
        fs::write(folder("released").join(concat!(env!("CARGO_PKG_VERSION"), ".txt")), lines.join("\n") + "\n")
            .unwrap();
    }
    let files = fs::read_dir(folder("released")).unwrap().map(|file| file.unwrap().path());
    let read = files.map(|file| {
        let text = fs::read_to_string(&file).unwrap();
        let frames = text.lines().map(|line| line.split_once(' ').unwrap());
        let frames = frames.map(|(name, frame)| (name.to_owned(), frame.to_owned())).collect();
        (file.file_stem().unwrap().to_str().unwrap().to_owned(), frames)
    });
    let releases: Vec<_> = read.collect();
    assert!(!releases.is_empty(), "there is a release to meet");
    releases
}

#[test]
fn what_released_clients_say_is_understood() {
    for (version, frames) in releases() {
        for (name, frame) in &frames {
            let understood = if name.starts_with("client_") {
                decode_client(frame).map(drop)
            } else if name.starts_with("channels_client_") {
                decode_channel_client(frame).map(drop)
            } else {
                continue;
            };
            assert!(understood.is_ok(), "{version} says {name}: {frame}");
        }
    }
}

#[test]
fn what_released_servers_say_is_understood() {
    for (version, frames) in releases() {
        for (name, frame) in frames.iter().filter(|(name, _)| name.starts_with("server_")) {
            let understood = decode_server(frame);
            assert!(understood.is_ok_and(|read| read != ServerFrame::Unknown), "{version} says {name}: {frame}");
        }
    }
}

#[test]
fn released_clients_find_in_todays_frames_what_they_need() {
    let today = today();
    for (version, frames) in releases() {
        for (name, frame) in frames.iter().filter(|(name, _)| name.contains("server_")) {
            let now = today.get(name);
            let now = now.unwrap_or_else(|| panic!("{version} knows {name}, and nobody says it now: {frame}"));
            let (then, now) = (serde_json::from_str(frame).unwrap(), serde_json::from_str(now).unwrap());
            assert!(holds(&now, &then), "{name} lacks what {version} reads in it: {now}, then {then}");
        }
    }
}

/// Whether a reader who knows one value finds its way in the other: all its fields are there, each of its kind. What is new
/// beside them is passed over (`decode.rs`). What is said in them may differ.
fn holds(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            then.iter().all(|(name, then)| now.get(name).is_some_and(|now| holds(now, then)))
        }
        (Value::Array(now), Value::Array(then)) => {
            // Each of the one kind: the first speaks for all. A tuple keeps its places.
            then.iter().zip(now.iter().cycle()).all(|(then, now)| holds(now, then)) || now.is_empty()
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => true,
        (
            Value::Object(_) | Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null,
            Value::Object(_) | Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null,
        ) => false,
    }
}

#[test]
fn a_field_that_is_missing_or_of_another_kind_is_found() {
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let then = value(r#"{"t":"x","at":1,"members":[{"id":"a"}]}"#);
    assert!(holds(&value(r#"{"t":"x","at":2,"members":[{"id":"b","badge":1},{"id":"c"}],"new":null}"#), &then));
    for other in [
        r#"{"t":"x","members":[{"id":"a"}]}"#,
        r#"{"t":"x","at":"1","members":[{"id":"a"}]}"#,
        r#"{"t":"x","at":1,"members":[{"name":"a"}]}"#,
        r#"{"t":"x","at":1,"members":null}"#,
    ] {
        assert!(!holds(&value(other), &then), "{other}");
    }
}
