//! The loop of a session's time on a transport, the same for all transports and whatever the session is for: hands requests
//! on, writes what the session's queue holds, and ends where the session, its client or the server does.
//!
//! Knows no socket, no dialect and no room; what reads and writes is a [`Transport`], what requests do says a [`Handler`]. A
//! panic in it ends this connection only.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use protocol::ErrorCode;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::attachment::Attachment;
use crate::clock;
use crate::handler::Handler;
use crate::heartbeat::Heartbeat;
use crate::session::{DirectLine, Turn};
use crate::transport::{Batch, End, Next, Transport};

/// A write that took longer has waited for the client, who has thereby shown to be there.
const WAITED: Duration = Duration::from_secs(1);

/// A session that has a line.
#[derive(Debug)]
pub struct Connection<H: Handler> {
    line: Attachment<H::Purpose>,
    handler: H,
    /// What the session can write to by itself.
    direct: Option<Arc<DirectLine>>,
    heartbeat: Option<Heartbeat>,
    stopping: CancellationToken,
}

impl<H: Handler> Connection<H> {
    /// On a line that has just begun; it ends when `stopping` says so. Boxed: a task would hold it once for each function
    /// that it is handed to.
    pub fn new(line: Attachment<H::Purpose>, handler: H, stopping: CancellationToken) -> Box<Self> {
        Box::new(Self { line, handler, direct: None, heartbeat: None, stopping })
    }

    /// Runs it to its end, which is answered. The transport has said goodbye then, unless the client goes on without its
    /// session.
    pub async fn run<T: Transport<H>>(mut self: Box<Self>, transport: &mut T) -> End {
        self.begin(transport);
        let Err(end) = self.serve(transport).await;
        if let End::Close(code) = end {
            self.line.host.closed(&self.line.session, code);
        }
        self.line.session.keep_off(self.line.generation);
        let rest = self.rest();
        // Others hear now that the session has no line: a goodbye may take a while.
        drop(self);
        match end {
            End::Gone | End::Close(_) => transport.close(rest, end.reason()).await,
            End::Left => {}
        }
        end
    }

    fn begin<T: Transport<H>>(&mut self, transport: &mut T) {
        let (session, host) = (&self.line.session, &self.line.host);
        self.direct = transport.direct().map(|line| Arc::new(DirectLine::new(line)));
        if let Some(direct) = &self.direct {
            session.write_directly(self.line.generation, Arc::clone(direct), host.flushers());
        }
        if !T::HAS_HEARTBEAT {
            let phase = u16::from_be_bytes(clock::random());
            self.heartbeat = Some(Heartbeat::new(host.limits(), Instant::now(), phase));
        }
    }

    async fn serve<T: Transport<H>>(&mut self, transport: &mut T) -> Result<Infallible, End> {
        let mut waiting: Option<BoxFuture<'static, ()>> = None;
        let (stopping, revoked) = (self.stopping.clone(), self.handler.revoked());
        loop {
            while let Some(turn) = self.line.session.turn(self.line.generation, transport.has_own()) {
                match turn {
                    Turn::Write(frames) => self.write(transport, frames).await?,
                    Turn::Close(code) => return Err(End::Close(code)),
                }
            }
            if waiting.is_none() {
                waiting = self.handler.unasked();
            }
            let timer = self.due(waiting.is_some());
            let handler = waiting.is_none().then_some(&mut self.handler);
            tokio::select! {
                () = self.line.session.wake.notified() => {}
                () = async { if let Some(waiting) = &mut waiting { waiting.await } }, if waiting.is_some() => {
                    waiting = None;
                    if let Some(heartbeat) = &mut self.heartbeat {
                        heartbeat.ask_soon(Instant::now());
                    }
                }
                next = transport.recv(handler) => match next {
                    Ok(next) => {
                        self.heard();
                        match next {
                            Next::Read => {}
                            Next::Wait(future) => waiting = Some(future),
                            Next::Close(code) => return Err(End::Close(code)),
                        }
                    }
                    Err(end) => return Err(end),
                },
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => self.tick()?,
                () = async { if let Some(revoked) = &revoked { revoked.cancelled().await } }, if revoked.is_some() => {
                    return Err(End::Close(ErrorCode::Revoked));
                }
                () = stopping.cancelled() => return Err(End::Close(ErrorCode::ShuttingDown)),
            }
        }
    }

    /// Writes all that has gathered, together. A client that takes nothing of it for too long is closed; the transport
    /// watches over that.
    async fn write<T: Transport<H>>(&mut self, transport: &mut T, frames: VecDeque<Bytes>) -> Result<(), End> {
        let (began, closes) = (Instant::now(), self.line.closes());
        let write = transport.write(Batch { rest: self.rest(), frames }, &self.line);
        tokio::select! {
            // First: mostly it is done at once, and nobody looks for a reason to stop.
            biased;
            written = write => written?,
            code = closes => return Err(End::Close(code)),
            () = self.stopping.cancelled() => return Err(End::Close(ErrorCode::ShuttingDown)),
        }
        if began.elapsed() >= WAITED {
            // What the client said meanwhile was not read yet.
            self.heard();
        }
        Ok(())
    }

    /// What the session's flusher has begun goes first.
    fn rest(&self) -> Bytes {
        self.direct.as_ref().map(|direct| direct.take_rest()).unwrap_or_default()
    }

    fn heard(&mut self) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.heard(Instant::now());
        }
    }

    fn due(&self, is_busy: bool) -> Option<Instant> {
        let beats = self.heartbeat.as_ref().map(Heartbeat::due);
        beats.into_iter().chain(self.handler.due(is_busy)).min()
    }

    fn tick(&mut self) -> Result<(), End> {
        if let Some(heartbeat) = &mut self.heartbeat
            && heartbeat.beats(Instant::now()).map_err(End::Close)?
        {
            self.handler.ping();
        }
        self.handler.tick()
    }
}
