//! Messages to rooms: each scenario runs in rounds, and in a round all candidates come after one another between two samples
//! of the floor, so that what the machine does meanwhile strikes all alike.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::gather::{self, Shape};
use super::load::{Load, Pattern};
use super::peers::{Candidate, Programs};
use super::process::Server;
use super::statistics::{FLOORS_APART_MAX, Round, Sample};
use crate::steps::{say, warn};

/// How long and how often is measured.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) rounds: usize,
    pub(super) sample: Duration,
    /// Smaller crowds where the scenario allows it, to see whether the bench works.
    pub(super) quick: bool,
    /// Nothing new is begun after this.
    pub(super) until: Instant,
    /// Cores of the servers, and of the load.
    pub(super) server_core: usize,
    pub(super) load_core: usize,
    pub(super) file_limit: usize,
}

impl Plan {
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }
}

/// What is said in a scenario, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Scenario {
    /// One room of 500, a message every 10 ms.
    Spread,
    /// One room of 500, 16 people speak at once every 80 ms.
    Together,
    /// 100 rooms of 10, 5,000 messages a second in all.
    Rooms,
    /// One room of 500, one speaks, 16 messages ahead of the slowest.
    Outstanding,
    /// One room of 1,000, a message every 20 ms. Only of `bench channels`.
    Thousand,
    /// 100 rooms of 10, 10,000 messages a second in all. Only of `bench channels`.
    Busy,
}

impl Scenario {
    pub(super) const ALL: [Self; 4] = [Self::Spread, Self::Together, Self::Rooms, Self::Outstanding];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Spread => "1 x 500, messages spread",
            Self::Together => "1 x 500, 16 messages together",
            Self::Rooms => "100 x 10, 5000 messages/s",
            Self::Outstanding => "1 x 500, 16 outstanding",
            Self::Thousand => "1 x 1000, messages spread",
            Self::Busy => "100 x 10, 10000 messages/s",
        }
    }

    const fn shape(self) -> Shape {
        match self {
            Self::Spread | Self::Together | Self::Outstanding => Shape { rooms: 1, members: 500 },
            Self::Thousand => Shape { rooms: 1, members: 1_000 },
            Self::Rooms | Self::Busy => Shape { rooms: 100, members: 10 },
        }
    }

    pub(super) const fn pattern(self) -> Pattern {
        match self {
            Self::Spread => Pattern::Spread { every: Duration::from_millis(10) },
            Self::Together => Pattern::Together { every: Duration::from_millis(80), count: 16 },
            Self::Rooms => Pattern::Spread { every: Duration::from_micros(200) },
            Self::Outstanding => Pattern::Outstanding { count: 16 },
            Self::Thousand => Pattern::Spread { every: Duration::from_millis(20) },
            Self::Busy => Pattern::Spread { every: Duration::from_micros(100) },
        }
    }

    /// The most processor time a delivery that the project allows itself, as a multiple of the floor's.
    pub(super) const fn cpu_bar(self, candidate: Candidate) -> Option<f64> {
        match (self, candidate) {
            (Self::Spread, Candidate::Native) => Some(1.02),
            (Self::Spread, Candidate::SocketIo) => Some(1.10),
            (Self::Rooms, Candidate::Native) => Some(1.05),
            (Self::Rooms, Candidate::SocketIo) => Some(1.15),
            (Self::Together | Self::Outstanding, Candidate::Native) => Some(0.10),
            (Self::Together | Self::Outstanding, Candidate::SocketIo) => Some(0.14),
            _ => None,
        }
    }

    /// The same for the 99th percentile of the latency, where the project has set one.
    pub(super) const fn p99_bar(self, candidate: Candidate) -> Option<f64> {
        match (self, candidate) {
            (Self::Spread, Candidate::Native | Candidate::SocketIo) => Some(1.5),
            (Self::Rooms, Candidate::Native | Candidate::SocketIo) => Some(3.0),
            _ => None,
        }
    }
}

/// One scenario's rounds, the void ones among them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Relayed {
    pub(super) scenario: Scenario,
    pub(super) rounds: Vec<Round>,
}

/// A server with its people inside.
struct Stage {
    server: Server,
    crowd: usize,
    _data: tempfile::TempDir,
}

/// Runs the rounds of one scenario; nothing where no round was possible.
pub(super) fn relay(programs: &mut Programs, plan: &Plan, scenario: Scenario) -> Result<Relayed> {
    let mut load = Load::new()?;
    let mut stages = BTreeMap::new();
    let candidates = programs.candidates();
    stages.insert(Candidate::Floor, stage(&mut load, programs, plan, scenario, Candidate::Floor)?);
    for candidate in candidates {
        match stage(&mut load, programs, plan, scenario, candidate) {
            Ok(stage) => _ = stages.insert(candidate, stage),
            Err(error) => drop_out(programs, &mut load, scenario, candidate, &error),
        }
    }
    load.rest(Duration::from_millis(800))?;
    let mut rounds = Vec::new();
    for number in 0..plan.rounds {
        if plan.is_over() {
            warn(&format!("WARNING: the time is over: {number} of {} rounds of {}", plan.rounds, scenario.name()));
            break;
        }
        let round = round(programs, plan, scenario, &mut load, &mut stages, number)?;
        say(&format!("    round {}: {}", number + 1, told(&round)));
        rounds.push(round);
    }
    Ok(Relayed { scenario, rounds })
}

fn stage(load: &mut Load, programs: &Programs, plan: &Plan, scenario: Scenario, candidate: Candidate) -> Result<Stage> {
    let data = tempfile::tempdir()?;
    let server = programs.start(candidate, 0, data.path(), &[plan.server_core])?;
    let crowd = gather::inside(load, candidate, server.address, scenario.shape())
        .with_context(|| format!("{} did not take its people", candidate.name()))?;
    Ok(Stage { server, crowd, _data: data })
}

fn round(
    programs: &mut Programs,
    plan: &Plan,
    scenario: Scenario,
    load: &mut Load,
    stages: &mut BTreeMap<Candidate, Stage>,
    number: usize,
) -> Result<Round> {
    let floor = |load: &mut Load, stages: &BTreeMap<Candidate, Stage>| {
        let stage = stages.get(&Candidate::Floor).context("the floor was set up first")?;
        sample(load, stage, scenario.pattern(), plan.sample).context("the floor failed")
    };
    let first = floor(load, stages)?;
    let mut order: Vec<_> = stages.keys().copied().filter(|&candidate| candidate != Candidate::Floor).collect();
    // Nobody always comes first.
    let turn = number % order.len().max(1);
    order.rotate_left(turn);
    let mut samples = BTreeMap::new();
    for candidate in order {
        let Some(stage) = stages.get(&candidate) else { continue };
        match sample(load, stage, scenario.pattern(), plan.sample) {
            Ok(sample) => _ = samples.insert(candidate, sample),
            Err(error) => {
                // Its server ends here, and its people with it.
                stages.remove(&candidate);
                drop_out(programs, load, scenario, candidate, &error);
            }
        }
    }
    Ok(Round { floors: [first, floor(load, stages)?], samples })
}

/// Names a candidate that cannot go on, and hears the ends of its lines, so that they are not taken for another's.
fn drop_out(programs: &mut Programs, load: &mut Load, scenario: Scenario, candidate: Candidate, error: &anyhow::Error) {
    programs.miss(&format!("{} in {}", candidate.name(), scenario.name()), &format!("{error:#}"));
    let _ = load.rest(Duration::from_millis(300));
    load.forget();
}

fn sample(load: &mut Load, stage: &Stage, pattern: Pattern, span: Duration) -> Result<Sample> {
    // Ends of the last sample: deferred writes, timers.
    load.rest(Duration::from_millis(50))?;
    let before = stage.server.cpu()?;
    let mut delivered = load.drive(stage.crowd, pattern, span)?;
    let spent = stage.server.cpu()?.since(&before);
    let count = delivered.latencies.len() as u64;
    Ok(Sample::new(count, spent, delivered.wall, &mut delivered.latencies))
}

fn told(round: &Round) -> String {
    let floor = round.floors.map(|floor| format!("{:.2}", floor.cpu_us)).join(" and ");
    let others = round.samples.iter().map(|(candidate, sample)| format!("{} {:.2}", candidate.name(), sample.cpu_us));
    let others: Vec<_> = others.collect();
    let void = if round.is_void() {
        format!(" (VOID: its floors differ by more than {:.0} %)", (FLOORS_APART_MAX - 1.0) * 100.0)
    } else {
        String::new()
    };
    format!("us of CPU a delivery: floor {floor}, {}{void}", others.join(", "))
}
