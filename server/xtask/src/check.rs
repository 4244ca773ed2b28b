//! What can be said of the code without running it: format, lints for both targets, licences and bans.

use anyhow::{Result, bail};

use crate::shell::{self, cargo_home};
use crate::steps::{Steps, say, warn};
use crate::wasm;
use crate::workspace::Workspace;

/// Packages that are compiled for this machine; the interface as the server has it.
const NATIVE: &[&str] = &[
    "protocol",
    "client",
    "channels",
    "chat",
    "forgetting",
    "realtime",
    "websocket",
    "socketio",
    "app",
    "server",
    "xtask",
];

/// What did not pass, by name. All checks run, so that one run tells everything.
#[derive(Debug, Default)]
pub(crate) struct Report {
    failed: Vec<&'static str>,
}

impl Report {
    pub(crate) fn failures(&self) -> u64 {
        self.failed.len() as u64
    }

    pub(crate) fn into_result(self) -> Result<()> {
        if !self.failed.is_empty() {
            bail!("these checks failed: {}", self.failed.join(", "));
        }
        Ok(())
    }

    fn check(&mut self, steps: &mut Steps, name: &'static str, work: impl FnOnce() -> Result<()>) {
        if let Err(error) = steps.step(name, work) {
            warn(&format!("error: {name}: {error:#}"));
            self.failed.push(name);
        }
    }
}

pub(crate) fn run(workspace: &Workspace, steps: &mut Steps) -> Report {
    let mut report = Report::default();
    report.check(steps, "format", || format(workspace));
    report.check(steps, "lints, native", || native_lints(workspace));
    report.check(steps, "lints, wasm", || wasm_lints(workspace));
    report.check(steps, "licences and bans", || licences(workspace));
    report
}

fn format(workspace: &Workspace) -> Result<()> {
    let mut cargo = shell::cargo();
    shell::run(cargo.current_dir(workspace.root()).args(["fmt", "--all", "--check"]))
}

fn native_lints(workspace: &Workspace) -> Result<()> {
    workspace.prepare_site()?;
    let mut cargo = shell::cargo();
    cargo.current_dir(workspace.root()).args(["clippy", "--all-targets", "--features", "app/ssr"]);
    for package in NATIVE {
        cargo.args(["--package", package]);
    }
    shell::run(cargo.args(["--", "-D", "warnings"]))
}

fn wasm_lints(workspace: &Workspace) -> Result<()> {
    match wasm::clippy(workspace) {
        Ok(mut clippy) => shell::run(&mut clippy),
        Err(reason) => could_not_run("the interface is not linted for wasm", &reason),
    }
}

/// Advisories are looked up where somebody has fetched them: not every machine has a network, and a test asks for none.
fn licences(workspace: &Workspace) -> Result<()> {
    if shell::find_program(&["cargo-deny"]).is_none() {
        say("    cargo-deny is not installed: nothing is checked here; type: cargo install cargo-deny --locked");
        return Ok(());
    }
    let mut deny = shell::cargo();
    deny.current_dir(workspace.root()).args(["deny", "check", "--disable-fetch", "bans", "licenses", "sources"]);
    if has_advisories() {
        deny.arg("advisories");
    } else {
        say("    no database of advisories; type: cargo deny fetch");
    }
    shell::run(&mut deny)
}

fn has_advisories() -> bool {
    cargo_home().is_some_and(|home| home.join("advisory-dbs").is_dir())
}

/// Something cannot be checked on this machine: a failure where nobody reads warnings.
pub(crate) fn could_not_run(what: &str, reason: &anyhow::Error) -> Result<()> {
    if std::env::var_os("CI").is_some() {
        bail!("{what}: {reason:#}");
    }
    warn(&format!("\nWARNING: {what}: {reason:#}\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_checks_run_and_the_failed_ones_are_named() {
        let mut steps = Steps::new();
        let mut report = Report::default();
        report.check(&mut steps, "one", || bail!("no"));
        report.check(&mut steps, "two", || Ok(()));
        report.check(&mut steps, "three", || bail!("no"));
        assert_eq!(report.failures(), 2);
        let error = report.into_result().expect_err("two failed");
        assert_eq!(error.to_string(), "these checks failed: one, three");
    }
}
