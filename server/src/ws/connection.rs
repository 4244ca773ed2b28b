//! One socket, one task: hello, then a single loop that reads requests and writes what the session's queue holds.
//!
//! A panic in it ends this connection only: its place in the counts and its session's line are given back by guards.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::Input;
use futures::future::BoxFuture;
use protocol::{ErrorCode, ServerFrame};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::either::Either;
use websocket::{CloseCode, Event, Frame};

use super::hello::{self, Introduced, Refusal};
use super::socket::{ReadError, Socket};
use super::upgrade::Stream;
use crate::auth::Sent;
use crate::state::AppState;
use realtime::address::Address;
use realtime::attachment::Attachment;
use realtime::clock;
use realtime::commands::{Next, Requests};
use realtime::following::Following;
use realtime::renewal::Looks;
use realtime::session::{DirectLine, Turn};

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A write that took longer has waited for the peer, who has thereby shown to be there.
const WAITED: Duration = Duration::from_secs(1);

type Line = Socket<Stream>;

/// The line is gone; there is nobody to tell.
struct Gone;

/// Runs one connection from its first frame to its end.
pub(super) async fn run(mut socket: Line, state: AppState, credential: Sent, address: Address) {
    let patience = Duration::from_millis(state.config.limits.hello_ms_max);
    let introduced = tokio::select! {
        introduced = timeout(patience, introduce(&mut socket, &state, credential)) => introduced,
        () = state.stopping.cancelled() => Ok(Ok(Err(ErrorCode::ShuttingDown))),
    };
    match introduced {
        Ok(Ok(Ok(introduced))) => {
            let direct = direct(&mut socket);
            Connection::new(state.clone(), introduced, direct, address).run(socket).await;
        }
        Ok(Ok(Err(code))) => goodbye(&mut socket, code, None).await,
        Ok(Err(Gone)) => answer_close(&mut socket).await,
        Err(_) => goodbye(&mut socket, ErrorCode::HelloTimeout, None).await,
    }
}

/// Waits for a `hello` that holds. What is no hello is answered with an error, and the wait goes on.
async fn introduce(
    socket: &mut Line,
    state: &AppState,
    credential: Sent,
) -> Result<Result<Introduced, ErrorCode>, Gone> {
    loop {
        let hello = match socket.recv(first_words).await {
            Ok(FirstWords::Said(hello)) => hello,
            Ok(FirstWords::Nothing) => continue,
            Ok(FirstWords::Goodbye) => return Err(Gone),
            Err(error) => return read_error(error).map(Err).ok_or(Gone),
        };
        let hello = match hello {
            Ok(hello) => hello,
            Err((code, cid)) => {
                send_now(socket, &ServerFrame::error(code, cid, None)).await?;
                continue;
            }
        };
        return match hello::introduce(state, hello, credential).await {
            Ok(introduced) => Ok(Ok(introduced)),
            Err(failure) => {
                send_now(socket, &ServerFrame::error(failure.code, None, failure.retry_after_ms)).await?;
                Ok(Err(failure.code))
            }
        };
    }
}

/// What somebody says who has not said hello.
enum FirstWords {
    Said(Result<hello::Hello, Refusal>),
    Nothing,
    Goodbye,
}

fn first_words(event: Event<'_>) -> FirstWords {
    match event {
        Event::Text(text) => FirstWords::Said(hello::parse(&text)),
        Event::Binary(_) => FirstWords::Said(hello::parse("")),
        Event::Ping(_) | Event::Pong(_) => FirstWords::Nothing,
        Event::Close(_) => FirstWords::Goodbye,
    }
}

struct Connection {
    state: AppState,
    line: Attachment,
    /// What the session can write to by itself.
    direct: Option<Arc<DirectLine>>,
    requests: Requests,
    following: Following,
    resumed: bool,
    heard_at: Instant,
    ping_at: Instant,
    looks: Looks,
}

impl Connection {
    fn new(state: AppState, introduced: Introduced, direct: Option<Arc<DirectLine>>, address: Address) -> Self {
        let Introduced { line, resumed } = introduced;
        if let Some(direct) = &direct {
            line.session.write_directly(line.generation, Arc::clone(direct), state.hub.flushers());
        }
        let limits = &state.config.limits;
        let requests = Requests::new(&line, address);
        let now = Instant::now();
        // Pings of many connections are spread: each begins somewhere in the period.
        let share = u64::from(u16::from_be_bytes(clock::random()));
        let phase = (share * limits.ping_every_ms) >> u16::BITS;
        Self {
            requests,
            following: Following::default(),
            resumed,
            heard_at: now,
            ping_at: now + Duration::from_millis(phase.max(1)),
            looks: Looks::new(limits),
            direct,
            line,
            state,
        }
    }

    async fn run(mut self, mut socket: Line) {
        if self.resumed {
            for inside in self.line.session.insides() {
                if let Some(waiting) = inside.room.line_up(Input::Resumed { session: self.line.session.key }) {
                    waiting.await;
                }
            }
        }
        let ended = self.serve(&mut socket).await;
        self.line.session.keep_off(self.line.generation);
        self.queue_rest(&mut socket);
        match ended {
            Err(Some(code)) => goodbye(&mut socket, code, self.reconnect_in_ms(code)).await,
            Ok(()) | Err(None) => answer_close(&mut socket).await,
        }
    }

    /// The loop. Ends with the code to close with, or `None` where the line is gone.
    async fn serve(&mut self, socket: &mut Line) -> Result<(), Option<ErrorCode>> {
        let mut waiting: Option<BoxFuture<'static, ()>> = None;
        let stopping = self.state.stopping.clone();
        loop {
            if socket.answers() {
                self.line.session.take_over(self.line.generation);
                self.write(socket, VecDeque::new()).await?;
            }
            while let Some(turn) = self.line.session.turn(self.line.generation) {
                match turn {
                    Turn::Write(frames) => self.write(socket, frames).await?,
                    Turn::Close(code) => return Err(Some(code)),
                }
            }
            self.following.hear(&self.line.session);
            if waiting.is_none() {
                waiting = self.following.next(&self.requests);
            }
            let timer = self.ping_at.min(self.heard_at + self.silence()).min(self.looks.due());
            let timer = self.following.due().filter(|_| waiting.is_none()).map_or(timer, |due| timer.min(due));
            tokio::select! {
                () = self.line.session.wake.notified() => {}
                () = async { if let Some(waiting) = &mut waiting { waiting.await } }, if waiting.is_some() => {
                    waiting = None;
                }
                read = socket.recv(|event| take(&mut self.requests, event)), if waiting.is_none() => {
                    self.heard_at = Instant::now();
                    waiting = follow(read)?;
                }
                () = sleep_until(timer) => self.tick()?,
                () = stopping.cancelled() => return Err(Some(ErrorCode::ShuttingDown)),
            }
        }
    }

    /// Writes all that has gathered, by one system call where the line takes it. A reader that takes nothing of it for
    /// too long is closed; the line itself watches over that (`crate::abortable_stream`).
    async fn write(&mut self, socket: &mut Line, frames: VecDeque<Bytes>) -> Result<(), Option<ErrorCode>> {
        let (session, generation) = (Arc::clone(&self.line.session), self.line.generation);
        let began = Instant::now();
        self.queue_rest(socket);
        for bytes in frames {
            socket.queue(Frame::framed(bytes));
        }
        let write = socket.flush(|count| session.wrote(generation, count));
        let closes = self.line.closes();
        tokio::select! {
            // First: mostly it is done at once, and nobody looks for a reason to stop.
            biased;
            written = write => written.map_err(|error| write_error(&error))?,
            code = closes => return Err(Some(code)),
        }
        if began.elapsed() >= WAITED {
            // What the peer said meanwhile was not read yet.
            self.heard_at = Instant::now();
        }
        Ok(())
    }

    /// What the session's flusher has begun goes first.
    fn queue_rest(&self, socket: &mut Line) {
        if let Some(direct) = &self.direct {
            socket.queue_rest(direct.take_rest());
        }
    }

    fn tick(&mut self) -> Result<(), Option<ErrorCode>> {
        let now = Instant::now();
        if now >= self.heard_at + self.silence() {
            return Err(Some(ErrorCode::Silence));
        }
        if now >= self.ping_at {
            let limits = &self.state.config.limits;
            self.ping_at = now + Duration::from_millis(limits.ping_every_ms);
            self.line.session.tell(&ServerFrame::Ping {}, limits);
        }
        self.looks.look_if_due(&self.line);
        Ok(())
    }

    fn silence(&self) -> Duration {
        Duration::from_millis(self.state.config.limits.silence_ms_max)
    }

    /// Spread, so that not all come back at once.
    fn reconnect_in_ms(&self, code: ErrorCode) -> Option<u64> {
        (code == ErrorCode::ShuttingDown).then(|| {
            let spread_ms = u64::from(self.state.connections.total()).clamp(500, 10_000);
            500 + u64::from(u16::from_be_bytes(clock::random())) % spread_ms
        })
    }
}

/// Lets the session write to it, where it is the accept loop's own stream.
fn direct(socket: &mut Line) -> Option<Arc<DirectLine>> {
    let Either::Left(stream) = socket.stream() else { return None };
    let line = DirectLine::new(stream.writing());
    socket.defer_answers();
    Some(Arc::new(line))
}

/// What one event asks for; `Err`: the connection ends with this code, or the other side has said goodbye.
fn take(requests: &mut Requests, event: Event<'_>) -> Result<Next, Option<ErrorCode>> {
    match event {
        Event::Text(text) => Ok(requests.take(&text)),
        Event::Binary(_) => Ok(requests.take_binary()),
        // Answered already.
        Event::Ping(_) | Event::Pong(_) => Ok(Next::Read),
        Event::Close(_) => Err(None),
    }
}

fn follow(
    read: Result<Result<Next, Option<ErrorCode>>, ReadError>,
) -> Result<Option<BoxFuture<'static, ()>>, Option<ErrorCode>> {
    match read.map_err(read_error)?? {
        Next::Read => Ok(None),
        Next::Wait(future) => Ok(Some(future)),
        Next::Close(code) => Err(Some(code)),
    }
}

/// What the other side did wrong, where it is still there to be told.
const fn read_error(error: ReadError) -> Option<ErrorCode> {
    match error {
        ReadError::Gone => None,
        ReadError::Protocol(error) => Some(match error {
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
fn write_error(error: &io::Error) -> Option<ErrorCode> {
    (error.kind() == io::ErrorKind::TimedOut).then_some(ErrorCode::SlowConsumer)
}

async fn send_now(socket: &mut Line, frame: &ServerFrame) -> Result<(), Gone> {
    socket.queue(Frame::text(protocol::encode(frame).into()));
    match timeout(GOODBYE, socket.flush(|_| {})).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

/// The other side said goodbye, and the answer is queued (RFC 6455, 5.5.1): writing it is the last thing done. Where the
/// line is gone instead, this fails at once.
async fn answer_close(socket: &mut Line) {
    let _ = timeout(GOODBYE, socket.flush(|_| {})).await;
}

/// Says why, closes, and waits a moment for the other side, so that the reason is not lost in a reset.
async fn goodbye(socket: &mut Line, code: ErrorCode, reconnect_in_ms: Option<u64>) {
    // Only what has begun goes before it: the rest is for a line that lasts.
    socket.clear_unstarted();
    socket.queue(Frame::text(protocol::encode(&ServerFrame::Bye { code, reconnect_in_ms }).into()));
    let close_code = CloseCode::new(code.close_code()).unwrap_or(CloseCode::INTERNAL_ERROR);
    socket.close(close_code, code.as_str());
    // A line that takes no goodbye is cut.
    let _ = timeout(GOODBYE, socket.finish()).await;
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
