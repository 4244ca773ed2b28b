//! A client that was let in, as the core's loop sees it: events in, whole messages out, by whatever carries its session.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use protocol::{ClientFrame, ClientId, ErrorCode, FrameError, Limits};
use socketio::packet::MAIN;
use socketio::{Encoded, Event, Incoming, Namespaces};

use super::connect::{auth, incoming};
use super::engine::{Engine, Outgoing};
use super::{encoder, inbound, packet};
use crate::connections::Place;
use realtime::clock;
use realtime::commands::Requests;
use realtime::rooms_handler::RoomsHandler;
use realtime::session::lets_finish;
use realtime::transport::{Batch, End, Next, Progress, Transport};

/// Calls that wait for their answers at once; beyond it nothing more is taken until some were answered.
const CALLS_MAX: usize = 1_024;
/// So many calls that wait while their answers are too many for the client are a flood: it is not the line that is slow.
const FLOOD_CALLS: usize = 128;
/// Close codes from here on mean: do not connect again.
const NO_RETURN: u16 = 4500;

/// One client.
pub(super) struct Client<'a> {
    engine: &'a mut Engine,
    namespaces: &'a mut Namespaces,
    backlog: Backlog,
    /// Since when nobody has come for what waits: a client that polls may do so late, or never.
    blocked_since: Option<Instant>,
    /// How long what waits may do so.
    patience: Duration,
    /// Given back when it goes.
    place: Option<Place>,
}

/// What was taken from the session's queue and is not given yet.
#[derive(Default)]
struct Backlog {
    frames: VecDeque<Bytes>,
    /// The requests that are not answered yet, and the numbers that their answers go to.
    calls: HashMap<String, u64>,
}

/// Gives it, and tells the session.
struct Giving<'a> {
    backlog: &'a mut Backlog,
    /// Not there once the session has no line any more.
    line: Option<&'a dyn Progress>,
}

impl<'a> Client<'a> {
    pub(super) fn new(engine: &'a mut Engine, namespaces: &'a mut Namespaces, limits: &Limits, place: Place) -> Self {
        let (backlog, patience) = (Backlog::default(), Duration::from_millis(limits.unwritten_ms_max));
        Self { engine, namespaces, backlog, blocked_since: None, patience, place: Some(place) }
    }

    /// Has a client told why it goes; whether it is to stay away.
    fn say_why(&mut self, why: ErrorCode) -> bool {
        // Who asks faster than it reads floods; a client that only reads slowly is one that may come back.
        let floods = why == ErrorCode::SlowConsumer && self.backlog.calls.len() > FLOOD_CALLS;
        let why = if floods { ErrorCode::Flooding } else { why };
        self.engine.send(Encoded::Text(encoder::error(why, None).bytes));
        let stays_away = why.close_code() >= NO_RETURN;
        if stays_away {
            self.engine.send(self.namespaces.dismiss(MAIN));
        }
        stays_away
    }
}

impl Transport<RoomsHandler> for Client<'_> {
    /// That of Engine.IO, which also a client has that is not let in yet, and one that polls.
    const HAS_HEARTBEAT: bool = true;

    async fn recv(&mut self, handler: Option<&mut RoomsHandler>) -> Result<Next, End> {
        let mut requests = handler.map(|handler| &mut handler.requests);
        let blocked_until = self.blocked_since.map(|since| since + self.patience);
        if blocked_until.is_some_and(|until| Instant::now() >= until) {
            return Err(End::Close(ErrorCode::SlowConsumer));
        }
        let Self { engine, namespaces, backlog: Backlog { calls, .. }, .. } = self;
        let may_read = requests.is_some() && calls.len() < CALLS_MAX;
        let next = engine.next(may_read, blocked_until, |session, packet, now| {
            let Some(requests) = requests.as_deref_mut() else { return Ok(None) };
            let next = match incoming(namespaces, session, packet, now) {
                Some(Incoming::Disconnect { .. }) => return Err(End::Left),
                Some(Incoming::Event(said)) => event(requests, calls, &said, true),
                Some(Incoming::Attached(attached)) => {
                    attached.event().map_or(Next::Read, |said| event(requests, calls, &said, false))
                }
                Some(other) => {
                    auth(namespaces, session, &other);
                    Next::Read
                }
                None => Next::Read,
            };
            Ok(match next {
                // Of the same request there may be more.
                Next::Read if calls.len() < CALLS_MAX => None,
                next => Some(next),
            })
        });
        Ok(next.await?.unwrap_or(Next::Read))
    }

    fn has_own(&self) -> bool {
        self.engine.is_stirred()
    }

    async fn write(&mut self, mut batch: Batch, line: &dyn Progress) -> Result<(), End> {
        self.backlog.frames.append(&mut batch.frames);
        let waited = self.backlog.frames.len();
        self.engine.write(&mut Giving { backlog: &mut self.backlog, line: Some(line) }).await?;
        if self.backlog.frames.is_empty() {
            self.backlog.frames = VecDeque::new();
            self.blocked_since = None;
        } else if self.backlog.frames.len() < waited || self.blocked_since.is_none() {
            self.blocked_since = Some(Instant::now());
        }
        Ok(())
    }

    async fn close(&mut self, _: Bytes, why: Option<ErrorCode>) {
        self.place = None;
        let Some(code) = why else { return self.engine.leave().await };
        if lets_finish(code) {
            self.engine.give_rest(&mut Giving { backlog: &mut self.backlog, line: None }).await;
        }
        let stays_away = self.say_why(code);
        self.engine.dismiss(stays_away).await;
    }
}

impl Outgoing for Giving<'_> {
    fn is_empty(&self) -> bool {
        self.backlog.frames.is_empty()
    }

    fn take(&mut self) -> Option<Bytes> {
        loop {
            let queued = self.backlog.frames.pop_front()?;
            let (len, calls) = (queued.len(), &mut self.backlog.calls);
            let text = packet::outgoing(queued, packet::now_ms, |cid| calls.remove(cid));
            // An answer goes out shorter than it was queued, or not at all: the difference is done with.
            let saved = len.saturating_sub(text.as_ref().map_or(0, Bytes::len));
            if saved > 0 {
                self.wrote(saved);
            }
            if text.is_some() {
                return text;
            }
        }
    }

    fn wrote(&mut self, bytes: usize) {
        if let Some(line) = self.line {
            line.wrote(bytes);
        }
    }
}

/// Takes an event. `is_plain`: without attachments.
fn event(requests: &mut Requests, calls: &mut HashMap<String, u64>, event: &Event<'_>, is_plain: bool) -> Next {
    let Ok(cid) = ClientId::parse(&clock::random_id()) else { return Next::Read };
    if let Some(id) = event.id {
        calls.insert(cid.as_str().to_owned(), id);
    }
    let argument = event.arguments.first().filter(|_| is_plain).ok_or(ErrorCode::BadFrame);
    let argument = argument.and_then(|raw| serde_json::from_str(raw.get()).map_err(|_| ErrorCode::BadFrame));
    let frame = inbound::frame(&event.name, argument.as_ref().map_err(|code| *code), &cid);
    request(requests, frame, cid, event.id.is_some())
}

fn told_taken(requests: &Requests, cid: &ClientId, taken: Result<(), Next>) -> Next {
    match taken {
        Ok(()) => {
            requests.answer(&packet::answer(cid, &encoder::Answer::taken()));
            Next::Read
        }
        Err(next) => next,
    }
}

/// `frame`: what an event means, where anybody knows it.
fn request(
    requests: &mut Requests,
    frame: Option<Result<ClientFrame, FrameError>>,
    cid: ClientId,
    is_call: bool,
) -> Next {
    match frame {
        // Clients may know more events than this server: hundreds of them over days are no flood.
        None => requests.unknown(cid),
        // The room does not answer a signal: that it was taken is all there is to say.
        Some(Ok(ClientFrame::Typing { room, on })) if is_call => {
            let taken = requests.signal(&cid, &room, on);
            told_taken(requests, &cid, taken)
        }
        Some(Ok(ClientFrame::Read { room, id })) if is_call => {
            let taken = requests.reading(&cid, &room, id);
            told_taken(requests, &cid, taken)
        }
        Some(frame) => requests.take_decoded(frame),
    }
}
