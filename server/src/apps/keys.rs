//! API keys of applications: drawn here, shown once, kept as hashes.
//!
//! A key has 256 random bits, so its plain SHA-256 gives nothing away and needs no slow hash. No key is ever formatted.

use std::fmt;

use realtime::clock::{base64url, random};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What every key that is drawn here begins with: a search for leaked keys finds it.
const PREFIX: &str = "wsk_";
/// What a hash begins with in a file.
const HASH: &str = "sha256:";
/// Keys that an operator brings are not shorter: they are not slowed down by anything.
const BYTES_MIN: usize = 16;
/// And who sends longer ones sends no key.
const BYTES_MAX: usize = 256;

/// A key as it is shown once.
pub struct NewKey {
    /// What the application's backend keeps, and sends as a bearer token.
    pub key: String,
    /// What goes into the application's file.
    pub hash: String,
}

/// What is kept of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl NewKey {
    /// Draws one, which says whose it is.
    pub fn draw(application: &str) -> Self {
        let key = format!("{PREFIX}{application}_{}", base64url(&random::<32>()));
        let hash = KeyHash::of(&key).to_string();
        Self { key, hash }
    }
}

impl KeyHash {
    fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Of a key that the operator brings.
    ///
    /// # Errors
    /// What is wrong with it, without a word of it.
    pub fn of_brought(key: &str) -> Result<Self, &'static str> {
        match key.len() {
            0..BYTES_MIN => Err("the key is shorter than 16 bytes: `whisperspace apps key NAME` draws one"),
            BYTES_MIN..=BYTES_MAX => Ok(Self::of(key)),
            _ => Err("the key is longer than 256 bytes"),
        }
    }

    /// Reads what [`NewKey::draw`] gave for the file.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "a hash is sha256: and 64 hexadecimal digits: `whisperspace apps key NAME` makes one";
        let digits = text.strip_prefix(HASH).filter(|digits| digits.len() == 64 && is_hex(digits)).ok_or(FORM)?;
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| FORM)?;
        }
        Ok(Self(bytes))
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a key is one of these. It takes as long for a wrong one as for any of them.
pub fn is_one_of(key: &str, hashes: &[KeyHash]) -> bool {
    if key.len() > BYTES_MAX {
        return false;
    }
    let asked = KeyHash::of(key);
    let found = hashes.iter().fold(subtle::Choice::from(0), |found, known| found | known.0.ct_eq(&asked.0));
    found.into()
}

/// As it stands in a file.
impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HASH)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyHash, NewKey, is_one_of};

    #[test]
    fn a_drawn_key_is_known_by_its_hash_and_no_other_is() {
        let (first, second) = (NewKey::draw("market"), NewKey::draw("market"));
        assert_ne!(first.key, second.key);
        let hashes = [&first, &second].map(|new| KeyHash::parse(&new.hash).expect("is a hash"));
        assert!(is_one_of(&first.key, &hashes) && is_one_of(&second.key, &hashes));
        assert!(!is_one_of(&first.key, &hashes[1..]), "a key is revoked with its line");
        assert!(!is_one_of(&first.key, &[]));
        let long = "x".repeat(100_000);
        for wrong in ["", "wsk_", &first.hash, &first.key[1..], &format!("{} ", first.key), &long] {
            assert!(!is_one_of(wrong, &hashes));
        }
        assert_eq!(format!("{first:?} {:?}", hashes[0]), "NewKey(…) KeyHash(…)");
    }

    #[test]
    fn what_is_no_hash_and_no_key_is_told() {
        let hash = NewKey::draw("market").hash;
        for wrong in ["", "sha256:", &hash[1..], &hash[..hash.len() - 1], &hash.replace("sha256", "md5"), "sha256:é"] {
            KeyHash::parse(wrong).expect_err(wrong);
        }
        KeyHash::parse(&format!("sha256:{}", "+0".repeat(32))).expect_err("a sign is no digit");
        KeyHash::of_brought("short").expect_err("is guessed");
        KeyHash::of_brought(&"x".repeat(257)).expect_err("is no key");
        assert!(is_one_of("a-key-of-somebody", &[KeyHash::of_brought("a-key-of-somebody").expect("is long enough")]));
    }
}
