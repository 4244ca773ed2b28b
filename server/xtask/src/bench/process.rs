//! A server as the kernel sees it: on which cores it runs, what it has spent, what it holds. Linux only.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The kernel counts a process's time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// A server that has not said its address by then does not start.
const STARTS_WITHIN_S: i64 = 30;

/// A server under test; killed with this.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    /// Kept open: a server that cannot write to it may stop.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it on these cores; its first line of output ends in its port.
    pub(super) fn start(mut command: Command, cores: &[usize]) -> Result<Self> {
        let own = sched_getaffinity(None)?;
        // A child has the cores of the thread that makes it, from its first instruction on.
        pin(cores)?;
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        sched_setaffinity(None, &own)?;
        let name = command.get_program().display().to_string();
        let mut child = spawned.with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().context("the output of a child was asked for")?;
        match read_port(output) {
            Ok((port, output)) => {
                Ok(Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), _output: output })
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error.context(format!("{name} did not start")))
            }
        }
    }

    /// Ends it at once, as a crash would.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// What it has spent so far.
    pub(super) fn cpu(&self) -> Result<Cpu> {
        cpu_of(self.child.id())
    }

    /// Bytes of memory that are resident now.
    pub(super) fn resident(&self) -> Result<u64> {
        self.memory("VmRSS:")
    }

    /// The most that ever were.
    pub(super) fn resident_peak(&self) -> Result<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, field: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no memory in /proc")?;
        Ok(first_number(line).context("no number of KiB")? * 1024)
    }

    /// Open files, sockets among them.
    pub(super) fn open_files(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// What a process has spent so far.
pub(super) fn cpu_of(process: u32) -> Result<Cpu> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the server has ended")?;
    let mut threads = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        let path = entry?.path();
        let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        // A thread may end meanwhile, and a kernel may keep no such statistics.
        let spent = fs::read_to_string(path.join("schedstat")).ok();
        if let (Some(id), Some(spent)) = (id, spent.as_deref().and_then(first_number)) {
            threads.insert(id, Duration::from_nanos(spent));
        }
    }
    Ok(Cpu { process: process_time(&stat)?, threads })
}

fn read_port(output: ChildStdout) -> Result<(u16, BufReader<ChildStdout>)> {
    let timeout = Timespec { tv_sec: STARTS_WITHIN_S, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&timeout))?;
    ensure!(ready > 0, "it said nothing for {STARTS_WITHIN_S} s");
    let (mut output, mut line) = (BufReader::new(output), String::new());
    output.read_line(&mut line)?;
    let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
    Ok((port.with_context(|| format!("it said no address but {line:?}"))?, output))
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// Time in user and kernel mode, from `/proc/PID/stat`.
fn process_time(stat: &str) -> Result<Duration> {
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')').context("no name in stat")?.1.split_whitespace().collect();
    let [user, system] = [11, 12].map(|at| fields.get(at).and_then(|ticks| ticks.parse::<u32>().ok()));
    let (Some(user), Some(system)) = (user, system) else { bail!("no times in stat") };
    Ok(TICK * (user + system))
}

/// The processor's time of a server at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Cpu {
    /// Of all threads, also those that have ended, to a hundredth of a second.
    process: Duration,
    /// Of each that lives, to the nanosecond.
    threads: BTreeMap<u32, Duration>,
}

impl Cpu {
    /// What was spent since `before`. The threads' sum is exact but misses those that have ended, so the process's time
    /// is taken where that is clearly more.
    pub(super) fn since(&self, before: &Self) -> Duration {
        let threads: Duration = self.of_threads(before).sum();
        let process = self.process.saturating_sub(before.process);
        if process > threads + 2 * TICK { process } else { threads }
    }

    /// What the busiest thread spent.
    pub(super) fn busiest_since(&self, before: &Self) -> Duration {
        self.of_threads(before).max().unwrap_or_default()
    }

    fn of_threads<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = Duration> + 'a {
        self.threads.iter().map(|(id, now)| now.saturating_sub(before.threads.get(id).copied().unwrap_or_default()))
    }
}

/// Bytes that the kernel holds of what one port of this machine sent to another; 0 where there is no such connection.
pub(super) fn queued_bytes(from: u16, to: u16) -> Result<u64> {
    Ok(queued_in(&fs::read_to_string("/proc/net/tcp")?, from, to))
}

fn queued_in(table: &str, from: u16, to: u16) -> u64 {
    let port = |address: &str| u16::from_str_radix(address.rsplit_once(':')?.1, 16).ok();
    let queued = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().take(5).collect();
        let &[_, local, remote, _, queues] = &fields[..] else { return None };
        let wanted = port(local) == Some(from) && port(remote) == Some(to);
        wanted.then(|| u64::from_str_radix(queues.split(':').next()?, 16).ok()).flatten()
    };
    table.lines().find_map(queued).unwrap_or_default()
}

/// Keeps this thread, and the children that it makes, on these cores.
pub(super) fn pin(cores: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core);
    }
    sched_setaffinity(None, &set).with_context(|| format!("cannot run on the cores {cores:?}"))
}

/// The cores that this program may use.
pub(super) fn cores() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
}

/// Raises the limit on open files as far as it goes, for this program and its children; what it is then.
pub(super) fn raise_file_limit() -> Result<usize> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(limit.maximum.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX))
}

/// `Intel(R) Xeon(R) CPU @ 2.50GHz, 2 cores, Linux 6.1`.
pub(super) fn machine(cores: usize) -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, name)| name.trim());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version: Vec<&str> = kernel.trim().split('.').take(2).collect();
    format!("{model}, {cores} cores, Linux {}", version.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_behind_a_name_that_holds_anything() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 4 0 100 0 0";
        assert_eq!(process_time(stat).expect("has times"), Duration::from_secs(2));
        assert!(process_time("7 (a) S 1").is_err() && process_time("").is_err());
    }

    #[test]
    fn what_is_queued_is_read_for_one_connection() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n\
                     0: 0100007F:0BB8 0101007F:C350 01 00000000:00000000 00:00000000 00000000\n\
                     1: 0100007F:0BB8 0101007F:C351 01 0000A000:00000010 01:00000014 00000000\n";
        assert_eq!(queued_in(table, 3_000, 50_001), 0xa000);
        assert_eq!((queued_in(table, 3_000, 50_000), queued_in(table, 50_001, 3_000), queued_in("", 1, 2)), (0, 0, 0));
    }

    #[test]
    fn threads_that_have_ended_are_counted_by_the_process() {
        let cpu = |process, threads: &[(u32, u64)]| Cpu {
            process: Duration::from_millis(process),
            threads: threads.iter().map(|&(id, ms)| (id, Duration::from_millis(ms))).collect(),
        };
        let before = cpu(100, &[(1, 60), (2, 40)]);
        let spent = |after: Cpu| (after.since(&before).as_millis(), after.busiest_since(&before).as_millis());
        assert_eq!(spent(cpu(110, &[(1, 63), (2, 44), (3, 5)])), (12, 5), "exact where all live");
        assert_eq!(spent(cpu(400, &[(1, 63)])), (300, 3), "the second thread spent most, and ended");
    }

    #[test]
    fn a_server_says_its_port_and_is_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo something at http://127.0.0.1:4321; exec sleep 60"]);
        let mut server = Server::start(command, &cores().expect("some")).expect("starts");
        assert_eq!(server.address.port(), 4321);
        assert!(server.resident().expect("lives") > 0 && server.open_files().expect("lives") >= 3);
        server.cpu().expect("lives");
        server.kill().expect("ends");
        assert!(server.cpu().is_err());
        let mut silent = Command::new("sh");
        silent.args(["-c", "exit 3"]);
        assert!(Server::start(silent, &cores().expect("some")).is_err());
    }
}
