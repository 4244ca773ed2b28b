//! How far people have read: told to those who tell it, by ids that the room made, a tick at a time.

use protocol::{Limits, MessageId, ReadUpTo, ServerFrame};

use super::{at, join, member, room, run, send};
use crate::event::{Effect, Input};
use crate::ids::SessionKey;
use crate::room::Room;

fn read(session: u64, id: Option<&MessageId>) -> Input {
    Input::Read { session: SessionKey(session), id: id.cloned() }
}

/// The members 0 and 1 in the sessions 1 and 2, and what the first has said at 10.
fn said(limits: Limits) -> (Room, MessageId) {
    let mut room = room(5, limits);
    run(&mut room, 0, join(1, 0));
    run(&mut room, 5, join(2, 1));
    let effects = run(&mut room, 10, send(1, 10));
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Broadcast(ServerFrame::Message(message)) => Some(message.id.clone()),
        _ => None,
    });
    // Word of who came is out of the way.
    run(&mut room, 1_000, Input::Tick);
    (room, id.expect("is relayed"))
}

/// Who is told what.
fn receipts(effects: &[Effect]) -> Vec<(u64, Vec<ReadUpTo>)> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Reply(SessionKey(session), ServerFrame::Receipt { reads, .. }) => Some((*session, reads.clone())),
        _ => None,
    });
    told.collect()
}

fn up_to(who: u8, from: u64, until: u64) -> ReadUpTo {
    ReadUpTo { member: member(who), from: at(from).wall, at: at(until).wall }
}

#[test]
fn reading_is_told_once_a_tick_to_those_who_tell_it() {
    let (mut room, id) = said(Limits::default());
    assert_eq!(receipts(&run(&mut room, 2_000, read(2, Some(&id)))), [], "nothing is known yet");
    let due = room.deadline();
    assert_eq!(due, at(2_000 + Limits::default().presence_tick_ms).mono);
    let told = receipts(&run(&mut room, 2_200, Input::Tick));
    assert_eq!(told, [(2, vec![up_to(1, 5, 10)])], "the first has told nothing, and is told nothing");
    // Who begins to tell is told all that is known; what is told again is no news.
    assert_eq!(receipts(&run(&mut room, 2_300, read(1, Some(&id)))), [(1, vec![up_to(1, 5, 10)])]);
    run(&mut room, 2_300, read(2, Some(&id)));
    let told = receipts(&run(&mut room, 2_500, Input::Tick));
    assert_eq!(told, [(1, vec![up_to(0, 0, 10)]), (2, vec![up_to(0, 0, 10)])]);
    // Switched off, it is over in both ways.
    run(&mut room, 2_600, read(1, None));
    let second = run(&mut room, 2_700, send(2, 11));
    let id = second.iter().find_map(|effect| match effect {
        Effect::Broadcast(ServerFrame::Message(message)) => Some(message.id.clone()),
        _ => None,
    });
    run(&mut room, 2_800, read(2, id.as_ref()));
    assert_eq!(receipts(&run(&mut room, 3_100, Input::Tick)), [(2, vec![up_to(1, 5, 2_700)])]);
}

#[test]
fn what_the_room_did_not_make_is_read_by_nobody_and_a_large_room_tells_nothing() {
    let (mut room, id) = said(Limits::default());
    run(&mut room, 1_500, read(1, Some(&id)));
    let told = run(&mut room, 2_000, read(2, Some(&MessageId::parse("forged").expect("has the shape"))));
    assert_eq!(receipts(&told), [], "nor does who names it see what others have read");
    run(&mut room, 3_000, Input::Tick);
    assert_eq!(receipts(&run(&mut room, 3_500, Input::Tick)), []);
    let (mut room, id) = said(Limits { receipts_people_max: 1, ..Limits::default() });
    run(&mut room, 2_000, read(2, Some(&id)));
    run(&mut room, 2_000, read(1, Some(&id)));
    assert_eq!(receipts(&run(&mut room, 3_000, Input::Tick)), []);
}

#[test]
fn of_a_whisper_nothing_is_told() {
    let (mut room, _) = said(Limits::default());
    let id = MessageId::parse(&format!("w1_9_{}_{}", member(0).as_str(), member(1).as_str())).expect("has the shape");
    run(&mut room, 2_000, read(2, Some(&id)));
    run(&mut room, 2_000, read(1, Some(&id)));
    assert_eq!(receipts(&run(&mut room, 3_000, Input::Tick)), []);
}
