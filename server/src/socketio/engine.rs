//! One Engine.IO session and what carries it: its requests, its WebSocket, the one it tries, its heartbeat. Driven by a task
//! of the caller's, which knows what the messages mean.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use socketio::{Closed, Encoded, EngineSession, Packet, Payload, Probe, TransportKind};
use tokio::sync::oneshot;
use tokio::time::sleep_until;
use websocket::{Event, WireFrame};

use super::registry::{EngineCommand, Line, Opened, Told};
use crate::pace::{FrameRate, Pace};
use crate::transports::{Carried, Carries, Transports};
use crate::ws::{FRAMES_OF_ONE_WRITE, ReadError};
use realtime::transport::End;

/// A write that took longer has waited for the peer, who has thereby shown to be there.
const WAITED: Duration = Duration::from_secs(1);

/// Messages that wait for the client beside the session's own small packets.
pub(super) trait Outgoing: Send {
    /// Whether there is none.
    fn is_empty(&self) -> bool;

    /// The next one, whole.
    fn take(&mut self) -> Option<Bytes>;

    /// The client took so many bytes of what was taken for it, or of the session's own packets.
    fn wrote(&mut self, bytes: usize);
}

/// There are none.
impl Outgoing for () {
    fn is_empty(&self) -> bool {
        true
    }

    fn take(&mut self) -> Option<Bytes> {
        None
    }

    fn wrote(&mut self, _: usize) {}
}

/// A WebSocket that is tried.
enum Trial {
    Coming(oneshot::Receiver<Line>),
    There(Line),
}

/// What has come on a WebSocket. Pings and goodbyes are answered already.
pub(super) enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Nothing,
    Goodbye,
}

enum Happened {
    Due,
    Asked(Option<EngineCommand>),
    Read(Result<Heard, ReadError>),
    Arrived(Option<Line>),
    Tried(Result<Heard, ReadError>),
    Cut,
    Ended,
}

/// What a session's task has.
pub struct Engine {
    pub(super) opened: Opened,
    pub(super) session: EngineSession,
    pub(super) link: Link,
    /// Of the packets that requests bring; those of a WebSocket are counted below it.
    pace: Pace,
    /// Something has happened since the last write.
    is_stirred: bool,
    /// Its place among those that are counted.
    carried: Carried,
}

/// How its packets come and go.
#[derive(Default)]
pub(super) struct Link {
    pub(super) line: Option<Line>,
    trial: Option<Trial>,
    poll: Option<Told<Bytes>>,
    /// Packets of a request that were not taken yet.
    payload: Option<Payload>,
    /// The next request with packets; it waits for those.
    post: Option<(Bytes, Told<()>)>,
}

impl Engine {
    pub(super) fn new(opened: Opened, session: EngineSession, rate: FrameRate, transports: &Transports) -> Box<Self> {
        let carried = transports.carry(carries(session.transport()));
        let pace = Pace::new(rate, Instant::now());
        Box::new(Self { opened, session, link: Link::default(), pace, is_stirred: true, carried })
    }

    /// Begins on a line, with this first packet.
    #[must_use]
    pub(super) fn on(mut self: Box<Self>, line: Line, handshake: String) -> Box<Self> {
        self.link.line = Some(line);
        self.send(handshake.into());
        self
    }

    /// How its packets travel now.
    pub(super) const fn transport(&self) -> TransportKind {
        self.session.transport()
    }

    /// Has a packet of the protocols sent, by the next [`Engine::write`].
    pub(super) fn send(&mut self, packet: Encoded) {
        self.session.send(packet);
        self.is_stirred = true;
    }

    /// Whether [`Engine::write`] may have something to do that nobody else knows of.
    pub(super) const fn is_stirred(&self) -> bool {
        self.is_stirred
    }

    /// Waits for the next thing that happens, at the longest until `due`, and hands messages to `receive` for as long as that
    /// answers nothing; without `may_read` none. Write after each. May be dropped while it waits; nothing is lost.
    ///
    /// # Errors
    /// The session is over, or what `receive` says.
    pub async fn next<R>(
        &mut self,
        may_read: bool,
        due: Option<Instant>,
        mut receive: impl FnMut(&mut EngineSession, Packet<'_>, Instant) -> Result<Option<R>, End>,
    ) -> Result<Option<R>, End> {
        if let ControlFlow::Break(taken) = self.take_payloads(may_read, &mut receive)? {
            return Ok(taken);
        }
        let happened = self.happened(may_read, due).await;
        self.is_stirred = true;
        let mut taken = None;
        match happened {
            Happened::Due => self.session.tick(Instant::now()),
            Happened::Asked(command) => self.command(command.ok_or(End::Gone)?),
            Happened::Read(read) => taken = self.read(read, &mut receive)?,
            Happened::Arrived(Some(line)) => self.link.trial = Some(Trial::There(line)),
            Happened::Arrived(None) => self.session.upgrade_failed(),
            Happened::Tried(read) => self.tried(&read),
            Happened::Cut => {
                self.link.poll = None;
                self.session.cut();
            }
            Happened::Ended => return Err(End::Gone),
        }
        if self.link.trial.is_some() && !self.session.is_upgrading() {
            self.link.trial = None;
        }
        self.lives().map(|()| taken)
    }

    async fn happened(&mut self, may_read: bool, due: Option<Instant>) -> Happened {
        let resumes = self.pace.wait_until(Instant::now()).filter(|_| self.link.post.is_some());
        let due = [due, resumes].into_iter().flatten().fold(self.session.due(), Ord::min);
        let Link { line, trial, poll, .. } = &mut self.link;
        let (is_line, is_polled, is_tried) = (line.is_some(), poll.is_some(), trial.is_some());
        tokio::select! {
            () = self.opened.handle.end.cancelled() => Happened::Ended,
            command = self.opened.commands.next() => Happened::Asked(command),
            read = hear(line), if is_line && may_read => Happened::Read(read),
            tried = next_of(trial), if is_tried => tried,
            () = async { if let Some(poll) = poll { poll.closed().await } }, if is_polled => Happened::Cut,
            () = sleep_until(due.into()) => Happened::Due,
        }
    }

    /// Whether the session goes on.
    fn lives(&self) -> Result<(), End> {
        if self.session.closed().is_some() { Err(End::Gone) } else { Ok(()) }
    }

    fn command(&mut self, command: EngineCommand) {
        // What was due before the request came has happened before it, however late its timer is.
        self.session.tick(Instant::now());
        // Whoever asked may be gone meanwhile.
        match command {
            EngineCommand::Poll(told) => match self.session.poll() {
                Ok(()) => self.link.poll = Some(told),
                Err(refusal) => {
                    let _ = told.send(Err(refusal));
                }
            },
            EngineCommand::Post(body, told) => {
                if self.link.post.is_some() {
                    let _ = told.send(Err(self.session.overlap()));
                } else {
                    self.link.post = Some((body, told));
                }
            }
            EngineCommand::Overlap => {
                self.session.overlap();
            }
            EngineCommand::Upgrade(line, told) => {
                let may = self.session.claim_upgrade(Instant::now());
                if may {
                    self.link.trial = Some(Trial::Coming(line));
                }
                let _ = told.send(Ok(may));
            }
        }
    }

    /// Takes the packets that requests have brought, one request after the other, until one of them gives the caller
    /// something to do. Breaks where anything was taken.
    fn take_payloads<R>(
        &mut self,
        may_read: bool,
        receive: &mut impl FnMut(&mut EngineSession, Packet<'_>, Instant) -> Result<Option<R>, End>,
    ) -> Result<ControlFlow<Option<R>>, End> {
        let mut is_taken = false;
        loop {
            self.take_post();
            let Some(payload) = self.link.payload.as_mut().filter(|_| may_read) else { break };
            let Some(text) = payload.take() else {
                self.link.payload = None;
                continue;
            };
            (is_taken, self.is_stirred) = (true, true);
            // Checked when the body was read.
            let packet = std::str::from_utf8(&text).ok().and_then(|text| Packet::parse(text).ok());
            let taken = self.packet(packet, receive)?;
            self.lives()?;
            if taken.is_some() {
                return Ok(ControlFlow::Break(taken));
            }
        }
        self.lives()?;
        Ok(if is_taken { ControlFlow::Break(None) } else { ControlFlow::Continue(()) })
    }

    /// The request with packets that waits, if those of the one before it were taken.
    fn take_post(&mut self) {
        let now = Instant::now();
        if self.link.payload.is_some() || self.pace.wait_until(now).is_some() {
            return;
        }
        let Some((body, told)) = self.link.post.take() else { return };
        let answer = self.session.post(body).map(|payload| {
            self.pace.count(now, u32::try_from(payload.packets()).unwrap_or(u32::MAX));
            self.link.payload = Some(payload);
        });
        let _ = told.send(answer);
    }

    fn packet<R>(
        &mut self,
        packet: Option<Packet<'_>>,
        receive: &mut impl FnMut(&mut EngineSession, Packet<'_>, Instant) -> Result<Option<R>, End>,
    ) -> Result<Option<R>, End> {
        let now = Instant::now();
        let Some(packet) = packet else {
            self.session.close(Closed::Malformed);
            return Ok(None);
        };
        let packet = self.session.receive(packet, now);
        packet.map_or(Ok(None), |packet| receive(&mut self.session, packet, now))
    }

    fn read<R>(
        &mut self,
        read: Result<Heard, ReadError>,
        receive: &mut impl FnMut(&mut EngineSession, Packet<'_>, Instant) -> Result<Option<R>, End>,
    ) -> Result<Option<R>, End> {
        match read {
            Ok(Heard::Text(text)) => self.packet(Packet::parse(&text).ok(), receive),
            Ok(Heard::Binary(bytes)) => self.packet(Some(Packet::Binary(bytes.into())), receive),
            Ok(Heard::Nothing) => Ok(None),
            Ok(Heard::Goodbye) | Err(ReadError::Gone) => Err(End::Gone),
            Err(ReadError::Protocol(error)) => {
                if let Some(line) = &mut self.link.line {
                    line.close(error.close_code(), "");
                }
                Err(End::Gone)
            }
        }
    }

    /// Takes what came on the line that is tried.
    fn tried(&mut self, read: &Result<Heard, ReadError>) {
        let Some(Trial::There(mut line)) = self.link.trial.take() else { return };
        let probe = match read {
            Ok(Heard::Text(text)) => {
                Packet::parse(text).map_or(Probe::Failed, |packet| self.session.probe(&packet, Instant::now()))
            }
            Ok(Heard::Nothing) => {
                self.link.trial = Some(Trial::There(line));
                return;
            }
            Ok(Heard::Binary(_) | Heard::Goodbye) | Err(_) => Probe::Failed,
        };
        match probe {
            Probe::Answer(answer) => {
                line.queue(frame(answer));
                // A few bytes on a fresh line: it takes them now, or while it is waited for.
                let _ = line.flush(|_| {}).now_or_never();
                self.link.trial = Some(Trial::There(line));
            }
            Probe::Upgraded => {
                self.opened.handle.polls.goes_over();
                self.carried.goes_over(Carries::SocketIoWebSocket);
                self.link.line = Some(line);
            }
            Probe::Failed => self.session.upgrade_failed(),
        }
    }

    /// Gives what waits to the client, as far as it is there to take it. May be dropped while it waits; what was taken of
    /// `outgoing` goes out with the next one.
    ///
    /// # Errors
    /// The session is over.
    pub(super) async fn write(&mut self, outgoing: &mut impl Outgoing) -> Result<(), End> {
        self.is_stirred = false;
        self.answer(outgoing);
        let Some(line) = &mut self.link.line else { return self.lives() };
        let session = &mut self.session;
        let began = Instant::now();
        let write = async {
            while gather(line, session, outgoing) {
                line.flush(|bytes| outgoing.wrote(bytes)).await?;
            }
            // The rest of one that was dropped.
            line.flush(|bytes| outgoing.wrote(bytes)).await
        };
        let written: io::Result<()> = tokio::select! {
            // First: mostly it is done at once, and nobody looks for a reason to stop.
            biased;
            written = write => written,
            () = self.opened.handle.end.cancelled() => return Err(End::Gone),
        };
        if began.elapsed() >= WAITED {
            self.session.waited(Instant::now());
        }
        written.map_err(|_| End::Gone)
    }

    /// What there is of the session's own, for applications that have nothing else.
    ///
    /// # Errors
    /// The session is over.
    pub async fn write_own(&mut self) -> Result<(), End> {
        self.write(&mut ()).await
    }

    /// Answers the poll that waits, if there is something for it.
    pub(super) fn answer(&mut self, outgoing: &mut impl Outgoing) {
        if self.link.poll.is_none() {
            return;
        }
        if self.session.transport() == TransportKind::Polling {
            while self.session.has_room()
                && let Some(text) = outgoing.take()
            {
                // A poll brings little: what is left of it to be taken is bounded.
                outgoing.wrote(text.len());
                self.session.send(Encoded::Text(text));
            }
        }
        if let Some(answer) = self.session.answer()
            && let Some(poll) = self.link.poll.take()
            && poll.send(answer).is_err()
        {
            // What it would have brought is lost.
            self.session.cut();
        }
    }
}

const fn carries(transport: TransportKind) -> Carries {
    match transport {
        TransportKind::Polling => Carries::SocketIoPolling,
        TransportKind::WebSocket => Carries::SocketIoWebSocket,
    }
}

/// What comes next of a line that is tried; never, where there is none.
async fn next_of(trial: &mut Option<Trial>) -> Happened {
    match trial {
        Some(Trial::Coming(line)) => Happened::Arrived(line.await.ok()),
        Some(Trial::There(line)) => {
            if line.answers() && line.flush(|_| {}).await.is_err() {
                return Happened::Tried(Err(ReadError::Gone));
            }
            Happened::Tried(line.recv(heard).await)
        }
        None => std::future::pending().await,
    }
}

/// What comes next on a line; never, where there is none.
async fn hear(line: &mut Option<Line>) -> Result<Heard, ReadError> {
    match line {
        Some(line) => line.recv(heard).await,
        None => std::future::pending().await,
    }
}

pub(super) fn heard(event: Event<'_>) -> Heard {
    match event {
        Event::Text(text) => Heard::Text(text.into_owned()),
        Event::Binary(bytes) => Heard::Binary(bytes.into_owned()),
        Event::Ping(_) | Event::Pong(_) => Heard::Nothing,
        Event::Close(_) => Heard::Goodbye,
    }
}

/// Queues as many packets as go out by one write; whether there were any. Those of the session go before the others: they
/// grant what those are for.
fn gather(line: &mut Line, session: &mut EngineSession, outgoing: &mut impl Outgoing) -> bool {
    let packets = std::iter::from_fn(|| session.take().or_else(|| outgoing.take().map(Encoded::Text)));
    packets.take(FRAMES_OF_ONE_WRITE).map(|packet| line.queue(frame(packet))).count() > 0
}

/// Whatever is sent as text was made of it.
pub(super) fn frame(packet: Encoded) -> WireFrame {
    match packet {
        Encoded::Text(text) => WireFrame::text(text),
        Encoded::Binary(bytes) => WireFrame::binary(bytes),
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({:?})", self.session)
    }
}
