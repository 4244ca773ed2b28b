//! Any conversation: the first byte chooses the program, and of each further line the first byte says what the client
//! does with the rest.
//!
//! `cargo +nightly fuzz run session` in `server/socketio`.

#![no_main]
#![allow(dead_code, reason = "each target runs one of the bodies")]

#[path = "../../tests/conformance/bodies.rs"]
mod bodies;
#[path = "../../tests/conformance/server.rs"]
mod server;

use libfuzzer_sys::fuzz_target;

use bodies::Step;

/// More is no other conversation, only a longer one.
const STEPS_MAX: usize = 200;

fn step(line: &[u8]) -> Option<Step> {
    let (kind, rest) = line.split_first()?;
    let text = String::from_utf8_lossy(rest).into_owned();
    Some(match kind % 8 {
        0 => Step::Say(text),
        1 => Step::Binary(rest.to_vec()),
        2 => Step::Post(text.split('|').map(str::to_owned).collect()),
        3 => Step::Poll,
        4 => Step::Cut,
        5 => Step::Upgrade,
        6 => Step::HangUp,
        _ => Step::Pass(rest.iter().map(|byte| u64::from(*byte)).sum::<u64>() % 400),
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((first, lines)) = data.split_first() else { return };
    let program = if first % 2 == 0 { server::Program::Messages } else { server::Program::Events };
    bodies::session(program, lines.split(|byte| *byte == b'\n').filter_map(step).take(STEPS_MAX));
});
