//! One process of a server for the tests: started, killed without mercy, started again.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const START_MAX: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// Says whether the process serves.
type IsReady = Box<dyn Fn() -> bool + Send>;

/// A process that may be started again.
pub(crate) struct Part {
    make: Box<dyn Fn() -> Result<Command> + Send>,
    is_ready: IsReady,
    child: Option<Child>,
    /// What goes with it at the end.
    after: Option<Box<dyn FnOnce() + Send>>,
}

/// What can be killed: the database server, and what stands in front of it.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(super) database: Part,
    pub(super) gateway: Option<Part>,
}

/// A loopback address that a part can listen on.
pub(super) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    Ok(listener.local_addr()?)
}

impl Part {
    pub(crate) fn new(
        make: impl Fn() -> Result<Command> + Send + 'static,
        is_ready: impl Fn() -> bool + Send + 'static,
        after: impl FnOnce() + Send + 'static,
    ) -> Self {
        Self { make: Box::new(make), is_ready: Box::new(is_ready), child: None, after: Some(Box::new(after)) }
    }

    /// Starts it and waits until it serves. One that ends at once is started again for a while: after a SIGKILL the
    /// processes of the last run may take a moment to go.
    pub(crate) fn start(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            if self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None))) {
                self.child = Some((self.make)()?.spawn().context("a part of the database server does not start")?);
            }
            if (self.is_ready)() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        bail!("a part of the database server does not serve in time; its log is under target/mongodb")
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when it has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.kill();
        if let Some(after) = self.after.take() {
            after();
        }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?})", self.child.as_ref().map(Child::id))
    }
}
