//! The command line: reads the configuration, opens the port, serves until it is told to stop.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use forgetting::{Forgetting, clear_stack};
use protocol::Limits;
use server::commands::{health, init, papers};
use server::config::{self, Command, Config, Options};
use server::listener::{ListenAt, Listener};
use server::{open_files, signals, supervisor, telemetry};

/// What was typed is gone from the heap as soon as nothing needs it.
#[global_allocator]
static MEMORY: Forgetting = Forgetting;

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
    let mut given = options.clone();
    let config = Config::try_from(options)?;
    if print_config {
        return print(&config.to_toml()?);
    }
    let _logging = telemetry::start(config.log, config.log_format)?;
    telemetry::forbid_core_dumps();
    telemetry::survive_the_file_size_limit();
    let open_files = open_files::raise();
    if command.is_none() {
        open_files::enough(open_files)?;
    }
    for name in strange {
        tracing::warn!(name, "no option is called so: the variable is ignored");
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(config.threads()).enable_all().on_thread_park(clear_stack).build()?;
    match command {
        // The tests of the server are programs of their own.
        Some(Command::Selftest { memory: _ }) => server::selftest::memory(|told| {
            let _ = print(told);
        }),
        Some(Command::Health) => print(&runtime.block_on(health::check(&config))?),
        Some(Command::Init { file }) => {
            given.limits = Some(config.limits);
            print(&init::write(&file, &given)?)
        }
        Some(Command::Man) => print(&papers::man()?),
        Some(Command::Completions { shell }) => print(&papers::completions(shell)?),
        Some(Command::Admin(command)) => print(&server::admin::commands::tend(&command, &config.data_dir)?),
        Some(Command::Apps(command)) => print(&server::apps::commands::tend(&command, &config.limits)?),
        Some(Command::Db(command)) => print(&runtime.block_on(server::database::tend(&config, &command))?),
        None => runtime.block_on(run(config)),
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    // Before the port is open: from then on somebody may be connected, who is owed a goodbye.
    // Where there is no file to open again, a hang-up can mean a stop only.
    let mut reload = config.renews_files().then(signals::Reload::watch).transpose()?;
    let ending = signals::Ending::watch(reload.is_none())?;
    let listener = listen(&config).await?;
    let mut place = listener.place(config.has_tls());
    if !listener.is_unix() {
        place.push_str(config.sub_path.as_str());
    }
    if listener.is_unix() && !config.believes_this_machine() {
        tracing::warn!(
            "all who come by the Unix socket count as one: have the proxy say for whom it asks, and start with \
             --trust-proxy 127.0.0.1 (X-Forwarded-For, Forwarded) or --proxy-protocol 127.0.0.1"
        );
    }
    let notify = config::notify_socket();
    let stopping = async {
        ending.asked().await;
        supervisor::tell(notify.as_deref(), supervisor::STOPPING);
    };
    server::serve_observed(config, listener, stopping, |state| {
        if let Some(mut reload) = reload.take() {
            let reloading = state.clone();
            state.tracker.spawn(state.stopping.clone().run_until_cancelled_owned(async move {
                while reload.asked().await {
                    let state = reloading.clone();
                    let _ = tokio::task::spawn_blocking(move || state.renew_files()).await;
                }
            }));
        }
        // It serves all the same: who cannot be told the address knows it, or finds it in the log.
        let _ = print(&format!("WhisperSpace is at {place}\n"));
        if let Some(metrics) = state.metrics_at {
            let _ = print(&format!("Its metrics are at http://{metrics}/metrics\n"));
        }
        supervisor::tell(notify.as_deref(), supervisor::READY);
    })
    .await
}

/// What to do where the place to listen at cannot be had.
const fn remedy(why: ErrorKind, is_unix: bool) -> &'static str {
    match (why, is_unix) {
        (ErrorKind::NotFound, true) => "its folder is not there; make it, or choose another with --listen",
        (ErrorKind::AddrInUse, true) => {
            "a server answers there, or what is there is no socket; choose another with --listen"
        }
        (ErrorKind::InvalidInput, true) => {
            "the path of a socket has 107 bytes at the most; choose another with --listen"
        }
        (ErrorKind::PermissionDenied, true) => "this user may not; choose a folder that is theirs with --listen",
        (ErrorKind::PermissionDenied, false) => {
            "this user may not (ports below 1024 need a right, CAP_NET_BIND_SERVICE); choose another with --listen"
        }
        (ErrorKind::AddrNotAvailable, false) => "this machine has no such address; choose another with --listen",
        _ => "is another server running there? Choose another with --listen",
    }
}

/// At the socket that a supervisor holds, or where the configuration says.
async fn listen(config: &Config) -> anyhow::Result<Listener> {
    if let Some(held) = config::held_socket()? {
        return Listener::held(held).context("the socket that systemd holds for this server cannot be used");
    }
    let bound = Listener::bind(&config.listen, config.listen_mode).await;
    bound.map_err(|error| {
        let remedy = remedy(error.kind(), matches!(config.listen, ListenAt::Unix(_)));
        anyhow::Error::new(error).context(format!("cannot listen at {}: {remedy}", config.listen))
    })
}

fn list_limits() -> String {
    let lines = Limits::REFERENCE.iter().map(|(name, default, text)| format!("{name} = {default}\n   {text}\n"));
    lines.collect()
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        // Whoever reads (`| head`) had enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}
