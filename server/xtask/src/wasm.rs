//! The interface, compiled to wasm and wrapped in its JavaScript: cargo, wasm-bindgen, wasm-opt. A release's program for
//! rooms is cut in two in between (`wasm_split.rs`).
//! What comes out is kept with a stamp of what went in, because wasm-opt is slow and the answer would be the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::mode::Mode;
use crate::shell;
use crate::steps::{Steps, say, size};
use crate::toolchain::{TARGET, Toolchain};
use crate::wasm_later;
use crate::wasm_opt::Optimizer;
use crate::wasm_split;
use crate::wasm_strip;
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

/// One program of the interface: the pages of one kind, or all.
#[derive(Clone, Copy, Debug)]
struct Program {
    /// What its files are called; `app::boot::Program` knows the names.
    name: &'static str,
    /// The features of the package, where not all of them.
    feature: Option<&'static str>,
    /// Whether what `wasm_later.rs` names is fetched later.
    halves: bool,
}

impl Mode {
    /// A release has a program for rooms that carries nothing else; a quick build is compiled once.
    fn programs(self) -> &'static [Program] {
        match self {
            Self::Release => &[
                Program { name: "room", feature: Some("room"), halves: true },
                Program { name: "site", feature: Some("site"), halves: false },
            ],
            Self::Dev => &[Program { name: OUTPUT_NAME, feature: None, halves: false }],
        }
    }
}

/// Makes the JavaScript and the wasm of each program, and gives the folders that hold them and nothing else.
pub(crate) fn build(workspace: &Workspace, steps: &mut Steps, mode: Mode) -> Result<Vec<PathBuf>> {
    let toolchain = steps.step("find a wasm toolchain", || {
        let toolchain = Toolchain::find(workspace.wasm_toolchain())?;
        say(&format!("    {}", toolchain.describe()));
        Ok(toolchain)
    })?;
    let profile = mode.wasm_profile();
    let optimizer = match mode {
        Mode::Release => steps.step("find wasm-opt", || Ok(Optimizer::find(workspace)))?,
        Mode::Dev => None,
    };
    let recipe = Recipe { mode, strip: toolchain.keeps_functions_apart(profile), optimizer: optimizer.as_ref() };
    let make = |program: &Program| {
        let name = program.name;
        let wasm = steps.step(&format!("compile the interface: {name} ({profile})"), || {
            compile(workspace, &toolchain, profile, *program)
        })?;
        steps.step(&format!("wrap the interface: {name} (wasm-bindgen, wasm-opt)"), || {
            wrap(workspace, *program, &wasm, &recipe)
        })
    };
    mode.programs().iter().map(make).collect()
}

/// The program for rooms as it is cut in two, its functions named, and its JavaScript.
pub(crate) fn before_the_cut(workspace: &Workspace, steps: &mut Steps) -> Result<(Vec<u8>, String)> {
    let toolchain = Toolchain::find(workspace.wasm_toolchain())?;
    let profile = Mode::Release.wasm_profile();
    let optimizer = Optimizer::find(workspace);
    let strip = toolchain.keeps_functions_apart(profile);
    let recipe = Recipe { mode: Mode::Release, strip, optimizer: optimizer.as_ref() };
    let program = Mode::Release.programs().iter().find(|program| program.halves).context("no program is cut")?;
    steps.step("the program with its names", || {
        let compiled = compile(workspace, &toolchain, profile, *program)?;
        let folder = tempfile::tempdir()?;
        let wasm = folder.path().join(format!("{}_bg.wasm", program.name));
        bindgen(&compiled, recipe.strip, *program, folder.path())?;
        optimize(&wasm, &recipe, true)?;
        Ok((fs::read(&wasm)?, fs::read_to_string(folder.path().join(format!("{}.js", program.name)))?))
    })
}

/// Clippy over what is compiled for the browser.
pub(crate) fn clippy(workspace: &Workspace) -> Result<Command> {
    let toolchain = Toolchain::find(workspace.wasm_toolchain())?;
    say(&format!("    {}", toolchain.describe()));
    let mut clippy = toolchain.clippy(Mode::Release.wasm_profile())?;
    // Lints and release are compiled with different flags: in one folder each would undo the other's work.
    target(workspace, &mut clippy, &workspace.wasm_target().join("lints"));
    clippy.args(["--", "-D", "warnings"]);
    Ok(clippy)
}

fn compile(workspace: &Workspace, toolchain: &Toolchain, profile: &str, program: Program) -> Result<Vec<u8>> {
    let mut cargo = toolchain.cargo("build", profile);
    target(workspace, &mut cargo, &workspace.wasm_target());
    if let Some(feature) = program.feature {
        cargo.args(["--no-default-features", "--features", feature]);
    }
    shell::run(&mut cargo)?;
    // Read at once: the next program has the same name.
    let made = workspace.wasm_target().join(TARGET).join(profile).join(format!("{PACKAGE}.wasm"));
    fs::read(&made).with_context(|| format!("cargo made no {}", made.display()))
}

fn target(workspace: &Workspace, cargo: &mut Command, folder: &Path) {
    cargo.current_dir(workspace.root()).args(["--package", PACKAGE, "--target-dir"]).arg(folder);
}

/// What is done with the compiled program.
struct Recipe<'a> {
    mode: Mode,
    strip: bool,
    optimizer: Option<&'a Optimizer>,
}

fn wrap(workspace: &Workspace, program: Program, compiled: &[u8], recipe: &Recipe<'_>) -> Result<PathBuf> {
    let name = program.name;
    let folder = workspace.target().join("interface").join(recipe.mode.wasm_profile()).join(name);
    let stamp_file = folder.with_extension("stamp");
    let stamp = stamp(compiled, recipe.optimizer);
    if fs::read_to_string(&stamp_file).is_ok_and(|kept| kept == stamp) && folder.is_dir() {
        say("    nothing has changed");
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    bindgen(compiled, recipe.strip, program, &folder)?;
    let wasm = folder.join(format!("{name}.wasm"));
    fs::rename(folder.join(format!("{name}_bg.wasm")), &wasm)?;
    if program.halves {
        // Before it is cut: of functions with equal code, and of what is called once, one is left.
        optimize(&wasm, recipe, true)?;
        let second = halve(name, &folder)?;
        optimize(&second, recipe, false)?;
    }
    optimize(&wasm, recipe, false)?;
    fs::write(&stamp_file, stamp)?;
    Ok(folder)
}

fn optimize(wasm: &Path, recipe: &Recipe<'_>, names: bool) -> Result<()> {
    let Some(optimizer) = recipe.optimizer else { return Ok(()) };
    let before = fs::metadata(wasm)?.len();
    optimizer.optimize(wasm, names)?;
    let after = fs::metadata(wasm)?.len();
    say(&format!("    wasm-opt: {} -> {}", size(before), size(after)));
    Ok(())
}

/// Cuts the program in two, and gives the file of the second half.
fn halve(name: &str, folder: &Path) -> Result<PathBuf> {
    let (first, glue) = (folder.join(format!("{name}.wasm")), folder.join(format!("{name}.js")));
    let second = folder.join(wasm_split::second_name(name));
    let halves = wasm_split::split(&fs::read(&first)?, wasm_later::is_later)?;
    say(&format!("    {} functions are fetched later", halves.moved));
    let with_second = wasm_split::glue(&fs::read_to_string(&glue)?, name, &halves)?;
    fs::write(&glue, with_second)?;
    fs::write(&first, halves.first)?;
    fs::write(&second, halves.second)?;
    Ok(second)
}

/// The glue takes its wasm from the address that the page gives it: it knows neither folder nor file name.
fn bindgen(wasm: &[u8], strip: bool, program: Program, folder: &Path) -> Result<()> {
    let mut module = wasm_strip::parse(wasm, program.halves)?;
    if strip {
        let count = wasm_strip::strip(&mut module)?;
        say(&format!("    snipped {count} functions that are never called"));
    }
    Bindgen::new()
        .input_module(program.name, module)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        // `start.js` ends an instance that panicked, and may begin another.
        .reset_state_function(true)
        // It is cut by the names of its functions, and has none afterwards.
        .remove_name_section(!program.halves)
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
