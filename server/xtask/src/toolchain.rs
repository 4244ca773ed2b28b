//! A compiler for wasm32-unknown-unknown and its standard library, which cannot be had everywhere in the same way.
//! Knows how to get one and how cargo is told to use it; what is compiled is not its concern.

use std::env;
use std::fs::DirEntry;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};

use crate::debian;
use crate::shell;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The profile of what is downloaded.
const SMALL_PROFILE: &str = "wasm-release";
const RUSTC_PACKAGES: &[&str] = &["rustc-web", "rust-web-src"];
/// Clippy reads the standard library that its own compiler wrote, no other.
const CLIPPY_PACKAGE: &str = "rust-web-clippy";

/// The ways to a toolchain, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Choice {
    /// The target that is already installed in the current toolchain.
    Installed,
    /// `rustup target add wasm32-unknown-unknown`.
    Rustup,
    /// Debian's packages rustc-web and rust-web-src, which build the standard library from source.
    Debian,
}

/// A way that works.
#[derive(Debug)]
pub(crate) enum Toolchain {
    Current { added: bool, std: Std },
    Debian { rustc: PathBuf, linker: PathBuf },
}

/// Where the standard library of the current toolchain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Std {
    Compiled,
    /// The component rust-src is there, so it can be compiled without the texts of panics.
    Source,
}

impl Toolchain {
    /// Takes the first way that works; a choice leaves no other.
    ///
    /// Debian's packages go before `rustup target add` where they are installed, so that a machine without a network
    /// does not wait for one at every build.
    pub(crate) fn find(choice: Option<Choice>) -> Result<Self> {
        match choice {
            Some(Choice::Installed) => installed(),
            Some(Choice::Rustup) => rustup(),
            Some(Choice::Debian) => debian(),
            None => installed().or_else(|_| {
                if debian::is_debian() && debian::all_installed(RUSTC_PACKAGES) {
                    return debian();
                }
                rustup().or_else(|rustup| debian().map_err(|debian| nothing_works(&rustup, &debian)))
            }),
        }
    }

    /// Which way was taken, for a person.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Current { added, std } => {
                let how = if *added { format!(", after `rustup target add {TARGET}`") } else { String::new() };
                let std = match std {
                    Std::Compiled => "as it comes (smaller after `rustup component add rust-src`)",
                    Std::Source => "from source in a release",
                };
                format!("the current toolchain{how}; its standard library {std}")
            }
            Self::Debian { rustc, .. } => {
                format!("Debian's rustc-web ({}); its standard library from source", rustc.display())
            }
        }
    }

    /// Whether each function of the program has a name of its own, even where two have equal code.
    pub(crate) fn keeps_functions_apart(&self, profile: &str) -> bool {
        let builds_std = match self {
            Self::Current { std, .. } => *std == Std::Source,
            Self::Debian { .. } => true,
        };
        builds_std && profile == SMALL_PROFILE
    }

    /// `cargo COMMAND` for the target, with all that this toolchain needs.
    pub(crate) fn cargo(&self, subcommand: &str, profile: &str) -> Command {
        let mut cargo = shell::cargo();
        cargo.arg(subcommand);
        self.configure(&mut cargo, profile);
        cargo
    }

    /// `cargo clippy` for the target, where there is one that can read the standard library in use.
    pub(crate) fn clippy(&self, profile: &str) -> Result<Command> {
        let mut clippy = match self {
            Self::Current { .. } => {
                shell::capture(shell::cargo().args(["clippy", "--version"]))
                    .context("no clippy in this toolchain; type: rustup component add clippy")?;
                shell::cargo()
            }
            Self::Debian { .. } => {
                debian::ensure_installed(&[CLIPPY_PACKAGE])?;
                let mut clippy = Command::new(debian::file_of(CLIPPY_PACKAGE, "/bin/cargo-clippy")?);
                shell::forget_xtask(&mut clippy);
                clippy.env("CARGO", shell::cargo().get_program());
                clippy
            }
        };
        clippy.arg("clippy");
        match self {
            // Lints read the standard library as it comes.
            Self::Current { .. } => for_target(&mut clippy, profile),
            Self::Debian { .. } => self.configure(&mut clippy, profile),
        }
        Ok(clippy)
    }

    fn configure(&self, cargo: &mut Command, profile: &str) {
        for_target(cargo, profile);
        match self {
            Self::Current { std: Std::Compiled, .. } => {}
            Self::Current { std: Std::Source, .. } => {
                if profile == SMALL_PROFILE {
                    build_std(cargo, profile);
                }
            }
            Self::Debian { rustc, linker } => {
                build_std(cargo, profile);
                cargo.env("RUSTC", rustc).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            }
        }
    }
}

fn for_target(cargo: &mut Command, profile: &str) {
    cargo.args(["--target", TARGET, "--profile", profile, "--config", &same_paths_everywhere(&[])]);
}

/// Compiles the standard library along. A stable compiler has to be told that this is wanted all the same.
fn build_std(cargo: &mut Command, profile: &str) {
    cargo.env("RUSTC_BOOTSTRAP", "1").args(["-Z", "build-std=std,panic_abort"]);
    if profile == SMALL_PROFILE {
        // It can then do without the texts and places of panics: a tenth of what is downloaded. A panic still ends the
        // page, as it does with panic = "abort", and the quick build still says why.
        cargo.args([
            "-Z",
            "panic-immediate-abort",
            "-Z",
            "build-std-features=optimize_for_size",
            "--config",
            // Functions of equal code are left to wasm-opt, so that each keeps its name until `snip` has read it.
            "build.rustflags=[\"-Zlocation-detail=none\", \"-Zmerge-functions=disabled\", \"-Zfmt-debug=none\"]",
            "--config",
        ]);
        cargo.arg(format!("profile.{profile}.panic=\"immediate-abort\""));
    }
}

/// Names of source files that are the same on every machine: panics carry them along. `places`: folders beside those of the
/// registry, and what each is called instead.
///
/// As configuration, because there cargo adds them to the flags of the repository; a variable would replace those.
pub(crate) fn same_paths_everywhere(places: &[(String, &str)]) -> String {
    let sources = shell::cargo_home().and_then(|home| home.join("registry/src").read_dir().ok());
    let mut flags: Vec<String> = sources
        .into_iter()
        .flatten()
        .flatten()
        .map(|registry| format!("--remap-path-prefix={}/=", registry.path().display()))
        .collect();
    flags.extend(places.iter().map(|(place, name)| format!("--remap-path-prefix={place}={name}")));
    // Another order would be another build.
    flags.sort();
    format!("build.rustflags={}", serde_json::Value::from(flags))
}

fn installed() -> Result<Toolchain> {
    ensure!(has_target()?, "the current toolchain has no {TARGET}");
    Ok(Toolchain::Current { added: false, std: std_with_sources()? })
}

fn rustup() -> Result<Toolchain> {
    rustup_add("target", TARGET)?;
    ensure!(has_target()?, "rustup has added {TARGET} to another toolchain");
    Ok(Toolchain::Current { added: true, std: std_with_sources()? })
}

/// Without the sources the interface is larger, and that is all.
fn std_with_sources() -> Result<Std> {
    if std_of_current()? == Std::Compiled {
        let _ = rustup_add("component", "rust-src");
    }
    std_of_current()
}

fn rustup_add(kind: &str, name: &str) -> Result<()> {
    shell::find_program(&["rustup"]).context("there is no rustup")?;
    shell::capture(Command::new("rustup").args([kind, "add", name])).map(drop)
}

fn has_target() -> Result<bool> {
    let folder = shell::capture(rustc().args(["--print", "target-libdir", "--target", TARGET]))?;
    let is_std = |file: DirEntry| file.file_name().to_string_lossy().starts_with("libstd");
    Ok(PathBuf::from(folder.trim()).read_dir().is_ok_and(|mut files| files.any(|file| file.is_ok_and(is_std))))
}

fn std_of_current() -> Result<Std> {
    let sources = sysroot()?.join("lib/rustlib/src/rust/library/Cargo.lock");
    Ok(if sources.is_file() { Std::Source } else { Std::Compiled })
}

fn sysroot() -> Result<PathBuf> {
    let path = shell::capture(rustc().args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(path.trim()))
}

fn debian() -> Result<Toolchain> {
    if !debian::is_debian() {
        return Err(anyhow!("this is not Debian"));
    }
    debian::ensure_installed(RUSTC_PACKAGES)?;
    Ok(Toolchain::Debian { rustc: debian::file_of("rustc-web", "/bin/rustc")?, linker: linker()? })
}

/// `rust-lld` of the current toolchain, or another that links wasm.
fn linker() -> Result<PathBuf> {
    let version = shell::capture(rustc().arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("`rustc -vV` names no host")?;
    let bundled = sysroot()?.join("lib/rustlib").join(host).join("bin/rust-lld");
    if bundled.is_file() {
        return Ok(bundled);
    }
    shell::find_program(&["rust-lld", "wasm-ld"]).context("no linker for wasm; type: sudo apt-get install lld")
}

/// The compiler that cargo uses for native code.
fn rustc() -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.env_remove("LD_LIBRARY_PATH");
    command
}

fn nothing_works(rustup: &anyhow::Error, debian: &anyhow::Error) -> anyhow::Error {
    anyhow!(
        "no compiler for {TARGET}: rustup: {rustup:#}; Debian: {debian:#}. \
         Install the target with `rustup target add {TARGET}`, or on Debian 12 as root: \
         apt-get install {} {CLIPPY_PACKAGE}",
        RUSTC_PACKAGES.join(" ")
    )
}
