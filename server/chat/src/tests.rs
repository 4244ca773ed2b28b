//! The promises of a room, checked over arbitrary sequences of inputs, and the cases that sequences rarely hit.

mod properties;
mod resume;
mod scenarios;

use protocol::{
    Activity, ClientId, DisplayName, Limits, MemberId, MessageId, Millis, Position, RoomCode, RoomInfo, RoomName, Text,
};

use crate::event::{Body, Effect, Input, MessageIds, SessionKey};
use crate::room::{Room, RoomStart};

/// Readable ids: tests compare them.
struct PlainIds;

impl MessageIds for PlainIds {
    fn message_id(&self, position: Position, _at: Millis, _member: &MemberId) -> MessageId {
        MessageId::parse(&format!("m{}", position.seq)).expect("short and plain")
    }
}

const HOUR: Millis = 3_600_000;

fn code() -> RoomCode {
    RoomCode::parse("KW7P3MXQ").expect("eight characters of the alphabet")
}

fn member(number: u8) -> MemberId {
    MemberId::parse(&format!("member-{number:015}")).expect("22 characters")
}

fn name(number: u8) -> DisplayName {
    // Some share a name on purpose.
    DisplayName::parse(&format!("Heron {}", number % 3)).expect("a plain name")
}

fn cid(number: u32) -> ClientId {
    ClientId::parse(&format!("c{number}")).expect("short and plain")
}

fn body(text: &str) -> Body {
    Body { text: Text::parse(text, 5_000).expect("not empty"), html: None }
}

fn room(capacity: u32, limits: Limits) -> Room {
    let info = RoomInfo {
        code: code(),
        name: RoomName::parse("Harbour").expect("a plain name"),
        capacity,
        pin: false,
        created_at: 0,
        expires_at: 24 * HOUR,
    };
    Room::new(RoomStart { info, epoch: 7, owner: member(0), limits, ids: Box::new(PlainIds), now: 0 })
}

fn join(session: u64, who: u8) -> Input {
    Input::Join {
        session: SessionKey(session),
        cid: Some(cid(u32::try_from(session).expect("small"))),
        member: member(who),
        name: name(who),
        activity: Activity::Online,
        since: None,
    }
}

fn send(session: u64, number: u32) -> Input {
    Input::Send { session: SessionKey(session), cid: cid(number), body: body("hello") }
}

/// Handles an input as the server does: what is published comes straight back.
fn run(room: &mut Room, now: Millis, input: Input) -> Vec<Effect> {
    let mut done = Vec::new();
    for effect in room.handle(now, input) {
        match effect {
            Effect::Publish(item) => done.extend(room.handle(now, Input::Relay(item))),
            other => done.push(other),
        }
    }
    done
}
