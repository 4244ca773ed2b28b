//! `cargo xtask reproduce`: builds the release twice, from copies of the sources in two places, and compares the programs to
//! the byte. Whoever has the same toolchain can so tell that a program was made from the sources that it is said to be of.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::shell;
use crate::site::hex;
use crate::steps::{Steps, say};
use crate::workspace::{OUTPUT_NAME, Workspace};

/// Of different length and depth, so that no path can hide in the program.
const PLACES: [&str; 2] = ["first", "second/place/further/down"];

pub(crate) fn run(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let folder = workspace.target().join("reproduce");
    // Both before either is built: who works on here meanwhile changes nothing.
    for place in PLACES {
        steps.step(&format!("copy the sources to {place}"), || copy_sources(workspace.root(), &folder.join(place)))?;
    }
    let mut digests = Vec::new();
    for place in PLACES {
        let copy = folder.join(place);
        let binary = steps.step(&format!("build in {place}"), || build(&copy))?;
        let digest = hex(&Sha256::digest(fs::read(&binary).context("the build made no program")?));
        say(&format!("    {digest}  {}", binary.display()));
        digests.push(digest);
    }
    ensure!(
        digests.windows(2).all(|two| two[0] == two[1]),
        "the two programs differ; both are under {}: look for what tells them apart (cmp, strings, diffoscope)",
        folder.display()
    );
    say("both programs are the same to the byte");
    Ok(())
}

/// What git knows, as it is now: what else lies about belongs to no release.
fn copy_sources(root: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    let listed = shell::capture(Command::new("git").args(["ls-files", "-z"]).current_dir(root))
        .context("git does not list the sources")?;
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let file = to.join(name);
        fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
        fs::copy(root.join(name), &file).with_context(|| format!("cannot copy {name}"))?;
    }
    Ok(())
}

/// This very program, told that it is at home there.
fn build(copy: &Path) -> Result<PathBuf> {
    let this = env::current_exe().context("this program does not know where it is")?;
    let mut command = Command::new(this);
    command.arg("build").current_dir(copy);
    command.env("CARGO_MANIFEST_DIR", copy.join("server/xtask")).env_remove("CARGO_TARGET_DIR");
    shell::run(&mut command)?;
    Ok(copy.join("target/release").join(format!("{OUTPUT_NAME}{}", env::consts::EXE_SUFFIX)))
}
