//! Several rooms on one connection, of which one is looked at.

use protocol::{ClientFrame, LeaveReason, Member, Message, Position, Role, RoomCode, RoomInfo, RoomName, ServerFrame};

use super::server::{OTHER, YOU};
use super::world::World;
use crate::aside::{Aside, Place};
use crate::fixtures::{code, info, member, member_id, message};
use crate::phase::RoomPhase;
use crate::room_entry::Standing;
use crate::row::{RoomNews, RowKind};

fn elsewhere() -> RoomCode {
    RoomCode::parse("AAAA2222").expect("a code")
}

/// The server has this client enter another room of its person.
fn follow(world: &mut World) {
    let room = RoomInfo { code: elsewhere(), name: RoomName::parse("Book club").expect("a name"), ..info() };
    let members = vec![member(YOU), member(OTHER)];
    let position = Position { epoch: 7, seq: 0, changes: None };
    world.server.emit(ServerFrame::Joined { cid: None, room, you: member_id(YOU), position, count: 2, members });
    world.run();
}

fn hear(world: &mut World, seq: u64) {
    world.server.emit(ServerFrame::Message(Message { room: elsewhere(), ..message(OTHER, 100 + seq, seq) }));
    world.run();
}

/// Name, unread and standing of each.
fn list(world: &World) -> Vec<(String, u32, Standing)> {
    world.page.list().into_iter().map(|entry| (entry.title(), entry.unread, entry.standing)).collect()
}

#[test]
fn a_client_asks_to_follow_its_person() {
    let world = World::inside();
    let follows = |frame: &ClientFrame| matches!(frame, ClientFrame::Hello { follow: true, .. });
    assert!(world.server.said.iter().any(follows));
}

#[test]
fn rooms_entered_elsewhere_appear_and_count_what_is_not_read() {
    let mut world = World::inside();
    follow(&mut world);
    hear(&mut world, 1);
    hear(&mut world, 2);
    world.others_say(1);
    let low_tide = || ("Low Tide".to_owned(), 0, Standing::Connected);
    assert_eq!(list(&world), [("Book club".to_owned(), 2, Standing::Connected), low_tide()]);
    assert_eq!(world.page.list()[0].last_at, Some(2_000));
    world.act(|page, env| page.look_away(env, code()));
    world.act(|page, env| page.enter(env, elsewhere(), None));
    assert_eq!(list(&world)[0].1, 0, "who looks has read");
    world.others_say(1);
    assert_eq!(list(&world)[1].1, 1);
    let joins = world.server.said.iter().filter(|frame| matches!(frame, ClientFrame::Join { .. })).count();
    assert_eq!(joins, 1, "a seat that is there is not asked for");
}

#[test]
fn another_room_keeps_its_log_and_what_the_person_was_at() {
    let mut world = World::inside();
    world.others_say(2);
    follow(&mut world);
    let aside = Aside { draft: "half a".to_owned(), whisper: None, place: Some(Place { row: 1, offset_px: -4 }) };
    world.page.put_aside(code(), aside.clone());
    world.act(|page, env| page.look_away(env, code()));
    world.act(|page, env| page.enter(env, elsewhere(), None));
    assert!(world.page.list()[1].holds_words);
    world.act(|page, env| page.look_away(env, elsewhere()));
    world.act(|page, env| page.enter(env, code(), None));
    assert_eq!(world.page.take_aside(code()), aside);
    assert_eq!(world.page.take_aside(code()), Aside::default());
    assert_eq!(world.log().0, ["theirs 1", "theirs 2"]);
    assert!(!world.page.list()[1].holds_words);
}

#[test]
fn a_room_that_ended_is_readable_until_it_is_closed() {
    let mut world = World::inside();
    follow(&mut world);
    hear(&mut world, 1);
    world.server.emit(ServerFrame::Left { cid: None, room: elsewhere(), reason: LeaveReason::Deleted });
    world.run();
    assert_eq!(list(&world)[0], ("Book club".to_owned(), 1, Standing::Ended));
    world.act(|page, env| page.enter(env, elsewhere(), None));
    world.act(|page, env| page.look_away(env, elsewhere()));
    let room = world.page.room(elsewhere()).expect("is kept");
    assert_eq!((room.phase(), room.rows().len()), (RoomPhase::Ended(LeaveReason::Deleted), 2));
    world.act(|page, env| page.forget(env, elsewhere()));
    assert_eq!(list(&world).len(), 1);
}

#[test]
fn what_is_another_of_a_room_is_a_line_that_says_who_made_it_so_where_that_is_known() {
    let mut world = World::inside();
    let news = |world: &World| {
        let line = |kind: &RowKind| match kind {
            RowKind::Changed { who, what } => Some((who.as_ref().map(|who| who.as_str().to_owned()), what.clone())),
            _ => None,
        };
        world.room().rows().iter().filter_map(|row| line(&row.kind)).collect::<Vec<_>>()
    };
    let other = Some("Member 2".to_owned());
    let locked = RoomInfo { locked: true, capacity: 7, ..info() };
    world.server.emit(ServerFrame::Room { room: locked.clone(), by: Some(member_id(OTHER)) });
    world.server.emit(ServerFrame::Room { room: locked.clone(), by: Some(member_id(OTHER)) });
    world.run();
    let mut told = vec![(other.clone(), RoomNews::Locked(true)), (other.clone(), RoomNews::Capacity(7))];
    assert_eq!(news(&world), told, "what is as it was is no line");
    let changed = vec![Member { moderator: true, ..member(OTHER) }];
    let (joined, left) = (Vec::new(), Vec::new());
    world.server.emit(ServerFrame::Presence { room: code(), count: 2, joined, changed, left });
    world.run();
    told.push((other, RoomNews::Role(Role::Moderator)));
    assert_eq!(news(&world), told);
    world.cut();
    world.server.room = Some(RoomInfo { pin: true, ..locked });
    world.pass(2_000);
    told.push((None, RoomNews::Pin(true)));
    assert_eq!(news(&world), told, "what was missed is told, too");
}

#[test]
fn without_a_connection_every_room_waits_for_it() {
    let mut world = World::inside();
    follow(&mut world);
    world.cut();
    assert!(list(&world).iter().all(|(_, _, standing)| *standing == Standing::Connecting));
}

#[test]
fn rooms_that_are_over_make_way_for_others() {
    let mut world = World::inside();
    follow(&mut world);
    world.server.emit(ServerFrame::Left { cid: None, room: elsewhere(), reason: LeaveReason::Expired });
    world.run();
    for number in 0..150_u32 {
        let digits = format!("{number:03}").replace('0', "X").replace('1', "Y");
        let code = RoomCode::parse(&format!("CCCC2{digits}")).expect("a code");
        world.act(|page, env| page.enter(env, code, None));
        world.server.emit(ServerFrame::Left { cid: None, room: code, reason: LeaveReason::Expired });
        world.run();
    }
    assert_eq!(world.page.rooms().count(), 100);
    assert!(world.page.room(elsewhere()).is_none());
    assert!(world.page.room(code()).is_some(), "one that goes on stays");
}
