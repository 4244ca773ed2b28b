//! Anything as a token: a text, a good token with another part, and what is rightly signed but says anything.
//!
//! `cargo +nightly fuzz run tokens` in `server`.

#![no_main]
#![allow(dead_code, reason = "the target calls the checks alone")]

#[path = "../../src/auth/tests/any_token.rs"]
mod any_token;
#[path = "../../src/auth/token.rs"]
mod token;

/// Where `token` looks for them.
mod error {
    pub use realtime::error::Refused as ApiError;
}
mod store {
    pub use realtime::identity::{LoginKey, UserId};
}

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(([kind, at, len], rest)) = data.split_first_chunk() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match kind % 3 {
        0 => any_token::text(text),
        1 => any_token::altered(usize::from(*at), usize::from(*len), text),
        _ => {
            let (header, claims) = text.split_once('\n').unwrap_or((r#"{"alg":"HS256"}"#, text));
            any_token::signed(header, claims);
        }
    }
});
