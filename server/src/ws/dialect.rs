//! The native dialect: frames of `protocol` as JSON, the same for everybody, each in a WebSocket frame that is made once.

use protocol::ServerFrame;

use crate::store::UserId;
use realtime::dialect::{Broadcast, Counted, Dialect, DialectId, Frame, Projection, RoomContext};

/// Frames of `protocol`.
#[derive(Debug)]
pub struct Native;

/// Encodes, once.
fn encode(frame: &ServerFrame) -> Frame {
    let counted = Counted::of(frame);
    // JSON is valid UTF-8.
    Frame { bytes: websocket::Frame::text(protocol::encode(frame).into()).into_bytes(), counted }
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
