//! Any stream in any portions: the first byte says how many sizes of portions follow, then the stream.
//!
//! `cargo +nightly fuzz run stream` in `server/websocket`.

#![no_main]

#[path = "../../tests/streams/mod.rs"]
mod streams;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((count, rest)) = data.split_first() else { return };
    let (sizes, stream) = rest.split_at(usize::from(count % 8).min(rest.len()));
    let sizes: Vec<usize> = sizes.iter().map(|size| usize::from(*size)).chain([7]).collect();
    streams::check(stream, &sizes);
});
