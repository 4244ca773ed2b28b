//! What waits in a Socket.IO session's queue, so that the queue stays one of shared bytes whatever a session speaks: whole
//! messages of Engine.IO as they go out, and answers whose number only the connection knows.
//!
//! An answer is a letter, the request's name and the JSON, parted by a line feed. No message of Engine.IO begins with that
//! letter.

use bytes::Bytes;
use protocol::{ClientId, encode};
use serde::Serialize;

use realtime::dialect::{Counted, Frame};

/// An answer begins with it.
const ANSWER: u8 = b'a';

/// One event for the client.
pub(super) fn event(name: &str, arguments: &[&str]) -> Frame {
    frame(socketio::packet::event(name, arguments))
}

/// The answer to a request that carried an acknowledgement.
pub(super) fn answer(cid: &ClientId, body: &impl Serialize) -> Frame {
    frame(format!("a{}\n{}", cid.as_str(), encode(body)))
}

/// These clients cannot say what they have: nothing is kept for them beyond the line.
fn frame(text: String) -> Frame {
    Frame::plain(Bytes::from(text.into_bytes().into_boxed_slice()), Counted::No)
}

/// A line of the queue, read again: what goes out. `number` answers (once) under which number a request waits for its
/// answer; `None` where it waits for none.
pub(super) fn outgoing(line: Bytes, number: impl FnOnce(&str) -> Option<u64>) -> Option<Bytes> {
    if line.first() != Some(&ANSWER) {
        return Some(line);
    }
    let (cid, body) = std::str::from_utf8(&line).ok()?.get(1..)?.split_once('\n')?;
    Some(socketio::packet::acknowledgement(number(cid)?, body).into())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use protocol::ClientId;

    use super::{answer, event, outgoing};

    #[test]
    fn what_is_queued_is_what_goes_out() {
        let shared = event("users_online", &["[{\"a\":\"x\\ny\"}]", "\"KW7P3MXQ\""]).bytes;
        let sent = outgoing(shared.clone(), |_| panic!("is no answer")).expect("goes out");
        assert_eq!(sent, "42[\"users_online\",[{\"a\":\"x\\ny\"}],\"KW7P3MXQ\"]");
        assert_eq!(sent.as_ptr(), shared.as_ptr(), "not copied");
        let cid = ClientId::parse("c1").expect("is a cid");
        let answered = answer(&cid, &"x\ny").bytes;
        let named = |cid: &str| (cid == "c1").then_some(7);
        assert_eq!(outgoing(answered.clone(), named).expect("goes out"), "437[\"x\\ny\"]");
        assert!(outgoing(answered, |_| None).is_none(), "nobody waits for it");
        for nonsense in ["a", "a1", "ac1"] {
            assert!(outgoing(Bytes::from_static(nonsense.as_bytes()), |_| Some(1)).is_none());
        }
    }
}
