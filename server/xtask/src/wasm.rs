//! The interface, compiled to wasm and wrapped in its JavaScript: cargo, wasm-bindgen, wasm-opt.
//! What comes out is kept with a stamp of what went in, because wasm-opt is slow and the answer would be the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::build::Mode;
use crate::shell;
use crate::steps::{Steps, say, size};
use crate::toolchain::{TARGET, Toolchain};
use crate::wasm_opt::Optimizer;
use crate::workspace::{OUTPUT_NAME, Workspace};

const PACKAGE: &str = "frontend";

impl Mode {
    pub(crate) fn wasm_profile(self) -> &'static str {
        match self {
            Self::Release => "wasm-release",
            Self::Dev => "wasm-dev",
        }
    }
}

/// Makes the JavaScript and the wasm, and gives the folder that holds them and nothing else.
pub(crate) fn build(workspace: &Workspace, steps: &mut Steps, mode: Mode) -> Result<PathBuf> {
    let toolchain = steps.step("find a wasm toolchain", || {
        let toolchain = Toolchain::find(workspace.wasm_toolchain())?;
        say(&format!("    {}", toolchain.describe()));
        Ok(toolchain)
    })?;
    let profile = mode.wasm_profile();
    let compiled =
        steps.step(&format!("compile the interface ({profile})"), || compile(workspace, &toolchain, profile))?;
    let optimizer = match mode {
        Mode::Release => steps.step("find wasm-opt", || Ok(Optimizer::find(workspace)))?,
        Mode::Dev => None,
    };
    steps.step("wrap the interface (wasm-bindgen, wasm-opt)", || wrap(workspace, mode, &compiled, optimizer.as_ref()))
}

/// Clippy over what is compiled for the browser.
pub(crate) fn clippy(workspace: &Workspace) -> Result<Command> {
    let toolchain = Toolchain::find(workspace.wasm_toolchain())?;
    say(&format!("    {}", toolchain.describe()));
    let mut clippy = toolchain.clippy(Mode::Release.wasm_profile())?;
    target(workspace, &mut clippy);
    clippy.args(["--", "-D", "warnings"]);
    Ok(clippy)
}

fn compile(workspace: &Workspace, toolchain: &Toolchain, profile: &str) -> Result<PathBuf> {
    let mut cargo = toolchain.cargo("build", profile);
    target(workspace, &mut cargo);
    shell::run(&mut cargo)?;
    Ok(workspace.wasm_target().join(TARGET).join(profile).join(format!("{PACKAGE}.wasm")))
}

fn target(workspace: &Workspace, cargo: &mut Command) {
    cargo.current_dir(workspace.root()).args(["--package", PACKAGE, "--target-dir"]).arg(workspace.wasm_target());
}

fn wrap(workspace: &Workspace, mode: Mode, compiled: &Path, optimizer: Option<&Optimizer>) -> Result<PathBuf> {
    let wasm = fs::read(compiled).with_context(|| format!("cargo made no {}", compiled.display()))?;
    let folder = workspace.target().join("interface").join(mode.wasm_profile());
    let stamp_file = folder.with_extension("stamp");
    let stamp = stamp(&wasm, optimizer);
    if fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp) && folder.is_dir() {
        say("    nothing has changed");
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    bindgen(wasm, &folder)?;
    let wasm = folder.join(format!("{OUTPUT_NAME}.wasm"));
    fs::rename(folder.join(format!("{OUTPUT_NAME}_bg.wasm")), &wasm)?;
    if let Some(optimizer) = optimizer {
        let before = fs::metadata(&wasm)?.len();
        optimizer.optimize(&wasm)?;
        let after = fs::metadata(&wasm)?.len();
        say(&format!("    wasm-opt: {} -> {}", size(before), size(after)));
    }
    fs::write(&stamp_file, stamp)?;
    Ok(folder)
}

/// The glue takes its wasm from the address that the page gives it: it knows neither folder nor file name.
fn bindgen(wasm: Vec<u8>, folder: &Path) -> Result<()> {
    Bindgen::new()
        .input_bytes(OUTPUT_NAME, wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .context(
            "wasm-bindgen cannot read the interface: are `wasm-bindgen` and `wasm-bindgen-cli-support` of one version?",
        )
}

/// What went in: the wasm, this program (it holds wasm-bindgen and all options; its age and size tell it from others)
/// and the optimizer.
fn stamp(wasm: &[u8], optimizer: Option<&Optimizer>) -> String {
    let mut hash = Sha256::new();
    hash.update(wasm);
    if let Ok(program) = std::env::current_exe().and_then(fs::metadata) {
        hash.update(format!("{} {:?}", program.len(), program.modified()));
    }
    hash.update(optimizer.map_or(String::new(), |_| Optimizer::recipe()));
    crate::site::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_input_has_another_stamp() {
        assert_ne!(stamp(b"one", None), stamp(b"two", None));
        assert_eq!(stamp(b"one", None), stamp(b"one", None));
    }
}
