//! The seam between the one loop of all lines (`connection`) and what a session is for: what its client's requests do, what
//! is done unasked, and when it ends. Rooms have theirs in `rooms_handler`.
//!
//! A handler knows no socket and reads nothing from one: a transport hands it what came in.

use futures::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::session::Purpose;
use crate::transport::{End, Next};

/// What is on top of a line.
pub trait Handler: Send {
    /// What its session is for.
    type Purpose: Purpose;

    /// Begins something that nobody asked for and that requests wait for. Called while none is under way.
    fn unasked(&mut self) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// When [`Handler::tick`] has something to do. `is_busy`: a request is under way.
    fn due(&self, is_busy: bool) -> Option<Instant>;

    /// That time may have come.
    ///
    /// # Errors
    /// The line has to end.
    fn tick(&mut self) -> Result<(), End>;

    /// Asks the client by a frame whether it is there, on lines whose protocol does not do so.
    fn ping(&self);

    /// Cancelled when whoever gave the session its right takes it back: the line ends with `revoked`.
    fn revoked(&self) -> Option<CancellationToken> {
        None
    }
}

/// Takes requests that come as text, one a frame.
pub trait TakesText {
    /// Takes one.
    fn take(&mut self, text: &str) -> Next;

    /// Takes a frame that is no text.
    fn take_binary(&mut self) -> Next;
}
