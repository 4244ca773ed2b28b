//! A client of an application, on one Engine.IO session with all its namespaces: events in, one after the other; whole
//! packets out, by whatever carries the session.
//!
//! Who may what, and what an event does, is said elsewhere (`apps::client`). Knows no room.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use protocol::ErrorCode;
use serde_json::Value;
use serde_json::value::RawValue;
use socketio::packet::{Kind, Packet};
use socketio::{Event, Fault, Incoming, Namespaces};

use super::app_connect::{self, First};
use super::connect::incoming;
use super::engine::{Engine, Outgoing};
use super::registry::Handle;
use crate::apps::client::{Person, Told};
use crate::apps::handler::{ChannelsHandler, finish};
use crate::apps::live::Way;
use crate::apps::sessions::SessionHost;
use crate::connections::Place;
use crate::state::AppState;
use channels::Namespace;
use realtime::attachment::Attachment;
use realtime::connection::Connection;
use realtime::transport::{Batch, End, Next, Progress, Transport};

/// Close codes from here on mean: do not connect again.
const NO_RETURN: u16 = 4500;

/// What a client's packet asks for.
enum Asked {
    Connect { namespace: String, auth: Value },
    Event(Said),
    Disconnect(String),
}

/// An event, as it came.
struct Said {
    namespace: String,
    name: String,
    arguments: Vec<Box<RawValue>>,
    id: Option<u64>,
    /// It came with attachments, which no event takes.
    is_binary: bool,
}

/// See the module.
pub(super) struct AppClient<'a> {
    engine: &'a mut Engine,
    namespaces: &'a mut Namespaces,
    state: &'a AppState,
    handle: &'a Handle,
    /// What was taken from the session's queue and is not given yet.
    frames: VecDeque<Bytes>,
    /// Since when nobody has come for it: a client that polls may do so late, or never.
    blocked_since: Option<Instant>,
    /// Where it came in.
    first: Namespace,
    /// Given back when it goes.
    place: Option<Place>,
}

/// Gives frames, and tells the session.
struct Giving<'a> {
    frames: &'a mut VecDeque<Bytes>,
    line: &'a dyn Progress,
}

/// Runs it from its first `CONNECT` to its end.
pub(super) async fn run(
    first: First,
    engine: &mut Engine,
    namespaces: &mut Namespaces,
    state: &AppState,
    handle: &Handle,
) {
    let First { app, signed_in, namespace } = first;
    let place = state.connections.enter_user(handle.address, &state.config.limits);
    let person = place.map_err(|failure| failure.code).and_then(|place| {
        let person = Person::connect(app, &signed_in, &state.live, Way::SocketIo)?;
        Ok((place, Arc::new(person)))
    });
    let Ok((place, person)) = person else {
        // As servers of this kind do it: it is let in, and sent out again for good.
        if let Some(accepted) = namespaces.accept(namespace.as_str(), &handle.sid) {
            engine.send(accepted);
        }
        engine.send(namespaces.dismiss(namespace.as_str()));
        return engine.dismiss(true).await;
    };
    handle.is_known();
    let session = Arc::clone(person.member.session());
    let generation = session.connect();
    let line = Attachment { host: Box::new(SessionHost::new(Arc::clone(&person))), session, generation };
    let (frames, blocked_since) = (VecDeque::new(), None);
    let first = namespace.clone();
    let mut client = AppClient { engine, namespaces, state, handle, frames, blocked_since, first, place: Some(place) };
    client.open(&person, &namespace);
    let handler = ChannelsHandler::new(person, &signed_in);
    Connection::new(line, handler, state.drain.leaving()).run(&mut client).await;
}

impl Transport<ChannelsHandler> for AppClient<'_> {
    /// That of Engine.IO.
    const HAS_HEARTBEAT: bool = true;

    async fn recv(&mut self, handler: Option<&mut ChannelsHandler>) -> Result<Next, End> {
        self.namespaces.tick(Instant::now()).map_err(|Fault| End::Gone)?;
        let patience = Duration::from_millis(self.state.config.limits.unwritten_ms_max);
        let blocked_until = self.blocked_since.map(|since| since + patience);
        if blocked_until.is_some_and(|until| Instant::now() >= until) {
            return Err(End::Close(ErrorCode::SlowConsumer));
        }
        let due = [blocked_until, self.namespaces.due()].into_iter().flatten().min();
        let namespaces = &mut *self.namespaces;
        let next = self.engine.next(handler.is_some(), due, |session, packet, now| {
            Ok(incoming(namespaces, session, packet, now).and_then(asked))
        });
        let (asked, Some(handler)) = (next.await?, handler) else { return Ok(Next::Read) };
        match asked {
            Some(Asked::Connect { namespace, auth }) => self.connect(handler, &namespace, &auth),
            Some(Asked::Disconnect(namespace)) => {
                if let Some(namespace) = Namespace::parse(&namespace) {
                    handler.person.close(&namespace, "client namespace disconnect");
                }
            }
            Some(Asked::Event(said)) => return Ok(finish(&handler.person, told(Arc::clone(&handler.person), said))),
            None => {}
        }
        Ok(Next::Read)
    }

    fn has_own(&self) -> bool {
        self.engine.is_stirred()
    }

    async fn write(&mut self, mut batch: Batch, line: &dyn Progress) -> Result<(), End> {
        self.frames.append(&mut batch.frames);
        let waited = self.frames.len();
        self.engine.write(&mut Giving { frames: &mut self.frames, line }).await?;
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
            self.blocked_since = None;
        } else if self.frames.len() < waited || self.blocked_since.is_none() {
            self.blocked_since = Some(Instant::now());
        }
        Ok(())
    }

    async fn close(&mut self, _: Bytes, why: Option<ErrorCode>) {
        self.place = None;
        let Some(code) = why else { return self.engine.leave().await };
        let stays_away = code.close_code() >= NO_RETURN;
        if stays_away {
            self.engine.send(self.namespaces.dismiss(self.first.as_str()));
        }
        self.engine.dismiss(stays_away).await;
    }
}

impl AppClient<'_> {
    /// Another namespace, for the same user of the same application.
    fn connect(&mut self, handler: &mut ChannelsHandler, name: &str, auth: &Value) {
        let asked = app_connect::application(self.state, self.handle, name, auth);
        let answer = match asked {
            Some(Ok(First { app, signed_in, namespace })) => {
                // What the user may do stays as the first token says it, so a later one has to say the same.
                if handler.person.is_of(&app, &signed_in.client) && handler.person.may_open(&namespace) {
                    handler.lasts_as(&signed_in);
                    return self.open(&handler.person, &namespace);
                }
                app_connect::FAILED
            }
            Some(Err(why)) => why,
            None => app_connect::FAILED,
        };
        if let Some(refused) = self.namespaces.refuse(name, answer) {
            self.engine.send(refused);
        }
    }

    fn open(&mut self, person: &Person, namespace: &Namespace) {
        // First the answer: what is entered by itself may be told something at once.
        if let Some(accepted) = self.namespaces.accept(namespace.as_str(), &realtime::clock::random_id()) {
            self.engine.send(accepted);
            person.open(namespace);
        }
    }
}

/// What is asked for, of what came in; nothing of acknowledgements, which nobody waits for.
fn asked(incoming: Incoming<'_>) -> Option<Asked> {
    let said = |event: Event<'_>, is_binary| {
        Asked::Event(Said {
            namespace: event.namespace.to_owned(),
            name: event.name,
            arguments: event.arguments.into_iter().map(ToOwned::to_owned).collect(),
            id: event.id,
            is_binary,
        })
    };
    match incoming {
        Incoming::Connect { namespace, auth } => {
            let auth = auth.and_then(|auth| serde_json::from_str(auth.get()).ok()).unwrap_or_default();
            Some(Asked::Connect { namespace: namespace.to_owned(), auth })
        }
        Incoming::Disconnect { namespace } => Some(Asked::Disconnect(namespace.to_owned())),
        Incoming::Event(event) => Some(said(event, false)),
        Incoming::Attached(attached) => attached.event().map(|event| said(event, true)),
        Incoming::Acknowledgement { .. } => None,
    }
}

/// Does what an event means, and acknowledges it where its sender waits for that.
async fn told(person: Arc<Person>, said: Said) {
    let Some(namespace) = Namespace::parse(&said.namespace) else { return };
    // An event with attachments is none that a file can name: its arguments are places of bytes.
    let name = if said.is_binary { "" } else { &said.name };
    let done = person.event(&namespace, name, &said.arguments, None).await;
    let answer = match &done {
        Ok(answer) => answer.clone().unwrap_or(Value::Null),
        Err(told) => refused(&person, &namespace, told),
    };
    if let Some(id) = said.id {
        let data = format!("[{answer}]");
        let packet = Packet { id: Some(id), ..Packet::new(Kind::Acknowledgement, namespace.as_str()).with(&data) };
        person.answer(packet.encode());
    }
}

fn refused(person: &Person, namespace: &Namespace, told: &Told) -> Value {
    person.tell_refused(namespace, told);
    person.refusal(told)
}

impl Outgoing for Giving<'_> {
    fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    fn take(&mut self) -> Option<Bytes> {
        self.frames.pop_front()
    }

    fn wrote(&mut self, bytes: usize) {
        self.line.wrote(bytes);
    }
}

impl std::fmt::Debug for AppClient<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppClient(…)")
    }
}
