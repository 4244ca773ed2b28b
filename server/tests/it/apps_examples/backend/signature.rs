//! Whether a call comes from the server, and now: HMAC-SHA256 over the time and the body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::canary::hex;
use crate::harness::Ask;

/// How old a call may be.
const FRESH: Duration = Duration::from_mins(1);

pub(super) fn is_good(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (timestamp, signature) = (header("x-whisperspace-timestamp"), header("x-whisperspace-signature"));
    is_fresh(timestamp) && is_signed(secret, timestamp, signature, body)
}

/// The headers of a call of that time, as docs/channels.md says.
fn headers(secret: &str, timestamp: u64, body: &[u8]) -> [(&'static str, String); 2] {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()).expect("takes any key");
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body);
    let signature = format!("v1={}", hex(&mac.finalize().into_bytes()));
    [("x-whisperspace-timestamp", timestamp.to_string()), ("x-whisperspace-signature", signature)]
}

fn is_signed(secret: &str, timestamp: &str, signature: &str, body: &[u8]) -> bool {
    let Some(told) = signature.strip_prefix("v1=").and_then(bytes) else {
        return false;
    };
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()).expect("takes any key");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&told).is_ok()
}

fn since_epoch() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a backend has a clock of its own")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn is_fresh(timestamp: &str) -> bool {
    let now = since_epoch();
    timestamp.parse().is_ok_and(|millis| now.abs_diff(Duration::from_millis(millis)) < FRESH)
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[tokio::test]
async fn the_backend_answers_signed_calls_only() {
    let backend = super::Backend::start(super::Kind::Marketplace, "the key").await;
    let now = u64::try_from(since_epoch().as_millis()).expect("fits");
    let call = json!({
        "id": "1", "event": "mark-messages-read", "user": {"id": "bob"}, "data": {"chatId": "c1"},
    });
    let body = call.to_string();
    let other = body.replace("bob", "ann");
    for (secret, at, signed, status) in [
        ("the key", now, &body, 200),
        ("another key", now, &body, 401),
        ("the key", now, &other, 401),
        ("the key", now - 120_000, &body, 401),
        ("the key", now + 120_000, &body, 401),
    ] {
        let mut ask = Ask::post("/events").body("application/json", body.as_bytes());
        for (name, value) in headers(secret, at, signed.as_bytes()) {
            ask = ask.header(name, &value);
        }
        ask.send(backend.addr).await.assert_status(status);
    }
    Ask::post("/events").json(&call).send(backend.addr).await.assert_status(401);
    assert_eq!(backend.served(), ["1"]);
}
