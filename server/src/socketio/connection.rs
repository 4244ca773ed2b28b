//! One Engine.IO session, one task: its requests, its WebSocket, the one it tries, its heartbeat. Whatever it carries is an
//! [`Application`]'s.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use protocol::ErrorCode;
use socketio::{Closed, Encoded, Packet, Payload, Probe, Session, Transport};
use tokio::sync::oneshot;
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use websocket::{Event, Frame};

use super::registry::{Command, Line, Opened, Told};
use super::settings::GOODBYE;
use crate::pace::{Pace, Rate};
use crate::ws::{FRAMES_OF_ONE_WRITE, ReadError};

/// A write that took longer has waited for the peer, who has thereby shown to be there.
const WAITED: Duration = Duration::from_secs(1);
/// A client that was told to stay away and polls has so long to fetch that.
const DISMISSAL: Duration = Duration::from_secs(3);

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is nobody to tell.
    Gone,
    /// The client is told why.
    Close(ErrorCode),
}

/// What is on top of a session. What it does not say for itself is what an application does that only hears.
pub trait Application: Sized + Send + 'static {
    /// Whether it takes a message now. Where not, the client waits.
    fn may_read(&self) -> bool {
        true
    }

    /// Takes a message, text or binary.
    ///
    /// # Errors
    /// The session has to end.
    fn receive(&mut self, session: &mut Session, packet: Packet<'_>, now: Instant) -> Result<(), End>;

    /// Does what is due; called after whatever happened.
    ///
    /// # Errors
    /// The session has to end.
    fn settle(&mut self, _: &mut Session, _: Instant) -> Result<(), End> {
        Ok(())
    }

    /// The next message for the client, whole.
    fn take(&mut self) -> Option<Bytes> {
        None
    }

    /// The client took so many bytes of what was taken for it, or of the session's own small packets.
    fn wrote(&mut self, _: usize) {}

    /// Resolves when there is something to do. May be dropped at any time.
    fn happened(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Resolves when a write that waits for the client has to be given up.
    fn gives_up(&self) -> impl Future<Output = ErrorCode> + Send + 'static {
        std::future::pending()
    }

    /// Says goodbye: what it hands to the session is still written. Returns whether the client is to stay away.
    fn goodbye(self, _: &mut Session, _: ErrorCode) -> bool {
        false
    }
}

/// A WebSocket that is tried.
enum Trial {
    Coming(oneshot::Receiver<Line>),
    There(Box<Line>),
}

/// What has come on a WebSocket. Pings and goodbyes are answered already.
enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Nothing,
    Goodbye,
}

enum Happened {
    Application,
    Due,
    Asked(Option<Command>),
    Read(Result<Heard, ReadError>),
    Arrived(Option<Box<Line>>),
    Tried(Result<Heard, ReadError>),
    Cut,
    Ended(End),
}

/// What a session's task has.
pub(super) struct Connection<A> {
    opened: Opened,
    session: Session,
    application: A,
    link: Link,
    /// Of the packets that requests bring; those of a WebSocket are counted below it.
    pace: Pace,
    stopping: CancellationToken,
}

/// How its packets come and go.
#[derive(Default)]
struct Link {
    line: Option<Line>,
    trial: Option<Trial>,
    poll: Option<Told<Bytes>>,
    /// Packets of a request that were not taken yet.
    payload: Option<Payload>,
    /// The next request with packets; it waits for those.
    post: Option<(Bytes, Told<()>)>,
}

impl<A: Application> Connection<A> {
    pub(super) fn new(
        opened: Opened,
        session: Session,
        application: A,
        rate: Rate,
        stopping: CancellationToken,
    ) -> Self {
        let pace = Pace::new(rate, Instant::now());
        Self { opened, session, application, link: Link::default(), pace, stopping }
    }

    /// Runs the session to its end. `line`: what it began on, and the first packet for it.
    pub(super) async fn run(mut self, line: Option<(Line, String)>) {
        if let Some((line, handshake)) = line {
            self.link.line = Some(line);
            self.session.send(handshake.into());
        }
        match self.work().await {
            Ok(never) => match never {},
            Err(End::Gone) => self.leave().await,
            Err(End::Close(code)) => self.say_goodbye(code).await,
        }
    }

    async fn work(&mut self) -> Result<std::convert::Infallible, End> {
        loop {
            self.take_payload()?;
            self.take_post();
            self.take_payload()?;
            let now = Instant::now();
            self.session.tick(now);
            self.application.settle(&mut self.session, now)?;
            self.write().await?;
            // What was written may have made room.
            self.application.settle(&mut self.session, Instant::now())?;
            if self.session.closed().is_some() {
                return Err(End::Gone);
            }
            if self.link.trial.is_some() && !self.session.is_upgrading() {
                self.link.trial = None;
            }
            match self.next().await {
                Happened::Application | Happened::Due => {}
                Happened::Asked(command) => self.command(command.ok_or(End::Gone)?),
                Happened::Read(read) => self.read(read)?,
                Happened::Arrived(line) => match line {
                    Some(line) => self.link.trial = Some(Trial::There(line)),
                    None => self.session.upgrade_failed(),
                },
                Happened::Tried(read) => self.tried(read).await,
                Happened::Cut => {
                    self.link.poll = None;
                    self.session.cut();
                }
                Happened::Ended(end) => return Err(end),
            }
        }
    }

    async fn next(&mut self) -> Happened {
        let may_read = self.application.may_read();
        let due = self.session.due();
        let resumes = self.pace.wait_until(Instant::now()).filter(|_| self.link.post.is_some());
        let due = resumes.map_or(due, |resumes| due.min(resumes));
        let Link { line, trial, poll, .. } = &mut self.link;
        let (is_line, is_polled) = (line.is_some(), poll.is_some());
        tokio::select! {
            () = self.opened.handle.end.cancelled() => Happened::Ended(End::Gone),
            () = self.stopping.cancelled() => Happened::Ended(End::Close(ErrorCode::ShuttingDown)),
            command = self.opened.commands.recv() => Happened::Asked(command),
            read = hear(line), if is_line && may_read => Happened::Read(read),
            tried = next_of(trial) => tried,
            () = async { if let Some(poll) = poll { poll.closed().await } }, if is_polled => Happened::Cut,
            () = self.application.happened() => Happened::Application,
            () = sleep_until(due.into()) => Happened::Due,
        }
    }

    fn command(&mut self, command: Command) {
        // Whoever asked may be gone meanwhile.
        match command {
            Command::Poll(told) => match self.session.poll() {
                Ok(()) => self.link.poll = Some(told),
                Err(refusal) => {
                    let _ = told.send(Err(refusal));
                }
            },
            Command::Post(body, told) => {
                if self.link.post.is_some() {
                    let _ = told.send(Err(self.session.overlap()));
                } else {
                    self.link.post = Some((body, told));
                }
            }
            Command::Overlap => {
                self.session.overlap();
            }
            Command::Upgrade(line, told) => {
                let may = self.session.claim_upgrade(Instant::now());
                if may {
                    self.link.trial = Some(Trial::Coming(line));
                }
                let _ = told.send(Ok(may));
            }
        }
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

    fn take_payload(&mut self) -> Result<(), End> {
        while self.application.may_read() && self.session.closed().is_none() {
            let Some(text) = self.link.payload.as_mut().and_then(Payload::take) else {
                self.link.payload = None;
                return Ok(());
            };
            // Checked when the body was read.
            let packet = std::str::from_utf8(&text).ok().and_then(|text| Packet::parse(text).ok());
            self.packet(packet)?;
        }
        Ok(())
    }

    fn packet(&mut self, packet: Option<Packet<'_>>) -> Result<(), End> {
        let now = Instant::now();
        let Some(packet) = packet else {
            self.session.close(Closed::Malformed);
            return Ok(());
        };
        let packet = self.session.receive(packet, now);
        packet.map_or(Ok(()), |packet| self.application.receive(&mut self.session, packet, now))
    }

    fn read(&mut self, read: Result<Heard, ReadError>) -> Result<(), End> {
        match read {
            Ok(Heard::Text(text)) => self.packet(Packet::parse(&text).ok()),
            Ok(Heard::Binary(bytes)) => self.packet(Some(Packet::Binary(bytes.into()))),
            Ok(Heard::Nothing) => Ok(()),
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
    async fn tried(&mut self, read: Result<Heard, ReadError>) {
        let Some(Trial::There(mut line)) = self.link.trial.take() else { return };
        let probe = match &read {
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
                // A few bytes on a fresh line: they wait for nobody.
                line.queue(frame(answer));
                if timeout(GOODBYE, line.flush(|_| {})).await.is_ok_and(|sent| sent.is_ok()) {
                    self.link.trial = Some(Trial::There(line));
                } else {
                    self.session.upgrade_failed();
                }
            }
            Probe::Upgraded => {
                self.opened.handle.polls.goes_over();
                self.link.line = Some(*line);
            }
            Probe::Failed => self.session.upgrade_failed(),
        }
    }

    async fn write(&mut self) -> Result<(), End> {
        if self.link.poll.is_some() {
            self.answer();
        }
        let Some(line) = &mut self.link.line else { return Ok(()) };
        let (session, application) = (&mut self.session, &mut self.application);
        if !gather(line, session, application) {
            return Ok(());
        }
        let (began, given_up) = (Instant::now(), application.gives_up());
        let mut is_written = false;
        let write = async {
            loop {
                line.flush(|bytes| application.wrote(bytes)).await?;
                // What came meanwhile: nobody else is woken for it.
                if !gather(line, session, application) {
                    return Ok::<_, io::Error>(());
                }
            }
        };
        tokio::select! {
            // First: mostly it is done at once, and nobody looks for a reason to stop.
            biased;
            written = write => is_written = written.is_ok(),
            code = given_up => return Err(End::Close(code)),
            () = self.opened.handle.end.cancelled() => {}
            () = self.stopping.cancelled() => return Err(End::Close(ErrorCode::ShuttingDown)),
        }
        if began.elapsed() >= WAITED {
            self.session.waited(Instant::now());
        }
        if is_written { Ok(()) } else { Err(End::Gone) }
    }

    /// Answers the poll that waits, if there is something for it.
    fn answer(&mut self) {
        if self.session.transport() == Transport::Polling {
            while self.session.has_room()
                && let Some(text) = self.application.take()
            {
                // A poll brings little: what is left of it to be taken is bounded.
                self.application.wrote(text.len());
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

    /// Nobody is to be told; a client that is still there finds its line closed.
    async fn leave(mut self) {
        self.opened.handle.forget();
        self.session.close(Closed::ByServer);
        self.answer();
        let Self { opened, application, link, .. } = self;
        drop(application);
        if let Some(line) = link.line {
            close(line).await;
        }
        drop(opened);
    }

    /// Tells why, then ends the session so that its client knows whether to come back.
    async fn say_goodbye(self, code: ErrorCode) {
        let Self { opened, mut session, application, mut link, pace, stopping } = self;
        let stays_away = application.goodbye(&mut session, code);
        if let Some(mut line) = link.line.take() {
            opened.handle.forget();
            // Only what has begun goes before it: the rest is for a line that lasts.
            line.clear_unstarted();
            while let Some(packet) = session.take() {
                line.queue(frame(packet));
            }
            let said = async {
                line.flush(|_| {}).await.ok()?;
                // The client closes the line itself when it has read that. What it had sent before goes nowhere, and is
                // read all the same: a line that is closed over unread bytes is reset, and what was said is lost.
                while stays_away && !matches!(line.recv(heard).await, Err(_) | Ok(Heard::Goodbye)) {}
                Some(())
            };
            let _ = timeout(GOODBYE, said).await;
            if stays_away {
                close(line).await;
            } else {
                // Without a close frame: the Java client leaves that unanswered, reads nothing behind it, and would come back
                // only when the next ping is missing.
                let _ = timeout(GOODBYE, line.drain()).await;
            }
            return;
        }
        let mut last = Connection { opened, session, application: Last, link, pace, stopping };
        last.answer();
        if stays_away {
            let _ = timeout(DISMISSAL, last.work()).await;
        }
        last.leave().await;
    }
}

/// What is on top of a session that polls and was told to stay away: what it sends is ignored.
struct Last;

impl Application for Last {
    fn receive(&mut self, _: &mut Session, _: Packet<'_>, _: Instant) -> Result<(), End> {
        Ok(())
    }
}

/// What comes next of a line that is tried; never, where there is none.
async fn next_of(trial: &mut Option<Trial>) -> Happened {
    match trial {
        Some(Trial::Coming(line)) => Happened::Arrived(line.await.ok().map(Box::new)),
        Some(Trial::There(line)) => Happened::Tried(line.recv(heard).await),
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

fn heard(event: Event<'_>) -> Heard {
    match event {
        Event::Text(text) => Heard::Text(text.into_owned()),
        Event::Binary(bytes) => Heard::Binary(bytes.into_owned()),
        Event::Ping(_) | Event::Pong(_) => Heard::Nothing,
        Event::Close(_) => Heard::Goodbye,
    }
}

/// Queues as many packets as go out by one write; whether there were any. Those of the session go before the application's:
/// they grant what those are for.
fn gather(line: &mut Line, session: &mut Session, application: &mut impl Application) -> bool {
    let packets = std::iter::from_fn(|| session.take().or_else(|| application.take().map(Encoded::Text)));
    packets.take(FRAMES_OF_ONE_WRITE).map(|packet| line.queue(frame(packet))).count() > 0
}

/// Whatever is sent as text was made of it.
fn frame(packet: Encoded) -> Frame {
    match packet {
        Encoded::Text(text) => Frame::text(text),
        Encoded::Binary(bytes) => Frame::binary(bytes),
    }
}

/// Says goodbye, where the other side has not begun with it, and waits a moment for its answer.
pub(super) async fn close(mut line: Line) {
    line.close_without_code();
    let _ = timeout(GOODBYE, line.finish()).await;
}
