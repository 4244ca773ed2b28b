//! The file of `--admin-token-file`: one line, of which the hash is kept. Whoever sends it as a bearer token is an operator.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// It is slowed down by nothing, so it has to be one that nobody guesses.
const CHARS_MIN: usize = 32;
/// And who sends a longer one sends no token.
const BYTES_MAX: usize = 512;

/// What is kept of it.
#[derive(Clone, Copy)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of the one in this file.
    ///
    /// # Errors
    /// A sentence that names the file, without a word of the token.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let (mut text, most) = (String::new(), BYTES_MAX as u64 + 2);
        let open = File::open(file).with_context(|| format!("cannot open {} (--admin-token-file)", file.display()))?;
        let read = open.take(most).read_to_string(&mut text);
        read.with_context(|| format!("cannot read {} (--admin-token-file)", file.display()))?;
        let token = text.trim();
        anyhow::ensure!(
            token.chars().count() >= CHARS_MIN
                && token.len() <= BYTES_MAX
                && token.chars().all(|c| c.is_ascii_graphic()),
            "{} (--admin-token-file) holds no token: one has {CHARS_MIN} to {BYTES_MAX} visible ASCII characters, as \
             `openssl rand -hex 32` makes them",
            file.display()
        );
        Ok(Self(Sha256::digest(token).into()))
    }

    /// Whether this is it. It takes the same time whichever character is wrong.
    pub(super) fn is_of(self, token: &str) -> bool {
        token.len() <= BYTES_MAX && self.0.ct_eq(&<[u8; 32]>::from(Sha256::digest(token))).into()
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_known_by_its_hash() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("token");
        assert!(TokenHash::read(&file).is_err(), "there is none");
        for bad in ["", "short", &"x".repeat(31), &"x".repeat(513), &format!("two words {}", "x".repeat(40))] {
            std::fs::write(&file, bad).expect("can be written");
            let told = TokenHash::read(&file).expect_err("is no token").to_string();
            assert!(told.contains("holds no token") && !told.contains("xxx"), "{told}");
        }
        let token = "0123456789abcdef0123456789abcdef";
        std::fs::write(&file, format!("{token}\n")).expect("can be written");
        let hash = TokenHash::read(&file).expect("is one");
        assert!(hash.is_of(token) && !hash.is_of("0123456789abcdef0123456789abcdeF") && !hash.is_of(""));
    }
}
