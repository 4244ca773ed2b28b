//! Debian's packages, where the machine is a Debian: what is installed, which files it has, and installing it as root.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;
use crate::steps::say;

pub(crate) fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| names_debian(&text))
        && shell::find_program(&["apt-get"]).is_some()
}

/// Ubuntu and others have packages of the same names that hold something else.
fn names_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| matches!(line.trim(), "ID=debian" | "ID=\"debian\""))
}

pub(crate) fn all_installed(packages: &[&str]) -> bool {
    packages.iter().all(|package| {
        shell::capture(Command::new("dpkg-query").args(["-W", "-f=${Status}", package]))
            .is_ok_and(|status| status == "install ok installed")
    })
}

/// Installs what is missing, as root; tells the command otherwise.
pub(crate) fn ensure_installed(packages: &[&str]) -> Result<()> {
    if all_installed(packages) {
        return Ok(());
    }
    let list = packages.join(" ");
    if !is_root() {
        bail!("missing packages; type: sudo apt-get install --no-install-recommends {list}");
    }
    say(&format!("    installing Debian packages: {list}"));
    if install(packages).is_err() {
        // A fresh container has no package lists.
        shell::run(apt_get().arg("update"))?;
        install(packages).with_context(|| format!("Debian's packages {list} cannot be installed here"))?;
    }
    Ok(())
}

/// The file of a package whose path ends so.
pub(crate) fn file_of(package: &str, end: &str) -> Result<PathBuf> {
    let list = shell::capture(Command::new("dpkg").args(["-L", package]))?;
    list.lines()
        .find(|line| line.ends_with(end))
        .map(PathBuf::from)
        .with_context(|| format!("Debian's package {package} has no {end}"))
}

/// Never removes a package: what a person has installed matters more than a build.
fn install(packages: &[&str]) -> Result<()> {
    shell::run(apt_get().args(["install", "--yes", "--quiet", "--no-install-recommends", "--no-remove"]).args(packages))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

pub(crate) fn is_root() -> bool {
    shell::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_told_from_its_children() {
        assert!(names_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(!names_debian("ID=ubuntu\nID_LIKE=debian\n"));
    }
}
