//! Autobahn's fuzzing client against the server's codec: `server/examples/websocket_echo.rs`, which has the reader and
//! the limits of the product.
//!
//! The suite (`autobahntestsuite` 0.8.2, from Python's package index) is a program for Python 2.7, which many systems have
//! no more. Where its command `wstest` is on the path, or `WSTEST` names it, it runs; where not, that is said and is no
//! failure.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::shell;
use crate::steps::{say, warn};
use crate::summary::Totals;
use crate::workspace::Workspace;

/// The product's own limit of a message: no case but those of 9.* sends more.
const MESSAGE_BYTES_MAX: &str = "65536";
/// 9.*: messages of megabytes. 12.* and 13.*: compression, which the server does not speak.
const EXCLUDED: [&str; 3] = ["9.*", "12.*", "13.*"];
/// It takes ten seconds where nothing hangs.
const DEADLINE: Duration = Duration::from_mins(5);
const POLL_EVERY: Duration = Duration::from_millis(50);

/// The suite's program, where it is installed.
pub(crate) fn find() -> Option<PathBuf> {
    let named = env::var_os("WSTEST").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| shell::find_program(&["wstest"]))
}

/// Says that nothing was tested, and what to do about it.
pub(crate) fn missing() {
    warn(
        "\nWARNING: Autobahn's WebSocket cases did not run: there is no wstest. With Python 2.7:\
         \n    python2.7 -m virtualenv autobahn && autobahn/bin/pip install autobahntestsuite==0.8.2\
         \n    WSTEST=autobahn/bin/wstest cargo xtask test\n",
    );
}

/// Runs all cases; each is a test.
pub(crate) fn run(workspace: &Workspace, wstest: &Path) -> Result<Totals> {
    let mut cargo = shell::cargo();
    cargo.current_dir(workspace.root()).args(["build", "--package", "server", "--example", "websocket_echo"]);
    shell::run(&mut cargo)?;
    let echo = Echo::start(&workspace.target().join("debug/examples/websocket_echo"))?;

    let folder = workspace.target().join("autobahn");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let reports = folder.join("reports");
    let settings = json!({
        "outdir": reports,
        "servers": [{ "agent": "WhisperSpace", "url": format!("ws://{}/", echo.address) }],
        "cases": ["*"],
        "exclude-cases": EXCLUDED,
    });
    let settings_file = folder.join("fuzzingclient.json");
    fs::write(&settings_file, settings.to_string())?;
    let log = fs::File::create(folder.join("wstest.log"))?;
    let mut command = Command::new(wstest);
    command.args(["-m", "fuzzingclient", "-s"]).arg(&settings_file).stdout(log.try_clone()?).stderr(log);
    wait(command.spawn().with_context(|| format!("cannot start {}", wstest.display()))?)
        .with_context(|| format!("see {}", folder.join("wstest.log").display()))?;

    let index = fs::read_to_string(reports.join("index.json")).context("the suite left no report")?;
    let (totals, failed) = count(&index)?;
    for case in failed {
        warn(&format!("    {case}"));
    }
    say(&format!("    reports: {}", reports.join("index.html").display()));
    Ok(totals)
}

/// The program under test, ended with this.
struct Echo {
    child: Child,
    address: String,
}

impl Echo {
    fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args([MESSAGE_BYTES_MAX, "0"]).stdout(Stdio::piped());
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let mut echo = Self { child, address: String::new() };
        let output = echo.child.stdout.take().context("the output of a child process was asked for")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").context("the example does not say where it listens")?;
        address.clone_into(&mut echo.address);
        Ok(echo)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait(mut child: Child) -> Result<()> {
    let until = Instant::now() + DEADLINE;
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "wstest failed ({status})");
            return Ok(());
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("wstest did not end within {} s", DEADLINE.as_secs());
        }
        thread::sleep(POLL_EVERY);
    }
}

/// Reads the suite's index: agent, case, how it went. What is informational has no right and wrong; what is not strict is
/// a fault told later than it could be.
fn count(index: &str) -> Result<(Totals, Vec<String>)> {
    let index: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(index).context("no index of reports")?;
    let (mut totals, mut failed) = (Totals::default(), Vec::new());
    for (case, result) in index.values().flatten() {
        let of = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or("MISSING").to_owned();
        let (behavior, close) = (of("behavior"), of("behaviorClose"));
        if [&behavior, &close].iter().all(|went| matches!(went.as_str(), "OK" | "INFORMATIONAL")) {
            totals.passed += 1;
        } else {
            totals.failed += 1;
            failed.push(format!("case {case}: {behavior}, close {close}"));
        }
    }
    ensure!(totals.passed + totals.failed > 0, "the suite ran no case");
    Ok((totals, failed))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn a_case_is_passed_where_both_its_parts_are() {
        let index = r#"{"WhisperSpace": {
            "1.1.1": {"behavior": "OK", "behaviorClose": "OK"},
            "7.13.1": {"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL"},
            "6.4.1": {"behavior": "NON-STRICT", "behaviorClose": "OK"},
            "7.7.1": {"behavior": "OK", "behaviorClose": "WRONG CODE"},
            "8": {}
        }}"#;
        let (totals, failed) = count(index).expect("is an index");
        assert_eq!((totals.passed, totals.failed), (2, 3));
        assert_eq!(failed[0], "case 6.4.1: NON-STRICT, close OK");
        assert!(count("{}").is_err() && count("[]").is_err());
    }
}
