//! The native dialect: frames of `protocol` as JSON, the same for everybody, each in a WebSocket frame that is made once.

use std::sync::Arc;

use bytes::Bytes;
use protocol::{Message, SealedMessage, ServerFrame, Whisper, decode_server};

use crate::store::UserId;
use realtime::dialect::{
    Ashes, Broadcast, Counted, Dialect, DialectId, Frame, Projection, Revises, RoomContext, TextOf,
};

/// Frames of `protocol`.
#[derive(Debug)]
pub struct Native;

/// Encodes, once.
fn encode(frame: &ServerFrame) -> Frame {
    Frame {
        bytes: bytes(frame),
        counted: Counted::of(frame),
        ashes: ashes(frame).map(Arc::new),
        text_of: TextOf::frame(frame),
        revises: Revises::frame(frame, retell).map(Arc::new),
    }
}

fn bytes(frame: &ServerFrame) -> Bytes {
    // JSON is valid UTF-8.
    websocket::WireFrame::text(protocol::encode(frame).into()).into_bytes()
}

/// What is left of a message with a timer when that is over.
fn ashes(frame: &ServerFrame) -> Option<Ashes> {
    // Most frames burn nothing, and are not copied to find that out.
    let (timer, at, over) = match frame {
        ServerFrame::Message(message) => (message.timer?, message.at, {
            ServerFrame::Message(Message { text: String::new(), html: None, ..message.clone() })
        }),
        ServerFrame::Whisper(whisper) => (whisper.timer?, whisper.at, {
            ServerFrame::Whisper(Whisper { text: String::new(), html: None, ..whisper.clone() })
        }),
        _ => return None,
    };
    Some(Ashes::after(timer.ends_at.saturating_sub(at), bytes(&over)))
}

/// What is told of a message by one who knows already that it was edited or taken back. What was taken back does not burn
/// either, and what was sealed becomes a message that says nothing.
fn retell(frame: &Bytes, by: &ServerFrame) -> Option<Bytes> {
    let payload = websocket::payload(frame);
    let before = decode_server(std::str::from_utf8(&payload).ok()?).ok()?;
    let after = match (before, by) {
        (ServerFrame::Message(said), ServerFrame::Edited { id, text, html, .. }) if said.id == *id => {
            ServerFrame::Message(Message { text: text.clone(), html: html.clone(), ..said })
        }
        (ServerFrame::Whisper(said), ServerFrame::Edited { id, text, html, .. }) if said.id == *id => {
            ServerFrame::Whisper(Whisper { text: text.clone(), html: html.clone(), ..said })
        }
        (ServerFrame::Message(said), ServerFrame::Deleted { id, .. }) if said.id == *id => {
            ServerFrame::Message(Message { text: String::new(), html: None, timer: None, ..said })
        }
        (ServerFrame::Whisper(said), ServerFrame::Deleted { id, .. }) if said.id == *id => {
            ServerFrame::Whisper(Whisper { text: String::new(), html: None, timer: None, ..said })
        }
        (ServerFrame::Sealed(said), ServerFrame::Deleted { id: gone, .. }) if said.id == *gone => {
            let SealedMessage { room, seq, id, cid, member, name, at, sealed: _ } = said;
            let (text, html, reply, mentions, timer) = (String::new(), None, None, Vec::new(), None);
            ServerFrame::Message(Message { room, seq, id, cid, member, name, at, text, html, reply, mentions, timer })
        }
        // An earlier edit says what this one does.
        (ServerFrame::Edited { room, id, at, whisper, .. }, ServerFrame::Edited { id: other, text, html, .. })
            if id == *other =>
        {
            ServerFrame::Edited { room, id, at, text: text.clone(), html: html.clone(), whisper }
        }
        (ServerFrame::Edited { room, id, at, whisper, .. }, ServerFrame::Deleted { id: other, .. }) if id == *other => {
            ServerFrame::Edited { room, id, at, text: String::new(), html: None, whisper }
        }
        _ => return None,
    };
    Some(bytes(&after))
}

impl Dialect for Native {
    fn id(&self) -> DialectId {
        DialectId("native")
    }

    fn reads_sealed(&self) -> bool {
        true
    }

    fn reply(&self, _: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame)) {
        push(encode(frame));
    }

    fn projection(&self) -> Box<dyn Projection> {
        Box::new(Self)
    }
}

impl Projection for Native {
    fn broadcast(&mut self, frame: &ServerFrame, _: &RoomContext<'_>) -> Option<Broadcast> {
        Some(Broadcast::Shared(encode(frame)))
    }
}
