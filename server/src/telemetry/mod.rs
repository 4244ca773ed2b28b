//! Log lines without content, and a panic hook that prints the place only. Neither ever fails or waits (`output.rs`).
//!
//! Dependencies trace text, frames and headers at their lower levels: whatever the operator asks for, they stay at
//! `warn`. Nothing reads `RUST_LOG`.

mod output;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, LogLevel};
use output::Output;

/// Logging goes on; dropped at the end of the process, it waits a moment for the last lines to be written.
#[derive(Debug)]
#[must_use]
pub struct Logging(Output);

impl Drop for Logging {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// What this project wrote of what runs here: it tells nothing that anybody typed, at any level.
const OWN_CRATES: [&str; 7] = ["whisperspace", "server", "realtime", "chat", "channels", "websocket", "socketio"];

/// Starts logging to standard error, once for the process.
///
/// # Errors
/// When logging was started before, or the system refuses a thread.
pub fn start(level: LogLevel, format: LogFormat) -> anyhow::Result<Logging> {
    let own = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let others = if level == LogLevel::Error { "error" } else { "warn" };
    let own = OWN_CRATES.map(|name| format!("{name}={own}")).join(",");
    let filter = EnvFilter::try_new(format!("{others},{own}"))?;
    let output = Output::start(format).context("cannot start the thread that writes the log")?;
    // What could not be logged is not told on standard error by the library either: that is what failed.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_writer(output.clone());
    match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init()?,
        LogFormat::Json => builder.json().finish().try_init()?,
    }
    std::panic::set_hook(Box::new(|panic| {
        // The message of a panic may quote a value; the place never does.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
    }));
    Ok(Logging(output))
}

/// A write beyond the limit on the size of a file (`ulimit -f`) fails like one on a full disk, and does not end the process.
pub fn survive_the_file_size_limit() {
    #[expect(unsafe_code, reason = "signal has no safe wrapper in the standard library; it takes two integers")]
    // SAFETY: no handler of ours is installed: the signal is ignored.
    let before = unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    if before == libc::SIG_ERR {
        tracing::warn!("a limit on the size of files would end the process");
    }
}

/// No core dump ever holds what was in memory.
pub fn forbid_core_dumps() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "setrlimit has no safe wrapper in the standard library; it reads one struct")]
    // SAFETY: the pointer is to a live, initialised rlimit, which the call only reads.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) } != 0;
    if failed {
        tracing::warn!("core dumps could not be forbidden");
    }
}
