//! For `cargo xtask bench forgetting`: the server on the system's allocator as it is, so that what clearing freed memory
//! costs can be measured. Takes the options of the product, serves until it is killed; never to be used for anything else.

use std::io::Write as _;

use anyhow::Context as _;
use server::config::{Config, Options};
use server::listener::Listener;

fn main() -> anyhow::Result<()> {
    let config = Config::try_from(Options::read().0)?;
    let _logging = server::telemetry::start(config.log, config.log_format)?;
    server::open_files::raise();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = Listener::bind(&config.listen, None).await.context("the address is in use")?;
        // Whoever comes before it serves waits in the backlog.
        writeln!(std::io::stdout(), "at {}", listener.place(false))?;
        server::serve(config, listener, std::future::pending()).await
    })
}
