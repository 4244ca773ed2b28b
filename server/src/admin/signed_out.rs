//! Sessions of operators that were ended before their time. They are signed and kept nowhere, so what ended is remembered
//! instead: by a hash, until it would have ended by itself, on this node and until it is started again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use protocol::Millis;
use sha2::{Digest as _, Sha256};

/// Far more than operators sign out in an hour. Beyond it the one that would end first makes way.
const ENDED_MAX: usize = 1_024;

type Hash = [u8; 32];

/// See the module.
#[derive(Default)]
pub(super) struct SignedOut(Mutex<BTreeMap<Hash, Millis>>);

impl SignedOut {
    /// Remembers a token that would have counted until `ends_at`.
    pub(super) fn note(&self, token: &str, ends_at: Millis, now: Millis) {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, ends_at| *ends_at > now);
        if ended.len() >= ENDED_MAX
            && let Some(first) = ended.iter().min_by_key(|(_, ends_at)| **ends_at).map(|(hash, _)| *hash)
        {
            ended.remove(&first);
        }
        ended.insert(hash(token), ends_at);
    }

    pub(super) fn has(&self, token: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&hash(token))
    }
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

impl fmt::Debug for SignedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedOut(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{ENDED_MAX, SignedOut};

    #[test]
    fn what_ended_is_remembered_as_long_as_it_would_have_counted_and_no_more_than_so_many() {
        let ended = SignedOut::default();
        ended.note("one", 100, 0);
        assert!(ended.has("one") && !ended.has("two"));
        ended.note("two", 300, 100);
        assert!(!ended.has("one") && ended.has("two"), "it does not count any more by itself");
        for number in 0..ENDED_MAX {
            ended.note(&number.to_string(), 1_000, 100);
        }
        assert!(!ended.has("two") && ended.has("0"), "the first to end made way");
    }
}
