//! What waits in a Socket.IO session's queue, so that the queue stays one of shared bytes whatever a session speaks: whole
//! messages of Engine.IO as they go out, and answers whose number only the connection knows.
//!
//! An answer is a letter, the request's name and the JSON, parted by a line feed; a message with a burn timer is a letter,
//! when it is over, and the message. No message of Engine.IO begins with those letters.

use std::sync::LazyLock;
use std::time::Instant;

use bytes::Bytes;
use protocol::{ClientId, Millis, encode};
use serde::Serialize;

use realtime::dialect::{Counted, Frame};

/// An answer begins with it.
const ANSWER: u8 = b'a';
/// What burns begins with it.
const BURNS: u8 = b'b';

/// From when the ends of what burns are counted.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds since then.
pub(super) fn now_ms() -> u64 {
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// One event for the client.
pub(super) fn event(name: &str, arguments: &[&str]) -> Frame {
    frame(socketio::packet::event(name, arguments))
}

/// The answer to a request that carried an acknowledgement.
pub(super) fn answer(cid: &ClientId, body: &impl Serialize) -> Frame {
    frame(format!("a{}\n{}", cid.as_str(), encode(body)))
}

/// The same for one that is over after so many milliseconds: who fetches it later gets nothing of it.
pub(super) fn burning(frame: &Frame, lasts_ms: Millis) -> Frame {
    let head = format!("{}{}\n", char::from(BURNS), now_ms().saturating_add(lasts_ms));
    let bytes = [head.as_bytes(), &frame.bytes].concat().into_boxed_slice();
    Frame::plain(bytes.into(), frame.counted)
}

/// These clients cannot say what they have: nothing is kept for them beyond the line.
fn frame(text: String) -> Frame {
    Frame::plain(Bytes::from(text.into_bytes().into_boxed_slice()), Counted::No)
}

/// A line of the queue, read again: what goes out. `number` answers (once) under which number a request waits for its
/// answer; `None` where it waits for none. `now_ms` is asked about what burns.
pub(super) fn outgoing(
    line: Bytes,
    now_ms: impl FnOnce() -> u64,
    number: impl FnOnce(&str) -> Option<u64>,
) -> Option<Bytes> {
    match line.first() {
        Some(&ANSWER) => {}
        Some(&BURNS) => {
            let end = line.iter().position(|byte| *byte == b'\n')?;
            let over: u64 = std::str::from_utf8(line.get(1..end)?).ok()?.parse().ok()?;
            return (now_ms() < over).then(|| line.slice(end + 1..));
        }
        Some(_) | None => return Some(line),
    }
    let (cid, body) = std::str::from_utf8(&line).ok()?.get(1..)?.split_once('\n')?;
    Some(socketio::packet::acknowledgement(number(cid)?, body).into())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use protocol::ClientId;

    use super::{answer, burning, event, now_ms, outgoing};

    #[test]
    fn what_is_queued_is_what_goes_out() {
        let now = || panic!("nothing burns");
        let shared = event("users_online", &["[{\"a\":\"x\\ny\"}]", "\"KW7P3MXQ\""]).bytes;
        let sent = outgoing(shared.clone(), now, |_| panic!("is no answer")).expect("goes out");
        assert_eq!(sent, "42[\"users_online\",[{\"a\":\"x\\ny\"}],\"KW7P3MXQ\"]");
        assert_eq!(sent.as_ptr(), shared.as_ptr(), "not copied");
        let cid = ClientId::parse("c1").expect("is a cid");
        let answered = answer(&cid, &"x\ny").bytes;
        let named = |cid: &str| (cid == "c1").then_some(7);
        assert_eq!(outgoing(answered.clone(), now, named).expect("goes out"), "437[\"x\\ny\"]");
        assert!(outgoing(answered, now, |_| None).is_none(), "nobody waits for it");
        for nonsense in ["a", "a1", "ac1"] {
            assert!(outgoing(Bytes::from_static(nonsense.as_bytes()), now, |_| Some(1)).is_none());
        }
    }

    #[test]
    fn what_is_over_does_not_go_out() {
        let said = event("new_message", &["{\"content\":\"x\\ny\"}"]);
        let burns = burning(&said, 1_000).bytes;
        let at = |later_ms| outgoing(burns.clone(), || now_ms() + later_ms, |_| panic!("is no answer"));
        assert_eq!(at(0), Some(said.bytes));
        assert_eq!(at(1_000), None);
        for nonsense in ["b", "b1", "bx\n", "b\n"] {
            assert!(outgoing(Bytes::from_static(nonsense.as_bytes()), || 0, |_| None).is_none());
        }
    }
}
