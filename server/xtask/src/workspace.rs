//! Where things are: the repository, the target folder, and what xtask writes into it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::toolchain::Choice;

/// The file name of everything that belongs to the interface, on disk and in the page.
pub(crate) const OUTPUT_NAME: &str = "whisperspace";

#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    wasm_toolchain: Option<Choice>,
}

impl Workspace {
    /// Finds the repository by what cargo tells a program that it runs.
    pub(crate) fn find(wasm_toolchain: Option<Choice>) -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").context("xtask is started by cargo: type `cargo xtask`")?;
        let root = Path::new(&manifest)
            .ancestors()
            .nth(2)
            .context("xtask lives in server/xtask of the repository")?
            .to_owned();
        ensure!(root.join("Cargo.lock").is_file(), "{} has no Cargo.lock: is the clone complete?", root.display());
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Ok(Self { root, target, wasm_toolchain })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the native builds go.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The wasm builds have a folder of their own: another compiler may make them.
    pub(crate) fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }

    /// Tools that are installed for this repository only.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// What the server embeds. Its place is fixed, because the server's source names it.
    pub(crate) fn site(&self) -> PathBuf {
        self.root.join("target/site")
    }

    /// An empty site where there is none: the server compiles without an interface, to be linted and tested.
    pub(crate) fn prepare_site(&self) -> Result<()> {
        fs::create_dir_all(self.site()).with_context(|| format!("cannot make the folder {}", self.site().display()))
    }

    pub(crate) fn has_site(&self) -> bool {
        self.site().join("pkg/HASH").is_file()
    }

    pub(crate) fn wasm_toolchain(&self) -> Option<Choice> {
        self.wasm_toolchain
    }

    pub(crate) fn binary(&self, profile_folder: &str) -> PathBuf {
        self.target.join(profile_folder).join(format!("{OUTPUT_NAME}{}", env::consts::EXE_SUFFIX))
    }
}
