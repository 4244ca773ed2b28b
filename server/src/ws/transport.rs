//! The native transport under the core's loop: frames of the queue are written as they are, goodbyes say why.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::{ClientId, ErrorCode, ServerFrame};
use tokio::time::timeout;
use tokio_util::either::Either;
use websocket::{CloseCode, WireFrame};

use super::socket::{ReadError, Socket};
use super::upgrade::Stream;
use crate::event_log::{Event, Via};
use crate::state::AppState;
use realtime::clock;
use realtime::handler::TakesText;
use realtime::session::TryWrite;
use realtime::transport::{Batch, End, Next, Progress, Transport};

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A WebSocket whose frames are made once, for all who read the same: of the native dialect, or of channels.
pub(super) struct Line {
    pub(super) socket: Box<Socket<Stream>>,
    pub(super) state: AppState,
    /// Its client knows the frame `bye`.
    pub(super) says_bye: bool,
}

impl<H: TakesText + Send> Transport<H> for Line {
    const HAS_HEARTBEAT: bool = false;

    /// The accept loop's own stream can be written to by itself.
    fn direct(&mut self) -> Option<Arc<dyn TryWrite>> {
        let Either::Left(stream) = self.socket.stream() else { return None };
        let writing = stream.writing();
        self.socket.defer_answers();
        Some(writing)
    }

    async fn recv(&mut self, handler: Option<&mut H>) -> Result<Next, End> {
        match handler {
            Some(handler) => self.socket.recv(|event| take(handler, event)).await.map_err(read_error)?,
            None => std::future::pending().await,
        }
    }

    fn has_own(&self) -> bool {
        self.socket.answers()
    }

    /// By one system call where the client takes it. The stream watches over one that takes nothing
    /// (`crate::abortable_stream`).
    async fn write(&mut self, batch: Batch, line: &dyn Progress) -> Result<(), End> {
        self.socket.queue_rest(batch.rest);
        for bytes in batch.frames {
            self.socket.queue(WireFrame::framed(bytes));
        }
        self.socket.flush(|count| line.wrote(count)).await.map_err(|error| write_error(&error))
    }

    async fn close(&mut self, rest: Bytes, why: Option<ErrorCode>) {
        self.end(rest, why).await;
    }
}

impl Line {
    /// Says goodbye, behind the rest of a frame that has begun.
    pub(super) async fn end(&mut self, rest: Bytes, why: Option<ErrorCode>) {
        self.socket.queue_rest(rest);
        match why {
            Some(code) => self.goodbye(code).await,
            None => self.answer_close().await,
        }
    }

    /// Tells a client that has no session yet why it gets none.
    pub(super) async fn refuse(
        &mut self,
        code: ErrorCode,
        cid: Option<ClientId>,
        retry_after_ms: Option<u64>,
    ) -> Result<(), End> {
        let frame = ServerFrame::error(code, cid, retry_after_ms);
        self.state.hub.counts().told(&frame);
        self.state.events.record(Event::Refused(Via::Native, code));
        self.socket.queue(WireFrame::text(protocol::encode(&frame).into()));
        match timeout(GOODBYE, self.socket.flush(|_| {})).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// The other side said goodbye, and the answer is queued (RFC 6455, 5.5.1): writing it is the last thing done. Where the
    /// line is gone instead, this fails at once.
    async fn answer_close(&mut self) {
        let _ = timeout(GOODBYE, self.socket.flush(|_| {})).await;
    }

    /// Says why, closes, and waits a moment for the other side, so that the reason is not lost in a reset.
    async fn goodbye(&mut self, code: ErrorCode) {
        // Only what has begun goes before it: the rest is for a line that lasts.
        self.socket.clear_unstarted();
        if self.says_bye {
            let bye = ServerFrame::Bye { code, reconnect_in_ms: self.reconnect_in_ms(code) };
            self.socket.queue(WireFrame::text(protocol::encode(&bye).into()));
        }
        let close_code = CloseCode::new(code.close_code()).unwrap_or(CloseCode::INTERNAL_ERROR);
        self.socket.close(close_code, code.as_str());
        // A line that takes no goodbye is cut.
        let _ = timeout(GOODBYE, self.socket.finish()).await;
    }

    /// Spread, so that not all come back at once.
    fn reconnect_in_ms(&self, code: ErrorCode) -> Option<u64> {
        (code == ErrorCode::ShuttingDown).then(|| {
            let spread_ms = u64::from(self.state.connections.total()).clamp(500, 10_000);
            500 + u64::from(u16::from_be_bytes(clock::random())) % spread_ms
        })
    }
}

/// What one event asks for.
fn take(handler: &mut impl TakesText, event: websocket::Event<'_>) -> Result<Next, End> {
    match event {
        websocket::Event::Text(text) => Ok(handler.take(&text)),
        websocket::Event::Binary(_) => Ok(handler.take_binary()),
        // Answered already.
        websocket::Event::Ping(_) | websocket::Event::Pong(_) => Ok(Next::Read),
        websocket::Event::Close(_) => Err(End::Gone),
    }
}

/// What the other side did wrong, where it is still there to be told.
pub(super) const fn read_error(error: ReadError) -> End {
    match error {
        ReadError::Gone => End::Gone,
        ReadError::Protocol(error) => End::Close(match error {
            websocket::Error::InvalidUtf8 => ErrorCode::InvalidUtf8,
            websocket::Error::FrameTooLarge | websocket::Error::MessageTooLarge => ErrorCode::TooLarge,
            websocket::Error::ReservedBits
            | websocket::Error::UnknownOpcode
            | websocket::Error::ContinuesNothing
            | websocket::Error::Interleaved
            | websocket::Error::FragmentedControl
            | websocket::Error::LongControl
            | websocket::Error::Unmasked
            | websocket::Error::Length
            | websocket::Error::TruncatedCloseCode
            | websocket::Error::InvalidCloseCode => ErrorCode::ProtocolError,
        }),
    }
}

/// Why a write has failed, where that can be told.
fn write_error(error: &io::Error) -> End {
    if error.kind() == io::ErrorKind::TimedOut { End::Close(ErrorCode::SlowConsumer) } else { End::Gone }
}

#[cfg(test)]
mod tests {
    use protocol::ErrorCode;
    use websocket::CloseCode;

    #[test]
    fn every_reason_has_a_close_code_that_may_be_sent() {
        for code in ErrorCode::ALL {
            assert!(CloseCode::new(code.close_code()).is_some(), "{code}");
        }
    }
}
