//! The native dialect: frames of `protocol` as JSON, the same for everybody, each in a WebSocket frame that is made once.

use std::sync::Arc;

use bytes::Bytes;
use protocol::{Message, ServerFrame, Whisper};

use crate::store::UserId;
use realtime::dialect::{Ashes, Broadcast, Counted, Dialect, DialectId, Frame, Projection, RoomContext};

/// Frames of `protocol`.
#[derive(Debug)]
pub struct Native;

/// Encodes, once.
fn encode(frame: &ServerFrame) -> Frame {
    Frame { bytes: bytes(frame), counted: Counted::of(frame), ashes: ashes(frame).map(Arc::new) }
}

fn bytes(frame: &ServerFrame) -> Bytes {
    // JSON is valid UTF-8.
    websocket::Frame::text(protocol::encode(frame).into()).into_bytes()
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
