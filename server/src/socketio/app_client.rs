//! A client of an application, on one Engine.IO session with all its namespaces: events in, one after the other; whole
//! packets out, by whatever carries the session.
//!
//! Who may what, and what an event does, is said elsewhere (`apps::client`). Knows no room.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use protocol::ErrorCode;
use serde_json::Value;
use serde_json::value::RawValue;
use socketio::packet::{Kind, Packet};
use socketio::{Event, Incoming, Namespaces};
use tokio::time::sleep;

use super::app_connect::{self, First};
use super::connect::incoming;
use super::engine::{Engine, Outgoing};
use super::registry::Handle;
use crate::apps::client::{Person, Told};
use crate::apps::live::Listener;
use crate::apps::registry::SignedIn;
use crate::connections::Place;
use crate::state::AppState;
use channels::Namespace;
use realtime::session::{Generation, Turn};
use realtime::transport::End;

/// Close codes from here on mean: do not connect again.
const NO_RETURN: u16 = 4500;
/// A token that says that it lasts longer does not: instants have an end.
const TOKEN_MAX: Duration = Duration::from_hours(24 * 365);
/// Tokens are looked at again after so long at the latest: a timer holds no longer.
const LOOK_MAX: Duration = Duration::from_hours(1);

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
    person: Arc<Person>,
    generation: Generation,
    /// When the last of its tokens ends.
    ends_at: Instant,
    waiting: Waiting,
    /// Given back when it goes.
    _place: Place,
}

/// What was taken from the queue and is not given yet.
struct Waiting {
    frames: VecDeque<Bytes>,
    member: Arc<Listener>,
    generation: Generation,
    /// Since when nobody has come for it: a client that polls may do so late, or never.
    since: Option<Instant>,
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
        let person = Person::connect(app, &signed_in, &state.live, crate::apps::live::Way::SocketIo)?;
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
    let generation = person.member.session.connect();
    let waiting = Waiting { frames: VecDeque::new(), member: Arc::clone(&person.member), generation, since: None };
    let leaving = Leaving(Arc::clone(&person));
    let ends_at = ends_at(state, &signed_in);
    let mut client =
        AppClient { engine, namespaces, state, handle, person, generation, ends_at, waiting, _place: place };
    client.open(&namespace);
    let end = client.serve().await;
    let AppClient { engine, namespaces, .. } = client;
    drop(leaving);
    match end {
        End::Gone | End::Left => engine.leave().await,
        End::Close(code) => {
            let stays_away = code.close_code() >= NO_RETURN;
            if stays_away {
                engine.send(namespaces.dismiss(namespace.as_str()));
            }
            engine.dismiss(stays_away).await;
        }
    }
}

/// Has everybody told that the connection is over, however it ends.
struct Leaving(Arc<Person>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.gone("transport close");
    }
}

impl AppClient<'_> {
    async fn serve(&mut self) -> End {
        let stopping = self.state.stopping.clone();
        let gone = self.person.app.gone.clone();
        let mut doing: Option<BoxFuture<'static, ()>> = None;
        loop {
            if self.namespaces.tick(Instant::now()).is_err() {
                return End::Gone;
            }
            if let Err(end) = self.write().await {
                return end;
            }
            let blocked_until = self.waiting.since.map(|since| since + self.patience());
            if blocked_until.is_some_and(|until| Instant::now() >= until) {
                return End::Close(ErrorCode::SlowConsumer);
            }
            let due = [blocked_until, self.namespaces.due()].into_iter().flatten().min();
            let (may_read, ends_at) = (doing.is_none(), self.ends_at);
            let (engine, namespaces) = (&mut *self.engine, &mut *self.namespaces);
            let asked = tokio::select! {
                () = self.person.member.session.wake.notified() => None,
                () = async { if let Some(doing) = &mut doing { doing.await } }, if !may_read => {
                    doing = None;
                    None
                }
                next = engine.next(may_read, due, |session, packet, now| {
                    Ok(incoming(namespaces, session, packet, now).and_then(asked))
                }) => match next {
                    Ok(asked) => asked,
                    Err(end) => return end,
                },
                () = sleep(ends_at.saturating_duration_since(Instant::now()).min(LOOK_MAX)) => {
                    if Instant::now() >= ends_at { return End::Close(ErrorCode::Unauthorized) }
                    None
                }
                () = gone.cancelled() => return End::Close(ErrorCode::Revoked),
                () = stopping.cancelled() => return End::Close(ErrorCode::ShuttingDown),
            };
            match asked {
                Some(Asked::Connect { namespace, auth }) => self.connect(&namespace, &auth),
                Some(Asked::Disconnect(namespace)) => {
                    if let Some(namespace) = Namespace::parse(&namespace) {
                        self.person.close(&namespace, "client namespace disconnect");
                    }
                }
                Some(Asked::Event(said)) => doing = Some(told(Arc::clone(&self.person), said).boxed()),
                None => {}
            }
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.state.config.limits.unwritten_ms_max)
    }

    /// Another namespace, for the same user of the same application.
    fn connect(&mut self, name: &str, auth: &Value) {
        let asked = app_connect::application(self.state, self.handle, name, auth);
        let answer = match asked {
            Some(Ok(First { app, signed_in, namespace })) => {
                let is_same = app.name == self.person.app.name && signed_in.client.user == *self.person.user();
                // What the user may do stays as the first token says it; a later one lets the connection last.
                if is_same && self.person.may_open(&namespace) {
                    self.ends_at = self.ends_at.max(ends_at(self.state, &signed_in));
                    return self.open(&namespace);
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

    fn open(&mut self, namespace: &Namespace) {
        // First the answer: what is entered by itself may be told something at once.
        if let Some(accepted) = self.namespaces.accept(namespace.as_str(), &realtime::clock::random_id()) {
            self.engine.send(accepted);
            self.person.open(namespace);
        }
    }

    /// Writes what there is, as far as the client takes it.
    async fn write(&mut self) -> Result<(), End> {
        self.fetch()?;
        loop {
            let waited = self.waiting.frames.len();
            self.give().await?;
            let is_blocked = !self.waiting.frames.is_empty();
            if !is_blocked {
                self.waiting.since = None;
            } else if self.waiting.frames.len() < waited || self.waiting.since.is_none() {
                self.waiting.since = Some(Instant::now());
            }
            // What came meanwhile has woken whoever looks for a close, and nobody else.
            if !self.fetch()? || is_blocked {
                return Ok(());
            }
        }
    }

    /// Takes what the queue has; whether that was anything.
    fn fetch(&mut self) -> Result<bool, End> {
        let before = self.waiting.frames.len();
        while let Some(turn) = self.person.member.session.turn(self.generation, false) {
            match turn {
                Turn::Write(mut frames) => self.waiting.frames.append(&mut frames),
                Turn::Close(code) => return Err(End::Close(code)),
            }
        }
        Ok(self.waiting.frames.len() > before)
    }

    async fn give(&mut self) -> Result<(), End> {
        let (session, generation) = (&self.person.member.session, self.generation);
        let closes = async {
            loop {
                if let Some(code) = session.wants_close(generation) {
                    return code;
                }
                session.wake.notified().await;
            }
        };
        tokio::select! {
            biased;
            written = self.engine.write(&mut self.waiting) => written,
            code = closes => Err(End::Close(code)),
            () = self.state.stopping.cancelled() => Err(End::Close(ErrorCode::ShuttingDown)),
        }
    }
}

fn ends_at(state: &AppState, signed_in: &SignedIn) -> Instant {
    Instant::now() + Duration::from_millis(signed_in.ends_at.saturating_sub(state.clock.wall())).min(TOKEN_MAX)
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
    let done = person.event(&namespace, name, &said.arguments).await;
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

impl Outgoing for Waiting {
    fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    fn take(&mut self) -> Option<Bytes> {
        self.frames.pop_front()
    }

    fn wrote(&mut self, bytes: usize) {
        self.member.session.wrote(self.generation, bytes);
    }
}

impl std::fmt::Debug for AppClient<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppClient(…)")
    }
}
