//! Counting: what cargo's and Playwright's own summaries say, as numbers that can be added.

use std::fmt;
use std::ops::AddAssign;

/// Tests that ran, over all runners. A runner that broke counts as one failure more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// Of those that passed, how many did so only at their second try.
    pub(crate) flaky: u64,
}

impl Totals {
    pub(crate) const ONE_FAILURE: Self = Self { passed: 0, failed: 1, skipped: 0, flaky: 0 };

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
        self.flaky += other.flaky;
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

/// The names in the last list of each `failures:` that `cargo test` prints, one list a test program.
pub(crate) fn failed_in_cargo(output: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut listed = Vec::new();
    for line in output.lines() {
        if line.trim_end() == "failures:" {
            listed.clear();
        } else if line.starts_with("test result: ") {
            names.append(&mut listed);
        } else if let Some(name) = line.strip_prefix("    ").filter(|name| !name.starts_with(' ')) {
            listed.push(name.trim_end().to_owned());
        }
    }
    names
}

/// Reads Playwright's last lines: `  2 failed`, `  12 passed (30.1s)` and the like. The last of each kind is the
/// summary's own; what a test itself printed came before it.
///
/// A flaky test failed and then passed. It passed, and is counted and told apart.
pub(crate) fn of_playwright(output: &str) -> Totals {
    let last = |wanted: &str| {
        let mut counts = output.lines().filter_map(|line| {
            let line = line.trim();
            count(line.split_once(" (").map_or(line, |(what, _)| what))
        });
        counts.rfind(|(_, what)| *what == wanted).map_or(0, |(n, _)| n)
    };
    Totals {
        passed: last("passed") + last("flaky"),
        failed: last("failed") + last("interrupted") + last("did not run"),
        skipped: last("skipped"),
        flaky: last("flaky"),
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
        Totals { passed, failed, skipped, flaky: 0 }
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
    fn the_names_of_failed_tests_are_found() {
        let output = "running 3 tests\ntest a::b ... FAILED\n\nfailures:\n\n---- a::b stdout ----\n\
            \x20   indented output\n\nfailures:\n    a::b\n    c (line 3)\n\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            failures:\n    d\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(failed_in_cargo(output), ["a::b", "c (line 3)", "d"]);
        assert_eq!(failed_in_cargo("test result: ok. 1 passed; 0 failed\n"), [""; 0]);
    }

    #[test]
    fn playwright_results_are_read() {
        let output = "Running 20 tests using 1 worker\n  7 passed\n  ok 1 [chromium] > room.spec.ts:3:1 > 3 failed attempts (1.2s)\n\n\
            \x20 1 failed\n    [chromium] > room.spec.ts:9:1 > talks\n  1 flaky\n    [chromium] > a\n\
            \x20 2 skipped\n  1 did not run\n  15 passed (1.2m)\n";
        assert_eq!(of_playwright(output), Totals { flaky: 1, ..totals(16, 2, 2) });
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
