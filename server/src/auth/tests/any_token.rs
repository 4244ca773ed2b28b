//! What holds of whatever is brought as a token, whoever thought it up: the property tests and the fuzzer under
//! `server/fuzz` run the same checks. Each panics where something does not hold.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use protocol::{DisplayName, Millis, UserKind};
use realtime::identity::{LoginKey, UserId};
use serde_json::Value;
use sha2::Sha256;

use super::token::Tokens;

const KEY: [u8; 32] = [9; 32];
const NOW: Millis = 1_800_000_000_123;

fn tokens() -> Tokens {
    Tokens::new(&KEY)
}

/// One that is in force.
pub(crate) fn good() -> String {
    let name = DisplayName::parse("Quiet Heron").expect("is a name");
    tokens().issue(UserId([1; 16]), LoginKey([2; 16]), UserKind::Guest, &name, NOW, 86_400_000).token
}

/// Nobody but the server can write one: no text is believed but those that it has written.
pub(crate) fn text(text: &str) {
    assert!(tokens().read(text, NOW).is_err() || text == good());
}

/// A good token with another part is a good one no more.
pub(crate) fn altered(at: usize, len: usize, part: &str) {
    let good = good();
    let at = at % good.len();
    let behind = at.saturating_add(len).min(good.len());
    text(&[&good[..at], part, &good[behind..]].concat());
}

/// Whatever the server might have signed: it is believed by one algorithm, with every claim, and until its end.
pub(crate) fn signed(header: &str, claims: &str) {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&KEY).expect("takes any key");
    mac.update(signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    if let Ok(claimed) = tokens().read(&token, NOW) {
        assert!(claimed.expires_at > NOW);
        let header: Value = serde_json::from_str(header).expect("was read");
        assert_eq!(header.get("alg").and_then(Value::as_str), Some("HS256"));
        let claims: Value = serde_json::from_str(claims).expect("was read");
        assert_eq!(claims.get("iss").and_then(Value::as_str), Some("whisperspace"));
        assert_eq!(claims.get("name").and_then(Value::as_str), Some(claimed.name.as_str()));
    }
}
