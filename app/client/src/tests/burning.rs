//! Messages with burn timers: counted from reading, over at the latest when the server has said, gone from everything.

use protocol::{ClientFrame, Message, RoomInfo, ServerFrame, Timer};

use super::server::{OTHER, YOU};
use super::world::World;
use crate::fixtures::{cid, code, id, info, message};
use crate::row::{MessageLine, Quoted, Revision, RowAction, RowKind};

/// When the pretended server takes everything.
const SENT: u64 = 5_000_000;
/// Until it is over unread: before the line would be given up, since the pretended clock begins anew with each.
const CAP_MS: u64 = 30_000;

fn line(world: &World, index: usize) -> MessageLine {
    match &world.room().rows()[index].kind {
        RowKind::Message(line) => line.clone(),
        other => panic!("{other:?} is no message"),
    }
}

fn key(world: &World, index: usize) -> u64 {
    world.room().rows()[index].key
}

/// Somebody says something that burns so many seconds after reading.
fn said(world: &mut World, from: u64, seq: u64, after_s: u32) {
    let timer = Some(Timer { after_s, ends_at: SENT + CAP_MS });
    world.server.relayed.push((from, String::new()));
    let cid = cid(900 + seq);
    world.server.emit(ServerFrame::Message(Message { timer, cid, at: SENT, ..message(from, 0, seq) }));
    world.run();
}

fn see(world: &mut World, key: u64) {
    world.act(|page, env| page.see(env, code(), &[key]));
}

fn is_burned(world: &World, index: usize) -> bool {
    let line = line(world, index);
    let gone = line.revision == Revision::Burned;
    assert_eq!(gone, line.text.is_empty(), "what burns is forgotten, and nothing else");
    gone
}

#[test]
fn a_message_burns_so_long_after_it_was_seen_and_not_before() {
    let mut world = World::inside();
    said(&mut world, OTHER, 1, 5);
    let row = key(&world, 0);
    world.pass(10_000);
    assert!(!is_burned(&world, 0), "nobody has seen it");
    see(&mut world, row);
    world.pass(4_000);
    // Seen again: it counts from the first time.
    see(&mut world, row);
    assert_eq!(world.room().timers().len(), 1);
    world.pass(999);
    assert!(!is_burned(&world, 0));
    world.pass(1);
    assert!(is_burned(&world, 0));
    assert_eq!((line(&world, 0).timer_s, world.room().timers()), (None, Vec::new()));
}

#[test]
fn nobody_reads_on_a_page_that_is_hidden_nor_in_a_room_that_is_not_looked_at() {
    let mut world = World::inside();
    said(&mut world, OTHER, 1, 5);
    let row = key(&world, 0);
    world.act(|page, env| page.visible(env, false));
    see(&mut world, row);
    world.act(|page, env| page.visible(env, true));
    world.act(|page, env| page.look_away(env, code()));
    see(&mut world, row);
    world.pass(10_000);
    assert!(!is_burned(&world, 0));
    world.act(|page, env| page.enter(env, code(), None));
    see(&mut world, row);
    world.pass(5_000);
    assert!(is_burned(&world, 0));
}

#[test]
fn the_end_holds_for_those_who_have_not_read_it_also_without_a_connection() {
    let mut world = World::inside();
    said(&mut world, OTHER, 1, 5);
    world.pass(CAP_MS - 1);
    assert!(!is_burned(&world, 0));
    world.cut();
    world.swallows = true;
    world.pass(1);
    assert!(is_burned(&world, 0));
}

#[test]
fn an_own_message_counts_from_when_it_was_sent() {
    let mut world = World::inside();
    said(&mut world, YOU, 1, 5);
    world.pass(4_999);
    assert!(!is_burned(&world, 0));
    world.pass(1);
    assert!(is_burned(&world, 0));
}

#[test]
fn a_message_that_was_over_before_it_could_be_told_has_its_place_and_no_text() {
    let mut world = World::inside();
    let timer = Some(Timer { after_s: 5, ends_at: SENT + CAP_MS });
    world.server.relayed.push((OTHER, String::new()));
    world.server.emit(ServerFrame::Message(Message { timer, text: String::new(), ..message(OTHER, 1, 1) }));
    world.others_say(1);
    assert!(is_burned(&world, 0));
    assert_eq!(world.log().1, Some(0), "nothing counts as missed");
}

#[test]
fn its_quotes_its_reactions_and_its_edits_burn_with_it() {
    let mut world = World::inside();
    said(&mut world, YOU, 1, 5);
    let row = key(&world, 0);
    world.act(|page, env| page.send(env, code(), "yes", (None, Some(row)))).expect("a good text");
    let quoted = |world: &World| line(world, 1).reply.map(|reply| reply.quoted);
    assert!(matches!(quoted(&world), Some(Quoted::Here { .. })));
    // An edit keeps the timer, and so does one that waits.
    let (room, at) = (code(), 0);
    world.server.emit(ServerFrame::Edited {
        room,
        id: id(1),
        at,
        text: "mended".to_owned(),
        html: None,
        whisper: false,
    });
    world.run();
    world.swallows = true;
    world.act(|page, env| page.act(env, code(), row, RowAction::Edit("waits".to_owned()))).expect("can be edited");
    assert_eq!(world.room().unsent(), 1);
    world.pass(5_000);
    assert!(is_burned(&world, 0));
    assert!(quoted(&world) == Some(Quoted::Burned), "nothing of it is left in the answer");
    assert_eq!((world.room().unsent(), line(&world, 0).edit), (0, None));
    let text = "late".to_owned();
    world.swallows = false;
    world.server.emit(ServerFrame::Edited { room: code(), id: id(1), at, text, html: None, whisper: false });
    world.run();
    assert!(is_burned(&world, 0), "no later frame brings it back");
    assert!(
        world.act(|page, env| page.send(env, code(), "no", (None, Some(row)))).is_err(),
        "there is nothing to answer"
    );
}

#[test]
fn the_chosen_timer_goes_with_what_is_said_and_the_rooms_is_shown_where_none_was_chosen() {
    let mut world = World::new();
    world.server.room = Some(RoomInfo { timer_s: Some(300), ..info() });
    world.act(|page, env| page.enter(env, code(), None));
    world.swallows = true;
    let sent = |world: &mut World, chosen| {
        world.act(|page, env| page.set_timer(env, code(), chosen));
        world.say().expect("a good text");
        line(world, world.room().rows().len() - 1).timer_s
    };
    assert_eq!(sent(&mut world, None), Some(300));
    assert_eq!(sent(&mut world, Some(30)), Some(30));
    assert_eq!(sent(&mut world, Some(0)), None);
    world.swallows = false;
    world.cut();
    world.pass(10_000);
    let chosen: Vec<Option<u64>> = world
        .server
        .said
        .iter()
        .filter_map(|frame| match frame {
            ClientFrame::Send(message) => Some(message.refers.timer_s),
            _ => None,
        })
        .collect();
    assert!(chosen.ends_with(&[None, Some(30), Some(0)]), "{chosen:?}");
}
