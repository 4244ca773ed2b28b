//! What an HTTP request to the transport's address wants, read from its method and its query ("Transports" in the document
//! of Engine.IO 4). Knows no session: whether a name is known is for the caller to say.

use crate::TransportKind;

/// The version of Engine.IO that is spoken.
const VERSION: &str = "4";

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// A session.
    Open(TransportKind),
    /// Packets for the session of this name.
    Poll(&'a str),
    /// To bring packets of the session.
    Post(&'a str),
    /// A WebSocket in place of the session's polls.
    Upgrade(&'a str),
}

/// Why a request gets nothing. The numbers and words are the reference server's; the status is 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No transport, or none that exists.
    UnknownTransport,
    /// No session has that name, or none has it any more.
    UnknownSession,
    /// A session is opened with a `GET`.
    BadHandshakeMethod,
    /// Against the rules of the transport.
    BadRequest,
    /// Not version 4.
    UnsupportedVersion,
}

impl Refusal {
    /// The body of the answer, `application/json`.
    pub const fn body(self) -> &'static str {
        match self {
            Self::UnknownTransport => r#"{"code":0,"message":"TransportKind unknown"}"#,
            Self::UnknownSession => r#"{"code":1,"message":"EngineSession ID unknown"}"#,
            Self::BadHandshakeMethod => r#"{"code":2,"message":"Bad handshake method"}"#,
            Self::BadRequest => r#"{"code":3,"message":"Bad request"}"#,
            Self::UnsupportedVersion => r#"{"code":5,"message":"Unsupported protocol version"}"#,
        }
    }
}

impl<'a> Ask<'a> {
    /// Reads a method as HTTP spells it and a query without its question mark. Of each name the first one counts.
    ///
    /// # Errors
    /// Why the request gets nothing.
    pub fn parse(method: &str, query: &'a str) -> Result<Self, Refusal> {
        let first = |name: &str| {
            query.split('&').find_map(|pair| pair.split_once('=').filter(|(found, _)| *found == name)).map(|(_, v)| v)
        };
        if first("EIO") != Some(VERSION) {
            return Err(Refusal::UnsupportedVersion);
        }
        let transport = match first("transport") {
            Some("polling") => TransportKind::Polling,
            Some("websocket") => TransportKind::WebSocket,
            Some(_) | None => return Err(Refusal::UnknownTransport),
        };
        match (transport, first("sid"), method) {
            (TransportKind::Polling | TransportKind::WebSocket, None, "GET") => Ok(Self::Open(transport)),
            (TransportKind::Polling | TransportKind::WebSocket, None, _) => Err(Refusal::BadHandshakeMethod),
            (TransportKind::Polling, Some(sid), "GET") => Ok(Self::Poll(sid)),
            (TransportKind::Polling, Some(sid), "POST") => Ok(Self::Post(sid)),
            (TransportKind::WebSocket, Some(sid), "GET") => Ok(Self::Upgrade(sid)),
            (TransportKind::Polling | TransportKind::WebSocket, Some(_), _) => Err(Refusal::BadRequest),
        }
    }
}
