//! Any text as a packet of Engine.IO and of Socket.IO.
//!
//! `cargo +nightly fuzz run packet` in `server/socketio`.

#![no_main]
#![allow(dead_code, reason = "each target runs one of the bodies")]

#[path = "../../tests/conformance/bodies.rs"]
mod bodies;
#[path = "../../tests/conformance/server.rs"]
mod server;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| bodies::text(text));
