//! Measurements that need a release build. The programs that measure are examples of the server.

use std::process::ExitCode;

use anyhow::Result;

use crate::build::{self, Mode};
use crate::mongodb;
use crate::shell;
use crate::steps::{Steps, say, warn};
use crate::workspace::Workspace;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// The memory that idle connections take.
    Idle {
        /// Arguments for the measurement.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Joins, leaves and look-ups a second on each database.
    Store,
    /// The processor's time for one delivery, by the native transport and by Socket.IO.
    Fanout {
        /// `--transport native` or `--transport socketio`, which measures both.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

pub(crate) fn run(workspace: &Workspace, steps: &mut Steps, what: &What) -> Result<ExitCode> {
    match what {
        What::Idle { arguments } => example(workspace, steps, "bench_idle", arguments)?,
        What::Store => stores(workspace, steps)?,
        What::Fanout { arguments } => example(workspace, steps, "bench_fanout", arguments)?,
    }
    steps.print_times();
    Ok(ExitCode::SUCCESS)
}

fn stores(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let server = steps.step("a MongoDB server", || mongodb::provide(workspace));
    let uri = match &server {
        Ok(server) => {
            say(&format!("    MongoDB: {}", server.what));
            server.uri.as_str()
        }
        Err(reason) => {
            warn(&format!("WARNING: MongoDB is not measured: {reason:#}"));
            ""
        }
    };
    workspace.prepare_site()?;
    steps.step("the stores", || {
        let mut cargo = shell::cargo();
        cargo.current_dir(workspace.root()).args(["run", "--release", "--package", "server", "--features", "app/ssr"]);
        shell::run(cargo.args(["--example", "bench_store"]).env("TEST_MONGODB_URI", uri))
    })
}

fn example(workspace: &Workspace, steps: &mut Steps, name: &str, arguments: &[String]) -> Result<()> {
    // A server without its interface should never lie in target/release.
    if !workspace.has_site() {
        build::interface(workspace, steps, Mode::Release)?;
    }
    let binary = build::server(workspace, steps, Mode::Release)?;
    say(&format!("    server: {}", binary.display()));
    steps.step(name, || {
        shell::run(
            shell::cargo()
                .current_dir(workspace.root())
                .args(["run", "--release", "--package", "server", "--example", name, "--"])
                .args(arguments)
                .env("WHISPERSPACE_BIN", &binary),
        )
    })
}
