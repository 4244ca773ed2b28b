//! A compiler for wasm32-unknown-unknown and its standard library, which cannot be had everywhere in the same way.
//! Knows how to get one and how cargo is told to use it; what is compiled is not its concern.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

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
    Current { added: bool },
    Debian { rustc: PathBuf, linker: PathBuf },
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
                rustup()
                    .or_else(|rustup| debian().map_err(|debian| nothing_works(&rustup, &debian)))
            }),
        }
    }

    /// Which way was taken, for a person.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Current { added: false } => format!("the current toolchain has {TARGET}"),
            Self::Current { added: true } => {
                format!("the current toolchain, after `rustup target add {TARGET}`")
            }
            Self::Debian { rustc, .. } => {
                format!(
                    "Debian's rustc-web ({}), standard library from source",
                    rustc.display()
                )
            }
        }
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
                let mut clippy =
                    Command::new(debian::file_of(CLIPPY_PACKAGE, "/bin/cargo-clippy")?);
                clippy
                    .env("CARGO", shell::cargo().get_program())
                    .env_remove("LD_LIBRARY_PATH");
                clippy
            }
        };
        clippy.arg("clippy");
        self.configure(&mut clippy, profile);
        Ok(clippy)
    }

    fn configure(&self, cargo: &mut Command, profile: &str) {
        cargo.args(["--target", TARGET, "--profile", profile]);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", rust_flags().join("\u{1f}"));
        match self {
            Self::Current { .. } => {}
            Self::Debian { rustc, linker } => {
                // The Debian compiler is a stable one; building the standard library is not a stable thing to do.
                cargo
                    .args(["-Z", "build-std=std,panic_abort"])
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTC", rustc)
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                if profile == SMALL_PROFILE {
                    // Where the standard library is compiled anyway, it can do without the texts of panics: a tenth
                    // of what is downloaded. A panic still ends the page, as it does with panic = "abort".
                    cargo.args(["-Z", "panic-immediate-abort", "--config"]);
                    cargo.arg(format!("profile.{profile}.panic=\"immediate-abort\""));
                }
            }
        }
    }
}

/// The caller's flags, and names of source files that are the same on every machine: panics carry them to the browser.
fn rust_flags() -> Vec<String> {
    let mut flags: Vec<String> = match env::var("CARGO_ENCODED_RUSTFLAGS") {
        Ok(encoded) => encoded.split('\u{1f}').map(str::to_owned).collect(),
        Err(_) => env::var("RUSTFLAGS")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    };
    flags.retain(|flag| !flag.is_empty());
    let sources = shell::cargo_home().and_then(|home| home.join("registry/src").read_dir().ok());
    let mut registries: Vec<PathBuf> = sources
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // Other flags would be another build.
    registries.sort();
    flags.extend(
        registries
            .iter()
            .map(|registry| format!("--remap-path-prefix={}/=", registry.display())),
    );
    flags
}

fn installed() -> Result<Toolchain> {
    let folder = shell::capture(rustc().args(["--print", "target-libdir", "--target", TARGET]))?;
    let has_std = PathBuf::from(folder.trim())
        .read_dir()
        .is_ok_and(|mut files| {
            files.any(|file| {
                file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd"))
            })
        });
    if has_std {
        Ok(Toolchain::Current { added: false })
    } else {
        Err(anyhow!("the current toolchain has no {TARGET}"))
    }
}

fn rustup() -> Result<Toolchain> {
    shell::find_program(&["rustup"]).context("there is no rustup")?;
    shell::capture(Command::new("rustup").args(["target", "add", TARGET]))?;
    installed().map(|_| Toolchain::Current { added: true })
}

fn debian() -> Result<Toolchain> {
    if !debian::is_debian() {
        return Err(anyhow!("this is not Debian"));
    }
    debian::ensure_installed(RUSTC_PACKAGES)?;
    Ok(Toolchain::Debian {
        rustc: debian::file_of("rustc-web", "/bin/rustc")?,
        linker: linker()?,
    })
}

/// `rust-lld` of the current toolchain, or another that links wasm.
fn linker() -> Result<PathBuf> {
    let sysroot = shell::capture(rustc().args(["--print", "sysroot"]))?;
    let version = shell::capture(rustc().arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` names no host")?;
    let bundled = PathBuf::from(sysroot.trim())
        .join("lib/rustlib")
        .join(host)
        .join("bin/rust-lld");
    if bundled.is_file() {
        return Ok(bundled);
    }
    shell::find_program(&["rust-lld", "wasm-ld"])
        .context("no linker for wasm; type: sudo apt-get install lld")
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
