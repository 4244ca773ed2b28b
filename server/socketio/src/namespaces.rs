//! Socket.IO on top of one session: the namespaces that its client is connected to, and what comes in for them.
//!
//! Whether a namespace exists and whom it lets in is for the caller to say: [`Incoming::Connect`] is answered with
//! [`Namespaces::accept`] or [`Namespaces::refuse`], now or later.

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::engine::{self, Encoded};
use crate::packet::{Kind, Packet, arguments, quoted};
use crate::{Fault, Settings};

/// What a client has said.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// It asks for a namespace, with JSON or nothing.
    Connect {
        /// Which.
        namespace: &'a str,
        /// Whatever it says of itself.
        auth: Option<&'a RawValue>,
    },
    /// It leaves a namespace.
    Disconnect {
        /// Which.
        namespace: &'a str,
    },
    /// An event.
    Event(Event<'a>),
    /// An event or an answer whose attachments are all there.
    Attached(Attached),
    /// The answer to an event of the server.
    Acknowledgement {
        /// Of which namespace.
        namespace: &'a str,
        /// To which event.
        id: u64,
        /// With what.
        arguments: Vec<&'a RawValue>,
    },
}

/// An event.
pub struct Event<'a> {
    /// Of which namespace.
    pub namespace: &'a str,
    /// What it is called.
    pub name: String,
    /// Behind the name, each as the JSON it came as.
    pub arguments: Vec<&'a RawValue>,
    /// The number under which its emitter waits for an answer.
    pub id: Option<u64>,
}

/// A packet whose attachments are all there.
pub struct Attached {
    text: String,
    /// In their order.
    pub attachments: Vec<Bytes>,
}

/// The namespaces of one session.
pub struct Namespaces {
    settings: Settings,
    known: Vec<(String, State)>,
    /// Until somebody is connected to something.
    connect_by: Option<Instant>,
    /// A packet that waits for so many attachments.
    partial: Option<(Attached, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was asked for, and the caller has not answered.
    Asked,
    Connected,
    /// This side has ended it: what the client had sent before it heard of that goes nowhere.
    Dismissed,
}

impl Namespaces {
    /// Of a session that has just begun.
    pub fn new(settings: Settings, now: Instant) -> Self {
        Self { settings, known: Vec::new(), connect_by: Some(now + settings.connect_timeout), partial: None }
    }

    fn state(&self, namespace: &str) -> Option<State> {
        self.known.iter().find(|(name, _)| name == namespace).map(|(_, state)| *state)
    }

    fn set(&mut self, namespace: &str, state: Option<State>) {
        self.known.retain(|(name, _)| name != namespace);
        self.known.extend(state.map(|state| (namespace.to_owned(), state)));
    }

    /// Takes a message of the session, as [`EngineSession::receive`](crate::Session::receive) hands it on.
    ///
    /// # Errors
    /// What the protocol does not allow: the session has to end.
    pub fn receive<'a>(&mut self, message: engine::Packet<'a>, now: Instant) -> Result<Option<Incoming<'a>>, Fault> {
        match (message, self.partial.take()) {
            (engine::Packet::Message(text), None) => self.text(text, now),
            (engine::Packet::Binary(bytes), Some((mut attached, count))) => {
                attached.attachments.push(bytes.into_owned().into());
                if attached.attachments.len() == count {
                    return Ok(Some(Incoming::Attached(attached)));
                }
                self.partial = Some((attached, count));
                Ok(None)
            }
            // Between a packet and its attachments nothing else comes, and no attachment without a packet.
            (_, _) => Err(Fault),
        }
    }

    fn text<'a>(&mut self, text: &'a str, now: Instant) -> Result<Option<Incoming<'a>>, Fault> {
        let packet = Packet::parse(text)?;
        let namespace = packet.namespace;
        let state = self.state(namespace);
        match (packet.kind, state) {
            (Kind::Connect, None) => {
                let auth = auth(packet.data)?;
                if self.known.len() >= self.settings.namespaces_max {
                    return Err(Fault);
                }
                self.set(namespace, Some(State::Asked));
                Ok(Some(Incoming::Connect { namespace, auth }))
            }
            (Kind::Connect, Some(_)) | (Kind::ConnectError, _) => Err(Fault),
            (_, Some(State::Dismissed)) => Ok(None),
            (Kind::Disconnect, Some(State::Asked | State::Connected)) => {
                self.set(namespace, None);
                if !self.known.iter().any(|(_, state)| *state == State::Connected) {
                    self.connect_by = Some(now + self.settings.connect_timeout);
                }
                Ok(Some(Incoming::Disconnect { namespace }))
            }
            (Kind::Event | Kind::Acknowledgement, Some(State::Connected)) => match packet.attachments {
                Some(count) if count == 0 || count > self.settings.attachments_max => Err(Fault),
                Some(count) => {
                    // Where the JSON is none, the attachments need not be waited for.
                    read(packet)?;
                    self.partial = Some((Attached { text: text.to_owned(), attachments: Vec::new() }, count));
                    Ok(None)
                }
                None => read(packet).map(Some),
            },
            (Kind::Disconnect | Kind::Event | Kind::Acknowledgement, None | Some(State::Asked)) => Err(Fault),
        }
    }

    /// Lets the client into a namespace, under this id. `None` where it does not want that any more.
    pub fn accept(&mut self, namespace: &str, sid: &str) -> Option<Encoded> {
        let answer = self.decide(namespace, Some(State::Connected), Kind::Connect, "sid", sid)?;
        self.connect_by = None;
        Some(answer)
    }

    /// Keeps the client out of a namespace, and says why. `None` where it does not want that any more.
    pub fn refuse(&mut self, namespace: &str, message: &str) -> Option<Encoded> {
        self.decide(namespace, None, Kind::ConnectError, "message", message)
    }

    fn decide(&mut self, namespace: &str, state: Option<State>, kind: Kind, name: &str, text: &str) -> Option<Encoded> {
        if self.state(namespace) != Some(State::Asked) {
            return None;
        }
        self.set(namespace, state);
        let data = format!("{{\"{name}\":{}}}", quoted(text));
        Some(Packet::new(kind, namespace).with(&data).encode().into())
    }

    /// Sends the client out of a namespace. Official clients do not come back by themselves after it.
    pub fn dismiss(&mut self, namespace: &str) -> Encoded {
        self.set(namespace, Some(State::Dismissed));
        Packet::new(Kind::Disconnect, namespace).encode().into()
    }

    /// When [`Namespaces::tick`] has something to do.
    pub const fn due(&self) -> Option<Instant> {
        self.connect_by
    }

    /// Looks whether somebody is connected in time.
    ///
    /// # Errors
    /// Nobody is.
    pub fn tick(&self, now: Instant) -> Result<(), Fault> {
        if self.connect_by.is_some_and(|by| now >= by) { Err(Fault) } else { Ok(()) }
    }
}

impl Attached {
    /// The event; `None` where it is an answer.
    pub fn event(&self) -> Option<Event<'_>> {
        // It was read before its attachments came.
        match Packet::parse(&self.text).and_then(read) {
            Ok(Incoming::Event(event)) => Some(event),
            Ok(_) | Err(Fault) => None,
        }
    }
}

/// JSON or nothing. It should be an object; whoever lets clients in finds nothing in another.
fn auth(data: &str) -> Result<Option<&RawValue>, Fault> {
    if data.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(data).map(Some).map_err(|_| Fault)
}

/// An event or an acknowledgement.
fn read(packet: Packet<'_>) -> Result<Incoming<'_>, Fault> {
    let mut arguments = arguments(packet.data)?;
    let namespace = packet.namespace;
    if packet.kind == Kind::Acknowledgement {
        let id = packet.id.ok_or(Fault)?;
        return Ok(Incoming::Acknowledgement { namespace, id, arguments });
    }
    if arguments.is_empty() {
        return Err(Fault);
    }
    let name = serde_json::from_str(arguments.remove(0).get()).map_err(|_| Fault)?;
    Ok(Incoming::Event(Event { namespace, name, arguments, id: packet.id }))
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} arguments)", self.arguments.len())
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attached({} attachments)", self.attachments.len())
    }
}

impl fmt::Debug for Namespaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Namespaces({})", self.known.len())
    }
}
