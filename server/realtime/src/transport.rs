//! The seam between the core and what carries a session's frames. `connection.rs` runs the one loop that all have in common;
//! a transport reads, writes and closes.
//!
//! To add a transport: find out who the client is, give its session a line (`Attachment`), implement [`Transport`], and run a
//! `Connection` on it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use protocol::ErrorCode;

use crate::session::TryWrite;

/// How a session's time on a transport ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is nobody to tell.
    Gone,
    /// The client is told why.
    Close(ErrorCode),
    /// The client has left its session, and the transport goes on without it.
    Left,
}

impl End {
    /// What the client is told, where there is somebody to tell.
    pub const fn reason(self) -> Option<ErrorCode> {
        match self {
            Self::Close(code) => Some(code),
            Self::Gone | Self::Left => None,
        }
    }
}

/// What is done next, after something has happened on a line.
pub enum Next {
    /// Read on.
    Read,
    /// Read on when this is done; write meanwhile.
    Wait(BoxFuture<'static, ()>),
    /// Close with this code.
    Close(ErrorCode),
}

/// Hears how far a client has read.
pub trait Progress: Send + Sync {
    /// The client took so many bytes of what the session has given to this line.
    fn wrote(&self, bytes: usize);
}

/// What is to be written together.
#[derive(Default)]
pub struct Batch {
    /// The rest of a frame that was written in part past the transport ([`Transport::direct`]): it goes before all else.
    pub rest: Bytes,
    /// Behind whatever the transport still has.
    pub frames: VecDeque<Bytes>,
}

/// Carries what a session and its client say. Each future may be dropped while it waits, and nothing is lost. `H` is what
/// takes the client's requests.
pub trait Transport<H>: Send {
    /// Whether its protocol looks by itself whether the client is still there. Where not, the core does so by frames.
    const HAS_HEARTBEAT: bool;

    /// What can be written to without this transport, at times when it has nothing to write itself; asked once.
    fn direct(&mut self) -> Option<Arc<dyn TryWrite>> {
        None
    }

    /// Waits for the next thing that happens, and hands a request of the client to `handler`. Without one it takes none:
    /// the request before is not done, and the client waits.
    ///
    /// # Errors
    /// It has ended, or has to.
    fn recv(&mut self, handler: Option<&mut H>) -> impl Future<Output = Result<Next, End>> + Send;

    /// Whether something of its own waits to be written, beside what the session has.
    fn has_own(&self) -> bool;

    /// Writes a batch and what it has of its own, and tells `line` how much the client took. A
    /// transport whose client comes for its frames keeps them until then, and ends by itself where nobody comes.
    ///
    /// # Errors
    /// It has ended, or has to.
    fn write(&mut self, batch: Batch, line: &dyn Progress) -> impl Future<Output = Result<(), End>> + Send;

    /// Says goodbye: why, where there is somebody to tell, behind the rest of a frame that has begun. The session has no line
    /// any more.
    fn close(&mut self, rest: Bytes, why: Option<ErrorCode>) -> impl Future<Output = ()> + Send;
}

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read => f.write_str("Read"),
            Self::Wait(_) => f.write_str("Wait"),
            Self::Close(code) => write!(f, "Close({code})"),
        }
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batch({} bytes, {} frames)", self.rest.len(), self.frames.len())
    }
}
