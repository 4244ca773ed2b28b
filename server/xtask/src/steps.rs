//! What a person sees of a command: its steps, the time of each, notes and warnings.
//! The only place of xtask that prints.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::Result;

/// The steps of one command, in order.
#[derive(Debug)]
pub(crate) struct Steps {
    started: Instant,
    done: Vec<(String, Duration)>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }

    /// Runs `work` under a name, and says how long it took, also when it failed.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        say(&format!("==> {name}"));
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let outcome = if result.is_ok() { "" } else { "FAILED after " };
        say(&format!("    {name}: {outcome}{}", duration(took)));
        self.done.push((name.to_owned(), took));
        result
    }

    pub(crate) fn print_times(&self) {
        say("steps:");
        for (name, took) in &self.done {
            say(&format!("  {:>9}  {name}", duration(*took)));
        }
        say(&format!("  {:>9}  in all", duration(self.started.elapsed())));
    }
}

/// A line for a person or for the script that reads the last line.
///
/// What is built is built, whoever reads of it: an output that is closed or full ends no command.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// A line that should not be missed and not be taken for output.
pub(crate) fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// `840 ms`, `12.3 s`, `4 min 05 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// `512 B`, `96.4 KB`, `12.3 MB`; a KB has 1000 bytes.
pub(crate) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1000 => return format!("{bytes} B"),
        1000..1_000_000 => (1000, "KB"),
        1_000_000.. => (1_000_000, "MB"),
    };
    let tenths = (bytes * 10 + unit / 2) / unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(Duration::from_millis(840)), "840 ms");
        assert_eq!(duration(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(duration(Duration::from_secs(245)), "4 min 05 s");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(512), "512 B");
        assert_eq!(size(200_000), "200.0 KB");
        assert_eq!(size(3_460_000), "3.5 MB");
    }

    #[test]
    fn a_failed_step_is_timed_too() {
        let mut steps = Steps::new();
        let result: Result<()> = steps.step("fails", || anyhow::bail!("no"));
        assert!(result.is_err());
        assert_eq!(steps.done.len(), 1);
    }
}
