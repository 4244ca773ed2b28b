//! Single cases, each named after what it promises.

use protocol::{Activity, ErrorCode, LeaveReason, Limits, Position, ServerFrame};

use super::{HOUR, NODE, at, cid, join, member, name, room, run, run_at, send};
use crate::event::{Effect, Ended, EventKind, Input, RoomEvent};
use crate::ids::{NodeId, Origin, SessionKey};
use crate::room::Room;
use crate::time::Now;

fn replies(effects: &[Effect], session: u64) -> Vec<&ServerFrame> {
    let of = |effect| match effect {
        &Effect::Reply(to, ref frame) if to == SessionKey(session) => Some(frame),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

#[test]
fn the_ack_leaves_before_the_message_and_both_at_once() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    let effects = run(&mut room, 1, send(1, 50));
    assert!(matches!(
        effects.as_slice(),
        [Effect::Reply(_, ServerFrame::Ack { seq: 1, .. }), Effect::Broadcast(ServerFrame::Message(_))]
    ));
}

#[test]
fn a_repeated_request_is_acknowledged_again_and_relayed_once() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 1, send(1, 50));
    let again = run(&mut room, 2, send(1, 50));
    assert!(matches!(again.as_slice(), [Effect::Reply(_, ServerFrame::Ack { seq: 1, .. })]));
}

#[test]
fn what_was_acknowledged_stays_so_when_the_broker_gives_up_too_late() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 1, send(1, 50));
    let late = run(&mut room, 2, Input::NotRelayed { session: SessionKey(1), cid: cid(50) });
    assert!(late.is_empty(), "an acknowledged request has no second answer");
    let again = run(&mut room, 3, send(1, 50));
    assert!(matches!(again.as_slice(), [Effect::Reply(_, ServerFrame::Ack { seq: 1, .. })]));
}

#[test]
fn a_repeated_request_that_is_refused_at_the_door_keeps_its_ack() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    let acked = run(&mut room, 1, send(1, 50));
    let refusal = |of| ServerFrame::error(ErrorCode::RateLimited, Some(cid(of)), Some(1_000));
    let refuse = |of| Input::Answer { session: SessionKey(1), frame: refusal(of) };
    assert_eq!(replies(&run(&mut room, 2, refuse(50)), 1), replies(&acked, 1), "the same ack");
    assert_eq!(replies(&run(&mut room, 3, refuse(51)), 1), [&refusal(51)]);
    // On its way to the broker: its ack comes, so a refusal would be a second answer.
    let published = room.handle(at(4), send(1, 52));
    assert_eq!(room.handle(at(5), refuse(52)), []);
    let [Effect::Publish(event)] = &published[..] else { panic!("{published:?}") };
    let relayed = room.handle(at(6), Input::Relay(event.clone()));
    assert!(matches!(replies(&relayed, 1)[..], [ServerFrame::Ack { .. }]));
}

/// What a session's request publishes, and the same event as another node would have made it: for a session to which that
/// node gives the same number.
fn published(room: &mut Room, ms: u64, input: Input) -> (RoomEvent, RoomEvent) {
    let effects = room.handle(at(ms), input);
    let [Effect::Publish(event)] = &effects[..] else { panic!("{effects:?}") };
    let origin = Origin { node: NodeId(NODE.0 + 1), ..event.origin };
    (event.clone(), RoomEvent { origin, ..event.clone() })
}

#[test]
fn an_event_of_another_node_is_shown_to_all_and_acknowledges_nobody() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    let (own, foreign) = published(&mut room, 1, send(1, 50));
    let shown = room.handle(at(2), Input::Relay(foreign));
    let [Effect::Broadcast(ServerFrame::Message(message))] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!((message.seq, &message.id, message.at), (1, &own.id, own.at), "what was made before it was published");
    // The request of our own session with that number is still unanswered, and is answered by its own event.
    assert_eq!(room.handle(at(3), send(1, 50)), []);
    let relayed = room.handle(at(4), Input::Relay(own));
    assert!(matches!(replies(&relayed, 1)[..], [ServerFrame::Ack { seq: 2, .. }]), "{relayed:?}");
}

#[test]
fn a_room_that_has_ended_refuses_what_its_own_sessions_sent_and_answers_nobody_else() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    let (own, foreign) = published(&mut room, 1, send(1, 50));
    run(&mut room, 2, Input::End(LeaveReason::Deleted));
    assert_eq!(room.handle(at(3), Input::Relay(foreign)), []);
    let refused = room.handle(at(3), Input::Relay(own));
    assert!(matches!(replies(&refused, 1)[..], [ServerFrame::Error { code: ErrorCode::RoomEnded, .. }]));
}

#[test]
fn the_id_is_made_before_the_message_is_published_and_no_place_changes_it() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    let (first, _) = published(&mut room, 1, send(1, 50));
    let (second, _) = published(&mut room, 2, send(1, 51));
    let EventKind::Message(message) = &second.kind else { panic!("is a message") };
    assert_eq!((message.cid.as_str(), second.at), ("c51", 2));
    for (seq, event) in [(1, second), (2, first)] {
        let id = event.id.clone();
        let relayed = room.handle(at(3), Input::Relay(event));
        let [ServerFrame::Ack { seq: of, id: acked, .. }] = replies(&relayed, 1)[..] else { panic!("{relayed:?}") };
        assert_eq!((*of, acked), (seq, &id), "whatever order the broker brings them in");
    }
}

#[test]
fn the_full_room_refuses_and_a_second_session_of_one_inside_enters() {
    let mut room = room(2, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 0, join(2, 1));
    let refused = run(&mut room, 0, join(3, 2));
    assert!(matches!(replies(&refused, 3).as_slice(), [ServerFrame::Error { code: ErrorCode::RoomFull, .. }]));
    let second = run(&mut room, 0, join(4, 1));
    assert!(matches!(replies(&second, 4).as_slice(), [ServerFrame::Joined { count: 2, .. }]));
}

#[test]
fn a_dropped_session_keeps_its_seat_until_it_ends() {
    let mut room = room(1, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 10, Input::Dropped { session: SessionKey(1) });
    assert!(matches!(replies(&run(&mut room, 20, join(2, 1)), 2).as_slice(), [ServerFrame::Error { .. }]));
    run(&mut room, 30, Input::SessionEnded { session: SessionKey(1) });
    assert!(matches!(replies(&run(&mut room, 40, join(2, 1)), 2).as_slice(), [ServerFrame::Joined { .. }]));
}

#[test]
fn who_returns_is_told_how_many_were_missed_or_that_nobody_knows() {
    let mut room = room(5, Limits::default());
    run(&mut room, 0, join(1, 0));
    for number in 0..3 {
        run(&mut room, 1, send(1, number));
    }
    let since = |position| Input::Join {
        session: SessionKey(2),
        cid: Some(cid(1)),
        member: member(1),
        name: name(1),
        activity: Activity::Online,
        since: Some(position),
        mark: None,
    };
    let exact = run(&mut room, 2, since(Position { epoch: 7, seq: 1, changes: None }));
    assert!(matches!(replies(&exact, 2)[1], ServerFrame::Gap { missed: Some(2), .. }));
    let other_epoch = run(&mut room, 3, since(Position { epoch: 6, seq: 1, changes: None }));
    assert!(matches!(replies(&other_epoch, 2)[1], ServerFrame::Gap { missed: None, .. }));
    let nothing = run(&mut room, 4, since(Position { epoch: 7, seq: 3, changes: None }));
    assert_eq!(replies(&nothing, 2).len(), 1);
    let as_it_was = run(&mut room, 5, since(Position { epoch: 7, seq: 3, changes: Some(0) }));
    assert_eq!(replies(&as_it_was, 2).len(), 1);
    let outdated = run(&mut room, 6, since(Position { epoch: 7, seq: 3, changes: Some(1) }));
    assert!(matches!(replies(&outdated, 2)[1], ServerFrame::Gap { missed: None, .. }), "a change was missed");
}

#[test]
fn names_are_made_unique_as_they_read() {
    let mut room = room(20, Limits::default());
    let call = |session, who, called: &str| Input::Join {
        session: SessionKey(session),
        cid: None,
        member: member(who),
        name: protocol::DisplayName::parse(called).expect("plain"),
        activity: Activity::Online,
        since: None,
        mark: None,
    };
    let own_name = |effects: Vec<Effect>, session| match replies(&effects, session)[0] {
        ServerFrame::Joined { members, .. } => members[0].name.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(own_name(run(&mut room, 0, call(1, 1, "Quiet Heron")), 1), "Quiet Heron");
    assert_eq!(own_name(run(&mut room, 0, call(2, 2, "QUIET HERON")), 2), "QUIET HERON 2");
    assert_eq!(own_name(run(&mut room, 0, call(3, 3, "quiet heron")), 3), "quiet heron 3");
    for (session, called, shown) in [
        (5, "José", "José"),
        (6, "Jose\u{301}", "Jose\u{301} 2"),
        (7, "ＪＯＳÉ", "ＪＯＳÉ 3"),
        (8, "علی\u{200C}رضا", "علی\u{200C}رضا"),
        (9, "علیرضا", "علیرضا 2"),
        (10, "Jose", "Jose"),
    ] {
        assert_eq!(own_name(run(&mut room, 0, call(session, u8::try_from(session).unwrap(), called)), session), shown);
    }
    // A second session of the first person brings no new name.
    assert_eq!(own_name(run(&mut room, 0, call(4, 1, "Another")), 4), "Quiet Heron");
}

#[test]
fn presence_is_gathered_and_a_passing_visit_is_not_told() {
    let mut room = room(9, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 200, Input::Tick);
    run(&mut room, 300, join(2, 1));
    run(&mut room, 310, Input::Leave { session: SessionKey(2), cid: None });
    assert_eq!(run(&mut room, 500, Input::Tick), vec![]);
}

#[test]
fn typing_is_told_once_and_ends_by_itself() {
    let mut room = room(9, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 200, Input::Tick);
    run(&mut room, 1_000, Input::Typing { session: SessionKey(1), on: true });
    let told = run(&mut room, 1_200, Input::Tick);
    assert_eq!(told, vec![Effect::Broadcast(ServerFrame::Typing { room: super::code(), members: vec![member(0)] })]);
    run(&mut room, 3_000, Input::Typing { session: SessionKey(1), on: true });
    assert_eq!(run(&mut room, 3_300, Input::Tick), vec![], "a refreshed signal is no news");
    assert_eq!(room.deadline(), at(8_000).mono);
    let ended = run(&mut room, 8_000, Input::Tick);
    assert_eq!(ended, vec![Effect::Broadcast(ServerFrame::Typing { room: super::code(), members: vec![] })]);
}

#[test]
fn who_types_on_after_a_message_is_told_again() {
    let mut room = room(9, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 200, Input::Tick);
    let typing = |on| Input::Typing { session: SessionKey(1), on };
    run(&mut room, 1_000, typing(true));
    run(&mut room, 1_200, Input::Tick);
    // Readers take the message as the end of the typing, and the next signal falls into the same tick.
    run(&mut room, 2_000, send(1, 50));
    run(&mut room, 2_050, typing(true));
    let told = run(&mut room, 2_200, Input::Tick);
    assert!(
        matches!(told.as_slice(), [Effect::Broadcast(ServerFrame::Typing { members, .. })] if *members == [member(0)]),
        "{told:?}"
    );
}

#[test]
fn leaving_tells_each_session_and_answers_the_one_that_asked() {
    let mut room = room(9, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 0, join(2, 0));
    let effects = run(&mut room, 1, Input::Leave { session: SessionKey(2), cid: Some(cid(5)) });
    assert!(matches!(replies(&effects, 1).as_slice(), [ServerFrame::Left { cid: None, .. }]));
    assert!(matches!(replies(&effects, 2).as_slice(), [ServerFrame::Left { cid: Some(_), .. }]));
    assert_eq!(room.count(), 0);
}

#[test]
fn a_room_without_a_seat_ends_and_so_does_one_past_its_lifetime() {
    let limits = Limits::default();
    let mut empty = room(9, limits.clone());
    assert_eq!(empty.deadline(), at(limits.room_empty_ms).mono);
    assert_eq!(run(&mut empty, limits.room_empty_ms - 1, Input::Tick), vec![]);
    let ended = run(&mut empty, limits.room_empty_ms, Input::Tick);
    assert_eq!(ended.last(), Some(&Effect::Ended(Ended(LeaveReason::Empty))));

    let mut old = room(9, limits);
    run(&mut old, 0, join(1, 0));
    let ended = run(&mut old, 24 * HOUR, Input::Tick);
    assert!(matches!(ended[0], Effect::Broadcast(ServerFrame::Left { reason: LeaveReason::Expired, .. })));
    assert_eq!(ended.last(), Some(&Effect::Ended(Ended(LeaveReason::Expired))));
}

#[test]
fn the_roster_is_bounded_and_begins_with_the_reader() {
    let mut room = room(500, Limits { roster_max: 3, ..Limits::default() });
    for who in 0..9 {
        run(&mut room, 0, join(u64::from(who), who));
    }
    let effects = run(&mut room, 0, join(20, 8));
    let ServerFrame::Joined { count: 9, members, you, .. } = replies(&effects, 20)[0] else { panic!("not joined") };
    assert_eq!((members.len(), &members[0].id), (3, you));
}

#[test]
fn a_new_owner_is_told() {
    let mut room = room(9, Limits::default());
    run(&mut room, 0, join(1, 0));
    run(&mut room, 0, join(2, 1));
    run(&mut room, 200, Input::Tick);
    run(&mut room, 300, Input::Owner { member: member(1) });
    let told = run(&mut room, 500, Input::Tick);
    let [Effect::Broadcast(ServerFrame::Presence { changed, .. })] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(changed.iter().map(|one| one.owner).collect::<Vec<_>>(), vec![false, true]);
}

#[test]
fn a_wall_clock_set_back_or_forth_moves_no_end_and_the_end_that_is_told_is_right_again() {
    let limits = Limits::default();
    for (wall_then, expires_then) in [(5 * HOUR, 28 * HOUR), (0, 23 * HOUR)] {
        let mut room = room(9, limits.clone());
        run(&mut room, 0, join(1, 0));
        let later = Now { wall: wall_then, ..at(HOUR) };
        let joined = run_at(&mut room, later, join(2, 1));
        let [ServerFrame::Joined { room: info, .. }] = replies(&joined, 2)[..] else { panic!("{joined:?}") };
        assert_eq!(info.expires_at, expires_then, "23 hours are left, by whatever clock");
        let almost = Now { wall: wall_then + 23 * HOUR, ..at(24 * HOUR - 1) };
        assert!(!run_at(&mut room, almost, Input::Tick).iter().any(|effect| matches!(effect, Effect::Ended(_))));
        let ended = run_at(&mut room, Now { wall: 0, ..at(24 * HOUR) }, Input::Tick);
        assert_eq!(ended.last(), Some(&Effect::Ended(Ended(LeaveReason::Expired))));
    }
}

#[test]
fn an_end_that_is_told_does_not_flicker_with_the_reading_of_the_clocks() {
    let mut room = room(9, Limits::default());
    let joined = run_at(&mut room, Now { wall: 3, ..at(1) }, join(1, 0));
    let [ServerFrame::Joined { room: info, .. }] = replies(&joined, 1)[..] else { panic!("{joined:?}") };
    assert_eq!(info.expires_at, 24 * HOUR);
}
