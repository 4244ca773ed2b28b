//! Log lines about a backend that fails: one a minute, however many calls fail, and one when it answers again. A cause is
//! one of this program's own sentences: never what was asked or answered.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use channels::AppName;
use chat::Monotonic;

/// Milliseconds between two log lines.
const TELL_EVERY_MS: u64 = 60_000;

/// The failures of one backend.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    told_at: Option<Monotonic>,
    /// Calls that failed since the last line.
    calls: u64,
    /// A line was written, and none yet that it is over.
    is_open: bool,
}

impl Trouble {
    /// A call had no answer.
    pub(super) fn met(&self, app: &AppName, cause: impl Display, now: Monotonic) {
        if let Some(calls) = self.count(now) {
            tracing::warn!(application = app.as_str(), %cause, calls, "a backend fails; its clients are told so");
        }
    }

    /// A call was answered.
    pub(super) fn over(&self, app: &AppName) {
        if std::mem::take(&mut self.lock().is_open) {
            tracing::info!(application = app.as_str(), "a backend answers again");
        }
    }

    /// The calls to tell of, if a line is due.
    fn count(&self, now: Monotonic) -> Option<u64> {
        let mut met = self.lock();
        met.calls += 1;
        if met.told_at.is_some_and(|at| now.since(at) < TELL_EVERY_MS) {
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
    use channels::AppName;
    use chat::Monotonic;

    use super::Trouble;

    #[test]
    fn one_line_a_minute_counts_the_calls_since_the_last() {
        let (trouble, at) = (Trouble::default(), |ms| Monotonic::START.after(ms));
        assert_eq!(trouble.count(at(0)), Some(1));
        for second in 1..60 {
            assert_eq!(trouble.count(at(second * 1_000)), None);
        }
        assert_eq!(trouble.count(at(60_000)), Some(60));
        trouble.over(&AppName::parse("market").expect("is a name"));
        assert!(!trouble.lock().is_open, "and once when it is over");
    }
}
