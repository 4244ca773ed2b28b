//! Instructions that the core spends on what people do, counted by valgrind: the same on every run, whatever else the machine
//! does, so that a change of a few percent is seen. What they cost in time is for `fanout` to say.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::shell;
use crate::steps::{Steps, say};
use crate::workspace::Workspace;

/// What is counted, as `server/realtime/examples/instructions.rs` names it, and what it is.
const WORKS: &[(&str, &str)] = &[
    ("parse", "a `send` of 72 characters, from JSON to its fields"),
    ("publish", "a message from its frame to its ack and its echo, alone in the room"),
    ("deliver", "a message in a room of 51, until it waits in every queue"),
    ("join", "into a room of 50 and out again, with the roster and both answers"),
];
/// What was accepted last, in the repository.
const ACCEPTED: &str = "server/xtask/instructions.txt";
/// More than this above what was accepted fails.
const TOLERANCE: f64 = 0.03;
/// Two runs; what both need to start goes out by the difference.
const COUNTS: (u32, u32) = (100, 600);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Takes what is counted as accepted from now on.
    #[arg(long)]
    accept: bool,
}

pub(crate) fn run(workspace: &Workspace, steps: &mut Steps, options: &Options) -> Result<()> {
    let valgrind = shell::find_program(&["valgrind"])
        .context("instructions are counted by valgrind: install it (on Debian: apt-get install valgrind)")?;
    steps.step("the core, alone", || {
        let mut cargo = shell::cargo();
        cargo.current_dir(workspace.root()).args(["build", "--release", "--package", "realtime"]);
        shell::run(cargo.args(["--example", "instructions"]))
    })?;
    let program = workspace.root().join("target/release/examples/instructions");
    let accepted = accepted(&workspace.root().join(ACCEPTED))?;
    let (mut table, mut worse) = (String::new(), Vec::new());
    for (name, what) in WORKS {
        let each = steps.step(name, || each(&valgrind, &program, name))?;
        let before = accepted.iter().find(|(known, _)| known == name).map(|(_, count)| *count);
        let change = before.map(|before| ratio(each, before) - 1.0);
        let told = change.map_or("new".to_owned(), |change| format!("{:+.1} %", change * 100.0));
        say(&format!("    {name:<8} {each:>9}  {told:>8}  {what}"));
        if change.is_some_and(|change| change > TOLERANCE) {
            worse.push(*name);
        }
        let _ = writeln!(table, "{name} {each}");
    }
    if options.accept {
        let compiler = shell::capture(Command::new("rustc").arg("--version"))?;
        let head =
            "# Instructions of each work, as accepted last: `cargo xtask bench instructions --accept` writes them.";
        return Ok(fs::write(workspace.root().join(ACCEPTED), format!("{head}\n# {}\n{table}", compiler.trim()))?);
    }
    ensure!(
        worse.is_empty(),
        "more than {:.0} % above what was accepted: {} (another compiler? then `--accept`, with the reason)",
        TOLERANCE * 100.0,
        worse.join(", ")
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a ratio of counts far below 2^52")]
fn ratio(count: u64, of: u64) -> f64 {
    count as f64 / of.max(1) as f64
}

/// Instructions of doing it once.
fn each(valgrind: &Path, program: &Path, name: &str) -> Result<u64> {
    let (few, many) = COUNTS;
    let (less, more) = (count(valgrind, program, name, few)?, count(valgrind, program, name, many)?);
    Ok(more.saturating_sub(less) / u64::from(many - few))
}

fn count(valgrind: &Path, program: &Path, name: &str, times: u32) -> Result<u64> {
    let mut command = Command::new(valgrind);
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    let output = command.arg(program).args([name, &times.to_string()]).output().context("valgrind does not start")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{name}` failed under valgrind: {told}");
    counted(&told).with_context(|| format!("valgrind says nothing of instructions: {told}"))
}

/// The number behind `I refs:`.
fn counted(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.split_whitespace().any(|word| word == "refs:"))?;
    line.rsplit_once(':')?.1.trim().replace(',', "").parse().ok()
}

/// Names and numbers of the file; none where there is no file yet.
fn accepted(path: &Path) -> Result<Vec<(String, u64)>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| match line.split_once(' ').map(|(name, count)| (name, count.trim().parse())) {
            Some((name, Ok(count))) => Ok((name.to_owned(), count)),
            Some((_, Err(_))) | None => bail!("{} has a line that is no name and number: {line}", path.display()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn the_number_is_found_among_what_valgrind_says() {
        let told = "==7== Cachegrind, a cache profiler\n==7== \n==7== I refs:        1,234,567\n";
        assert_eq!(counted(told), Some(1_234_567));
        assert_eq!(counted("==7== I   refs:      12\n"), Some(12));
        assert_eq!(counted("nothing"), None);
    }
}
