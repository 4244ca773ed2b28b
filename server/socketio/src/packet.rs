//! Packets of Socket.IO 5 ("Packet encoding" in its document), read and written. Knows neither sessions nor namespaces that
//! exist.
//!
//! `<type>[<attachments>-][<namespace>,][<acknowledgement id>][JSON]`, inside a message of Engine.IO: what is written here
//! begins with that message's `4`, what is read does not.

use std::fmt::{self, Write as _};

use serde_json::value::RawValue;

use crate::Fault;

/// The namespace that needs no name on the wire.
pub const MAIN: &str = "/";
/// Bytes in the name of a namespace.
const NAMESPACE_BYTES_MAX: usize = 256;

/// What a packet is for. The numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Asks for a namespace, and says that it is granted.
    Connect,
    /// Ends a namespace's connection.
    Disconnect,
    /// An event, with or without attachments.
    Event,
    /// The answer to an event, with or without attachments.
    Acknowledgement,
    /// Refuses a namespace.
    ConnectError,
}

/// One packet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is for.
    pub kind: Kind,
    /// How many binary packets follow; `None` for the kinds that have none.
    pub attachments: Option<usize>,
    /// [`MAIN`] or another one.
    pub namespace: &'a str,
    /// Of the acknowledgement.
    pub id: Option<u64>,
    /// JSON: an object or nothing to connect, an array with something in it for an event, an array for an answer.
    pub data: &'a str,
}

impl<'a> Packet<'a> {
    /// One for this namespace, with nothing else in it.
    pub const fn new(kind: Kind, namespace: &'a str) -> Self {
        Self { kind, attachments: None, namespace, id: None, data: "" }
    }

    /// The same, with this JSON.
    #[must_use]
    pub const fn with(self, data: &'a str) -> Self {
        Self { data, ..self }
    }

    /// Reads a message of Engine.IO. The JSON is not looked at here.
    ///
    /// # Errors
    /// What the text is not.
    pub fn parse(text: &'a str) -> Result<Self, Fault> {
        let (kind, rest) = text.split_at_checked(1).ok_or(Fault)?;
        let (kind, has_attachments) = match kind {
            "0" => (Kind::Connect, false),
            "1" => (Kind::Disconnect, false),
            "2" => (Kind::Event, false),
            "3" => (Kind::Acknowledgement, false),
            "4" => (Kind::ConnectError, false),
            "5" => (Kind::Event, true),
            "6" => (Kind::Acknowledgement, true),
            _ => return Err(Fault),
        };
        let (attachments, rest) = if has_attachments {
            let (count, rest) = rest.split_once('-').ok_or(Fault)?;
            (Some(number(count).and_then(|count| usize::try_from(count).ok()).ok_or(Fault)?), rest)
        } else {
            (None, rest)
        };
        let (namespace, rest) = if rest.starts_with('/') {
            // The comma may be missing at the end.
            rest.split_once(',').unwrap_or((rest, ""))
        } else {
            (MAIN, rest)
        };
        if namespace.len() > NAMESPACE_BYTES_MAX {
            return Err(Fault);
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, data) = rest.split_at(digits);
        let id = if id.is_empty() { None } else { Some(number(id).ok_or(Fault)?) };
        Ok(Self { kind, attachments, namespace, id, data })
    }

    /// As a whole message of Engine.IO.
    pub fn encode(&self) -> String {
        let kind = match (self.kind, self.attachments) {
            (Kind::Connect, _) => '0',
            (Kind::Disconnect, _) => '1',
            (Kind::Event, None) => '2',
            (Kind::Acknowledgement, None) => '3',
            (Kind::ConnectError, _) => '4',
            (Kind::Event, Some(_)) => '5',
            (Kind::Acknowledgement, Some(_)) => '6',
        };
        let mut text = String::with_capacity(self.data.len() + self.namespace.len() + 8);
        text.push('4');
        text.push(kind);
        // Writing to a string does not fail.
        if let Some(attachments) = self.attachments {
            let _ = write!(text, "{attachments}-");
        }
        if self.namespace != MAIN {
            let _ = write!(text, "{},", self.namespace);
        }
        if let Some(id) = self.id {
            let _ = write!(text, "{id}");
        }
        text.push_str(self.data);
        text
    }
}

/// The data is what people write.
impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packet({:?}, {} bytes)", self.kind, self.data.len())
    }
}

/// Digits alone, as the protocol has numbers.
fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The parts of an event's or an answer's data, each as the JSON it came as.
///
/// # Errors
/// [`Fault`]: it is no array.
pub(crate) fn arguments(data: &str) -> Result<Vec<&RawValue>, Fault> {
    serde_json::from_str(data).map_err(|_| Fault)
}

/// An event with the main namespace: its name, and arguments that are JSON already.
pub fn event(name: &str, arguments: &[&str]) -> String {
    let len: usize = arguments.iter().map(|argument| argument.len() + 1).sum();
    let mut text = String::with_capacity(len + name.len() + 6);
    text.push_str("42[");
    text.push_str(&quoted(name));
    for argument in arguments {
        text.push(',');
        text.push_str(argument);
    }
    text.push(']');
    text
}

/// The answer to an event of the main namespace, with one argument that is JSON already.
pub fn acknowledgement(id: u64, argument: &str) -> String {
    format!("43{id}[{argument}]")
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    // A text cannot fail to be JSON.
    serde_json::to_string(text).unwrap_or_default()
}
