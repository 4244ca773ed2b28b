//! The whole client against a pretended server, over a line that keeps no promise.

mod burning;
mod changes;
mod delivery;
mod receipts;
mod rooms;
mod server;
mod world;

use protocol::{ClientFrame, ErrorCode, LeaveReason, Limits, RoomInfo, ServerFrame};

use self::server::{OTHER, Server, YOU};
use self::world::World;
use crate::fixtures::{at, code, info, me, member_id, name};
use crate::link::Action;
use crate::phase::{Returned, RoomPhase};
use crate::state::ClientState;

#[test]
fn a_message_is_shown_at_once_and_once() {
    let mut world = World::new();
    world.act(|page, env| page.enter(env, code(), None));
    world.swallows = true;
    world.say().expect("a good text");
    assert_eq!(world.log().0, ["(own 1)"]);
    world.cut();
    world.swallows = false;
    world.pass(2_000);
    world.others_say(1);
    assert_eq!(world.log(), (vec!["own 1".to_owned(), "theirs 1".to_owned()], Some(0)));
    assert_eq!(world.room().unsent(), 0);
}

#[test]
fn typing_before_the_line_is_there_is_fine() {
    let mut world = World::new();
    world.swallows = true;
    world.act(|page, env| page.enter(env, code(), None));
    world.say().expect("a good text");
    world.swallows = false;
    world.pass(30_000);
    assert_eq!(world.log().0, ["own 1"]);
}

#[test]
fn bad_texts_stay_with_the_person() {
    let mut world = World::inside();
    let mut send = |text: &str| world.act(|page, env| page.send(env, code(), text, (None, None)));
    assert_eq!(send(" \n "), Err(ErrorCode::EmptyText));
    assert_eq!(send(&"x".repeat(5_001)), Err(ErrorCode::TextTooLong));
    assert_eq!(send(&"x".repeat(5_000)), Ok(()));
    assert_eq!(world.log().0.len(), 1);
}

#[test]
fn a_short_drop_loses_nothing_and_says_so() {
    let mut world = World::inside();
    world.others_say(2);
    world.cut();
    world.others_say(3);
    assert_eq!(world.room().returned(), None);
    world.pass(2_000);
    assert_eq!(world.log().0.len(), 5);
    assert_eq!(world.room().returned(), Some(Returned::NothingMissed));
    world.pass(12_000);
    assert_eq!(world.room().returned(), None, "it is news for a while only");
}

#[test]
fn after_a_long_drop_the_number_of_missed_messages_is_told_once() {
    let mut world = World::inside();
    world.others_say(2);
    world.cut();
    world.server.session = None;
    world.others_say(3);
    world.pass(2_000);
    assert_eq!(world.room().returned(), Some(Returned::Missed(Some(3))));
    world.others_say(1);
    assert_eq!(world.log(), (vec!["theirs 1".to_owned(), "theirs 2".to_owned(), "theirs 6".to_owned()], Some(3)));
}

#[test]
fn after_a_restart_possibly_some_were_missed() {
    let mut world = World::inside();
    world.others_say(2);
    world.cut();
    world.server = Server { epoch: 9, sessions: 50, ..Server::default() };
    world.pass(2_000);
    world.others_say(1);
    assert_eq!(world.room().returned(), Some(Returned::Missed(None)));
    assert_eq!(world.log().1, None);
    assert_eq!(world.log().0.len(), 3);
}

#[test]
fn a_reload_goes_on_with_the_session_and_shows_no_wrong_hole() {
    let mut world = World::inside();
    world.others_say(3);
    world.page.away(&mut at(world.now, &mut *world.dice));
    let claim = world.page.take_actions().into_iter().find_map(|action| match action {
        Action::Keep(claim) => claim,
        Action::Open | Action::Close | Action::Say(_) | Action::Renew => None,
    });
    world.connected = false;
    world.others_say(2);
    world.page = ClientState::new(claim, Some(me()), &Limits::default(), world.now);
    world.act(|page, env| page.enter(env, code(), None));
    world.others_say(1);
    let shown = ["theirs 4", "theirs 5", "theirs 6"].map(str::to_owned).to_vec();
    assert_eq!((world.log(), world.phase()), ((shown, Some(0)), RoomPhase::Inside));
    assert_eq!(world.room().returned(), None);
    let joins = world.server.said.iter().filter(|frame| matches!(frame, ClientFrame::Join { .. })).count();
    assert_eq!(joins, 1, "a kept seat is not asked for again");
}

#[test]
fn a_sealed_room_is_not_for_this_client() {
    let mut world = World::new();
    world.server.room = Some(RoomInfo { sealed: true, ..info() });
    world.act(|page, env| page.enter(env, code(), None));
    assert!(matches!(world.phase(), RoomPhase::Refused(failure) if failure.code == ErrorCode::SealedRoom));
    assert_eq!(world.say(), Err(ErrorCode::SealedRoom));
    world.pass(30_000);
    assert!(world.log().0.is_empty(), "nothing was sent, and nothing shown");
}

#[test]
fn a_refusal_keeps_what_was_typed_and_can_be_tried_again() {
    let mut world = World::new();
    world.server.refuses = Some(ErrorCode::RoomFull);
    world.swallows = true;
    world.act(|page, env| page.enter(env, code(), None));
    world.say().expect("a good text");
    world.swallows = false;
    world.pass(30_000);
    assert!(matches!(world.phase(), RoomPhase::Refused(failure) if failure.code == ErrorCode::RoomFull));
    assert_eq!(world.log().0, ["(own 1 room_full)"]);
    assert_eq!(world.say(), Err(ErrorCode::RoomFull));
    world.act(|page, env| page.join_again(env, code(), None));
    let key = world.room().rows()[0].key;
    world.act(|page, env| page.retry(env, code(), key));
    assert_eq!((world.phase(), world.log().0), (RoomPhase::Inside, vec!["own 1".to_owned()]));
}

#[test]
fn a_busy_server_is_asked_again_for_the_seat() {
    let mut world = World::new();
    world.server.refuses = Some(ErrorCode::RateLimited);
    world.act(|page, env| page.enter(env, code(), None));
    assert_eq!(world.phase(), RoomPhase::Joining);
    world.pass(3_000);
    assert_eq!(world.phase(), RoomPhase::Inside);
}

#[test]
fn hidden_or_idle_is_away_and_looking_is_online() {
    let status = |world: &World| match world.last_said() {
        ClientFrame::Status { state, room } => format!("{state:?} {}", room.is_some()),
        other => format!("{other:?}"),
    };
    let mut world = World::inside();
    world.act(|page, env| page.visible(env, false));
    assert_eq!(status(&world), "Away true");
    world.act(|page, env| page.visible(env, true));
    assert_eq!(status(&world), "Online true");
    for _ in 0..60 {
        world.pass(10_000);
        world.server.emit(ServerFrame::Ping {});
        world.run();
    }
    world.pass(1);
    let last = |frame: &&ClientFrame| matches!(frame, ClientFrame::Status { .. });
    let before = world.server.said.iter().rfind(last).map(|frame| format!("{frame:?}"));
    assert!(before.is_some());
    assert!(world.act(ClientState::touched), "the person was idle");
    assert_eq!(status(&world), "Online true");
    world.act(|page, env| page.look_away(env, code()));
    assert_eq!(status(&world), "Away true");
}

#[test]
fn typing_is_told_at_most_every_two_seconds_and_its_end_once() {
    let mut world = World::inside();
    let count =
        |world: &World| world.server.said.iter().filter(|frame| matches!(frame, ClientFrame::Typing { .. })).count();
    for _ in 0..10 {
        world.act(|page, env| page.typing(env, code(), true));
    }
    assert_eq!(count(&world), 1);
    world.pass(2_000);
    world.act(|page, env| page.typing(env, code(), true));
    assert_eq!(count(&world), 2);
    world.say().expect("a good text");
    world.act(|page, env| page.typing(env, code(), false));
    assert_eq!(count(&world), 3);
}

#[test]
fn others_who_type_are_named_until_they_speak() {
    let mut world = World::inside();
    world
        .server
        .emit(ServerFrame::Typing { room: code(), members: vec![member_id(YOU), member_id(OTHER), member_id(9)] });
    world.run();
    assert_eq!(world.room().typists(), [name("Member 2")]);
    world.others_say(1);
    assert_eq!(world.room().typists(), []);
}

#[test]
fn leaving_without_a_line_is_said_on_the_next_one() {
    let mut world = World::inside();
    world.cut();
    assert!(!world.act(|page, env| page.leave(env, code())));
    assert!(world.page.room(code()).is_none());
    world.pass(2_000);
    assert!(matches!(world.last_said(), ClientFrame::Leave { .. }));
    assert!(!world.server.seated);
    assert!(world.page.room(code()).is_none(), "the state that came with the resumed session is not shown again");
}

#[test]
fn fifty_rooms_entered_and_left_leave_nothing_behind() {
    let mut world = World::inside();
    for _ in 0..50 {
        world.others_say(1);
        assert!(world.act(|page, env| page.leave(env, code())));
        world.act(|page, env| page.look_away(env, code()));
        assert_eq!(world.page.rooms().count(), 0);
        world.act(|page, env| page.enter(env, code(), None));
        assert_eq!((world.phase(), world.log()), (RoomPhase::Inside, (Vec::new(), Some(0))));
    }
    let hellos = world.server.said.iter().filter(|frame| matches!(frame, ClientFrame::Hello { .. })).count();
    assert_eq!(hellos, 1);
}

#[test]
fn signing_in_begins_a_new_session_that_joins_again() {
    let mut world = World::inside();
    world.others_say(1);
    world.act(|page, env| page.sign_in(env, me()));
    assert_eq!((world.server.sessions, world.phase()), (2, RoomPhase::Inside));
    world.act(ClientState::sign_out);
    assert_eq!(world.phase(), RoomPhase::Ended(LeaveReason::SignedOut));
}

#[test]
fn word_that_the_cookie_is_due_has_it_renewed_once() {
    let mut world = World::inside();
    let due = ServerFrame::Token { token: None, expires_at: None };
    world.page.heard(&mut at(world.now, &mut *world.dice), due);
    assert_eq!(world.page.take_actions(), [Action::Renew]);
}
