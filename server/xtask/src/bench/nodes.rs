//! `cargo xtask bench nodes`: one room of 500 on one node beside the same room on two, which share it over a Redis server:
//! what a delivery costs the processor, and how much later it comes. Nodes and Redis share one core, as in `fanout`.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::gather::{self, Shape};
use super::load::{Load, Pattern};
use super::measured::{Bar, number};
use super::peers::{Candidate, Programs};
use super::process::{self, Server};
use super::scenarios::Plan;
use super::statistics::{FLOORS_APART_MAX, Sample, Spread, float};
use crate::mongodb;
use crate::redis;
use crate::steps::{Steps, say};
use crate::workspace::Workspace;

const ROOM: Shape = Shape { rooms: 1, members: 500 };
/// 50,000 deliveries a second.
const PATTERN: Pattern = Pattern::Spread { every: Duration::from_millis(10) };
/// What the project allows two nodes beside one: of the processor, and of the 99th percentile.
const CPU_BAR: Bar = Bar::AtMost(1.2);
const LATER_BAR: Bar = Bar::AtMost(3.0);
const ENGINE_STARTS_WITHIN: Duration = Duration::from_secs(10);

/// A server without a disk, killed with this.
struct Engine(Child, u16);

impl Engine {
    fn start(program: &Path) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut server = Command::new(program);
        server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
        let engine = Self(server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?, port);
        let until = Instant::now() + ENGINE_STARTS_WITHIN;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(Instant::now() < until, "the Redis server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(engine)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A room of 500 and the nodes that it is on.
struct Stage {
    servers: Vec<Server>,
    crowd: usize,
    _data: Vec<tempfile::TempDir>,
}

/// Of one round: one node, two, one again; and what Redis spent meanwhile for each delivery.
struct Round {
    one: [Sample; 2],
    two: Sample,
    engine_us: f64,
}

impl Round {
    fn is_void(&self) -> bool {
        let [first, second] = self.one.map(|sample| sample.cpu_us);
        first.max(second) > FLOORS_APART_MAX * first.min(second)
    }

    fn one(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        f64::midpoint(of(&self.one[0]), of(&self.one[1]))
    }
}

pub(super) fn run(workspace: &Workspace, steps: &mut Steps, server: &Path, plan: &Plan) -> Result<()> {
    let database = steps.step("a MongoDB server", || mongodb::provide(workspace))?;
    let engine = steps.step("a Redis server", || redis::provide(workspace))?;
    let rounds = steps.step("two nodes beside one", || {
        process::pin(&[plan.server_core])?;
        let engine = Engine::start(&engine)?;
        process::pin(&[plan.load_core])?;
        let mut load = Load::new()?;
        let alone = Programs::new(server.to_owned())?;
        let mut shared = Programs::new(server.to_owned())?;
        let broker = format!("redis://127.0.0.1:{}", engine.1);
        let arguments = ["--database".to_owned(), named(&database.uri), "--broker".to_owned(), broker];
        shared.add(Candidate::Native, server.to_owned(), arguments.map(Into::into).to_vec());
        let one = stage(&mut load, &alone, plan, 1)?;
        let two = stage(&mut load, &shared, plan, 2)?;
        load.rest(Duration::from_secs(1))?;
        (0..plan.rounds).map(|turn| round(&mut load, plan, &engine, [&one, &two], turn)).collect::<Result<Vec<_>>>()
    })?;
    report(&rounds)
}

/// A database that no run before has used.
fn named(server: &str) -> String {
    let (base, options) = server.split_at(server.find('?').unwrap_or(server.len()));
    format!("{}/bench_nodes_{}{options}", base.trim_end_matches('/'), std::process::id())
}

/// Everybody is made by the first node; the last half of them is on the last.
fn stage(load: &mut Load, programs: &Programs, plan: &Plan, nodes: usize) -> Result<Stage> {
    let (mut servers, mut data): (Vec<Server>, Vec<tempfile::TempDir>) = (Vec::new(), Vec::new());
    for _ in 0..nodes {
        let folder = tempfile::tempdir()?;
        if let Some(first) = data.first() {
            fs::copy(first.path().join("secret"), folder.path().join("secret")).context("a node has a secret")?;
        }
        servers.push(programs.start(Candidate::Native, 0, folder.path(), &[plan.server_core])?);
        data.push(folder);
    }
    let (first, last) = servers.first().zip(servers.last()).context("there is a node")?;
    let outside = gather::outside(load, Candidate::Native, first.address, ROOM)?;
    for person in outside.people.iter().skip(ROOM.members / 2) {
        load.lines[person.line].address = Some(last.address);
    }
    load.open_all(outside.ways_inside(), gather::GATHERS_WITHIN, |_| {})?;
    Ok(Stage { servers, crowd: outside.crowd, _data: data })
}

fn round(load: &mut Load, plan: &Plan, engine: &Engine, [one, two]: [&Stage; 2], turn: usize) -> Result<Round> {
    let first = sample(load, plan, one)?;
    let before = process::cpu_of(engine.0.id())?;
    let both = sample(load, plan, two)?;
    let engine = process::cpu_of(engine.0.id())?.since(&before);
    let engine_us = engine.as_secs_f64() * 1e6 / float(both.deliveries.max(1));
    let round = Round { one: [first, sample(load, plan, one)?], two: both, engine_us };
    say(&format!(
        "    round {}: us of CPU a delivery {} and {} on one node, {} on two; p99 {} and {} ms, {} ms{}",
        turn + 1,
        number(round.one[0].cpu_us),
        number(round.one[1].cpu_us),
        number(round.two.cpu_us),
        number(round.one[0].p99_ms),
        number(round.one[1].p99_ms),
        number(round.two.p99_ms),
        if round.is_void() { " (VOID: one node differs from itself by more than 20 %)" } else { "" }
    ));
    Ok(round)
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

fn report(rounds: &[Round]) -> Result<()> {
    let counting: Vec<_> = rounds.iter().filter(|round| !round.is_void()).collect();
    let spread = |of: &dyn Fn(&Round) -> f64| {
        Spread::of(counting.iter().map(|round| of(round)).collect()).context("every round is void: the machine is busy")
    };
    let told = |spread: Spread, unit: &str| {
        format!("{} ({}-{}) {unit}", number(spread.median), number(spread.min), number(spread.max))
    };
    let ratio = spread(&|round| round.two.cpu_us / round.one(|sample| sample.cpu_us).max(1e-9))?;
    let later = spread(&|round| round.two.p99_ms - round.one(|sample| sample.p99_ms))?;
    let met = |bar: Bar, value: f64| if bar.is_met(value) { "met" } else { "NOT met" };
    say(&format!("\n{} of {} rounds count; medians (least-greatest):", counting.len(), rounds.len()));
    say(&format!("one node of 500: {} of CPU a delivery", told(spread(&|round| round.one(|one| one.cpu_us))?, "us")));
    say(&format!("two nodes of 250: {}", told(spread(&|round| round.two.cpu_us)?, "us, both together")));
    say(&format!("  and Redis: {}", told(spread(&|round| round.engine_us)?, "us")));
    say(&format!("  beside one: {}; bar 1.2, {}", told(ratio, "times"), met(CPU_BAR, ratio.median)));
    say(&format!("p99 on one node: {}", told(spread(&|round| round.one(|one| one.p99_ms))?, "ms")));
    say(&format!("p99 on two: {}", told(spread(&|round| round.two.p99_ms)?, "ms")));
    say(&format!("  later by {}; bar 3 ms, {}", told(later, "ms"), met(LATER_BAR, later.median)));
    Ok(())
}
