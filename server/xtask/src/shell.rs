//! Running other programs: a failure is a sentence, and the environment of `cargo xtask` does not leak into them.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::steps::say;

/// Cargo, as a person would call it.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    forget_xtask(&mut command);
    command
}

/// Gives the command the environment that a person's shell would give it.
///
/// `cargo run` sets variables for the program it runs; build scripts watch some of them, so a nested cargo that sees
/// them compiles again what a plain cargo has compiled.
pub(crate) fn forget_xtask(command: &mut Command) {
    const OF_PACKAGE: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_PRIMARY_"];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if OF_PACKAGE.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    // It names the libraries of the current toolchain; another compiler has its own.
    command.env_remove("LD_LIBRARY_PATH");
}

/// Where cargo keeps what it has downloaded.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// Runs a command; its output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    ensure!(status.success(), "`{}` failed ({status})", describe(command));
    Ok(())
}

/// Runs a command quietly and gives what it printed.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.trim_end().lines().next_back().unwrap_or_default().to_owned();
        bail!("`{}` failed ({}) {last}", describe(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command, shows its standard output line by line and gives it back with whether the command was content.
pub(crate) fn tee(command: &mut Command) -> Result<(bool, String)> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    let output = child.stdout.take().context("the output of a child process was asked for")?;
    let mut text = String::new();
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let shown = String::from_utf8_lossy(&line);
        say(shown.trim_end_matches(['\n', '\r']));
        text.push_str(&shown);
        line.clear();
    }
    Ok((child.wait()?.success(), text))
}

/// The first of the names that is on the search path.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        env::split_paths(&path).map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
    })
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`: is it installed and on PATH?", command.get_program().display())
}

/// The command as it would be typed, cut where a person stops reading.
fn describe(command: &Command) -> String {
    const SHOWN_CHARACTERS: usize = 120;
    let mut text =
        Path::new(command.get_program()).file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    for argument in command.get_args().map(OsStr::to_string_lossy) {
        text.push(' ');
        text.push_str(&argument);
    }
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_last_words() {
        let error = capture(Command::new("sh").args(["-c", "echo first >&2; echo last >&2; exit 3"]))
            .expect_err("exits with 3");
        let text = error.to_string();
        assert!(text.starts_with("`sh -c"), "{text}");
        assert!(text.ends_with("last"), "{text}");
    }

    #[test]
    fn tee_gives_the_output_of_a_failing_command() {
        let (content, text) = tee(Command::new("sh").args(["-c", "echo one; echo two; exit 1"])).expect("sh starts");
        assert!(!content);
        assert_eq!(text, "one\ntwo\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_a_sentence() {
        let error = run(&mut Command::new("no-such-program-here")).expect_err("it does not exist");
        assert!(error.to_string().contains("is it installed and on PATH?"));
        assert!(find_program(&["no-such-program-here"]).is_none());
    }
}
