//! Log lines without content, and a panic hook that prints the place only.
//!
//! Dependencies trace text, frames and headers at their lower levels: whatever the operator asks for, they stay at
//! `warn`. Nothing reads `RUST_LOG`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, LogLevel};

/// Starts logging to standard error, once for the process.
///
/// # Errors
/// When logging was started before.
pub fn start(level: LogLevel, format: LogFormat) -> anyhow::Result<()> {
    let own = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let others = if level == LogLevel::Error { "error" } else { "warn" };
    let filter = EnvFilter::try_new(format!("{others},whisperspace={own},server={own}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init()?,
        LogFormat::Json => builder.json().finish().try_init()?,
    }
    std::panic::set_hook(Box::new(|panic| {
        // The message of a panic may quote a value; the place never does.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
    }));
    Ok(())
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
