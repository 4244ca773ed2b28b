//! The promises of a room, checked over arbitrary sequences of inputs, and the cases that sequences rarely hit.

mod changes;
mod convergence;
mod powers;
mod properties;
mod receipts;
mod resume;
mod scenarios;

use std::collections::BTreeSet;

use protocol::{
    Activity, ClientId, DisplayName, Limits, MemberId, MessageId, Millis, Refers, RoomCode, RoomInfo, RoomName, Text,
};

use crate::event::{Body, Effect, Input};
use crate::ids::{MessageIds, Named, NodeId, SessionKey};
use crate::room::{Room, RoomStart};
use crate::time::{Monotonic, Now};

/// Readable ids: tests compare them. What stands in one is believed.
struct PlainIds;

impl MessageIds for PlainIds {
    fn message_id(&self, at: Millis, random: u64, member: &MemberId) -> MessageId {
        MessageId::parse(&format!("m{random}_{at}_{}", member.as_str())).expect("short and plain")
    }

    fn whisper_id(&self, at: Millis, random: u64, member: &MemberId, to: &MemberId) -> MessageId {
        MessageId::parse(&format!("w{random}_{at}_{}_{}", member.as_str(), to.as_str())).expect("short and plain")
    }

    fn verify(&self, id: &MessageId) -> Option<Named> {
        let mut parts = id.as_str().strip_prefix(['m', 'w'])?.split('_');
        let (at, by) = (parts.nth(1)?, parts.next()?);
        let to = parts.next().map(|to| MemberId::parse(to).expect("is one"));
        Some(Named { at: at.parse().ok()?, by: MemberId::parse(by).ok()?, to })
    }
}

const NODE: NodeId = NodeId(1);

const HOUR: Millis = 3_600_000;

/// A moment so long after the start, with a wall clock that nobody sets.
fn at(ms: u64) -> Now {
    Now { wall: 0, mono: Monotonic::START }.after(ms)
}

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
    Body::Text { text: Text::parse(text, 5_000).expect("not empty"), html: None }
}

fn room(capacity: u32, limits: Limits) -> Room {
    room_of(false, capacity, limits)
}

/// A sealed room, or one for text.
fn room_of(sealed: bool, capacity: u32, limits: Limits) -> Room {
    let info = RoomInfo {
        code: code(),
        name: RoomName::parse("Harbour").expect("a plain name"),
        topic: None,
        capacity,
        pin: false,
        sealed,
        locked: false,
        timer_s: None,
        lobby: false,
        created_at: 0,
        expires_at: 24 * HOUR,
    };
    let (owner, moderators, ids) = (member(0), BTreeSet::new(), Box::new(PlainIds));
    Room::new(RoomStart { info, node: NODE, epoch: 7, owner, moderators, limits, ids, now: at(0) })
}

fn join(session: u64, who: u8) -> Input {
    Input::Join {
        session: SessionKey(session),
        cid: Some(cid(u32::try_from(session).expect("small"))),
        member: member(who),
        name: name(who),
        activity: Activity::Online,
        since: None,
        mark: None,
    }
}

fn send(session: u64, number: u32) -> Input {
    Input::Send {
        session: SessionKey(session),
        cid: cid(number),
        random: u64::from(number),
        body: body("hello"),
        refers: Refers::default(),
    }
}

/// Handles an input as the server does: what is published comes straight back.
fn run(room: &mut Room, ms: u64, input: Input) -> Vec<Effect> {
    run_at(room, at(ms), input)
}

/// As [`run`], with both clocks.
fn run_at(room: &mut Room, now: Now, input: Input) -> Vec<Effect> {
    let mut done = Vec::new();
    for effect in room.handle(now, input) {
        match effect {
            Effect::Publish(event) => done.extend(room.handle(now, Input::Relay(event))),
            other => done.push(other),
        }
    }
    done
}
