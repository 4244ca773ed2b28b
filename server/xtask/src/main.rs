//! `cargo xtask`: everything that is typed while working on `WhisperSpace`, so that a fresh clone needs Rust only.
//! Each command prints its steps and their times. A missing tool is a sentence that says what to type.

mod autobahn;
mod bench;
mod build;
mod check;
mod clients;
mod css;
mod debian;
mod e2e;
mod emoji;
mod first_load;
mod go;
mod http;
mod mode;
mod mongodb;
mod pebble;
mod proxies;
mod redis;
mod reproduce;
mod second_try;
mod shell;
mod site;
mod smoke_test;
mod soak;
mod steps;
mod summary;
mod test;
mod toolchain;
mod wasm;
mod wasm_later;
mod wasm_opt;
mod wasm_split;
mod wasm_strip;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use mode::Mode;
use steps::Steps;
use workspace::Workspace;

/// Builds, runs and tests `WhisperSpace`.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    /// The compiler for the interface; without this, the first that works.
    #[arg(long, value_enum, global = true)]
    wasm_toolchain: Option<toolchain::Choice>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the interface and the server, then serve at 127.0.0.1:3000 with the data under target/data.
    Run {
        /// Quick profiles: compiles sooner, downloads and runs slower.
        #[arg(long)]
        dev: bool,
        /// Arguments for the server, for example `-- --listen 0.0.0.0:3000`.
        #[arg(last = true)]
        server: Vec<String>,
    },
    /// Build the one file that is the product, weigh it and prove that it runs alone.
    Build {
        /// Quick profiles: no weighing, no proof.
        #[arg(long)]
        dev: bool,
    },
    /// Run every test: check, unit, property, integration, end to end.
    Test(test::Options),
    /// Run tests again and again.
    Soak {
        #[command(subcommand)]
        what: soak::What,
    },
    /// Check format, lints (native and wasm), licences and bans.
    Check,
    /// Find by counting which functions a room's page needs at once, and write the list of the others.
    FirstLoad {
        /// Choose anew from what was counted last, of the same program.
        #[arg(long)]
        counted: bool,
    },
    /// Build the release twice, in two places, and compare the programs; about half an hour.
    Reproduce,
    /// Measure.
    Bench {
        #[command(subcommand)]
        what: bench::What,
    },
}

fn main() -> ExitCode {
    match execute(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            steps::warn(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<ExitCode> {
    let workspace = Workspace::find(cli.wasm_toolchain)?;
    let mut steps = Steps::new();
    match cli.command {
        Command::Run { dev, server } => {
            let binary = build::everything(&workspace, &mut steps, Mode::from_dev(dev))?;
            steps.print_times();
            build::serve(&workspace, &binary, &server)
        }
        Command::Build { dev } => {
            let mode = Mode::from_dev(dev);
            let binary = build::everything(&workspace, &mut steps, mode)?;
            if mode == Mode::Release {
                smoke_test::prove(&workspace, &mut steps, &binary)?;
            }
            steps.print_times();
            steps::say(&format!("built {}", binary.display()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Test(options) => Ok(test::run(&workspace, &mut steps, &options)),
        Command::Soak { what } => soak::run(&workspace, &mut steps, &what),
        Command::Check => {
            let report = check::run(&workspace, &mut steps);
            steps.print_times();
            report.into_result()?;
            Ok(ExitCode::SUCCESS)
        }
        Command::FirstLoad { counted } => {
            first_load::run(&workspace, &mut steps, counted)?;
            steps.print_times();
            Ok(ExitCode::SUCCESS)
        }
        Command::Reproduce => {
            reproduce::run(&workspace, &mut steps)?;
            steps.print_times();
            Ok(ExitCode::SUCCESS)
        }
        Command::Bench { what } => bench::run(&workspace, &mut steps, &what),
    }
}
