//! Measurements that need a release build. `fanout` is here; the other programs that measure are examples of the
//! server.

#[cfg(target_os = "linux")]
mod api;
#[cfg(target_os = "linux")]
mod beside;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod dialect;
#[cfg(target_os = "linux")]
mod fanout;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod gather;
#[cfg(target_os = "linux")]
mod holding;
mod instructions;
#[cfg(target_os = "linux")]
mod joining;
#[cfg(target_os = "linux")]
mod line;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod measured;
#[cfg(target_os = "linux")]
mod nodes;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod process;
mod publisher;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod scenarios;
#[cfg(target_os = "linux")]
mod statistics;
#[cfg(target_os = "linux")]
mod stream;
#[cfg(target_os = "linux")]
mod svg;
#[cfg(target_os = "linux")]
mod tls;

use std::process::ExitCode;

use anyhow::Result;

use crate::build;
use crate::mode::Mode;
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
    /// What deliveries, joins, silence and slow readers cost, beside a bare `send()` and servers of others; about ten minutes.
    #[cfg(target_os = "linux")]
    Fanout(fanout::Options),
    /// What an event in an application's channel costs beside a message in a room; about two minutes.
    #[cfg(target_os = "linux")]
    Channels(fanout::Options),
    /// What one room of 500 costs on two nodes beside one; about a minute.
    #[cfg(target_os = "linux")]
    Nodes(fanout::Options),
    /// What the server's own TLS costs a delivery; about a minute.
    #[cfg(target_os = "linux")]
    Tls(fanout::Options),
    /// Instructions of parsing, publishing, delivering and joining, beside those that were accepted last. Needs valgrind.
    Instructions(instructions::Options),
    /// What clearing freed memory costs: one delivery by the native transport with and without.
    #[cfg(target_os = "linux")]
    Forgetting,
    /// Writes the tables of docs/performance.md from the last `fanout`.
    #[cfg(target_os = "linux")]
    Docs,
    /// The floor of `fanout`, which starts it.
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    FloorServer { port: u16 },
}

pub(crate) fn run(workspace: &Workspace, steps: &mut Steps, what: &What) -> Result<ExitCode> {
    match what {
        What::Idle { arguments } => example(workspace, steps, "bench_idle", arguments)?,
        What::Store => stores(workspace, steps)?,
        What::Instructions(options) => instructions::run(workspace, steps, options)?,
        #[cfg(target_os = "linux")]
        What::Fanout(options) => fanout::run(workspace, steps, options)?,
        #[cfg(target_os = "linux")]
        What::Channels(options) => fanout::channels(workspace, steps, options)?,
        #[cfg(target_os = "linux")]
        What::Nodes(options) => fanout::nodes(workspace, steps, options)?,
        #[cfg(target_os = "linux")]
        What::Tls(options) => fanout::tls(workspace, steps, options)?,
        #[cfg(target_os = "linux")]
        What::Forgetting => fanout::forgetting(workspace, steps)?,
        #[cfg(target_os = "linux")]
        What::Docs => fanout::write_docs(workspace)?,
        #[cfg(target_os = "linux")]
        What::FloorServer { port } => floor::serve(*port)?,
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
