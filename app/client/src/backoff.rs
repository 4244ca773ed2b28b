//! When to connect again after a connection ended: full jitter, and what the close code says. Pure: random numbers are
//! arguments (`dice`).

use protocol::{ErrorCode, Millis};

/// The shortest wait. It also bounds how often a server is asked that closes every connection at once.
const WAIT_MS_MIN: Millis = 500;
/// The longest wait.
const WAIT_MS_MAX: Millis = 20_000;
/// The longest wait before the first attempt; it doubles with each further one.
const FIRST_CEILING_MS: Millis = 1_000;

/// Counts the attempts since the last connection that held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next wait: anywhere between the shortest and a ceiling that doubles, so that clients
    /// that lost their connections together do not reconnect together.
    pub fn next(&mut self, dice: u64) -> Millis {
        let ceiling = FIRST_CEILING_MS.checked_shl(self.attempts).map_or(WAIT_MS_MAX, |ms| ms.min(WAIT_MS_MAX));
        // Sixteen doublings are past the longest wait; further ones would shift bits out.
        self.attempts = (self.attempts + 1).min(16);
        WAIT_MS_MIN + dice % (ceiling - WAIT_MS_MIN + 1)
    }

    /// The connection held: the next wait is short again.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

/// What the end of a connection means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Connect again and resume.
    Again,
    /// Another tab took the session over: connect again as a new one.
    Anew,
    /// Connecting again would fail for the same reason: do not, and show it.
    Never(ErrorCode),
}

/// Reads a close code (and the `bye` before it, where one came).
pub fn after_close(close_code: u16, bye: Option<ErrorCode>) -> Verdict {
    if close_code == ErrorCode::Replaced.close_code() {
        return Verdict::Anew;
    }
    if !(4500..=4999).contains(&close_code) {
        return Verdict::Again;
    }
    let named = ErrorCode::ALL.iter().copied().find(|code| code.close_code() == close_code);
    Verdict::Never(named.or(bye).unwrap_or(ErrorCode::Unknown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_wait() {
        let mut backoff = Backoff::default();
        let ceilings: Vec<Millis> = (0..7)
            .map(|_| {
                let mut probe = backoff;
                let ceiling =
                    FIRST_CEILING_MS.checked_shl(probe.attempts).map_or(WAIT_MS_MAX, |ms| ms.min(WAIT_MS_MAX));
                let longest = probe.next(ceiling - WAIT_MS_MIN);
                backoff.next(0);
                longest
            })
            .collect();
        assert_eq!(ceilings, [1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
        backoff.reset();
        assert!(backoff.next(u64::MAX) <= 1_000);
    }

    #[test]
    fn close_codes_decide() {
        for code in [1000, 1001, 1006, 1012, 1013, 4000, 4003, 4009, 4010, 4029, 4499] {
            assert_eq!(after_close(code, None), Verdict::Again, "{code}");
        }
        assert_eq!(after_close(4514, None), Verdict::Anew);
        assert_eq!(after_close(4511, None), Verdict::Never(ErrorCode::Revoked));
        assert_eq!(after_close(4999, Some(ErrorCode::Forbidden)), Verdict::Never(ErrorCode::Forbidden));
        assert_eq!(after_close(4999, None), Verdict::Never(ErrorCode::Unknown));
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bounds(dice in proptest::collection::vec(any::<u64>(), 1..60)) {
            let mut backoff = Backoff::default();
            for throw in dice {
                let wait = backoff.next(throw);
                prop_assert!((WAIT_MS_MIN..=WAIT_MS_MAX).contains(&wait));
            }
        }

        #[test]
        fn no_close_code_is_without_a_verdict(code in any::<u16>()) {
            let stays_away = matches!(after_close(code, None), Verdict::Never(_));
            prop_assert_eq!(stays_away, (4500..=4999).contains(&code) && code != 4514);
        }
    }
}
