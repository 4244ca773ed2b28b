//! The same tests again and again: a fault that shows once in twenty runs shows here.

use std::process::ExitCode;

use anyhow::Result;

use crate::mongodb;
use crate::redis;
use crate::shell;
use crate::steps::{Steps, say, warn};
use crate::test::PRODUCT;
use crate::workspace::Workspace;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Three nodes under faults, by another seed each time: in one process, and as three real ones.
    Nodes {
        /// How often.
        #[arg(long, default_value_t = 20)]
        times: u32,
    },
}

/// Every time runs, whatever failed before it.
///
/// # Errors
/// Where there is no server to test with.
pub(crate) fn run(workspace: &Workspace, steps: &mut Steps, what: &What) -> Result<ExitCode> {
    let What::Nodes { times } = what;
    let database = steps.step("a MongoDB server", || mongodb::provide(workspace))?;
    let redis = steps.step("a Redis server", || redis::provide(workspace))?;
    workspace.prepare_site()?;
    let mut passed = 0;
    for time in 1..=*times {
        let run = steps.step(&format!("three nodes, {time} of {times}"), || {
            let mut cargo = shell::cargo();
            cargo.current_dir(workspace.root()).arg("test").args(PRODUCT).args(["--test", "it", "--quiet", "--"]);
            cargo.arg("three_nodes::").env("TEST_MONGODB_URI", &database.uri).env("REDIS_SERVER", &redis);
            shell::run(&mut cargo)
        });
        match run {
            Ok(()) => passed += 1,
            Err(error) => warn(&format!("error: {error:#}")),
        }
    }
    steps.print_times();
    say(&format!("{passed} of {times} passed"));
    Ok(if passed == *times { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
