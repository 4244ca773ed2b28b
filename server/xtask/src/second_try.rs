//! A second try for tests that failed where nobody watches: alone, with nothing beside them.
//!
//! The machines of CI are shared, and stand still for seconds at times. A change should not be refused for that, and
//! a fault that shows once in fifty runs should not be hidden either: so what passes only now is named, counted, and
//! called a fault. Whoever runs the tests by hand gets no second try.

use std::process::Command;

use anyhow::Result;

use crate::shell;
use crate::steps::warn;
use crate::summary::{self, Totals};

/// More failures than this are no accident of the machine.
const FAILURES_MAX: usize = 5;

/// Whether the tests that failed, all of which are known by name, are tried once more.
pub(crate) fn is_due(first: Totals, named: usize) -> bool {
    std::env::var_os("CI").is_some() && is_worth_it(first, named)
}

fn is_worth_it(first: Totals, named: usize) -> bool {
    (1..=FAILURES_MAX).contains(&named) && first.failed == named as u64
}

/// Runs the tests of these names once more, one after another.
///
/// # Errors
///
/// Where cargo cannot be started.
pub(crate) fn of_cargo(first: Totals, failed: &[String], mut cargo: Command) -> Result<Totals> {
    warn(&format!("failed, and tried once more: {}", failed.join(", ")));
    let (content, output) = shell::tee(cargo.args(["--exact", "--test-threads", "1"]).args(failed))?;
    let second = summary::of_cargo(&output).with_exit(content);
    let told = together(first, second);
    if told.flaky > 0 {
        warn(&format!("WARNING: passed only at the second try: {}", failed.join(", ")));
    }
    Ok(told)
}

/// All that failed has to pass: a test that the second run did not find has not.
fn together(first: Totals, second: Totals) -> Totals {
    if second.failed > 0 || second.passed < first.failed {
        return first;
    }
    Totals { passed: first.passed + first.failed, failed: 0, skipped: first.skipped, flaky: first.failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(passed: u64, failed: u64) -> Totals {
        Totals { passed, failed, skipped: 0, flaky: 0 }
    }

    #[test]
    fn a_second_try_is_for_few_failures_that_are_known_by_name() {
        assert!(is_worth_it(totals(9, 2), 2));
        assert!(!is_worth_it(totals(9, 0), 0));
        assert!(!is_worth_it(totals(9, 1), 0), "a program that broke names no test");
        assert!(!is_worth_it(totals(9, 6), 6), "that many are no accident");
    }

    #[test]
    fn what_failed_has_to_pass_whole() {
        assert_eq!(together(totals(9, 2), totals(2, 0)), Totals { flaky: 2, ..totals(11, 0) });
        assert_eq!(together(totals(9, 2), totals(1, 1)), totals(9, 2));
        assert_eq!(together(totals(9, 2), totals(1, 0)), totals(9, 2));
    }
}
