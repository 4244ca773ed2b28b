//! What integration tests need that is not of Rust. The official Socket.IO clients: socket.io-client by npm, python-socketio in
//! a Python environment under `target/`; what they test is in `server/tests/it/socketio`. And the validators of `OpenAPI`
//! and `AsyncAPI`, by npm, for `server/tests/it/api_description`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::e2e;
use crate::shell;
use crate::workspace::Workspace;

/// Installs both clients, where they are not there already.
pub(crate) fn prepare(workspace: &Workspace) -> Result<()> {
    let programs = workspace.root().join("server/tests/socketio");
    install(&programs)?;
    let (wanted, venv) = (programs.join("requirements.txt"), workspace.root().join("target/socketio-venv"));
    if !is_current(&wanted, &venv)? {
        let python = shell::find_program(&["python3"]).context("there is no python3; install Python 3.9 or newer")?;
        shell::run(Command::new(python).args(["-m", "venv"]).arg(&venv))
            .context("cannot make a Python environment; on Debian install the package python3-venv")?;
        let mut pip = Command::new(venv.join("bin/python"));
        shell::run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&wanted))?;
        fs::copy(&wanted, venv.join("installed.txt"))?;
    }
    Ok(())
}

/// Installs the validators, where they are not there already.
pub(crate) fn prepare_validators(workspace: &Workspace) -> Result<()> {
    install(&workspace.root().join("server/tests/api"))
}

/// The packages of a folder's lock file. Their own scripts are not run: none of them needs to.
fn install(folder: &Path) -> Result<()> {
    if !e2e::node_modules_are_current(folder) {
        shell::find_program(&["npm"]).context("there is no npm; install Node.js 20 or newer")?;
        let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
        shell::run(Command::new("npm").args(arguments).current_dir(folder))?;
    }
    Ok(())
}

/// The environment keeps the list it was made from.
fn is_current(wanted: &Path, venv: &Path) -> Result<bool> {
    let installed = fs::read_to_string(venv.join("installed.txt")).unwrap_or_default();
    Ok(fs::read_to_string(wanted).context("the list of Python packages is missing")? == installed)
}

#[cfg(test)]
mod tests {
    use super::is_current;

    #[test]
    fn an_environment_is_made_anew_when_its_list_changes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (wanted, venv) = (folder.path().join("requirements.txt"), folder.path());
        assert!(is_current(&wanted, venv).is_err());
        std::fs::write(&wanted, "a==1\n").expect("writes");
        assert!(!is_current(&wanted, venv).expect("can be told"));
        std::fs::write(venv.join("installed.txt"), "a==1\n").expect("writes");
        assert!(is_current(&wanted, venv).expect("can be told"));
    }
}
