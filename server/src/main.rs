//! The command line: reads the configuration, opens the port, serves until it is told to stop.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use protocol::Limits;
use server::config::{Command, Config, Options};
use server::telemetry;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A sentence for a person, so no backtrace, whatever the environment asks for.
            let _ = std::io::stderr().write_all(format!("whisperspace: {error:#}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn start() -> anyhow::Result<()> {
    let (options, strange) = Options::read();
    let options = options.with_file()?;
    if options.list_limits {
        return print(&list_limits());
    }
    let (print_config, command) = (options.print_config, options.command.clone());
    let config = Config::try_from(options)?;
    if print_config {
        return print(&config.to_toml()?);
    }
    telemetry::start(config.log, config.log_format)?;
    telemetry::forbid_core_dumps();
    for name in strange {
        tracing::warn!(name, "no option is called so: the variable is ignored");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Some(Command::Db(command)) => print(&runtime.block_on(server::database::tend(&config, &command))?),
        None => runtime.block_on(run(config)),
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(config.listen).await.with_context(|| {
        format!("cannot listen at {}: is another server running there? Choose another with --listen", config.listen)
    })?;
    let address = listener.local_addr()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    server::serve_observed(config, listener, stop, |_| {
        // Whoever closed the output does not want to read it.
        let _ = print(&format!("WhisperSpace is at http://{address}\n"));
    })
    .await
}

fn list_limits() -> String {
    let lines = Limits::REFERENCE.iter().map(|(name, default, text)| format!("{name} = {default}\n   {text}\n"));
    lines.collect()
}

fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}
