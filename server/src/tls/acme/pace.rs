//! When an authority is asked: at two thirds of a certificate's life, and after failures less and less often. Reads no
//! clock and draws nothing.

use protocol::Millis;

use super::life::Life;

/// After the first failure: five within the first hour, which is what Let's Encrypt takes for one name.
const FIRST_MS: u64 = 120_000;
/// However many there were.
const MOST_MS: u64 = 6 * 3_600_000;
/// Between two certificates at least, however short they last and however far the clocks are apart.
pub(super) const APART_MS: u64 = 60_000;
/// The longest that is slept at once: the wall clock may be set meanwhile.
const LOOK_EVERY_MS: u64 = 3_600_000;
/// A failure that is the same as before is told again after this.
const TOLD_AGAIN_MS: u64 = 24 * 3_600_000;

/// How long to wait after so many failures in a row. `drawn` spreads servers that failed together, by a quarter each way.
pub(super) fn back_off_ms(failures: u32, drawn: u8) -> u64 {
    let doubled = FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let most = doubled.min(MOST_MS);
    most / 4 * 3 + most / 2 * u64::from(drawn) / 255
}

/// How long until it has to be looked again whether the next certificate is due; `None`: it is.
pub(super) fn wait_ms(life: Life, now: Millis) -> Option<u64> {
    let left = life.due().saturating_sub(now);
    (left > 0).then_some(left.min(LOOK_EVERY_MS))
}

/// Failures that are remembered: those of the two ways come by turns.
const REMEMBERED: usize = 4;

/// What was told of failures that follow one another.
#[derive(Debug, Default)]
pub(super) struct Told {
    last: Vec<(String, u64)>,
}

impl Told {
    /// Whether this is news at `now_ms`: another failure than the last ones, or one of them after a day.
    pub(super) fn is_news(&mut self, failure: &str, now_ms: u64) -> bool {
        let is_fresh = |at: u64| now_ms.saturating_sub(at) < TOLD_AGAIN_MS;
        if self.last.iter().any(|(known, at)| known == failure && is_fresh(*at)) {
            return false;
        }
        self.last.retain(|(known, _)| known != failure);
        self.last.truncate(REMEMBERED - 1);
        self.last.insert(0, (failure.to_owned(), now_ms));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{LOOK_EVERY_MS, Life, MOST_MS, REMEMBERED, TOLD_AGAIN_MS, Told, back_off_ms, wait_ms};

    const MINUTE: u64 = 60_000;

    #[test]
    fn failures_are_followed_by_longer_and_longer_waits() {
        assert_eq!([1, 2, 3].map(|failures| back_off_ms(failures, 0) / 1_000), [90, 180, 360]);
        assert_eq!(back_off_ms(1, 255), 150_000, "and a quarter more at most");
        assert_eq!(back_off_ms(40, 0), MOST_MS / 4 * 3);
        assert!((1..=50).all(|failures| back_off_ms(failures, 255) <= MOST_MS / 4 * 5));
        let within_the_hour = (0..10).scan(0, |at, failures| {
            *at += if failures == 0 { 0 } else { back_off_ms(failures, 127) };
            Some(*at)
        });
        assert_eq!(within_the_hour.filter(|at| *at < 60 * MINUTE).count(), 5);
    }

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
        let life = Life { from: 0, until: 90 * MINUTE };
        assert_eq!(wait_ms(life, 59 * MINUTE), Some(MINUTE));
        assert_eq!(wait_ms(life, 60 * MINUTE), None);
        let long = Life { from: 0, until: 90 * 24 * 60 * MINUTE };
        assert_eq!(wait_ms(long, 0), Some(LOOK_EVERY_MS));
    }

    #[test]
    fn a_failure_is_told_once_a_day() {
        let mut told = Told::default();
        assert!(told.is_news("a", 0) && !told.is_news("a", 1) && told.is_news("b", 2) && !told.is_news("a", 3));
        assert!(told.is_news("a", TOLD_AGAIN_MS) && !told.is_news("a", TOLD_AGAIN_MS + 3));
        assert!((0..10).all(|number| told.is_news(&number.to_string(), 3)) && told.last.len() == REMEMBERED);
    }
}
