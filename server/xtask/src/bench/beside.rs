//! Two ways to run the same room, one beside the other: in each round a sample of the second stands between two of the first,
//! so that what the machine does meanwhile strikes both alike.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::load::{Load, Pattern};
use super::measured::{Bar, number};
use super::process::Server;
use super::scenarios::Plan;
use super::statistics::{FLOORS_APART_MAX, Sample, Spread};
use crate::steps::say;

/// 50,000 deliveries a second in a room of 500.
const PATTERN: Pattern = Pattern::Spread { every: Duration::from_millis(10) };

/// A room and the servers that it is on.
pub(super) struct Stage {
    servers: Vec<Server>,
    crowd: usize,
    _data: Vec<tempfile::TempDir>,
}

impl Stage {
    /// `data`: the folders of the servers, which are deleted with it.
    pub(super) fn new(servers: Vec<Server>, crowd: usize, data: Vec<tempfile::TempDir>) -> Self {
        Self { servers, crowd, _data: data }
    }
}

/// What the two are called where they are told of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) first: &'static str,
    pub(super) second: &'static str,
}

/// What the project allows the second beside the first: of the processor, and of the 99th percentile, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bars {
    pub(super) cpu: Option<f64>,
    pub(super) later_ms: Option<f64>,
}

#[derive(Debug)]
pub(super) struct Round {
    pub(super) first: [Sample; 2],
    pub(super) second: Sample,
}

impl Round {
    /// One round. `around` runs the sample of the second, and may look at something else before and after.
    pub(super) fn take(
        load: &mut Load,
        plan: &Plan,
        [first, second]: [&Stage; 2],
        around: impl FnOnce(&mut dyn FnMut() -> Result<Sample>) -> Result<Sample>,
    ) -> Result<Self> {
        let before = sample(load, plan, first)?;
        let second = around(&mut || sample(load, plan, second))?;
        Ok(Self { first: [before, sample(load, plan, first)?], second })
    }

    pub(super) fn is_void(&self) -> bool {
        let [before, after] = self.first.map(|sample| sample.cpu_us);
        before.max(after) > FLOORS_APART_MAX * before.min(after)
    }

    fn first(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        f64::midpoint(of(&self.first[0]), of(&self.first[1]))
    }

    pub(super) fn tell(&self, turn: usize, names: Names) {
        let [before, after] = &self.first;
        say(&format!(
            "    round {}: us of CPU a delivery {} and {} {}, {} {}; p99 {} and {} ms, {} ms{}",
            turn + 1,
            number(before.cpu_us),
            number(after.cpu_us),
            names.first,
            number(self.second.cpu_us),
            names.second,
            number(before.p99_ms),
            number(after.p99_ms),
            number(self.second.p99_ms),
            if self.is_void() { " (VOID: the first differs from itself by more than 20 %)" } else { "" }
        ));
    }
}

fn sample(load: &mut Load, plan: &Plan, stage: &Stage) -> Result<Sample> {
    load.rest(Duration::from_millis(50))?;
    let cpu = || stage.servers.iter().map(Server::cpu).collect::<Result<Vec<_>>>();
    let before = cpu()?;
    let mut delivered = load.drive(stage.crowd, PATTERN, plan.sample)?;
    let spent = cpu()?.iter().zip(&before).map(|(now, before)| now.since(before)).sum();
    let count = delivered.latencies.len() as u64;
    Ok(Sample::new(count, spent, delivered.wall, &mut delivered.latencies))
}

/// Medians with the least and the greatest, of the rounds that count.
pub(super) fn report(rounds: &[Round], names: Names, bars: Bars) -> Result<()> {
    let counting: Vec<_> = rounds.iter().filter(|round| !round.is_void()).collect();
    let spread = |of: &dyn Fn(&Round) -> f64| {
        Spread::of(counting.iter().map(|round| of(round)).collect()).context("every round is void: the machine is busy")
    };
    let ratio = spread(&|round| round.second.cpu_us / round.first(|sample| sample.cpu_us).max(1e-9))?;
    let later = spread(&|round| round.second.p99_ms - round.first(|sample| sample.p99_ms))?;
    let Names { first, second } = names;
    say(&format!("\n{} of {} rounds count; medians (least-greatest):", counting.len(), rounds.len()));
    say(&format!("{first}: {} of CPU a delivery", told(spread(&|round| round.first(|one| one.cpu_us))?, "us")));
    say(&format!("{second}: {}", told(spread(&|round| round.second.cpu_us)?, "us")));
    say(&format!("  beside the first: {}{}", told(ratio, "times"), verdict(bars.cpu, ratio.median)));
    say(&format!("p99 {first}: {}", told(spread(&|round| round.first(|one| one.p99_ms))?, "ms")));
    say(&format!("p99 {second}: {}", told(spread(&|round| round.second.p99_ms)?, "ms")));
    say(&format!("  later by {}{}", told(later, "ms"), verdict(bars.later_ms, later.median)));
    Ok(())
}

pub(super) fn told(spread: Spread, unit: &str) -> String {
    format!("{} ({}-{}) {unit}", number(spread.median), number(spread.min), number(spread.max))
}

fn verdict(bar: Option<f64>, value: f64) -> String {
    bar.map(|bar| format!("; bar {bar}, {}", if Bar::AtMost(bar).is_met(value) { "met" } else { "NOT met" }))
        .unwrap_or_default()
}
