//! What waits in a Socket.IO session's queue: one event, one answer, or one word of the server to its own connection.
//!
//! A line of text each, so that the queue stays one of shared bytes, whatever a session speaks: a letter, a name, and
//! each argument as the JSON it is sent as, parted by line feeds, which compact JSON never has.

use bytes::Bytes;
use protocol::{ClientId, RoomCode, encode};
use serde::ser::{Serialize, SerializeTuple as _, Serializer};
use serde_json::value::RawValue;

use crate::session::{Counted, Frame};

/// One event for the client.
pub(super) fn event(name: &str, arguments: &[&str]) -> Frame {
    frame(&format!("e{name}\n{}", arguments.join("\n")))
}

/// The answer to a request that carried an acknowledgement.
pub(super) fn answer(cid: &ClientId, body: &impl Serialize) -> Frame {
    frame(&format!("a{}\n{}", cid.as_str(), encode(body)))
}

/// The call of an acknowledgement by its number, for what never became a request.
pub(super) fn acknowledgement(id: i64, body: &impl Serialize) -> Frame {
    frame(&format!("k{id}\n{}", encode(body)))
}

/// Another session of the same person has entered a room.
pub(super) fn follow(code: RoomCode) -> Frame {
    frame(&format!("f{}", code.as_str()))
}

/// These clients cannot say what they have: nothing is kept for them beyond the line.
fn frame(text: &str) -> Frame {
    Frame { bytes: Bytes::copy_from_slice(text.as_bytes()), counted: Counted::No }
}

/// A line, read again.
pub(super) enum Packet<'q> {
    Event { name: &'q str, arguments: Arguments<'q> },
    Answer { cid: &'q str, body: &'q RawValue },
    Acknowledgement { id: i64, body: &'q RawValue },
    Follow { code: &'q str },
}

/// The arguments of an event, serialised already: they are copied, not encoded again.
pub(super) struct Arguments<'q>(Vec<&'q RawValue>);

impl Serialize for Arguments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for argument in &self.0 {
            tuple.serialize_element(argument)?;
        }
        tuple.end()
    }
}

impl Arguments<'_> {
    /// Bytes of an event of this name as it goes out.
    pub(super) fn wire_len(&self, name: &str) -> usize {
        let arguments: usize = self.0.iter().map(|argument| 1 + argument.get().len()).sum();
        "42[\"\"]".len() + name.len() + arguments
    }
}

/// Bytes of an acknowledgement's call as it goes out.
pub(super) fn acknowledgement_len(id: i64, body: &RawValue) -> usize {
    "43[]".len() + id.to_string().len() + body.get().len()
}

/// Reads a line of the queue; `None` never comes for what this module wrote.
pub(super) fn parse(line: &[u8]) -> Option<Packet<'_>> {
    let text = std::str::from_utf8(line).ok()?;
    let (kind, rest) = text.split_at_checked(1)?;
    let mut parts = rest.split('\n');
    let name = parts.next()?;
    match kind {
        "e" => {
            let arguments = parts.map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
            Some(Packet::Event { name, arguments: Arguments(arguments) })
        }
        "a" => Some(Packet::Answer { cid: name, body: serde_json::from_str(parts.next()?).ok()? }),
        "k" => {
            let id = name.parse().ok()?;
            Some(Packet::Acknowledgement { id, body: serde_json::from_str(parts.next()?).ok()? })
        }
        "f" => Some(Packet::Follow { code: name }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Packet, event, parse};

    #[test]
    fn what_is_queued_is_read_again() {
        let frame = event("users_online", &["[{\"a\":\"x\\ny\"}]", "\"KW7P3MXQ\""]);
        let Some(Packet::Event { name, arguments }) = parse(&frame.bytes) else {
            panic!("an event is an event");
        };
        assert_eq!(name, "users_online");
        assert_eq!(serde_json::to_string(&arguments).ok().as_deref(), Some("[[{\"a\":\"x\\ny\"}],\"KW7P3MXQ\"]"));
        let sent = "42[\"users_online\",[{\"a\":\"x\\ny\"}],\"KW7P3MXQ\"]";
        assert_eq!(arguments.wire_len(name), sent.len());
        for nonsense in [b"".as_slice(), b"x", b"eX\n{", b"a1", b"a1\n{", b"k1", b"kx\n{}", b"\xff\xff", "é".as_bytes()]
        {
            assert!(parse(nonsense).is_none());
        }
    }
}
