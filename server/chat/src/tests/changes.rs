//! Edits and deletions: who may, for how long, of which messages; told once and in their place.

use protocol::{Emoji, ErrorCode, Limits, MessageId, Refers, ServerFrame, Text, Timer};

use super::{at, cid, join, member, room, run, send};
use crate::event::{Action, ChangeKind, Effect, Input, Settings};
use crate::ids::SessionKey;
use crate::room::Room;

pub(super) fn change(session: u64, number: u32, message: &MessageId, kind: ChangeKind) -> Input {
    let (session, cid, message) = (SessionKey(session), cid(number), message.clone());
    Input::Change { session, cid, message, kind, random: u64::from(number) }
}

pub(super) fn words(text: &str) -> ChangeKind {
    ChangeKind::Edit { text: Text::parse(text, 5_000).expect("not empty"), html: None }
}

fn edit(session: u64, number: u32, message: &MessageId, text: &str) -> Input {
    change(session, number, message, words(text))
}

/// A room with the member 0 in the session 1 and the member 1 in the session 2; the first has said one thing at 0.
fn said() -> (Room, MessageId) {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 0, join(2, 1));
    let effects = run(&mut room, 0, send(1, 10));
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Broadcast(ServerFrame::Message(message)) => Some(message.id.clone()),
        _ => None,
    });
    (room, id.expect("is relayed"))
}

fn refusal(effects: &[Effect]) -> Option<ErrorCode> {
    match effects {
        [Effect::Reply(_, ServerFrame::Error { code, .. })] => Some(*code),
        _ => None,
    }
}

#[test]
fn an_own_message_is_edited_and_deleted_for_all_behind_its_ack() {
    let (mut room, id) = said();
    let edited = run(&mut room, 5, edit(1, 11, &id, "other words"));
    let [Effect::Reply(to, ServerFrame::Ack { seq, id: acked, .. }), Effect::Broadcast(told)] = &edited[..] else {
        panic!("{edited:?}")
    };
    assert_eq!((*to, *seq, acked), (SessionKey(1), 1, &id), "its place is behind the last message");
    let text = "other words".to_owned();
    assert!(
        *told == ServerFrame::Edited { room: super::code(), id: id.clone(), at: 5, text, html: None, whisper: false }
    );
    let deleted = run(&mut room, 6, change(1, 12, &id, ChangeKind::Delete));
    let told = ServerFrame::Deleted { room: super::code(), id, at: 6, whisper: false };
    assert!(deleted.last() == Some(&Effect::Broadcast(told)));
    assert_eq!(room.position().changes, Some(2));
}

#[test]
fn a_message_has_the_timer_that_its_sender_chose_or_the_rooms() {
    let (mut room, _) = said();
    let mut number = 50;
    let mut timer = |room: &mut Room, timer_s| {
        number += 1;
        let (session, refers) = (SessionKey(1), Refers { timer_s, ..Refers::default() });
        let (cid, random) = (cid(number), u64::from(number));
        let told = run(room, 7, Input::Send { session, cid, random, body: super::body("soon gone"), refers });
        match told.last() {
            Some(Effect::Broadcast(ServerFrame::Message(message))) => message.timer,
            _ => panic!("{told:?}"),
        }
    };
    let cap = Limits::default().burn_unread_ms;
    assert_eq!(timer(&mut room, None), None);
    assert_eq!(timer(&mut room, Some(30)), Some(Timer { after_s: 30, ends_at: 7 + cap }));
    let settings = Settings { timer_s: Some(Some(300)), ..Settings::default() };
    let (random, by) = (1, member(0));
    run(&mut room, 7, Input::Act { asked: None, random, by, action: Action::Settings(settings) });
    assert_eq!(timer(&mut room, None).map(|timer| timer.after_s), Some(300));
    assert_eq!(timer(&mut room, Some(5)).map(|timer| timer.after_s), Some(5));
    assert_eq!(timer(&mut room, Some(0)), None, "who wants none has none");
}

#[test]
fn a_repeated_request_is_acknowledged_again_and_told_once() {
    let (mut room, id) = said();
    let first = run(&mut room, 5, edit(1, 11, &id, "once"));
    let again = run(&mut room, 6, edit(1, 11, &id, "twice?"));
    assert!(again[..] == first[..1], "the same ack, and nothing for the others");
}

#[test]
fn nobody_changes_what_another_has_said() {
    let (mut room, id) = said();
    for kind in [words("mine now"), ChangeKind::Delete] {
        assert_eq!(refusal(&run(&mut room, 1, change(2, 11, &id, kind))), Some(ErrorCode::NotYours));
    }
}

pub(super) fn reaction(emoji: &str, on: bool) -> ChangeKind {
    ChangeKind::React { emoji: Emoji::parse(emoji).expect("is one"), on }
}

#[test]
fn everybody_reacts_to_everything_of_this_room_and_is_named() {
    let (mut room, id) = said();
    let window = Limits::default().edit_window_ms;
    for (number, session, who, on) in [(20, 1, 0, true), (21, 2, 1, true), (22, 2, 1, false)] {
        let effects = run(&mut room, window * 2, change(session, number, &id, reaction("🎉", on)));
        let Some(Effect::Broadcast(ServerFrame::Reaction { id: of, member: by, on: is_on, .. })) = effects.last()
        else {
            panic!("{effects:?}")
        };
        assert_eq!((of, by, *is_on), (&id, &member(who), on));
    }
    assert_eq!(room.position().changes, Some(3));
    let foreign = MessageId::parse("forged").expect("has the shape");
    let refused = run(&mut room, 1, change(1, 40, &foreign, reaction("🎉", true)));
    assert_eq!(refusal(&refused), Some(ErrorCode::UnknownMessage));
}

#[test]
fn an_answer_names_a_message_of_this_room_and_people_who_are_inside() {
    let (mut room, id) = said();
    let answer = |number, reply: &MessageId| {
        let refers = Refers { reply: Some(reply.clone()), mentions: vec![member(0), member(9)], timer_s: None };
        let (session, text) = (SessionKey(2), super::body("yes"));
        Input::Send { session, cid: super::cid(number), random: u64::from(number), body: text, refers }
    };
    let effects = run(&mut room, 1, answer(30, &id));
    let Some(Effect::Broadcast(ServerFrame::Message(message))) = effects.last() else { panic!("{effects:?}") };
    assert_eq!((message.reply.as_ref(), &message.mentions), (Some(&id), &vec![member(0)]));
    let foreign = MessageId::parse("forged").expect("has the shape");
    assert_eq!(refusal(&run(&mut room, 1, answer(31, &foreign))), Some(ErrorCode::UnknownMessage));
}

#[test]
fn what_no_message_of_this_room_is_called_is_refused() {
    let (mut room, _) = said();
    let foreign = MessageId::parse("forged").expect("has the shape");
    assert_eq!(refusal(&run(&mut room, 1, edit(1, 11, &foreign, "x"))), Some(ErrorCode::UnknownMessage));
    assert_eq!(room.position().changes, Some(0));
}

#[test]
fn a_message_can_be_changed_for_its_time_and_no_millisecond_longer() {
    let window = Limits::default().edit_window_ms;
    let (mut room, id) = said();
    assert_eq!(refusal(&run(&mut room, window, edit(1, 11, &id, "in time"))), None);
    assert_eq!(refusal(&run(&mut room, window + 1, edit(1, 12, &id, "x"))), Some(ErrorCode::TooLate));
    assert_eq!(refusal(&run(&mut room, window + 1, change(1, 13, &id, ChangeKind::Delete))), Some(ErrorCode::TooLate));
}

#[test]
fn who_is_not_inside_changes_nothing() {
    let (mut room, id) = said();
    run(&mut room, 1, Input::Leave { session: SessionKey(1), cid: None });
    assert_eq!(refusal(&run(&mut room, 2, edit(1, 11, &id, "x"))), Some(ErrorCode::NotInRoom));
    // Who comes again is the same member, and their messages are still theirs.
    run(&mut room, 3, join(3, 0));
    assert_eq!(refusal(&run(&mut room, 4, edit(3, 12, &id, "x"))), None);
    assert!(room.members().any(|inside| inside.id == member(0)));
}

#[test]
fn what_the_broker_did_not_take_can_be_asked_for_again() {
    let (mut room, id) = said();
    let published = room.handle(at(1), edit(1, 11, &id, "x"));
    assert!(matches!(published[..], [Effect::Publish(_)]));
    let session = SessionKey(1);
    let lost = room.handle(at(2), Input::NotRelayed { session, cid: cid(11) });
    assert_eq!(refusal(&lost), Some(ErrorCode::Overloaded));
    assert!(matches!(room.handle(at(3), edit(1, 11, &id, "x"))[..], [Effect::Publish(_)]));
}
