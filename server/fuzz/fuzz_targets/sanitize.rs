//! Any text as a message: only allowed HTML comes out, bounded, and nothing is lost.
//!
//! `cargo +nightly fuzz run sanitize -- -timeout=5` in `server`: the longest message has to be done in that time.

#![no_main]
#![allow(dead_code, reason = "the target calls the check alone")]

#[path = "../../src/sanitize/tests/content.rs"]
mod content;
#[path = "../../src/sanitize/tests/promises.rs"]
mod promises;
#[path = "../../src/sanitize/mod.rs"]
mod sanitize;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| promises::check(text).unwrap_or_else(|wrong| panic!("{wrong}")));
