//! Any text as a frame of either side of the native protocol, and as what a person types.
//!
//! `cargo +nightly fuzz run frames` in `server`.

#![no_main]

#[path = "../../../app/protocol/tests/frames/mod.rs"]
mod frames;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| frames::frame(text));
