//! `cargo xtask bench fanout`: what a delivery costs the server's processor as a multiple of a bare `send()`, beside servers
//! of others, and how the server bears joins, silence, slow readers and its own death. Linux and loopback only; every
//! process that it starts ends with it, and nothing new is begun when its time is over.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::holding;
use super::joining;
use super::measured::Gathered;
use super::nodes;
use super::peers::{Candidate, Programs};
use super::process;
use super::report::Report;
use super::scenarios::{Plan, Scenario, relay};
use super::tls;
use crate::build;
use crate::mode::Mode;
use crate::shell;
use crate::steps::{Steps, say, warn};
use crate::workspace::Workspace;

/// Of the measurements; compiling and installing comes before.
const TIME_MAX: Duration = Duration::from_mins(9);
const TIME_MAX_QUICK: Duration = Duration::from_mins(4);

#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// A few short rounds and small crowds, to see whether everything works.
    #[arg(long)]
    quick: bool,
    /// Rounds of each scenario.
    #[arg(long)]
    rounds: Option<usize>,
    /// Only these scenarios of messages; without `--rest` nothing else.
    #[arg(long, value_enum)]
    only: Vec<Scenario>,
    /// Only memory, joins, the slow reader, coming back and two cores (with `--only`: these too).
    #[arg(long)]
    rest: bool,
    /// Leave out the servers of others.
    #[arg(long)]
    no_peers: bool,
    /// Measure this server instead of compiling one.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Write the tables and the picture of docs/performance.md.
    #[arg(long)]
    write_docs: bool,
}

pub(super) fn run(workspace: &Workspace, steps: &mut Steps, options: &Options) -> Result<()> {
    let server = server(workspace, steps, options.server.as_ref())?;
    let mut programs = Programs::new(server)?;
    if options.no_peers {
        for peer in Candidate::PEERS {
            programs.miss(peer.name(), "left out by --no-peers");
        }
    } else {
        programs.install_peers(workspace, steps);
    }
    let report = measure(steps, &mut programs, options)?;
    finish(workspace, &report, "fanout")?;
    if options.write_docs {
        say(&format!("written: {}", report.write_docs(workspace)?.display()));
    }
    Ok(())
}

/// The tables of the last run.
pub(super) fn write_docs(workspace: &Workspace) -> Result<()> {
    let page = Report::load(workspace, "fanout")?.write_docs(workspace)?;
    say(&format!("written: {}", page.display()));
    Ok(())
}

/// What clearing freed memory costs: one delivery by the native transport with and without.
pub(super) fn forgetting(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let server = server(workspace, steps, None)?;
    steps.step("the server without it", || {
        let mut cargo = shell::cargo();
        cargo.current_dir(workspace.root()).args(["build", "--release", "--package", "server"]);
        shell::run(cargo.args(["--example", "serve_keeping"]))
    })?;
    let keeping = server.with_file_name("examples").join("serve_keeping");
    let mut programs = Programs::new(server)?;
    programs.remove(Candidate::SocketIo);
    programs.add(Candidate::Keeping, keeping, Vec::new());
    let options = Options { only: vec![Scenario::Spread, Scenario::Rooms], ..Options::default() };
    let report = measure(steps, &mut programs, &options)?;
    finish(workspace, &report, "forgetting")
}

/// What an event of an application's channel costs beside a message of a room, by the same transport.
pub(super) fn channels(workspace: &Workspace, steps: &mut Steps, options: &Options) -> Result<()> {
    let server = server(workspace, steps, options.server.as_ref())?;
    let mut programs = Programs::new(server.clone())?;
    programs.remove(Candidate::Native);
    let folder = workspace.root().join("server/xtask/peers/channels");
    let arguments = vec!["--apps".into(), folder.into()];
    programs.add(Candidate::Channel, server.clone(), arguments.clone());
    programs.add(Candidate::Published, server, arguments);
    let only = vec![Scenario::Thousand, Scenario::Rooms, Scenario::Busy];
    let report = measure(steps, &mut programs, &Options { only, ..options.clone() })?;
    finish(workspace, &report, "channels")?;
    say(
        "Centrifugo publishes 30 million deliveries a minute (0.5 million a second) to a million connections, on hardware \
         comparable to one modern server machine; what that is for one core it does not say.",
    );
    Ok(())
}

/// One room on one node beside the same on two.
pub(super) fn nodes(workspace: &Workspace, steps: &mut Steps, options: &Options) -> Result<()> {
    let server = server(workspace, steps, options.server.as_ref())?;
    let (plan, machine) = plan(options)?;
    nodes::run(workspace, steps, &server, &plan)?;
    say(&format!("on {machine}"));
    Ok(())
}

/// A room by the server's own TLS beside the same without.
pub(super) fn tls(workspace: &Workspace, steps: &mut Steps, options: &Options) -> Result<()> {
    let server = server(workspace, steps, options.server.as_ref())?;
    let (plan, machine) = plan(options)?;
    tls::run(steps, &server, &plan)?;
    say(&format!("on {machine}"));
    Ok(())
}

fn finish(workspace: &Workspace, report: &Report, name: &str) -> Result<()> {
    let path = report.save(workspace, name)?;
    say(&format!("\n{}", report.text()));
    say(&format!("written: {} and the picture beside it", path.display()));
    Ok(())
}

fn server(workspace: &Workspace, steps: &mut Steps, given: Option<&PathBuf>) -> Result<PathBuf> {
    if let Some(server) = given {
        return server.canonicalize().with_context(|| format!("there is no {}", server.display()));
    }
    // A server without its interface should never lie in target/release.
    if !workspace.has_site() {
        build::interface(workspace, steps, Mode::Release)?;
    }
    build::server(workspace, steps, Mode::Release)
}

fn measure(steps: &mut Steps, programs: &mut Programs, options: &Options) -> Result<Report> {
    let (plan, machine) = plan(options)?;
    let only = if options.only.is_empty() && !options.rest { &Scenario::ALL[..] } else { &options.only };
    let mut relayed = Vec::new();
    for &scenario in only {
        if plan.is_over() {
            programs.miss(scenario.name(), "the time is over");
            continue;
        }
        match steps.step(scenario.name(), || relay(programs, &plan, scenario)) {
            Ok(rounds) => relayed.push(rounds),
            Err(error) => programs.miss(scenario.name(), &format!("{error:#}")),
        }
    }
    let mut gathered = Gathered::default();
    if options.only.is_empty() || options.rest {
        rest(steps, programs, &plan, &mut gathered)?;
    }
    let date = shell::capture(std::process::Command::new("date").args(["-u", "+%Y-%m-%d"]))?.trim().to_owned();
    let (missing, measured) = (programs.missing.clone(), gathered.finish());
    Ok(Report { date, machine, quick: options.quick, missing, relayed, measured })
}

type Part = fn(&mut Programs, &Plan, &mut Gathered);

fn rest(steps: &mut Steps, programs: &mut Programs, plan: &Plan, gathered: &mut Gathered) -> Result<()> {
    let parts: [(&str, Part); 5] = [
        ("two cores", holding::two_cores),
        ("joins of one room", joining::joins),
        ("idle memory", holding::idle),
        ("a slow reader", holding::slow_reader),
        ("coming back", joining::come_back),
    ];
    for (name, part) in parts {
        if plan.is_over() {
            programs.miss(name, "the time is over");
            continue;
        }
        steps.step(name, || {
            part(programs, plan, gathered);
            Ok(())
        })?;
    }
    Ok(())
}

/// Puts this thread on the load's core; the plan, and what machine it is.
fn plan(options: &Options) -> Result<(Plan, String)> {
    let cores = process::cores()?;
    let (&server_core, &load_core) = cores.first().zip(cores.last()).context("there is no core")?;
    if server_core == load_core {
        warn("WARNING: there is one core: server and load share it, and latencies say nothing");
    }
    process::pin(&[load_core])?;
    let file_limit = process::raise_file_limit()?;
    let rounds = options.rounds.unwrap_or(if options.quick { 2 } else { 5 });
    ensure!(rounds > 0, "no round measures nothing");
    let plan = Plan {
        rounds,
        sample: Duration::from_millis(if options.quick { 500 } else { 1_500 }),
        quick: options.quick,
        until: Instant::now() + if options.quick { TIME_MAX_QUICK } else { TIME_MAX },
        server_core,
        load_core,
        file_limit,
    };
    Ok((plan, process::machine(cores.len())))
}
