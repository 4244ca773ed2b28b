//! wasm-opt, from npm's `binaryen`, in a pinned version inside the target folder. Without npm there is none: the
//! interface works all the same and is larger.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell;
use crate::steps::warn;
use crate::workspace::Workspace;

const VERSION: &str = "132.0.0";

/// Where the program is cut in two afterwards, each function stays by itself: what would be put into its only caller
/// could not be fetched later than that. In each half this is done then.
const BEFORE_THE_CUT: &[&str] = &["-g", "--one-caller-inline-max-function-size=0"];
/// Once more, over loops and branches built anew: a KB less of what is sent.
const AT_THE_END: &[&str] = &["--flatten", "--rereloop", "-Oz", "--strip-debug"];

/// Size first. The features are those that rustc emits for the target; wasm-opt refuses what it was not told of.
const FLAGS: &[&str] = &[
    "-Oz",
    "--converge",
    "--ignore-implicit-traps",
    "--low-memory-unused",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--strip-producers",
    "--strip-target-features",
];

#[derive(Debug)]
pub(crate) struct Optimizer {
    script: PathBuf,
}

impl Optimizer {
    /// Installs it if need be; `None`, after a warning, where that cannot be done.
    pub(crate) fn find(workspace: &Workspace) -> Option<Self> {
        let folder = workspace.tools().join(format!("binaryen-{VERSION}"));
        let script = folder.join("node_modules/binaryen/bin/wasm-opt");
        match install(&folder, &script) {
            Ok(()) => Some(Self { script }),
            Err(reason) => {
                warn(&format!("WARNING: no wasm-opt, the interface will be larger: {reason:#}"));
                None
            }
        }
    }

    /// The version and the options.
    pub(crate) fn recipe() -> String {
        let steps = [FLAGS, BEFORE_THE_CUT, AT_THE_END].map(|flags| flags.join(" "));
        format!("binaryen {VERSION} {}", steps.join(" "))
    }

    /// Replaces the file by a smaller one that does the same. `is_cut`: it is cut in two afterwards, by the names of its
    /// functions, which it keeps.
    pub(crate) fn optimize(&self, wasm: &Path, is_cut: bool) -> Result<()> {
        let smaller = wasm.with_extension("opt");
        let mut command = Command::new("node");
        command
            .arg(&self.script)
            .args(FLAGS)
            .args(if is_cut { BEFORE_THE_CUT } else { AT_THE_END })
            .arg(wasm)
            .arg("-o")
            .arg(&smaller);
        shell::run(&mut command)?;
        fs::rename(&smaller, wasm)?;
        Ok(())
    }
}

fn install(folder: &Path, script: &Path) -> Result<()> {
    if script.is_file() {
        return Ok(());
    }
    shell::find_program(&["npm"]).context("there is no npm; install Node.js to have it")?;
    fs::create_dir_all(folder)?;
    shell::run(
        Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-save", "--silent", "--prefix"])
            .arg(folder)
            .arg(format!("binaryen@{VERSION}")),
    )?;
    ensure!(script.is_file(), "npm's binaryen {VERSION} has no wasm-opt");
    Ok(())
}
