//! Log lines about a failing database: one a minute, however many calls fail, and one when it works again. Causes are
//! words of this program and numbers of the database: never a value, a path or a name.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time between two log lines.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// The failures of one database.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    told_at: Option<Instant>,
    /// Calls that failed since the last line.
    calls: u64,
    /// A line was written, and none yet that it is over.
    is_open: bool,
}

impl Trouble {
    /// A call failed.
    pub(super) fn met(&self, cause: impl Display) {
        if let Some(calls) = self.count(Instant::now()) {
            tracing::warn!(%cause, calls, "the database fails; what it is told meanwhile is refused or kept in memory");
        }
    }

    /// A write succeeded.
    pub(super) fn over(&self) {
        if std::mem::take(&mut self.lock().is_open) {
            tracing::info!("the database works again");
        }
    }

    /// The calls to tell of, if a line is due.
    fn count(&self, now: Instant) -> Option<u64> {
        let mut met = self.lock();
        met.calls += 1;
        if met.told_at.is_some_and(|at| now.saturating_duration_since(at) < TELL_EVERY) {
            return None;
        }
        met.told_at = Some(now);
        met.is_open = true;
        Some(std::mem::take(&mut met.calls))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Met> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_counts_the_calls_since_the_last() {
        let (trouble, start) = (Trouble::default(), Instant::now());
        assert_eq!(trouble.count(start), Some(1));
        for second in 1..60 {
            assert_eq!(trouble.count(start + Duration::from_secs(second)), None);
        }
        assert_eq!(trouble.count(start + TELL_EVERY), Some(60));
        trouble.over();
        assert!(!trouble.lock().is_open, "and once when it is over");
        assert_eq!(
            trouble.count(start + TELL_EVERY + Duration::from_secs(1)),
            None,
            "coming and going is told no faster"
        );
    }
}
