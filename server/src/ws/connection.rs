//! One socket, one task: hello, then a single loop that reads requests and writes what the session's queue holds.
//!
//! A panic in it ends this connection only: its place in the counts and its session's line are given back by guards.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use chat::Input;
use futures::future::BoxFuture;
use futures::{SinkExt as _, StreamExt as _};
use protocol::{ErrorCode, ServerFrame};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Error as Broken;
use tokio_tungstenite::tungstenite::error::ProtocolError;

use super::hello::{self, Introduced};
use crate::address::Address;
use crate::clock;
use crate::requests::{Next, Requests};
use crate::session::{Generation, Session, Turn};
use crate::state::AppState;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The line is gone; there is nobody to tell.
struct Gone;

/// Runs one connection from its first frame to its end.
pub(super) async fn run(mut socket: WebSocket, state: AppState, token: Option<String>, address: Address) {
    let patience = Duration::from_millis(state.config.limits.hello_ms_max);
    let introduced = tokio::select! {
        introduced = timeout(patience, introduce(&mut socket, &state, token)) => introduced,
        () = state.stopping.cancelled() => Ok(Ok(Err(ErrorCode::ShuttingDown))),
    };
    match introduced {
        Ok(Ok(Ok(introduced))) => {
            Connection::new(state, introduced, address).run(socket).await;
        }
        Ok(Ok(Err(code))) => goodbye(&mut socket, code, None).await,
        Ok(Err(Gone)) => answer_close(&mut socket).await,
        Err(_) => goodbye(&mut socket, ErrorCode::HelloTimeout, None).await,
    }
}

/// Waits for a `hello` that holds. What is no hello is answered with an error, and the wait goes on.
async fn introduce(
    socket: &mut WebSocket,
    state: &AppState,
    cookie_token: Option<String>,
) -> Result<Result<Introduced, ErrorCode>, Gone> {
    loop {
        let text = match socket.recv().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => Utf8Bytes::default(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) | None => return Err(Gone),
            Some(Err(error)) => return read_error(&error).map(Err).ok_or(Gone),
        };
        let (token, resume) = match hello::parse(&text) {
            Ok(hello) => hello,
            Err((code, cid)) => {
                send_now(socket, &ServerFrame::error(code, cid, None)).await?;
                continue;
            }
        };
        let introduced = match token.or(cookie_token) {
            Some(token) => hello::introduce(state, &token, resume).await,
            None => Err(ErrorCode::Unauthorized.into()),
        };
        return match introduced {
            Ok(introduced) => Ok(Ok(introduced)),
            Err(failure) => {
                send_now(socket, &ServerFrame::error(failure.code, None, failure.retry_after_ms)).await?;
                Ok(Err(failure.code))
            }
        };
    }
}

/// Gives the line back when the task ends, however it ends.
struct Line {
    state: AppState,
    session: Arc<Session>,
    generation: Generation,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.hub.dropped(&self.session, self.generation);
    }
}

struct Connection {
    line: Line,
    requests: Requests,
    resumed: bool,
    heard_at: Instant,
    ping_at: Instant,
    renew_at: Instant,
}

impl Connection {
    fn new(state: AppState, introduced: Introduced, address: Address) -> Self {
        let Introduced { session, generation, resumed } = introduced;
        let requests = Requests::new(state.clone(), Arc::clone(&session), address);
        let now = Instant::now();
        // Pings of many connections are spread: each begins somewhere in the period.
        let share = u64::from(u16::from_be_bytes(clock::random()));
        let phase = (share * state.config.limits.ping_every_ms) >> u16::BITS;
        Self {
            line: Line { state, session, generation },
            requests,
            resumed,
            heard_at: now,
            ping_at: now + Duration::from_millis(phase.max(1)),
            renew_at: now + RENEW_EVERY,
        }
    }

    async fn run(mut self, mut socket: WebSocket) {
        if self.resumed {
            for inside in self.line.session.insides() {
                inside.room.send_wait(Input::Resumed { session: self.line.session.key }).await;
            }
        }
        match self.serve(&mut socket).await {
            Err(Some(code)) => goodbye(&mut socket, code, self.reconnect_in_ms(code)).await,
            Ok(()) | Err(None) => answer_close(&mut socket).await,
        }
    }

    /// The loop. Ends with the code to close with, or `None` where the line is gone.
    async fn serve(&mut self, socket: &mut WebSocket) -> Result<(), Option<ErrorCode>> {
        let mut waiting: Option<BoxFuture<'static, ()>> = None;
        let stopping = self.line.state.stopping.clone();
        loop {
            while let Some(turn) = self.line.session.turn(self.line.generation) {
                match turn {
                    Turn::Write(frames) => self.write(socket, frames).await?,
                    Turn::Close(code) => return Err(Some(code)),
                }
            }
            let timer = self.ping_at.min(self.heard_at + self.silence());
            tokio::select! {
                () = self.line.session.wake.notified() => {}
                () = async { if let Some(waiting) = &mut waiting { waiting.await } }, if waiting.is_some() => {
                    waiting = None;
                }
                read = socket.recv(), if waiting.is_none() => {
                    self.heard_at = Instant::now();
                    waiting = self.read(read)?;
                }
                () = sleep_until(timer) => self.tick()?,
                () = stopping.cancelled() => return Err(Some(ErrorCode::ShuttingDown)),
            }
        }
    }

    fn read(
        &mut self,
        read: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<BoxFuture<'static, ()>>, Option<ErrorCode>> {
        let next = match read {
            Some(Ok(Message::Text(text))) => self.requests.take(&text),
            Some(Ok(Message::Binary(_))) => self.requests.take_binary(),
            // tungstenite answers control pings by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Next::Read,
            Some(Ok(Message::Close(_))) | None => return Err(None),
            Some(Err(error)) => return Err(read_error(&error)),
        };
        match next {
            Next::Read => Ok(None),
            Next::Wait(future) => Ok(Some(future)),
            Next::Close(code) => Err(Some(code)),
        }
    }

    /// Feeds all, flushes once: one system call for what has gathered. A reader that does not take it is closed.
    async fn write(&mut self, socket: &mut WebSocket, frames: VecDeque<Bytes>) -> Result<(), Option<ErrorCode>> {
        let limit = Duration::from_millis(self.line.state.config.limits.unwritten_ms_max);
        let (session, generation) = (Arc::clone(&self.line.session), self.line.generation);
        let write = async {
            for bytes in frames {
                // Frames are serialised JSON: valid UTF-8.
                let text = Utf8Bytes::try_from(bytes).map_err(|_| None)?;
                socket.feed(Message::Text(text)).await.map_err(|_| None)?;
            }
            socket.flush().await.map_err(|_| None)
        };
        let closed = async {
            loop {
                if let Some(code) = session.wants_close(generation) {
                    break code;
                }
                session.wake.notified().await;
            }
        };
        tokio::select! {
            written = timeout(limit, write) => written.unwrap_or(Err(Some(ErrorCode::SlowConsumer))),
            code = closed => Err(Some(code)),
        }
    }

    fn tick(&mut self) -> Result<(), Option<ErrorCode>> {
        let now = Instant::now();
        if now >= self.heard_at + self.silence() {
            return Err(Some(ErrorCode::Silence));
        }
        if now >= self.ping_at {
            let limits = &self.line.state.config.limits;
            self.ping_at = now + Duration::from_millis(limits.ping_every_ms);
            self.line.session.push(&crate::session::Frame::new(&ServerFrame::Ping {}), limits);
        }
        if now >= self.renew_at {
            self.renew_at = now + RENEW_EVERY;
            self.keep_guest();
        }
        Ok(())
    }

    /// A guest who stays connected stays a guest.
    fn keep_guest(&self) {
        let (state, user) = (self.line.state.clone(), self.line.session.identity().user);
        self.line.state.tracker.spawn(async move {
            let now = clock::now();
            if let Err(error) = state.store.extend_guest(user, now + crate::auth::TOKEN_MS, now).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a guest could not be kept");
            }
        });
    }

    fn silence(&self) -> Duration {
        Duration::from_millis(self.line.state.config.limits.silence_ms_max)
    }

    /// Spread, so that not all come back at once.
    fn reconnect_in_ms(&self, code: ErrorCode) -> Option<u64> {
        (code == ErrorCode::ShuttingDown).then(|| {
            let spread_ms = u64::from(self.line.state.connections.total()).clamp(500, 10_000);
            500 + u64::from(u16::from_be_bytes(clock::random())) % spread_ms
        })
    }
}

/// How often a connected guest's end is moved.
const RENEW_EVERY: Duration = Duration::from_hours(1);

/// What the other side did wrong, where it is still there to be told; anything else is a broken line.
fn read_error(error: &axum::Error) -> Option<ErrorCode> {
    match std::error::Error::source(error)?.downcast_ref::<Broken>()? {
        Broken::Capacity(_) => Some(ErrorCode::TooLarge),
        Broken::Utf8(_) => Some(ErrorCode::InvalidUtf8),
        Broken::Protocol(
            ProtocolError::ResetWithoutClosingHandshake
            | ProtocolError::ReceivedAfterClosing
            | ProtocolError::SendAfterClosing,
        )
        | Broken::ConnectionClosed
        | Broken::AlreadyClosed
        | Broken::Io(_)
        | Broken::Tls(_)
        | Broken::WriteBufferFull(_)
        | Broken::AttackAttempt
        | Broken::Url(_)
        | Broken::Http(_)
        | Broken::HttpFormat(_) => None,
        Broken::Protocol(_) => Some(ErrorCode::ProtocolError),
    }
}

async fn send_now(socket: &mut WebSocket, frame: &ServerFrame) -> Result<(), Gone> {
    let text = Message::Text(protocol::encode(frame).into());
    match timeout(GOODBYE, socket.send(text)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

/// The other side said goodbye: tungstenite has the answer ready (RFC 6455, 5.5.1), and writing it is the last thing done.
/// Where the line is gone instead, this fails at once.
async fn answer_close(socket: &mut WebSocket) {
    let _ = timeout(GOODBYE, socket.flush()).await;
}

/// Says why, closes, and waits a moment for the other side, so that the reason is not lost in a reset.
async fn goodbye(socket: &mut WebSocket, code: ErrorCode, reconnect_in_ms: Option<u64>) {
    let farewell = async {
        let bye = Message::Text(protocol::encode(&ServerFrame::Bye { code, reconnect_in_ms }).into());
        let close = Message::Close(Some(CloseFrame { code: code.close_code(), reason: code.as_str().into() }));
        socket.send(bye).await.ok()?;
        socket.send(close).await.ok()?;
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(_)) | Err(_)) => return Some(()),
                Some(Ok(_)) => {}
                // What cannot be framed cannot be read any more. Dropping it unread would reset the line under the
                // reason, so the other side gets its moment.
                None => std::future::pending().await,
            }
        }
    };
    // A line that takes no goodbye is cut.
    let _ = timeout(GOODBYE, farewell).await;
}
