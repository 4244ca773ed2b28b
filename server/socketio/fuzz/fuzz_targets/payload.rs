//! Any body of a request by polling.
//!
//! `cargo +nightly fuzz run payload` in `server/socketio`.

#![no_main]
#![allow(dead_code, reason = "each target runs one of the bodies")]

#[path = "../../tests/conformance/bodies.rs"]
mod bodies;
#[path = "../../tests/conformance/server.rs"]
mod server;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| bodies::payload(body));
