//! Packets of Engine.IO 4, and both of their encodings: one in a WebSocket message, several in a polling body. Knows no
//! session.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::Fault;

/// Between the packets of a body ("Packet encoding" in the protocol's document).
pub(crate) const SEPARATOR: u8 = 0x1e;

/// One packet of a client.
#[derive(Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`: only the server sends one.
    Open,
    /// `1`: the session is over.
    Close,
    /// `2`, with what is to be sent back.
    Ping(&'a str),
    /// `3`, with what came in the ping.
    Pong(&'a str),
    /// `4`: text of the protocol above.
    Message(&'a str),
    /// `b` and base64 in a body, a binary message on a WebSocket.
    Binary(Cow<'a, [u8]>),
    /// `5`: the client has gone over to the WebSocket.
    Upgrade,
    /// `6`: nothing.
    Noop,
}

impl<'a> Packet<'a> {
    /// Reads the text of one packet.
    ///
    /// # Errors
    /// A type that does not exist, or what is no base64.
    pub fn parse(text: &'a str) -> Result<Self, Fault> {
        let (kind, data) = text.split_at_checked(1).ok_or(Fault)?;
        match kind {
            "0" => Ok(Self::Open),
            "1" => Ok(Self::Close),
            "2" => Ok(Self::Ping(data)),
            "3" => Ok(Self::Pong(data)),
            "4" => Ok(Self::Message(data)),
            "5" => Ok(Self::Upgrade),
            "6" => Ok(Self::Noop),
            "b" => STANDARD.decode(data).map(|bytes| Self::Binary(bytes.into())).map_err(|_| Fault),
            _ => Err(Fault),
        }
    }
}

/// The content is what people write.
impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packet(…)")
    }
}

/// The packets of one polling body, checked all at once and taken one after the other.
pub struct Payload {
    /// What is left; `None` behind the last one.
    rest: Option<Bytes>,
    packets: usize,
}

impl Payload {
    /// Reads a body.
    ///
    /// # Errors
    /// One of its packets cannot be read.
    pub fn parse(body: Bytes) -> Result<Self, Fault> {
        let mut packets = 0;
        for packet in std::str::from_utf8(&body).map_err(|_| Fault)?.split(char::from(SEPARATOR)) {
            Packet::parse(packet)?;
            packets += 1;
        }
        Ok(Self { rest: Some(body), packets })
    }

    /// How many packets it had when it was read.
    pub const fn packets(&self) -> usize {
        self.packets
    }

    /// The text of the next packet, for [`Packet::parse`].
    pub fn take(&mut self) -> Option<Bytes> {
        let mut rest = self.rest.take()?;
        let Some(end) = rest.iter().position(|byte| *byte == SEPARATOR) else {
            return Some(rest);
        };
        let packet = rest.split_to(end);
        self.rest = Some(rest.slice(1..));
        Some(packet)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} packets)", self.packets)
    }
}

/// One packet on its way out, as a WebSocket message carries it.
#[derive(Clone, PartialEq, Eq)]
pub enum Encoded {
    /// UTF-8, the packet's type first.
    Text(Bytes),
    /// The content alone.
    Binary(Bytes),
}

impl Encoded {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Adds it to a polling body.
    pub(crate) fn append_to(&self, body: &mut Vec<u8>) {
        if !body.is_empty() {
            body.push(SEPARATOR);
        }
        match self {
            Self::Text(text) => body.extend_from_slice(text),
            Self::Binary(bytes) => {
                body.push(b'b');
                body.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            }
        }
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({} bytes)", self.len())
    }
}

impl From<String> for Encoded {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&'static str> for Encoded {
    fn from(text: &'static str) -> Self {
        Self::Text(Bytes::from_static(text.as_bytes()))
    }
}
