//! Being inside: the memory of those who are silent, what one who does not read does to the others, and what a second core
//! is good for.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::gather::{self, Shape};
use super::load::{Load, Pattern};
use super::measured::{Bar, Gathered, or_miss};
use super::peers::{Candidate, Programs};
use super::process;
use super::scenarios::Plan;
use super::statistics::{float, percentile};

/// Resident memory of a connection that is silent in a room of 50.
pub(super) fn idle(programs: &mut Programs, plan: &Plan, gathered: &mut Gathered) {
    let shape = Shape { rooms: if plan.quick { 20 } else { 100 }, members: 50 };
    let what = format!("idle memory, {} in rooms of 50", shape.people());
    for candidate in programs.candidates() {
        if plan.is_over() {
            return programs.miss(&what, "the time is over");
        }
        let bar = match candidate {
            Candidate::Native => Some(Bar::AtMost(6.0)),
            Candidate::SocketIo => Some(Bar::AtMost(9.0)),
            Candidate::Floor
            | Candidate::Channel
            | Candidate::Published
            | Candidate::Keeping
            | Candidate::Bun
            | Candidate::Socketioxide
            | Candidate::NodeSocketIo => None,
        };
        let result = memory(programs, plan, candidate, shape)
            .map(|bytes| gathered.add(&what, candidate, "KiB each", bar, bytes / 1024.0));
        or_miss(programs, &what, candidate, result);
    }
}

fn memory(programs: &Programs, plan: &Plan, candidate: Candidate, shape: Shape) -> Result<f64> {
    let (mut load, data) = (Load::new()?, tempfile::tempdir()?);
    let server = programs.start(candidate, 0, data.path(), &[plan.server_core])?;
    // Tables that are made once are not theirs.
    gather::inside(&mut load, candidate, server.address, Shape { rooms: 1, members: 50 })?;
    let outside = gather::outside(&mut load, candidate, server.address, shape)?;
    load.rest(Duration::from_secs(1))?;
    let before = server.resident()?;
    load.open_all(outside.ways_inside(), gather::GATHERS_WITHIN, |_| {})?;
    load.rest(Duration::from_secs(2))?;
    Ok(float(server.resident()?.saturating_sub(before)) / float(shape.people() as u64))
}

/// One in a room of 500 reads nothing.
pub(super) fn slow_reader(programs: &mut Programs, plan: &Plan, gathered: &mut Gathered) {
    let what = "one of 500 reads nothing";
    for candidate in programs.candidates().into_iter().filter(|candidate| candidate.is_product()) {
        if plan.is_over() {
            return programs.miss(what, "the time is over");
        }
        let result = slow(programs, plan, candidate).map(|slow| {
            let others = format!("{what}: p99 of the others, as a multiple of before");
            gathered.add(&others, candidate, "times", Some(Bar::AtMost(1.1)), slow.others);
            gathered.add(
                &format!("{what}: it is closed after"),
                candidate,
                "s",
                Some(Bar::AtMost(10.5)),
                slow.closed_s,
            );
            gathered.add(&format!("{what}: memory more at most"), candidate, "MiB", None, slow.memory_mib);
        });
        or_miss(programs, what, candidate, result);
    }
}

struct Slow {
    others: f64,
    closed_s: f64,
    memory_mib: f64,
}

/// 100 messages a second, long enough that what the kernel holds for one reader, some megabytes, is full in seconds.
const TO_THE_SLOW: Pattern = Pattern::Spread { every: Duration::from_millis(10) };
const FILLING: usize = 4_000;
/// Whether it is closed is looked at after each.
const SLICE: Duration = Duration::from_millis(500);
const SLICES_MAX: usize = 60;
/// Bytes that its kernel takes from the server.
const SLOW_BUFFER: usize = 4_096;

fn slow(programs: &Programs, plan: &Plan, candidate: Candidate) -> Result<Slow> {
    let (mut load, data) = (Load::new()?, tempfile::tempdir()?);
    let server = programs.start(candidate, 0, data.path(), &[plan.server_core])?;
    let mut outside = gather::outside(&mut load, candidate, server.address, Shape { rooms: 1, members: 501 })?;
    let slow = outside.people.pop().context("there are 501")?;
    // Nothing is expected of it.
    load.crowds[outside.crowd].rooms[0].members.retain(|&line| line != slow.line);
    load.crowds[outside.crowd].filling = FILLING;
    load.open_all(outside.ways_inside(), gather::GATHERS_WITHIN, |_| {})?;
    load.rest(Duration::from_secs(1))?;
    let mut before = Vec::new();
    for _ in 0..if plan.quick { 4 } else { 12 } {
        before.append(&mut load.drive(outside.crowd, TO_THE_SLOW, SLICE)?.latencies);
    }
    let (files, memory) = (server.open_files()?, server.resident()?);
    load.open(slow.line, [slow.opening, vec![slow.join]].concat(), Some(SLOW_BUFFER))?;
    load.settle(Instant::now() + gather::GATHERS_WITHIN)?;
    load.ignore(slow.line)?;
    let port = load.lines[slow.line].stream().context("it was ignored, not closed")?.local_addr()?.port();
    let (started, mut during, mut queued) = (Instant::now(), Vec::new(), Queued::default());
    for _ in 0..SLICES_MAX {
        during.append(&mut load.drive(outside.crowd, TO_THE_SLOW, SLICE)?.latencies);
        if server.open_files()? <= files {
            let others = percentile(&mut during, 0.99) / percentile(&mut before, 0.99).max(1.0);
            let memory_mib = float(server.resident_peak()?.saturating_sub(memory)) / 1_048_576.0;
            return Ok(Slow {
                others,
                closed_s: queued.full_since.unwrap_or(started).elapsed().as_secs_f64(),
                memory_mib,
            });
        }
        queued.look(process::queued_bytes(server.address.port(), port)?);
    }
    anyhow::bail!("it is not closed after {:.0} s", started.elapsed().as_secs_f64())
}

/// What the kernel holds for the slow reader: a server cannot see that somebody does not read before that is full.
#[derive(Debug, Default)]
struct Queued {
    most: u64,
    full_since: Option<Instant>,
}

impl Queued {
    fn look(&mut self, bytes: u64) {
        if bytes > self.most {
            (self.most, self.full_since) = (bytes, Some(Instant::now()));
        }
    }
}

/// How much more two cores carry than one: the processor time of a delivery on one core, over that of the busiest thread
/// where there are two. The load needs one of the cores itself, so that the most that two can do is not tried.
pub(super) fn two_cores(programs: &mut Programs, plan: &Plan, gathered: &mut Gathered) {
    let what = "two cores, as a multiple of one";
    if plan.server_core == plan.load_core {
        return programs.miss(what, "there is one core");
    }
    for candidate in programs.candidates().into_iter().filter(|candidate| candidate.is_product()) {
        let result = (|| {
            let (one, _) = spent(programs, plan, candidate, &[plan.server_core])?;
            let (all, busiest) = spent(programs, plan, candidate, &[plan.server_core, plan.load_core])?;
            gathered.add(what, candidate, "times", Some(Bar::AtLeast(1.8)), one / busiest.max(1e-9));
            gathered.add("CPU a delivery on two cores, as a multiple of one", candidate, "times", None, all / one);
            Ok(())
        })();
        or_miss(programs, what, candidate, result);
    }
}

/// Microseconds a delivery of all threads, and of the busiest.
fn spent(programs: &Programs, plan: &Plan, candidate: Candidate, cores: &[usize]) -> Result<(f64, f64)> {
    let (mut load, data) = (Load::new()?, tempfile::tempdir()?);
    let server = programs.start(candidate, 0, data.path(), cores)?;
    let crowd = gather::inside(&mut load, candidate, server.address, Shape { rooms: 100, members: 10 })?;
    load.rest(Duration::from_millis(800))?;
    let before = server.cpu()?;
    let pattern = Pattern::Spread { every: Duration::from_micros(200) };
    let delivered = load.drive(crowd, pattern, plan.sample * 2)?;
    let after = server.cpu()?;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / float(delivered.latencies.len().max(1) as u64);
    Ok((each(after.since(&before)), each(after.busiest_since(&before))))
}
