//! From sources to one file: the interface first, because the server embeds it, then the server.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::shell;
use crate::site;
use crate::steps::{Steps, say};
use crate::wasm;
use crate::workspace::{OUTPUT_NAME, Workspace};

/// Small and fast, or soon there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Release,
    Dev,
}

impl Mode {
    pub(crate) fn from_dev(dev: bool) -> Self {
        if dev { Self::Dev } else { Self::Release }
    }

    fn server_profile(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    fn server_folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

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
        shell::run(shell::cargo().current_dir(workspace.root()).args([
            "build",
            "--package",
            "server",
            "--bin",
            OUTPUT_NAME,
            "--profile",
            profile,
        ]))?;
        Ok(workspace.binary(mode.server_folder()))
    })
}

/// Becomes the server, so that Ctrl-C and the exit code are the server's own.
pub(crate) fn serve(binary: &Path, arguments: &[String]) -> Result<ExitCode> {
    say(&format!("==> {} {}", binary.display(), arguments.join(" ")));
    let mut command = Command::new(binary);
    command.args(arguments).env_remove("LD_LIBRARY_PATH");
    become_command(command)
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
