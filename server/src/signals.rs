//! The signals that ask the process to end, and those that ask for nothing here. None is ever left to the system's
//! default, which would end the process under everybody without a goodbye.

use std::io;

use futures::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A supervisor's, the keyboard's two, and that of a terminal that goes away: where there are neither files of applications
/// nor an event log, no file is opened again, and a stop is the only thing that all of them can mean.
const ENDING: [(SignalKind, &str); 4] = [
    (SignalKind::terminate(), "SIGTERM"),
    (SignalKind::interrupt(), "SIGINT"),
    (SignalKind::quit(), "SIGQUIT"),
    (SignalKind::hangup(), "SIGHUP"),
];

/// Sent by those who rotate logs (here that is the hang-up), by supervisors of other programs, and by a timer that was set before this program took a process over.
const IGNORED: [SignalKind; 3] = [SignalKind::user_defined1(), SignalKind::user_defined2(), SignalKind::alarm()];

/// They are caught from the moment this is there: to be made before the port is opened, so that nobody is ever connected
/// to a process that a signal ends without a goodbye.
#[derive(Debug)]
pub struct Ending(Vec<(Signal, &'static str)>);

impl Ending {
    /// Catches them; a hang-up where it is to end the process. What whoever started the process told it to ignore (`nohup`, a shell's `&`) stays ignored.
    ///
    /// # Errors
    /// When the system refuses, or there is no runtime.
    pub fn watch(by_hang_up: bool) -> io::Result<Self> {
        for kind in IGNORED {
            // Caught for good, and nobody listens.
            drop(signal(kind)?);
        }
        let meant = ENDING.into_iter().filter(|(kind, _)| by_hang_up || *kind != SignalKind::hangup());
        let asked = meant.filter(|(kind, _)| *kind == SignalKind::terminate() || !is_ignored(*kind));
        asked.map(|(kind, name)| Ok((signal(kind)?, name))).collect::<io::Result<_>>().map(Self)
    }

    /// Resolves with the first of them, also where it came before this was asked.
    pub async fn asked(mut self) {
        let signals = self.0.iter_mut().map(|(signal, name)| {
            Box::pin(async move {
                signal.recv().await;
                *name
            })
        });
        let (name, _, _) = select_all(signals).await;
        tracing::info!(signal = name, "asked to stop");
    }
}

/// The hang-up, where there are files to open again: also for a process that was told to ignore it (`nohup`), since it
/// is sent on purpose.
#[derive(Debug)]
pub struct Reload(Signal);

impl Reload {
    /// Catches it.
    ///
    /// # Errors
    /// When the system refuses, or there is no runtime.
    pub fn watch() -> io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Resolves with the next; with false where there will be none.
    pub async fn asked(&mut self) -> bool {
        self.0.recv().await.is_some()
    }
}

fn is_ignored(kind: SignalKind) -> bool {
    let mut before = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    #[expect(unsafe_code, reason = "sigaction has no safe wrapper in the standard library; it writes one struct")]
    // SAFETY: no action is given, so nothing changes; where the call succeeds, it has written the whole of the old one.
    let handler = unsafe {
        let read = libc::sigaction(kind.as_raw_value(), std::ptr::null(), before.as_mut_ptr());
        (read == 0).then(|| before.assume_init().sa_sigaction)
    };
    handler == Some(libc::SIG_IGN)
}
