//! Debian's packages, where the machine is a Debian: what is installed, which files it has, installing it as root, and
//! unpacking it without.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

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

/// A package, and the libraries it needs that are not installed.
pub(crate) fn with_libraries(package: &str) -> Result<Vec<String>> {
    let mut packages = vec![package.to_owned()];
    let mut read = 0;
    while let Some(package) = packages.get(read) {
        for library in libraries_of(package)? {
            if !packages.contains(&library) && !all_installed(&[&library]) {
                packages.push(library);
            }
        }
        read += 1;
    }
    Ok(packages)
}

/// What a package depends on by its list.
fn libraries_of(package: &str) -> Result<Vec<String>> {
    let mut command = Command::new("apt-cache");
    command.args(["depends", "--important", package]);
    let list = match shell::capture(&mut command) {
        Ok(list) if !list.is_empty() => list,
        // A fresh container has no package lists.
        Ok(_) | Err(_) => {
            shell::run(apt_get().arg("update"))?;
            shell::capture(&mut command)?
        }
    };
    Ok(libraries(&list))
}

fn libraries(list: &str) -> Vec<String> {
    let names = list.lines().filter_map(|line| line.split_once("Depends: "));
    names.map(|(_, name)| name.trim().to_owned()).filter(|name| name.starts_with("lib")).collect()
}

/// Unpacks packages into a folder, without installing them.
pub(crate) fn unpack(packages: &[String], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    shell::run(apt_get().args(["download", "--quiet"]).args(packages).current_dir(folder))?;
    let files = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "deb")).collect();
    ensure!(!files.is_empty(), "apt-get has fetched no package");
    files.iter().try_for_each(|file| shell::run(Command::new("dpkg-deb").arg("--extract").arg(file).arg(folder)))
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
    fn libraries_are_read_of_a_list() {
        let list = "haproxy\n  PreDepends: dpkg\n |Depends: libc6\n  Depends: <libvirtual>\n  Depends: libssl3\n";
        assert_eq!(libraries(list), ["libc6", "libssl3"]);
    }

    #[test]
    fn debian_is_told_from_its_children() {
        assert!(names_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(!names_debian("ID=ubuntu\nID_LIKE=debian\n"));
    }
}
