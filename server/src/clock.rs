//! The only place that reads a clock or the operating system's random numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::Millis;

/// Milliseconds in an hour: stored times are rounded down to it.
pub const HOUR_MS: Millis = 3_600_000;

/// Milliseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "this is the one clock")]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// Rounded down to the hour.
pub const fn hour(at: Millis) -> Millis {
    at - at % HOUR_MS
}

/// Bytes from the operating system's generator.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random number generator");
    bytes
}

/// 128 random bits in the 22 characters of base64url.
pub fn random_id() -> String {
    base64url(&random::<16>())
}

/// base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The 16 bytes of 22 base64url characters.
pub fn from_base64url(text: &str) -> Option<[u8; 16]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
