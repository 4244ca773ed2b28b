//! The proxies that tests put in front of the server: those that the variables `NGINX`, `HAPROXY` and `CADDY` name, those
//! of the search path, or Debian's packages, which are unpacked below target/ and not installed: installed, each would be
//! started as a service at port 80.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::debian;
use crate::shell;
use crate::workspace::Workspace;

/// A program, which is also the name of its package, the variable that tells the tests of it, where its package has it,
/// and what makes it say its version.
struct Proxy {
    name: &'static str,
    variable: &'static str,
    inside: &'static str,
    version: &'static str,
}

const PROXIES: [Proxy; 3] = [
    Proxy { name: "nginx", variable: "NGINX", inside: "usr/sbin/nginx", version: "-v" },
    Proxy { name: "haproxy", variable: "HAPROXY", inside: "usr/sbin/haproxy", version: "-v" },
    Proxy { name: "caddy", variable: "CADDY", inside: "usr/bin/caddy", version: "version" },
];

/// Each variable with the first program that is there.
pub(crate) fn provide(workspace: &Workspace) -> Result<Vec<(&'static str, String)>> {
    let provided = PROXIES.iter().map(|proxy| Ok((proxy.variable, proxy.provide(workspace)?.display().to_string())));
    provided.collect()
}

impl Proxy {
    fn provide(&self, workspace: &Workspace) -> Result<PathBuf> {
        let Self { name, variable, .. } = self;
        if let Some(named) = env::var_os(variable).filter(|named| !named.is_empty()) {
            let path = PathBuf::from(named);
            ensure!(path.is_file(), "{variable} names {}, which is not there", path.display());
            return Ok(path);
        }
        // Where it is installed, and no user's path leads.
        let system = Path::new("/").join(self.inside);
        if let Some(program) = shell::find_program(&[name]).or_else(|| system.is_file().then_some(system)) {
            return Ok(program);
        }
        if !debian::is_debian() {
            bail!("no {name}: install it, or name the program in {variable}");
        }
        let folder = workspace.target().join("proxies").join(name);
        let program = folder.join("run");
        if !program.is_file() {
            debian::unpack(&debian::with_libraries(name)?, &folder)?;
            fs::write(&program, self.script(&folder)?)?;
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        }
        let runs = shell::capture(Command::new(&program).arg(self.version)).is_ok();
        ensure!(runs, "{} does not run: install {name}, or set {variable}", program.display());
        Ok(program)
    }

    /// Runs it with the libraries that were unpacked beside it, as the same process.
    fn script(&self, folder: &Path) -> Result<String> {
        let libraries = fs::read_dir(folder.join("usr/lib")).into_iter().flatten().filter_map(Result::ok);
        let libraries: Vec<_> = libraries.map(|entry| entry.path().display().to_string()).collect();
        let program = folder.join(self.inside);
        ensure!(program.is_file(), "Debian's package {} has no {}", self.name, self.inside);
        let program = program.to_str().context("the path of target/ is no text")?;
        Ok(format!("#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{program}' \"$@\"\n", libraries.join(":")))
    }
}
