//! Counting: what cargo's and Playwright's own summaries say, as numbers that can be added.

use std::fmt;
use std::ops::AddAssign;

/// Tests that ran, over all runners. A runner that broke counts as one failure more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Totals {
    pub(crate) const ONE_FAILURE: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// A runner that ends badly has failed, whatever it counted.
    pub(crate) fn with_exit(mut self, content: bool) -> Self {
        if !content && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Adds up the lines `test result: ok. 3 passed; 0 failed; 1 ignored; …` of `cargo test`.
pub(crate) fn of_cargo(output: &str) -> Totals {
    let mut totals = Totals::default();
    for result in output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: ")) {
        for part in result.split(['.', ';']) {
            match count(part) {
                Some((n, "passed")) => totals.passed += n,
                Some((n, "failed")) => totals.failed += n,
                Some((n, "ignored")) => totals.skipped += n,
                Some(_) | None => {}
            }
        }
    }
    totals
}

/// Reads Playwright's last lines: `  2 failed`, `  12 passed (30.1s)` and the like. The last of each kind is the
/// summary's own; what a test itself printed came before it.
///
/// A flaky test failed and then passed: here it counts as failed, because the user of a flaky product is not told to
/// try again.
pub(crate) fn of_playwright(output: &str) -> Totals {
    let last = |wanted: &str| {
        let mut counts = output.lines().filter_map(|line| {
            let line = line.trim();
            count(line.split_once(" (").map_or(line, |(what, _)| what))
        });
        counts.rfind(|(_, what)| *what == wanted).map_or(0, |(n, _)| n)
    };
    Totals {
        passed: last("passed"),
        failed: last("failed") + last("flaky") + last("interrupted") + last("did not run"),
        skipped: last("skipped"),
    }
}

/// `12 passed` as a number and a word.
fn count(text: &str) -> Option<(u64, &str)> {
    let (number, word) = text.trim().split_once(' ')?;
    Some((number.parse().ok()?, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(passed: u64, failed: u64, skipped: u64) -> Totals {
        Totals { passed, failed, skipped }
    }

    #[test]
    fn cargo_results_are_added_up() {
        let output = "running 2 tests\ntest a ... ok\n\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test b ... FAILED\n\
            test result: FAILED. 40 passed; 3 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.20s\n\
            10 passed tests in a doc comment do not count\n";
        assert_eq!(of_cargo(output), totals(42, 3, 1));
    }

    #[test]
    fn playwright_results_are_read() {
        let output = "Running 20 tests using 1 worker\n  7 passed\n  ok 1 [chromium] > room.spec.ts:3:1 > 3 failed attempts (1.2s)\n\n\
            \x20 1 failed\n    [chromium] > room.spec.ts:9:1 > talks\n  1 flaky\n    [chromium] > a\n\
            \x20 2 skipped\n  1 did not run\n  15 passed (1.2m)\n";
        assert_eq!(of_playwright(output), totals(15, 3, 2));
    }

    #[test]
    fn a_runner_that_breaks_is_a_failure() {
        assert_eq!(of_cargo("error: could not compile").with_exit(false), totals(0, 1, 0));
        assert_eq!(totals(5, 2, 0).with_exit(false), totals(5, 2, 0));
        assert_eq!(totals(5, 0, 0).with_exit(true), totals(5, 0, 0));
    }

    #[test]
    fn the_last_line_is_the_one_that_scripts_read() {
        let mut sum = totals(5, 0, 1);
        sum += Totals::ONE_FAILURE;
        assert_eq!(sum.to_string(), "5 passed, 1 failed");
    }
}
