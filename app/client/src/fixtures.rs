//! What the tests of the client share: short ways to make people, frames and dice.

use protocol::{
    Activity, ClientId, DisplayName, Me, Member, MemberId, Message, MessageId, RoomCode, RoomInfo, RoomName, Secret,
    ServerFrame, SessionId, UserKind,
};

use crate::env::Env;

pub(super) fn code() -> RoomCode {
    RoomCode::parse("KW7P3MXQ").expect("a code")
}

pub(super) fn member_id(number: u64) -> MemberId {
    MemberId::parse(&format!("{number:022}")).expect("22 digits")
}

pub(super) fn cid(number: u64) -> ClientId {
    ClientId::parse(&format!("c{number}")).expect("a short id")
}

/// The id of the message with this number.
pub(super) fn id(seq: u64) -> MessageId {
    MessageId::parse(&format!("m{seq}")).expect("a short id")
}

pub(super) fn name(name: &str) -> DisplayName {
    DisplayName::parse(name).expect("a name")
}

pub(super) fn member(number: u64) -> Member {
    Member {
        id: member_id(number),
        name: name(&format!("Member {number}")),
        state: Activity::Online,
        owner: number == 0,
        moderator: false,
    }
}

pub(super) fn me() -> Me {
    Me { kind: UserKind::Guest, name: name("Member 1"), username: None }
}

pub(super) fn message(from: u64, number: u64, seq: u64) -> Message {
    Message {
        room: code(),
        seq,
        id: id(seq),
        cid: cid(number),
        member: member_id(from),
        name: name(&format!("Member {from}")),
        at: seq.saturating_mul(1_000),
        text: format!("text {number}"),
        html: None,
        reply: None,
        mentions: Vec::new(),
        timer: None,
    }
}

pub(super) fn info() -> RoomInfo {
    RoomInfo {
        code: code(),
        name: RoomName::parse("Low Tide").expect("a name"),
        topic: None,
        capacity: 50,
        pin: false,
        sealed: false,
        locked: false,
        timer_s: None,
        lobby: false,
        created_at: 0,
        expires_at: 1_000_000_000,
    }
}

pub(super) fn welcome(session: u64, resumed: bool, rooms: Vec<RoomCode>) -> ServerFrame {
    ServerFrame::Welcome {
        session: SessionId::parse(&format!("{session:022}")).expect("22 digits"),
        secret: Secret::parse(&format!("{session:022}")).expect("22 digits"),
        resumed,
        rooms,
        me: me(),
        now: 5_000_000,
        limits: (&protocol::Limits::default()).into(),
    }
}

/// Dice that never fall the same way twice, and the same in every run.
pub(super) fn dice() -> impl FnMut() -> u64 {
    let mut state = 0_u64;
    move || {
        state += 1;
        // SplitMix64, the usual way to spread a counter over all bits.
        let mut mixed = state.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

pub(super) fn at(now: u64, dice: &mut dyn FnMut() -> u64) -> Env<'_> {
    Env { now, dice }
}
