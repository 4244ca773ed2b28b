//! What the compiler cannot hold: who may name what, how long a file may be, and that documents name all there is.

mod circles;
mod modules;
mod source;

use std::path::Path;

use protocol::{ErrorCode, Limits};

use source::{Source, all, root};

const LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// Fails with every place at once, so that one run tells all there is to mend.
#[track_caller]
fn assert_none(rule: &str, places: Vec<String>) {
    assert!(places.is_empty(), "{rule}:\n  {}", places.join("\n  "));
}

/// The places where one of these words stands in code that is no test.
fn named(files: &[Source], words: &[&str]) -> Vec<String> {
    files.iter().flat_map(|file| file.places(words)).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = read(manifest).parse().expect("a manifest is TOML");
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    let optional = |value: &toml::Value| value.get("optional").and_then(toml::Value::as_bool) == Some(true);
    let always = table.into_iter().flatten().filter(|(_, value)| !optional(value));
    always.map(|(name, _)| name.clone()).collect()
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long = all(&["app", "frontend", "server"]).into_iter().filter(|file| file.lines() > LINES_MAX);
    assert_none("longer than 500 lines", long.map(|file| format!("{} has {}", file.path, file.lines())).collect());
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let files = all(&["app", "frontend", "server"]);
    let long = files.iter().flat_map(|file| {
        let functions = file.functions().into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LINES_MAX);
        functions.map(|(name, line, lines)| format!("{}:{line} {name} has {lines}", file.path))
    });
    assert_none("longer than 70 lines", long.collect());
}

#[test]
fn every_module_says_what_it_is() {
    let silent = all(&["app", "frontend", "server"]).into_iter().filter(|file| !file.text.starts_with("//! "));
    assert_none("opens without //!", silent.map(|file| file.path).collect());
}

#[test]
fn nothing_is_left_to_be_done_and_nothing_is_unwrapped() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("HA", "CK")];
    let mut left = Vec::new();
    for file in all(&["app", "frontend", "server"]) {
        for (number, line) in file.text.lines().enumerate() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| marks.contains(&word)) {
                left.push(format!("{}:{} {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert_none("left to be done", left);
    let product = all(&[
        "app/src",
        "app/client/src",
        "app/protocol/src",
        "frontend",
        "server/src",
        "server/realtime/src",
        "server/chat/src",
        "server/socketio/src",
        "server/websocket/src",
    ]);
    let calls = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "#[allow("];
    assert_none(
        "not in the product",
        calls.iter().flat_map(|call| product.iter().flat_map(|file| file.holding(call))).collect(),
    );
}

#[test]
fn the_wire_depends_on_serde_only_and_the_room_on_the_wire_and_serde_only() {
    assert_eq!(dependencies("app/protocol/Cargo.toml"), ["serde", "serde_json"]);
    assert_eq!(dependencies("app/client/Cargo.toml"), ["protocol", "serde"]);
    assert_eq!(dependencies("server/chat/Cargo.toml"), ["protocol", "serde"], "what nodes tell each other is written");
    assert_eq!(dependencies("server/channels/Cargo.toml"), ["serde", "serde_json", "thiserror", "toml"]);
    assert_eq!(dependencies("server/websocket/Cargo.toml"), ["base64", "bytes", "http", "sha1", "thiserror"]);
    let of_socketio = ["base64", "bytes", "serde_json"];
    assert_eq!(dependencies("server/socketio/Cargo.toml"), of_socketio, "no IO, and none of the other crates");
    let of_realtime = dependencies("server/realtime/Cargo.toml");
    for foreign in ["axum", "hyper", "rusqlite", "mongodb", "socketio", "websocket", "ammonia", "server"] {
        assert!(!of_realtime.iter().any(|name| name == foreign), "the core knows {foreign}");
    }
    for manifest in ["app/Cargo.toml", "app/client/Cargo.toml", "app/protocol/Cargo.toml", "frontend/Cargo.toml"] {
        let named = dependencies(manifest);
        assert!(!named.iter().any(|name| name == "server" || name == "chat"), "{manifest}: {named:?}");
    }
    // The tables of Unicode are for the door of the server: a browser would download them.
    for manifest in ["app/Cargo.toml", "app/client/Cargo.toml", "frontend/Cargo.toml"] {
        let manifest: toml::Table = read(manifest).parse().expect("a manifest is TOML");
        for section in ["features", "dependencies", "target"] {
            let linked = manifest.get(section).map(toml::Value::to_string).unwrap_or_default();
            assert!(!linked.contains("door"), "{section} switches on protocol/door: {linked}");
        }
    }
    let app = all(&["app", "frontend"]);
    assert_none("the interface names the server", named(&app, &["server", "chat", "rusqlite", "axum", "tokio"]));
    // A terminal and a bot use the client as well: it has no browser, and nothing is drawn.
    let client = all(&["app/client/src"]);
    assert_none("the client names the page", named(&client, &["app", "leptos", "web_sys", "js_sys", "wasm_bindgen"]));
}

/// The core still has two circles: a session holds its seats, and a room's handle tells sessions; the hub makes the tasks
/// of rooms, and these name the hub. No other file may join them.
const CORE: &[&str] = &[
    "server/realtime/src/channel/handle.rs",
    "server/realtime/src/channel/task.rs",
    "server/realtime/src/hub/mod.rs",
    "server/realtime/src/session/for_rooms.rs",
];

#[test]
fn no_files_of_a_package_import_each_other_in_a_circle() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("a manifest is TOML");
    let packages = manifest["workspace"]["members"].as_array().expect("a list of folders");
    assert!(packages.len() >= 10, "{packages:?}");
    let mut tied = Vec::new();
    for package in packages {
        let src = format!("{}/src", package.as_str().expect("a folder"));
        let circles = circles::circles(&all(&[&src]), &src).into_iter();
        tied.extend(circles.filter(|circle| !circle.files.iter().all(|file| CORE.contains(&file.as_str()))));
    }
    let told = tied.into_iter().map(|circle| format!("{}\n    {}", circle.files.join(" "), circle.ties.join("\n    ")));
    assert_none("files that import each other in a circle: move what both need to a file below them", told.collect());
}

#[test]
fn the_store_knows_no_message() {
    let store = all(&["server/src/store"]);
    assert!(store.len() > 5, "the store is there");
    let types =
        ["Text", "Body", "Message", "ServerFrame", "ClientFrame", "RoomEvent", "NewMessage", "Input", "Address"];
    assert_none("a message in the store", named(&store, &types));
    let others: Vec<_> = all(&["server/src"]).into_iter().filter(|file| !file.path.contains("/store/")).collect();
    assert_none("SQL outside of the store", named(&others, &["rusqlite"]));
}

#[test]
fn only_the_transport_knows_sockets() {
    // Queues hold frames as transports take them, made once: of channels as of rooms (`ws/dialect.rs`).
    let they = ["/ws/", "/socketio", "/selftest/socket.rs", "/apps/live/frames.rs"];
    let others: Vec<_> = all(&["server/src", "server/realtime/src", "server/chat/src"])
        .into_iter()
        .filter(|file| !they.iter().any(|at| file.path.contains(at)))
        .collect();
    let codecs = ["extract::ws", "tungstenite::", "websocket::"];
    let places = codecs.iter().flat_map(|codec| others.iter().flat_map(|file| file.holding(codec)));
    assert_none("a WebSocket outside of ws/", places.collect());
}

#[test]
fn one_module_reads_the_environment_and_one_the_clock() {
    let product =
        all(&["app/src", "app/client/src", "app/protocol/src", "server/src", "server/realtime/src", "server/chat/src"]);
    let except =
        |name: &str| -> Vec<Source> { product.iter().filter(|file| !file.path.ends_with(name)).cloned().collect() };
    let others = except("server/src/config.rs");
    // As options name a variable; `target_env` is none.
    let environment = ["env::var", "std::env", "var_os(", " env = \"", "(env = \""];
    let read = environment.iter().flat_map(|call| others.iter().flat_map(|file| file.holding(call)));
    assert_none("reads the environment", read.collect());
    let others = except("server/realtime/src/clock.rs");
    assert_none(
        "reads the clock or the generator",
        named(&others, &["SystemTime", "UNIX_EPOCH", "getrandom", "OsRng", "thread_rng"]),
    );
    // A span's beginning that is not read from the monotonic clock could be made of a stamp.
    let makers: Vec<_> = others.into_iter().filter(|file| !file.path.ends_with("chat/src/time.rs")).collect();
    let made = makers.iter().flat_map(|file| file.holding("Monotonic::START"));
    assert_none("makes a monotonic time", made.collect());
    let pure = all(&["app/client/src", "app/protocol/src", "server/chat/src", "server/websocket/src"]);
    assert_none(
        "a clock, a lock or a task in a pure crate",
        named(&pure, &["Instant", "Duration", "Mutex", "tokio", "async", "await", "tracing"]),
    );
    let timed = all(&["server/socketio/src"]);
    let asked = timed.iter().flat_map(|file| file.holding("Instant::now"));
    assert_none("reads a clock where times are passed in", asked.collect());
    assert_none("a lock or a task in a pure crate", named(&timed, &["Mutex", "tokio", "async", "await", "tracing"]));
}

#[test]
fn what_handles_text_does_not_log() {
    let silent = all(&["server/src/sanitize", "server/src/auth", "server/src/store/memory"]);
    assert_none("logs next to content", named(&silent, &["tracing", "println", "eprintln"]));
}

#[test]
fn words_of_the_interface_are_set_on_elements() {
    let views = all(&["app/src/components", "app/src/pages"]);
    let html: Vec<_> = views.iter().flat_map(|file| file.holding("inner_html=")).collect();
    let is_words = |place: &String| place.contains("inner_html=said(") || place.contains("inner_html=told(");
    let sanitized = |place: &String| place.starts_with("app/src/components/message_row.rs");
    assert!(html.len() > 20, "{html:?}");
    assert_none(
        "set as HTML, and neither words nor a message",
        html.into_iter().filter(|place| !is_words(place) && !sanitized(place)).collect(),
    );
    // A translator replaces text nodes: who wrote to them would write to nothing. Elements may come and go.
    let changing = views.iter().flat_map(|file| file.holding("{move || ")).filter(|place| {
        !(place.contains("view!") || place.contains("then(") || place.contains("=move") || place.contains("={move"))
    });
    assert_none("a text node that changes: use `said`", changing.collect());
}

#[test]
fn the_interface_has_the_small_signals() {
    let views = all(&["app/src"]).into_iter().filter(|file| !file.path.ends_with("src/signals.rs"));
    let kinds = ["Signal", "RwSignal", "ArcRwSignal", "Memo", "Effect"];
    let large = views.filter(|file| !file.places(&kinds).is_empty() && file.holding("use crate::signals::").is_empty());
    assert_none("takes leptos' own signals, not `crate::signals`", large.map(|file| file.path).collect());
}

#[test]
fn the_readme_of_the_wire_names_every_frame_and_code() {
    let readme = read("app/protocol/README.md");
    let golden = root().join("app/protocol/src/golden");
    let mut tags = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(golden).expect("the golden files are there") {
        let text = std::fs::read_to_string(entry.expect("the golden files are there").path()).expect("can be read");
        let frame: serde_json::Value = serde_json::from_str(&text).expect("a golden file is JSON");
        tags.insert(frame["t"].as_str().expect("a frame has a tag").to_owned());
    }
    assert!(tags.len() >= 18, "{tags:?}");
    let unnamed = |word: &str| !readme.contains(&format!("`{word}`")) && !readme.contains(&format!("\"{word}\""));
    assert_none("frames not in the README", tags.iter().filter(|tag| unnamed(tag)).cloned().collect());
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    assert_none("codes not in the README", codes.filter(|code| unnamed(code)).map(str::to_owned).collect());
}

#[test]
fn every_limit_limits_something() {
    let code: Vec<_> =
        all(&["app/src", "app/client/src", "app/protocol/src", "server/src", "server/realtime/src", "server/chat/src"])
            .into_iter()
            .filter(|file| !file.path.ends_with("protocol/src/limits.rs"))
            .collect();
    let unused = Limits::REFERENCE.iter().filter(|(name, _, _)| named(&code, &[name]).is_empty());
    assert_none("set by the operator and read by nobody", unused.map(|(name, _, _)| (*name).to_owned()).collect());
}

#[test]
fn the_routes_are_those_that_architecture_and_protocol_tell() {
    let routes = read("server/src/routes.rs");
    let documents = [read("app/protocol/README.md"), read("README.md"), read("ARCHITECTURE.md")].concat();
    let mut untold = Vec::new();
    for path in routes.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let tail = path.split('{').next().unwrap_or(path).trim_end_matches('/');
        if !tail.is_empty() && tail != "/api" && !documents.contains(tail) {
            untold.push(path.to_owned());
        }
    }
    assert_none("routes that no document tells", untold);
}

#[test]
fn the_top_level_is_what_was_agreed() {
    for name in
        ["Cargo.toml", "app", "server", "frontend", "style", "end2end", "README.md", "ARCHITECTURE.md", "CHANGELOG.md"]
    {
        assert!(Path::new(&root()).join(name).exists(), "{name} is gone");
    }
}
