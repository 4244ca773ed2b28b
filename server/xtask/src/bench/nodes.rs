//! `cargo xtask bench nodes`: one room of 500 on one node beside the same room on two, which share it over a Redis server:
//! what a delivery costs the processor, and how much later it comes. Nodes and Redis share one core, as in `fanout`.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::beside::{Bars, Names, Round, Stage, report, told};
use super::gather::{self, Shape};
use super::load::Load;
use super::peers::{Candidate, Programs};
use super::process::{self, Server};
use super::scenarios::Plan;
use super::statistics::{Spread, float};
use crate::mongodb;
use crate::redis;
use crate::steps::{Steps, say};
use crate::workspace::Workspace;

const ROOM: Shape = Shape { rooms: 1, members: 500 };
const NAMES: Names = Names { first: "on one node of 500", second: "on two nodes of 250, both together" };
const BARS: Bars = Bars { cpu: Some(1.2), later_ms: Some(3.0) };
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

pub(super) fn run(workspace: &Workspace, steps: &mut Steps, server: &Path, plan: &Plan) -> Result<()> {
    let database = steps.step("a MongoDB server", || mongodb::provide(workspace))?;
    let engine = steps.step("a Redis server", || redis::provide(workspace))?;
    let (rounds, engine_us) = steps.step("two nodes beside one", || {
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
        let mut engine_us = Vec::new();
        let mut rounds = Vec::new();
        for turn in 0..plan.rounds {
            let round = Round::take(&mut load, plan, [&one, &two], |sample| {
                let before = process::cpu_of(engine.0.id())?;
                let both = sample()?;
                let spent = process::cpu_of(engine.0.id())?.since(&before);
                engine_us.push(spent.as_secs_f64() * 1e6 / float(both.deliveries.max(1)));
                Ok(both)
            })?;
            round.tell(turn, NAMES);
            rounds.push(round);
        }
        Ok((rounds, Spread::of(engine_us)))
    })?;
    report(&rounds, NAMES, BARS)?;
    let engine = engine_us.context("no round measures nothing")?;
    say(&format!("beside the two nodes, Redis itself: {} of CPU a delivery", told(engine, "us")));
    Ok(())
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
    Ok(Stage::new(servers, outside.crowd, data))
}
