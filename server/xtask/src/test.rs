//! All tests in one command, and one line at the end that says how many passed.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};

use crate::autobahn;
use crate::build;
use crate::check;
use crate::clients;
use crate::e2e;
use crate::mode::Mode;
use crate::mongodb;
use crate::pebble;
use crate::proxies;
use crate::redis;
use crate::second_try;
use crate::shell;
use crate::smoke_test;
use crate::steps::{Steps, say, warn};
use crate::summary::{self, Totals};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Test the quick build of the interface end to end, not what people download.
    #[arg(long, conflicts_with = "release")]
    dev: bool,
    /// Test the release of the server end to end, not the build of the other tests, which is there already and checks itself.
    #[arg(long)]
    release: bool,
    /// Run one part only.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Run tests whose name holds one of these words, and no checks.
    filters: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Format, lints, licences.
    Check,
    /// Unit, property and integration tests.
    Native,
    /// Autobahn's cases against the server's WebSocket codec.
    Websocket,
    /// Two browsers against the binary.
    E2e,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        match self.only {
            Some(only) => only == part,
            None => !matches!(part, Part::Check | Part::Websocket) || self.filters.is_empty(),
        }
    }
}

/// Everything runs, whatever failed before it: one run tells all there is to repair.
pub(crate) fn run(workspace: &Workspace, steps: &mut Steps, options: &Options) -> ExitCode {
    let mut totals = Totals::default();
    if options.wants(Part::Check) {
        totals.failed += check::run(workspace, steps).failures();
    }
    if options.wants(Part::Native) {
        totals += native(workspace, steps, &options.filters);
    }
    if options.wants(Part::Websocket) {
        totals += websocket_cases(workspace, steps);
    }
    if options.wants(Part::E2e) {
        totals += end_to_end(workspace, steps, options);
    }
    steps.print_times();
    if totals.skipped > 0 {
        warn(&format!("WARNING: tests skipped: {}", totals.skipped));
    }
    if totals == Totals::default() && options.only != Some(Part::Check) {
        warn("error: no test ran: is the filter right?");
        totals.failed = 1;
    }
    if totals.flaky > 0 {
        warn(&format!("WARNING: tests that passed only at the second try: {}; each is a fault to find", totals.flaky));
    }
    say(&totals.to_string());
    if totals.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The packages of the product share one build; xtask has the build that runs it.
pub(crate) const PRODUCT: &[&str] = &[
    "--package",
    "protocol",
    "--package",
    "client",
    "--package",
    "channels",
    "--package",
    "chat",
    "--package",
    "forgetting",
    "--package",
    "realtime",
    "--package",
    "websocket",
    "--package",
    "socketio",
    "--package",
    "app",
    "--package",
    "server",
    "--features",
    "app/ssr",
];

/// Kill the database: they run alone.
const FAULTS: &str = "faults::";
/// Start Redis servers; `three_nodes::` is one of them.
const NODES: &str = "nodes::";
const NODES_BROKER: &str = "broker::redis::tests::";
/// Start proxies.
const PROXIES: &str = "behind::proxies::";
/// Start an authority for certificates each.
const ACME: &str = "acme_by_pebble::";
/// Say the same whatever the database is.
const NO_DATABASE: &[&str] = &[
    "tidy::",
    "config::",
    "vectors::",
    "canary::",
    "framing::",
    "memory::",
    "socketio::",
    "pages::",
    "origins::",
    "apps_examples::",
    "behind::",
    NODES,
    ACME,
];

/// What the tests of the API's descriptions need beside Rust.
fn validators(workspace: &Workspace, steps: &mut Steps) -> Totals {
    match steps.step("prepare the validators of the API", || clients::prepare_validators(workspace)) {
        Ok(()) => Totals::default(),
        Err(reason) => {
            let result =
                check::could_not_run("the descriptions of the API were not given to their validators", &reason);
            counted("validators of the API", result.map(|()| Totals::default()))
        }
    }
}

/// What tests start beside the server: the variables that name it, and the tests for which there is none.
struct Programs {
    variables: Vec<(&'static str, String)>,
    skipped: Vec<&'static str>,
}

impl Programs {
    fn provide(workspace: &Workspace, steps: &mut Steps, totals: &mut Totals) -> Self {
        let mut programs = Self { variables: Vec::new(), skipped: vec![FAULTS] };
        let redis = steps.step("a Redis server", || redis::provide(workspace));
        let redis = redis.map(|program| vec![("REDIS_SERVER", program.display().to_string())]);
        *totals += programs.add(redis, "several nodes are not tested", &[NODES, NODES_BROKER]);
        let proxies = steps.step("nginx, HAProxy and Caddy", || proxies::provide(workspace));
        *totals += programs.add(proxies, "no proxy is tested in front of the server", &[PROXIES]);
        let pebble = steps.step("Pebble", || pebble::provide(workspace));
        let pebble = pebble.map(|program| vec![("PEBBLE", program.display().to_string())]);
        *totals += programs.add(pebble, "no certificate is got from an authority", &[ACME]);
        programs
    }

    fn add(
        &mut self,
        provided: Result<Vec<(&'static str, String)>>,
        untested: &'static str,
        tests: &[&'static str],
    ) -> Totals {
        match provided {
            Ok(variables) => {
                for (variable, program) in &variables {
                    say(&format!("    {variable}={program}"));
                }
                self.variables.extend(variables);
                Totals::default()
            }
            Err(reason) => {
                self.skipped.extend(tests);
                counted(untested, check::could_not_run(untested, &reason).map(|()| Totals::default()))
            }
        }
    }
}

/// Everything on the database in memory, with the suite of the stores on all of them; then the integration tests on
/// the others.
fn native(workspace: &Workspace, steps: &mut Steps, filters: &[String]) -> Totals {
    let (server, mut totals) = match steps.step("a MongoDB server", || mongodb::provide(workspace)) {
        Ok(server) => {
            say(&format!("    MongoDB: {}", server.what));
            (Some(server), Totals::default())
        }
        Err(reason) => {
            let result = check::could_not_run("nothing is tested on MongoDB", &reason);
            (None, counted("MongoDB", result.map(|()| Totals::default())))
        }
    };
    if let Err(reason) = steps.step("prepare the Socket.IO clients", || clients::prepare(workspace)) {
        let result = check::could_not_run("the official Socket.IO clients were not driven", &reason);
        totals += counted("Socket.IO clients", result.map(|()| Totals::default()));
    }
    let programs = Programs::provide(workspace, steps, &mut totals);
    totals += validators(workspace, steps);
    let uri = server.as_ref().map_or("", |server| &server.uri);
    let named = programs.variables.iter().map(|(variable, program)| (*variable, program.as_str()));
    let variables: Vec<_> = std::iter::once(("TEST_MONGODB_URI", uri)).chain(named).collect();
    let everything = Run { packages: PRODUCT, skipped: &programs.skipped, variables: &variables };
    totals += cargo_test(workspace, steps, "tests of the product", &everything, filters);
    totals += integration(workspace, steps, &[("TEST_DATABASE", "sqlite")], filters);
    if let Some(server) = &server {
        let variables = [("TEST_DATABASE", "mongodb"), ("TEST_MONGODB_URI", uri)];
        totals += integration(workspace, steps, &variables, filters);
        totals += faults(workspace, steps, server, filters);
    }
    let xtask = Run { packages: &["--package", "xtask"], skipped: &[], variables: &[] };
    totals += cargo_test(workspace, steps, "tests of xtask", &xtask, filters);
    totals
}

/// Not every machine can run them; whoever asks for nothing else is told by the count of tests that none ran.
fn websocket_cases(workspace: &Workspace, steps: &mut Steps) -> Totals {
    let Some(wstest) = autobahn::find() else {
        autobahn::missing();
        return Totals::default();
    };
    let result = steps.step("Autobahn's WebSocket cases", || autobahn::run(workspace, &wstest));
    counted("Autobahn's WebSocket cases", result)
}

/// The integration tests on another database.
fn integration(workspace: &Workspace, steps: &mut Steps, variables: &[(&str, &str)], filters: &[String]) -> Totals {
    let name = format!("integration tests on {}", variables.first().map_or("", |(_, kind)| kind));
    let packages = [PRODUCT, &["--test", "it"]].concat();
    let skipped = [NO_DATABASE, &[FAULTS]].concat();
    cargo_test(workspace, steps, &name, &Run { packages: &packages, skipped: &skipped, variables }, filters)
}

/// What happens when the database is killed. One at a time, and with nothing beside them.
fn faults(workspace: &Workspace, steps: &mut Steps, server: &mongodb::Server, filters: &[String]) -> Totals {
    if !filters.is_empty() && !filters.iter().any(|filter| filter.contains(FAULTS)) {
        return Totals::default();
    }
    let Some(control) = &server.control else {
        let reason = anyhow::anyhow!("TEST_MONGODB_URI names a server that is not ours to kill");
        let result = check::could_not_run("the faults of the database are not tested", &reason);
        return counted("faults", result.map(|()| Totals::default()));
    };
    let addr = control.addr.to_string();
    let variables = [("TEST_MONGODB_URI", server.uri.as_str()), ("TEST_MONGODB_CONTROL", &addr)];
    let packages = [PRODUCT, &["--test", "it"]].concat();
    let run = Run { packages: &packages, skipped: &[], variables: &variables };
    cargo_test(workspace, steps, "the database is killed", &run, &[FAULTS.to_owned()])
}

/// One call of cargo's test runner.
struct Run<'a> {
    packages: &'a [&'a str],
    /// Tests whose names hold one of these do not run.
    skipped: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
}

impl Run<'_> {
    /// `cargo test` with all but the names of the tests.
    fn cargo(&self, workspace: &Workspace) -> Command {
        let mut cargo = shell::cargo();
        cargo.current_dir(workspace.root()).args(["test", "--no-fail-fast"]).args(self.packages).arg("--");
        cargo.envs(self.variables.iter().copied());
        cargo
    }
}

fn cargo_test(workspace: &Workspace, steps: &mut Steps, name: &str, run: &Run<'_>, filters: &[String]) -> Totals {
    let result = steps.step(name, || {
        workspace.prepare_site()?;
        let mut cargo = run.cargo(workspace);
        cargo.args(filters);
        for skipped in run.skipped {
            cargo.args(["--skip", skipped]);
        }
        let (content, output) = shell::tee(&mut cargo)?;
        let first = summary::of_cargo(&output).with_exit(content);
        let failed = summary::failed_in_cargo(&output);
        if second_try::is_due(first, failed.len()) {
            second_try::of_cargo(first, &failed, run.cargo(workspace))
        } else {
            Ok(first)
        }
    });
    counted(name, result)
}

fn end_to_end(workspace: &Workspace, steps: &mut Steps, options: &Options) -> Totals {
    let ready = match steps.step("prepare the end-to-end tests", || e2e::prepare(workspace)) {
        Ok(ready) => ready,
        Err(reason) => {
            let result = check::could_not_run("the end-to-end tests did not run", &reason);
            return counted("end to end", result.map(|()| Totals::default()));
        }
    };
    let mode = Mode::from_dev(options.dev);
    let result = build_for_browsers(workspace, steps, mode, options.release).and_then(|binary| {
        ensure!(binary.is_file(), "cargo made no {}", binary.display());
        if mode == Mode::Release && options.filters.is_empty() {
            let promise = if options.release { smoke_test::prove } else { smoke_test::weigh };
            promise(workspace, steps, &binary)?;
        }
        steps.step("end to end, in Chromium", || e2e::run(&ready, &binary, &options.filters))
    });
    counted("end to end", result)
}

/// The interface, and a server that shows it. A release of the server costs as long as half of all tests: where nobody asks
/// for one, it is the program that the integration tests start, which reads the interface from the disk.
fn build_for_browsers(workspace: &Workspace, steps: &mut Steps, mode: Mode, release: bool) -> Result<PathBuf> {
    if release {
        return build::everything(workspace, steps, Mode::Release);
    }
    build::interface(workspace, steps, mode)?;
    steps.step("compile the server of the tests", || {
        let packages = [PRODUCT, &["--test", "it"]].concat();
        shell::run(shell::cargo().current_dir(workspace.root()).args(["test", "--no-run"]).args(packages))?;
        Ok(workspace.binary(Mode::Dev.server_folder()))
    })
}

/// A part that broke before it could count is one failure.
fn counted(name: &str, result: Result<Totals>) -> Totals {
    result.unwrap_or_else(|error| {
        warn(&format!("error: {name}: {error:#}"));
        Totals::ONE_FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(only: Option<Part>, filters: &[&str]) -> Options {
        Options { dev: false, release: false, only, filters: filters.iter().map(|&filter| filter.to_owned()).collect() }
    }

    #[test]
    fn everything_runs_unless_something_is_chosen() {
        let parts = [Part::Check, Part::Native, Part::Websocket, Part::E2e];
        let wanted = |options: &Options| parts.map(|part| options.wants(part));
        assert_eq!(wanted(&options(None, &[])), [true, true, true, true]);
        assert_eq!(wanted(&options(None, &["join"])), [false, true, false, true]);
        assert_eq!(wanted(&options(Some(Part::Check), &[])), [true, false, false, false]);
        assert_eq!(wanted(&options(Some(Part::E2e), &["join"])), [false, false, false, true]);
    }

    #[test]
    fn a_broken_part_counts_as_one_failure() {
        assert_eq!(counted("x", Err(anyhow::anyhow!("no"))), Totals::ONE_FAILURE);
        assert_eq!(counted("x", Ok(Totals::default())), Totals::default());
    }
}
