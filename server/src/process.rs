//! What the process takes of the machine, as Linux tells it under `/proc`. Where it does not tell, there is no number.

use std::fs;

/// See the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Process {
    /// Memory that is not swapped out, in bytes.
    pub(crate) resident_bytes: Option<u64>,
    /// Descriptors that are open.
    pub(crate) open_files: Option<u64>,
    /// Time of processors, in seconds.
    pub(crate) cpu_seconds: Option<f64>,
}

/// Hundredths of a second are Linux' unit for programs, on every machine (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;

impl Process {
    /// Its memory alone, in bytes.
    pub(crate) fn resident() -> Option<u64> {
        fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident_bytes)
    }

    /// As it is now. Reads files: with many connections open it takes a few milliseconds.
    pub(crate) fn read() -> Self {
        let text = |path| fs::read_to_string(path).ok();
        Self {
            resident_bytes: Self::resident(),
            open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
            cpu_seconds: text("/proc/self/stat").as_deref().and_then(cpu_seconds),
        }
    }
}

/// The line `VmRSS:  1234 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Of user and of system, the 14th and 15th field. The second is the program's name, which may hold anything but ends with
/// the last bracket.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u32> = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    let [user, system] = ticks[..] else { return None };
    Some((f64::from(user) + f64::from(system)) / TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    2048 kB\nThreads:\t9\n"), Some(2 * 1024 * 1024));
        assert_eq!(resident_bytes("Name:\tx\n"), None);
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 50 0 0 0 150 75 0 0 20 0 9 0 100 1000 50\n";
        assert_eq!(cpu_seconds(stat), Some(2.25));
        assert_eq!(cpu_seconds("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_takes_something() {
        let process = Process::read();
        assert!(process.resident_bytes.is_some_and(|bytes| bytes > 1024 * 1024), "{process:?}");
        assert!(process.open_files.is_some_and(|files| files >= 3) && process.cpu_seconds.is_some(), "{process:?}");
    }
}
