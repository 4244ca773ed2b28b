//! The file of the event log, or standard output. It is opened when there is something to write, and again when it was moved
//! away, deleted, or when somebody says so; one that cannot be opened is tried again after a while.
//!
//! The operator is told once when it cannot be written, and once when it can again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::line_output::Place;

/// Who did what when is for the operator alone.
const MODE: u32 = 0o600;
/// How often one is tried that cannot be opened.
const OPEN_EVERY: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug)]
pub(super) struct EventFile {
    /// `None`: what is open stays.
    path: Option<PathBuf>,
    open: Option<File>,
    again: Arc<AtomicBool>,
    opened_at: Option<Instant>,
    is_troubled: bool,
}

impl EventFile {
    /// The file of a path, opened with the first line. It is to be opened again when `again` says so.
    pub(super) const fn at(path: PathBuf, again: Arc<AtomicBool>) -> Self {
        Self { path: Some(path), open: None, again, opened_at: None, is_troubled: false }
    }

    /// Standard output, without the buffer that the standard library has before it.
    pub(super) fn standard_output() -> io::Result<Self> {
        let open = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let again = Arc::default();
        Ok(Self { path: None, open: Some(open), again, opened_at: None, is_troubled: false })
    }

    /// Whether what is open is not what the path leads to any more. Looked at before each line, which costs little beside
    /// writing it.
    fn was_moved(&self) -> bool {
        let (Some(path), Some(open)) = (&self.path, &self.open) else { return false };
        match (std::fs::metadata(path), open.metadata()) {
            (Ok(there), Ok(here)) => (there.dev(), there.ino()) != (here.dev(), here.ino()),
            (Err(error), _) => error.kind() == io::ErrorKind::NotFound,
            (Ok(_), Err(_)) => false,
        }
    }

    fn told<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        let place = self.path.as_ref().map_or("standard output".into(), |path| path.to_string_lossy());
        match &done {
            Ok(_) if self.is_troubled => {
                self.is_troubled = false;
                tracing::info!(%place, "the event log is written again");
            }
            Err(error) if !self.is_troubled && !is_passing(error) => {
                self.is_troubled = true;
                tracing::warn!(%place, %error, "the event log cannot be written: the server goes on, and tries again");
            }
            Ok(_) | Err(_) => {}
        }
        done
    }
}

/// What is tried again at once.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

impl Place for EventFile {
    fn renew(&mut self) -> io::Result<bool> {
        let is_asked = self.again.swap(false, Ordering::Relaxed);
        let Some(path) = self.path.clone() else { return Ok(false) };
        if is_asked || self.was_moved() {
            (self.open, self.opened_at) = (None, None);
        }
        if self.open.is_some() {
            return Ok(false);
        }
        if self.opened_at.is_some_and(|at| at.elapsed() < OPEN_EVERY) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.opened_at = Some(Instant::now());
        // A pipe that nobody reads would hold the opening up: it counts as one that cannot be opened.
        let opened = OpenOptions::new().append(true).create(true).mode(MODE).custom_flags(libc::O_NONBLOCK).open(path);
        let opened = if opened.is_err() { self.told(opened) } else { opened };
        self.open = Some(opened?);
        Ok(true)
    }
}

impl Write for EventFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(open) = &mut self.open else { return Err(io::ErrorKind::NotConnected.into()) };
        let written = open.write(bytes);
        self.told(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
