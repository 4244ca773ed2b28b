//! What owners and moderators do, as those inside are told of it.

use std::collections::BTreeSet;

use protocol::{DisplayName, ErrorCode, LeaveReason, Limits, Role, RoomName, ServerFrame};

use super::{HOUR, NODE, at, cid, join, member, room, run};
use crate::bans::Mark;
use crate::event::{Action, Effect, EventKind, Input, RoomEvent, Settings};
use crate::ids::{NodeId, Origin, SessionKey};
use crate::people::People;
use crate::recorded::Recorded;
use crate::room::Room;

fn act(by: u64, action: Action) -> Input {
    Input::Act { asked: Some((SessionKey(by), cid(70))), random: 7, by: member(0), action }
}

fn full() -> Room {
    let mut room = room(9, Limits::default());
    for who in 0..3 {
        run(&mut room, 0, join(u64::from(who) + 1, who));
    }
    run(&mut room, 200, Input::Tick);
    room
}

#[test]
fn who_asked_is_told_that_it_is_done_and_all_what_the_room_is_now() {
    let mut room = full();
    let settings = Settings {
        name: Some(RoomName::parse("Pier").expect("a plain name")),
        pin: Some(true),
        locked: Some(true),
        timer_s: Some(Some(30)),
        expires_at: Some(30 * HOUR),
        ..Settings::default()
    };
    let told = run(&mut room, 300, act(1, Action::Settings(settings)));
    let [
        Effect::Reply(SessionKey(1), ServerFrame::Done { .. }),
        Effect::Broadcast(ServerFrame::Room { room: info, by: Some(_) }),
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((info.name.as_str(), info.pin, info.locked, info.capacity), ("Pier", true, true, 9));
    assert_eq!(info.timer_s, Some(30));
    assert_eq!(info.expires_at, 30 * HOUR);
    assert!(!run(&mut room, 24 * HOUR + 1, Input::Tick).iter().any(|effect| matches!(effect, Effect::Ended(_))));
    run(&mut room, 29 * HOUR, join(9, 0));
    let ended = run(&mut room, 30 * HOUR, Input::Tick);
    assert!(ended.iter().any(|effect| matches!(effect, Effect::Ended(_))), "{ended:?}");
}

#[test]
fn a_change_of_another_node_is_followed_and_answers_nobody() {
    let mut room = full();
    let published = room.handle(at(300), act(1, Action::Settings(Settings::default())));
    let [Effect::Publish(event)] = &published[..] else { panic!("{published:?}") };
    assert!(matches!(event.kind, EventKind::Action { .. }));
    let origin = Origin { node: NodeId(NODE.0 + 1), ..event.origin };
    let told = room.handle(at(301), Input::Relay(RoomEvent { origin, ..event.clone() }));
    assert!(matches!(told[..], [Effect::Broadcast(ServerFrame::Room { .. })]), "{told:?}");
}

#[test]
fn who_is_kicked_is_told_why_and_may_come_back_and_who_is_banned_may_not() {
    for (put_out, reason, comes_back) in [
        (Action::Kicked(member(1)), LeaveReason::Kicked, true),
        (Action::Banned(member(1)), LeaveReason::Banned, false),
    ] {
        let mut room = full();
        let told = run(&mut room, 300, act(1, put_out));
        let left = |effect: &Effect| matches!(effect, Effect::Reply(SessionKey(2), ServerFrame::Left { reason: why, .. }) if *why == reason);
        assert!(told.iter().any(left), "{told:?}");
        assert!(told.contains(&Effect::Unseated(SessionKey(2))));
        let back = run(&mut room, 400, join(5, 1));
        assert_eq!(back.contains(&Effect::Seated(SessionKey(5))), comes_back, "{back:?}");
        if !comes_back {
            let [Effect::Reply(_, ServerFrame::Error { code: ErrorCode::Banned, .. })] = back[..] else {
                panic!("{back:?}")
            };
        }
    }
}

#[test]
fn a_ban_is_known_outside_with_where_its_sessions_came_from() {
    let mut room = full();
    let Input::Join { session, cid, member: who, name, activity, since, .. } = join(8, 4) else { unreachable!() };
    let from = Mark([8; 16]);
    run(&mut room, 210, Input::Join { session, cid, member: who, name, activity, since, mark: Some(from) });
    room.take_doorway();
    assert!(room.take_doorway().is_none(), "nothing is new");
    run(&mut room, 300, act(1, Action::Banned(member(4))));
    let doorway = room.take_doorway().expect("somebody was banned");
    assert!(doorway.bans.has(&member(4)) && doorway.bans.has_mark(from));
    assert!(!doorway.bans.has(&member(1)) && !doorway.bans.has_mark(Mark([9; 16])));
}

#[test]
fn where_somebody_came_from_who_is_banned_is_told_to_other_nodes_and_taken_from_them() {
    let from = Mark([8; 16]);
    let news = |room: &mut Room| std::iter::from_fn(|| room.take_news()).collect::<Vec<_>>();
    let mut there = full();
    let Input::Join { session, cid, member: who, name, activity, since, .. } = join(8, 4) else { unreachable!() };
    run(&mut there, 210, Input::Join { session, cid, member: who, name, activity, since, mark: Some(from) });
    news(&mut there);
    run(&mut there, 300, act(1, Action::Banned(member(4))));
    let told = news(&mut there).into_iter().find(|news| matches!(news, People::Banned(..))).expect("is told");
    assert_eq!(told, People::Banned(member(4), vec![from]));

    let mut here = full();
    let node = NodeId(7);
    run(&mut here, 300, Input::People { node, people: told.clone() });
    assert!(here.take_doorway().is_some_and(|doorway| !doorway.bans.has_mark(from)), "nobody is banned by it");
    run(&mut here, 310, act(1, Action::Banned(member(4))));
    run(&mut here, 320, Input::People { node, people: told.clone() });
    assert!(here.take_doorway().is_some_and(|doorway| doorway.bans.has_mark(from)));
    run(&mut here, 330, act(1, Action::Unbanned(member(4))));
    run(&mut here, 340, Input::People { node, people: told });
    assert!(here.take_doorway().is_some_and(|doorway| !doorway.bans.has(&member(4)) && !doorway.bans.has_mark(from)));
}

#[test]
fn who_is_barred_was_never_inside_and_is_known_by_name_and_place() {
    let mut room = full();
    room.take_doorway();
    let (who, name, from) = (member(9), DisplayName::parse("Sam").expect("a plain name"), Mark([7; 16]));
    let told = run(&mut room, 300, act(1, Action::Barred(who.clone(), name.clone(), from)));
    assert!(matches!(told[..], [Effect::Reply(SessionKey(1), ServerFrame::Done { .. })]), "{told:?}");
    let bans = room.take_doorway().expect("somebody was banned").bans;
    assert!(bans.has(&who) && bans.has_mark(from));
    assert_eq!(bans.list().collect::<Vec<_>>(), [(&who, Some(&name))]);
}

#[test]
fn roles_are_told_and_there_is_one_owner() {
    let mut room = full();
    run(&mut room, 300, act(1, Action::Role(member(1), Role::Moderator)));
    let roles = |room: &Room| room.members().map(protocol::Member::role).collect::<Vec<_>>();
    assert_eq!(roles(&room), [Role::Owner, Role::Moderator, Role::Member]);
    let told = run(&mut room, 500, Input::Tick);
    let [Effect::Broadcast(ServerFrame::Presence { changed, .. })] = &told[..] else { panic!("{told:?}") };
    assert!(matches!(&changed[..], [one] if one.moderator));
    run(&mut room, 600, act(1, Action::Role(member(1), Role::Owner)));
    assert_eq!(roles(&room), [Role::Member, Role::Owner, Role::Member]);
    run(&mut room, 700, act(2, Action::Role(member(2), Role::Moderator)));
    run(&mut room, 800, act(2, Action::Kicked(member(2))));
    run(&mut room, 900, join(6, 2));
    assert_eq!(roles(&room), [Role::Member, Role::Owner, Role::Member], "who was put out has to be named anew");
}

#[test]
fn the_longest_seated_are_known_outside() {
    let mut room = full();
    let eldest = |room: &mut Room| room.take_doorway().map(|doorway| doorway.eldest);
    assert_eq!(eldest(&mut room), Some(vec![member(0), member(1)]));
    run(&mut room, 300, Input::SessionEnded { session: SessionKey(1) });
    assert_eq!(eldest(&mut room), Some(vec![member(1), member(2)]));
    run(&mut room, 400, join(9, 0));
    assert_eq!(eldest(&mut room), Some(vec![member(1), member(2)]), "who comes back is the last");
}

#[test]
fn a_burned_room_answers_and_ends() {
    let mut room = full();
    let told = run(&mut room, 300, act(1, Action::Burned));
    assert!(matches!(told[0], Effect::Reply(SessionKey(1), ServerFrame::Done { .. })));
    assert!(matches!(told[1], Effect::Broadcast(ServerFrame::Left { reason: LeaveReason::Deleted, .. })));
    assert!(matches!(told.last(), Some(Effect::Ended(_))));
    let late = run(&mut room, 301, act(2, Action::Burned));
    assert!(matches!(late[..], [Effect::Reply(SessionKey(2), ServerFrame::Error { code: ErrorCode::RoomEnded, .. })]));
}

/// The record of [`full`], asked for at this time.
fn record(asked_at: u64) -> Recorded {
    let room = full();
    let members = (0..3).map(member).collect();
    Recorded { asked_at, info: room.info().clone(), owner: member(0), moderators: BTreeSet::new(), members }
}

#[test]
fn a_room_that_missed_what_was_done_to_it_follows_its_record() {
    let mut room = full();
    let mut recorded = record(10_000);
    assert!(run(&mut room, 10_001, Input::Recorded(Box::new(recorded.clone()))).is_empty(), "nothing is another");
    recorded.asked_at = 10_010;
    recorded.members.remove(&member(1));
    recorded.owner = member(2);
    recorded.moderators.insert(member(0));
    recorded.info.locked = true;
    let told = run(&mut room, 10_020, Input::Recorded(Box::new(recorded.clone())));
    let left = |effect: &Effect| {
        matches!(effect, Effect::Reply(SessionKey(2), ServerFrame::Left { reason: LeaveReason::Kicked, .. }))
    };
    assert!(told.iter().any(left) && told.contains(&Effect::Unseated(SessionKey(2))), "{told:?}");
    assert!(told.iter().any(|effect| matches!(effect, Effect::Broadcast(ServerFrame::Room { by: None, .. }))));
    let roles: Vec<_> = room.members().map(|member| (member.id.clone(), member.role())).collect();
    assert_eq!(roles, [(member(0), Role::Moderator), (member(2), Role::Owner)]);
    assert!(room.info().locked && !room.take_behind());
}

#[test]
fn a_record_that_is_older_than_what_was_done_is_asked_for_again_and_spares_who_came_since() {
    let mut room = full();
    run(&mut room, 300, act(1, Action::Settings(Settings { locked: Some(true), ..Settings::default() })));
    let old = at(300).wall;
    assert!(run(&mut room, 310, Input::Recorded(Box::new(record(old)))).is_empty());
    assert!(room.info().locked && room.take_behind() && !room.take_behind());
    // Who came in behind the question is not in the answer.
    run(&mut room, 400, join(9, 4));
    let mut recorded = record(at(390).wall);
    recorded.info.locked = true;
    run(&mut room, 410, Input::Recorded(Box::new(recorded)));
    assert!(room.members().any(|inside| inside.id == member(4)));
}
