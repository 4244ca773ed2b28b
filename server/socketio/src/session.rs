//! One Engine.IO session: its transport, its polls, the upgrade, the heartbeat, and what waits to go out.
//!
//! The caller says what happens and when; it asks for answers ([`EngineSession::answer`], [`EngineSession::take`]) after whatever it
//! said, and calls [`EngineSession::tick`] at [`EngineSession::due`]. A session that is closed stays closed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::engine::{Encoded, Packet, Payload};
use crate::packet::quoted;
use crate::{Refusal, Settings, TransportKind};

/// What the client says on a line it tries, and what it is answered ("Upgrade" in the protocol's document).
const PROBE: &str = "probe";
/// While a client goes over to a WebSocket, a poll that waits is let go so often.
const RELEASE_EVERY: Duration = Duration::from_millis(100);

/// A ping that is sent later than it was due, by more than timers are late on a busy machine, leaves its answer the whole time.
const LATE_BY: Duration = Duration::from_millis(50);

/// Why a session is over, as far as a poll that waits is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The client said so.
    ByClient,
    /// What came was no packet, or two requests at once where one is allowed.
    Malformed,
    /// This side wants it: also where a ping or the answer of a poll was not taken, or too much waited.
    ByServer,
}

/// What a packet on a line that is tried means.
#[derive(Debug, PartialEq, Eq)]
pub enum Probe {
    /// Send this on that line.
    Answer(Encoded),
    /// The line is the session's from now on.
    Upgraded,
    /// It is no upgrade: the line has to go, the session stays.
    Failed,
}

/// A session. What it holds is bounded by its [`Settings`].
pub struct EngineSession {
    settings: Settings,
    transport: TransportKind,
    beat: Beat,
    upgrade: Option<Upgrade>,
    /// A poll waits for its answer.
    is_polled: bool,
    queue: VecDeque<Encoded>,
    queue_bytes: usize,
    closed: Option<Closed>,
}

#[derive(Clone, Copy)]
enum Beat {
    PingAt(Instant),
    PongBy(Instant),
}

#[derive(Clone, Copy)]
struct Upgrade {
    until: Instant,
    /// When a poll that waits is let go next; `None` before the probe.
    release_at: Option<Instant>,
}

impl EngineSession {
    /// A session that a request by this transport has opened.
    pub fn open(settings: Settings, transport: TransportKind, now: Instant) -> Self {
        Self {
            settings,
            transport,
            beat: Beat::PingAt(now + settings.ping_interval),
            upgrade: None,
            is_polled: false,
            queue: VecDeque::new(),
            queue_bytes: 0,
            closed: None,
        }
    }

    /// The opening packet: the body of the answer to a `GET`, or the first message of a WebSocket.
    pub fn handshake(settings: &Settings, transport: TransportKind, sid: &str) -> String {
        let upgrades = match transport {
            TransportKind::Polling => r#""websocket""#,
            TransportKind::WebSocket => "",
        };
        let (sid, max_payload) = (quoted(sid), settings.payload_bytes_max);
        let (interval, timeout) = (settings.ping_interval.as_millis(), settings.ping_timeout.as_millis());
        let beat = format!(r#""pingInterval":{interval},"pingTimeout":{timeout}"#);
        format!(r#"0{{"sid":{sid},"upgrades":[{upgrades}],{beat},"maxPayload":{max_payload}}}"#)
    }

    /// How its packets travel now.
    pub const fn transport(&self) -> TransportKind {
        self.transport
    }

    /// Why it is over, once it is.
    pub const fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Ends it. The first reason stays.
    pub fn close(&mut self, why: Closed) {
        if self.closed.is_none() {
            self.closed = Some(why);
            self.upgrade = None;
            self.queue.clear();
            self.queue_bytes = 0;
        }
    }

    /// Whether another message may be handed to [`EngineSession::send`] now; small packets of the protocols always may.
    pub fn has_room(&self) -> bool {
        self.queue.len() < self.settings.poll_packets_max && self.queue_bytes < self.settings.poll_bytes_max
    }

    /// Has a packet sent.
    pub fn send(&mut self, packet: Encoded) {
        if self.queue.len() >= self.settings.queue_packets_max {
            self.close(Closed::ByServer);
        }
        if self.closed.is_none() {
            self.queue_bytes += packet.len();
            self.queue.push_back(packet);
        }
    }

    /// The next packet for the WebSocket that is the session's.
    pub fn take(&mut self) -> Option<Encoded> {
        match self.transport {
            TransportKind::Polling => None,
            TransportKind::WebSocket => self.pop(),
        }
    }

    fn pop(&mut self) -> Option<Encoded> {
        let packet = self.queue.pop_front()?;
        self.queue_bytes -= packet.len();
        Some(packet)
    }

    /// A `GET` waits for packets.
    ///
    /// # Errors
    /// It may not. Where another one waits, that is the session's end, and [`EngineSession::answer`] tells it the other.
    pub fn poll(&mut self) -> Result<(), Refusal> {
        self.is_polling()?;
        if self.is_polled {
            return Err(self.overlap());
        }
        self.is_polled = true;
        Ok(())
    }

    /// The client has let go of the poll that waited: nobody would have its answer.
    pub fn cut(&mut self) {
        self.is_polled = false;
        // One that was let go anyway costs nothing.
        if self.transport == TransportKind::Polling {
            self.close(Closed::ByServer);
        }
    }

    /// The body for the poll that waits, once there is one.
    pub fn answer(&mut self) -> Option<Result<Bytes, Refusal>> {
        if !self.is_polled {
            return None;
        }
        let answer = match (self.closed, self.transport) {
            // As the reference server ends its polls.
            (Some(Closed::ByClient), _) | (None, TransportKind::WebSocket) => Ok(Bytes::from_static(b"6")),
            (Some(Closed::Malformed), _) => Ok(Bytes::from_static(b"1")),
            // A close packet would say that the client should stay away, and these should come back.
            (Some(Closed::ByServer), _) => Err(Refusal::UnknownSession),
            (None, TransportKind::Polling) => Ok(self.batch()?),
        };
        self.is_polled = false;
        Some(answer)
    }

    fn batch(&mut self) -> Option<Bytes> {
        let mut body = Vec::new();
        for _ in 0..self.settings.poll_packets_max {
            let fits = |packet: &Encoded| body.is_empty() || body.len() + packet.len() < self.settings.poll_bytes_max;
            if !self.queue.front().is_some_and(fits) {
                break;
            }
            self.pop()?.append_to(&mut body);
        }
        (!body.is_empty()).then(|| body.into())
    }

    /// A `POST` has brought a body. Its packets go to [`EngineSession::receive`], one after the other.
    ///
    /// # Errors
    /// It may not, or is no payload: that is the session's end.
    pub fn post(&mut self, body: Bytes) -> Result<Payload, Refusal> {
        self.is_polling()?;
        Payload::parse(body).map_err(|_| {
            self.close(Closed::Malformed);
            Refusal::BadRequest
        })
    }

    /// Two `GET`s or two `POST`s at once: ends the session. Answers what the second one is told.
    pub fn overlap(&mut self) -> Refusal {
        self.close(Closed::Malformed);
        Refusal::BadRequest
    }

    fn is_polling(&self) -> Result<(), Refusal> {
        match (self.closed, self.transport) {
            (Some(_), _) => Err(Refusal::UnknownSession),
            (None, TransportKind::WebSocket) => Err(Refusal::BadRequest),
            (None, TransportKind::Polling) => Ok(()),
        }
    }

    /// Takes a packet of the client. Answers what the protocol above has to read: [`Packet::Message`] or
    /// [`Packet::Binary`].
    pub fn receive<'a>(&mut self, packet: Packet<'a>, now: Instant) -> Option<Packet<'a>> {
        if self.closed.is_some() {
            return None;
        }
        match packet {
            Packet::Message(_) | Packet::Binary(_) => return Some(packet),
            Packet::Close => self.close(Closed::ByClient),
            Packet::Pong(_) => {
                // One that nobody asked for puts nothing off.
                if let Beat::PongBy(_) = self.beat {
                    self.beat = Beat::PingAt(now + self.settings.ping_interval);
                }
            }
            // In version 4 it is the server that pings.
            Packet::Ping(_) => self.close(Closed::Malformed),
            Packet::Open | Packet::Upgrade | Packet::Noop => {}
        }
        None
    }

    /// Whether a line may be tried for the session: one at a time, and only while it polls.
    pub fn claim_upgrade(&mut self, now: Instant) -> bool {
        let may = self.is_polling().is_ok() && self.upgrade.is_none();
        if may {
            self.upgrade = Some(Upgrade { until: now + self.settings.upgrade_timeout, release_at: None });
        }
        may
    }

    /// Whether the line that is tried may go on.
    pub const fn is_upgrading(&self) -> bool {
        self.upgrade.is_some()
    }

    /// The line that was tried is gone. The session goes on as it was.
    pub fn upgrade_failed(&mut self) {
        self.upgrade = None;
    }

    /// Takes a packet that came on the line that is tried.
    pub fn probe(&mut self, packet: &Packet<'_>, now: Instant) -> Probe {
        match self.upgrade.take() {
            Some(Upgrade { until, release_at: None }) if *packet == Packet::Ping(PROBE) => {
                self.upgrade = Some(Upgrade { until, release_at: Some(now + RELEASE_EVERY) });
                self.release();
                Probe::Answer("3probe".into())
            }
            Some(Upgrade { release_at: Some(_), .. }) if *packet == Packet::Upgrade => {
                self.transport = TransportKind::WebSocket;
                Probe::Upgraded
            }
            Some(_) | None => Probe::Failed,
        }
    }

    /// A client that goes over waits for its last poll to end before it says so.
    fn release(&mut self) {
        if self.is_polled && self.queue.is_empty() {
            self.send("6".into());
        }
    }

    /// When [`EngineSession::tick`] has something to do.
    pub fn due(&self) -> Instant {
        let (Beat::PingAt(beat) | Beat::PongBy(beat)) = self.beat;
        let upgrade = self.upgrade.map(|upgrade| upgrade.release_at.unwrap_or(upgrade.until).min(upgrade.until));
        upgrade.map_or(beat, |upgrade| upgrade.min(beat))
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        if let Some(upgrade) = &mut self.upgrade {
            let is_over = now >= upgrade.until;
            if upgrade.release_at.is_some_and(|at| now >= at) {
                upgrade.release_at = Some(now + RELEASE_EVERY);
                self.release();
            }
            if is_over {
                self.upgrade = None;
            }
        }
        match self.beat {
            Beat::PingAt(at) if now >= at => {
                let sent = if now - at < LATE_BY { at } else { now };
                self.beat = Beat::PongBy(sent + self.settings.ping_timeout);
                self.send("2".into());
            }
            Beat::PongBy(at) if now >= at => self.close(Closed::ByServer),
            Beat::PingAt(_) | Beat::PongBy(_) => {}
        }
    }

    /// The caller has waited for the peer to take something, and read nothing meanwhile: an answer to a ping may be there.
    pub fn waited(&mut self, now: Instant) {
        if let Beat::PongBy(_) = self.beat {
            self.beat = Beat::PongBy(now + self.settings.ping_timeout);
        }
    }
}

impl std::fmt::Debug for EngineSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EngineSession({:?}, {} packets, {:?})", self.transport, self.queue.len(), self.closed)
    }
}
