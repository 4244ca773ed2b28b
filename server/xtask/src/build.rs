//! From sources to one file: the interface first, because the server embeds it, then the server.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::mode::Mode;
use crate::shell;
use crate::site;
use crate::steps::{Steps, say};
use crate::toolchain::same_paths_everywhere;
use crate::wasm;
use crate::workspace::{OUTPUT_NAME, Workspace};

/// Builds the interface and the server, and gives the binary.
pub(crate) fn everything(workspace: &Workspace, steps: &mut Steps, mode: Mode) -> Result<PathBuf> {
    interface(workspace, steps, mode)?;
    server(workspace, steps, mode)
}

pub(crate) fn interface(workspace: &Workspace, steps: &mut Steps, mode: Mode) -> Result<()> {
    let programs = wasm::build(workspace, steps, mode)?;
    steps.step("write the site (style, public files, brotli, gzip)", || site::write(workspace, mode, &programs))
}

pub(crate) fn server(workspace: &Workspace, steps: &mut Steps, mode: Mode) -> Result<PathBuf> {
    let profile = mode.server_profile();
    steps.step(&format!("compile the server ({profile})"), || {
        let mut cargo = shell::cargo();
        cargo.current_dir(workspace.root());
        cargo.args(["build", "--package", "server", "--bin", OUTPUT_NAME, "--profile", profile]);
        if mode == Mode::Release {
            same_bytes_everywhere(workspace, &mut cargo)?;
        }
        shell::run(&mut cargo)?;
        Ok(workspace.binary(mode.server_folder()))
    })
}

/// The same sources and compiler make the same program, wherever they are and whenever: `reproduce.rs` tries it.
fn same_bytes_everywhere(workspace: &Workspace, cargo: &mut Command) -> Result<()> {
    let sysroot = shell::capture(Command::new("rustc").args(["--print", "sysroot"]).current_dir(workspace.root()))?;
    let places = [(workspace.root().display().to_string(), "whisperspace"), (sysroot.trim().to_owned(), "rust")];
    cargo.args(["--config", &same_paths_everywhere(&places)]);
    // Embedded files carry their time.
    if std::env::var_os(EMBEDDED_TIME).is_none() {
        cargo.env(EMBEDDED_TIME, "0");
    }
    Ok(())
}

/// <https://reproducible-builds.org/specs/source-date-epoch/>
const EMBEDDED_TIME: &str = "SOURCE_DATE_EPOCH";

/// Becomes the server, so that Ctrl-C and the exit code are the server's own.
pub(crate) fn serve(workspace: &Workspace, binary: &Path, arguments: &[String]) -> Result<ExitCode> {
    say(&format!("==> {} {}", binary.display(), arguments.join(" ")));
    let mut command = Command::new(binary);
    command.args(arguments).env_remove("LD_LIBRARY_PATH");
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !chooses_its_data(arguments, is_set) {
        // The server's own choice is a folder where it is started: here, among the sources, with a secret in it.
        command.env(DATA_DIR, workspace.target().join("data"));
    }
    become_command(command)
}

/// The server's variable for the folder of its secret and database.
const DATA_DIR: &str = "WHISPERSPACE_DATA_DIR";

/// Whether the developer says where the data is, by an argument, a variable or a file (which a variable would overrule).
fn chooses_its_data(arguments: &[String], is_set: impl Fn(&str) -> bool) -> bool {
    let told = |option: &str| {
        arguments
            .iter()
            .any(|argument| argument.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    told("--data-dir") || told("--config") || is_set(DATA_DIR) || is_set("WHISPERSPACE_CONFIG")
}

#[cfg(unix)]
fn become_command(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    // Returns only when it could not start.
    Err(anyhow::Error::new(command.exec()).context("cannot start the server"))
}

#[cfg(not(unix))]
fn become_command(mut command: Command) -> Result<ExitCode> {
    let status = command.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::{DATA_DIR, chooses_its_data};

    #[test]
    fn data_is_kept_under_target_unless_the_developer_says_where() {
        let arguments = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let unset = |_: &str| false;
        for chosen in ["--data-dir here", "--log debug --data-dir=here", "--config some.toml", "--config=some.toml"] {
            assert!(chooses_its_data(&arguments(chosen), unset), "{chosen}");
        }
        for not in ["", "--listen 0.0.0.0:3000", "--data-directory x"] {
            assert!(!chooses_its_data(&arguments(not), unset), "{not}");
        }
        assert!(chooses_its_data(&[], |name| name == DATA_DIR));
    }
}
