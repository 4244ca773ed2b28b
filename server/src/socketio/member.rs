//! What is on top of a session: one client of the main namespace, from its `CONNECT` packet to its leaving. It takes events in
//! their order and gives what its session's queue holds.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use protocol::{ClientFrame, ClientId, ErrorCode, FrameError};
use serde_json::Value;
use socketio::packet::MAIN;
use socketio::{Closed, Encoded, Event, Fault, Incoming, Namespaces, Packet, Session, Transport};
use tokio::time::sleep_until;

use super::connect::{Admitted, admit};
use super::connection::{Application, End};
use super::inbound::InboundEvent;
use super::registry::Handle;
use super::settings::{GOODBYE, settings};
use super::{encoder, packet};
use crate::connections::Place;
use crate::state::AppState;
use realtime::attachment::Attachment;
use realtime::clock;
use realtime::commands::{Next, Requests};
use realtime::following::Following;
use realtime::renewal::Looks;
use realtime::session::{Turn, lets_finish};

/// Calls that wait for their answers at once; beyond it nothing more is taken until some were answered.
const CALLS_MAX: usize = 1_024;
/// So many calls that wait while their answers are too many for the client are a flood: it is not the line that is slow.
const FLOOD_CALLS: usize = 128;
/// Close codes from here on mean: do not connect again.
const NO_RETURN: u16 = 4500;

/// One client.
pub(super) struct Member {
    state: AppState,
    handle: Arc<Handle>,
    namespaces: Namespaces,
    /// What has to be over before another packet is taken.
    busy: Option<BoxFuture<'static, Option<Asked>>>,
    asked: Option<Asked>,
    inside: Option<Client>,
}

/// What became of a `CONNECT`.
type Asked = Box<Result<Admitted, &'static str>>;

/// A client that was let in.
struct Client {
    line: Attachment,
    requests: Requests,
    following: Following,
    /// Given back when it goes.
    _place: Place,
    /// Taken from the session's queue, not yet given.
    backlog: VecDeque<Bytes>,
    /// Since when nobody has come for what waits.
    blocked_since: Option<Instant>,
    /// The requests that are not answered yet, and the numbers that their answers go to.
    calls: HashMap<String, u64>,
    looks: Looks,
    closing: Option<ErrorCode>,
}

impl Member {
    pub(super) fn new(state: AppState, handle: Arc<Handle>) -> Self {
        let namespaces = Namespaces::new(settings(&state.config.limits), Instant::now());
        Self { state, handle, namespaces, busy: None, asked: None, inside: None }
    }

    fn admitted(&mut self, session: &mut Session, asked: Result<Admitted, &'static str>) {
        let answer = match asked {
            Ok(admitted) => {
                let answer = self.namespaces.accept(MAIN, &clock::random_id());
                if answer.is_some() {
                    self.handle.is_known();
                    self.inside = Some(Client::new(admitted, &self.handle));
                }
                answer
            }
            Err(why) => self.namespaces.refuse(MAIN, why),
        };
        if let Some(answer) = answer {
            session.send(answer);
        }
    }

    fn incoming(&mut self, session: &mut Session, incoming: Incoming<'_>) -> Result<(), End> {
        match incoming {
            Incoming::Connect { namespace: MAIN, auth } => {
                let auth = auth.and_then(|auth| serde_json::from_str::<Value>(auth.get()).ok()).unwrap_or_default();
                let polls = session.transport() == Transport::Polling;
                let asking = admit(self.state.clone(), Arc::clone(&self.handle), auth, polls);
                self.busy = Some(Box::pin(async move { Some(Box::new(asking.await)) }));
            }
            Incoming::Connect { namespace, .. } => {
                if let Some(refused) = self.namespaces.refuse(namespace, "Invalid namespace") {
                    session.send(refused);
                }
            }
            Incoming::Disconnect { .. } => {
                self.inside = None;
                self.handle.is_stranger(&self.state.config.limits);
            }
            Incoming::Event(event) => return self.event(&event, true),
            Incoming::Attached(attached) => return attached.event().map_or(Ok(()), |event| self.event(&event, false)),
            // The server asks for none.
            Incoming::Acknowledgement { .. } => {}
        }
        Ok(())
    }

    /// `is_plain`: without attachments.
    fn event(&mut self, event: &Event<'_>, is_plain: bool) -> Result<(), End> {
        let (Some(inside), Ok(cid)) = (&mut self.inside, ClientId::parse(&clock::random_id())) else { return Ok(()) };
        if let Some(id) = event.id {
            inside.calls.insert(cid.as_str().to_owned(), id);
        }
        let inbound = InboundEvent::ALL.into_iter().find(|inbound| inbound.name() == event.name);
        let argument = event.arguments.first().filter(|_| is_plain).ok_or(ErrorCode::BadFrame);
        let argument = argument.and_then(|raw| serde_json::from_str(raw.get()).map_err(|_| ErrorCode::BadFrame));
        let frame = inbound.map(|inbound| inbound.frame(argument.as_ref().map_err(|code| *code), cid.clone()));
        let next = inside.take(frame, cid, event.id.is_some());
        match next {
            Next::Read => Ok(()),
            Next::Wait(future) => {
                self.busy = Some(answered(future));
                Ok(())
            }
            Next::Close(code) => Err(End::Close(code)),
        }
    }
}

fn answered(future: BoxFuture<'static, ()>) -> BoxFuture<'static, Option<Asked>> {
    Box::pin(future.map(|()| None))
}

impl Application for Member {
    fn may_read(&self) -> bool {
        let is_free = self.busy.is_none() && self.asked.is_none();
        is_free && self.inside.as_ref().is_none_or(|inside| inside.calls.len() < CALLS_MAX)
    }

    fn receive(&mut self, session: &mut Session, packet: Packet<'_>, now: Instant) -> Result<(), End> {
        match self.namespaces.receive(packet, now) {
            Ok(Some(incoming)) => self.incoming(session, incoming),
            Ok(None) => Ok(()),
            Err(Fault) => {
                session.close(Closed::Malformed);
                Ok(())
            }
        }
    }

    fn settle(&mut self, session: &mut Session, now: Instant) -> Result<(), End> {
        if let Some(asked) = self.asked.take() {
            self.admitted(session, *asked);
        }
        self.namespaces.tick(now).map_err(|_| End::Gone)?;
        let Some(inside) = &mut self.inside else { return Ok(()) };
        if self.busy.is_none() {
            inside.following.hear(&inside.line.session);
            self.busy = inside.following.next(&inside.requests).map(answered);
        }
        inside.looks.look_if_due(&inside.line);
        inside.settle(now).map_err(End::Close)
    }

    fn take(&mut self) -> Option<Bytes> {
        self.inside.as_mut().and_then(Client::give)
    }

    fn wrote(&mut self, bytes: usize) {
        if let Some(inside) = &self.inside {
            inside.line.session.wrote(inside.line.generation, bytes);
        }
    }

    async fn happened(&mut self) {
        let Self { busy, asked, inside, namespaces, .. } = self;
        let is_busy = busy.is_some();
        let due = inside.as_ref().and_then(|inside| inside.due(is_busy)).into_iter().chain(namespaces.due()).min();
        let inside = inside.as_ref();
        tokio::select! {
            answer = async { busy.as_mut()?.await }, if is_busy => (*busy, *asked) = (None, answer),
            () = async { if let Some(inside) = inside { inside.line.session.wake.notified().await } }, if inside.is_some() => {}
            () = async { if let Some(due) = due { sleep_until(due.into()).await } }, if due.is_some() => {}
            else => std::future::pending().await,
        }
    }

    fn gives_up(&self) -> impl Future<Output = ErrorCode> + Send + 'static {
        let closes = self.inside.as_ref().map(|inside| inside.line.closes());
        async move {
            match closes {
                Some(closes) => closes.await,
                None => std::future::pending().await,
            }
        }
    }

    fn goodbye(mut self, session: &mut Session, why: ErrorCode) -> bool {
        let Some(inside) = self.inside.take() else { return false };
        // Who asks faster than it reads floods; a client that only reads slowly is one that may come back.
        let floods = why == ErrorCode::SlowConsumer && inside.calls.len() > FLOOD_CALLS;
        let why = if floods { ErrorCode::Flooding } else { why };
        session.send(Encoded::Text(encoder::error(why, None).bytes));
        let stays_away = why.close_code() >= NO_RETURN;
        if stays_away {
            session.send(self.namespaces.dismiss(MAIN));
        }
        stays_away
    }
}

impl Client {
    fn new(admitted: Admitted, handle: &Handle) -> Self {
        let Admitted { line, place } = admitted;
        Self {
            requests: Requests::new(&line, handle.address),
            following: Following::default(),
            _place: place,
            backlog: VecDeque::new(),
            blocked_since: None,
            calls: HashMap::new(),
            looks: Looks::new(line.services.hub().limits()),
            closing: None,
            line,
        }
    }

    /// Takes an event. `frame`: what it means, where anybody knows it.
    fn take(&mut self, frame: Option<Result<ClientFrame, FrameError>>, cid: ClientId, is_call: bool) -> Next {
        match frame {
            // Clients may know more events than this server: hundreds of them over days are no flood.
            None => self.requests.unknown(cid),
            // The room does not answer a signal: that it was taken is all there is to say.
            Some(Ok(ClientFrame::Typing { room, on })) if is_call => {
                let refused = self.requests.signal(&cid, &room, on).err();
                refused.unwrap_or_else(|| {
                    let taken = packet::answer(&cid, &encoder::Answer::taken());
                    self.line.session.push(&taken, self.line.services.hub().limits());
                    Next::Read
                })
            }
            Some(frame) => self.requests.take_decoded(frame),
        }
    }

    fn gather(&mut self) {
        if self.backlog.is_empty() && self.closing.is_none() {
            match self.line.session.turn(self.line.generation) {
                Some(Turn::Write(lines)) => self.backlog = lines,
                Some(Turn::Close(code)) => self.closing = Some(code),
                None => {}
            }
        }
    }

    fn give(&mut self) -> Option<Bytes> {
        loop {
            self.gather();
            let line = self.backlog.pop_front()?;
            self.blocked_since = None;
            let (queued, calls) = (line.len(), &mut self.calls);
            let text = packet::outgoing(line, |cid| calls.remove(cid));
            // An answer goes out shorter than it was queued, or not at all: the difference is done with.
            let saved = queued.saturating_sub(text.as_ref().map_or(0, Bytes::len));
            if saved > 0 {
                self.line.session.wrote(self.line.generation, saved);
            }
            if text.is_some() {
                return text;
            }
        }
    }

    /// Looks whether the connection has to end, by itself or because nobody comes for what waits.
    fn settle(&mut self, now: Instant) -> Result<(), ErrorCode> {
        let closes = self.line.session.wants_close(self.line.generation);
        if let Some(code) = closes.filter(|code| !lets_finish(*code)) {
            return Err(code);
        }
        self.gather();
        if let Some(code) = self.closing {
            return Err(code);
        }
        if self.backlog.is_empty() {
            self.blocked_since = None;
        } else if now.duration_since(*self.blocked_since.get_or_insert(now)) >= self.patience() {
            return Err(closes.unwrap_or(ErrorCode::SlowConsumer));
        }
        Ok(())
    }

    /// How long what waits may do so. Last words wait for no slow reader.
    fn patience(&self) -> Duration {
        let is_over = self.line.session.wants_close(self.line.generation).is_some();
        if is_over { GOODBYE } else { Duration::from_millis(self.line.services.hub().limits().unwritten_ms_max) }
    }

    fn due(&self, is_busy: bool) -> Option<Instant> {
        let follows = self.following.due().filter(|_| !is_busy);
        let blocked = self.blocked_since.map(|since| since + self.patience());
        [Some(self.looks.due()), follows].into_iter().flatten().map(tokio::time::Instant::into_std).chain(blocked).min()
    }
}
