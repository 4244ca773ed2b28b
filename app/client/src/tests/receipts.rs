//! Whispers and how far messages were read, as a page has them.

use protocol::{ClientFrame, MessageId, ReadUpTo, ServerFrame};

use super::server::{OTHER, YOU};
use super::world::World;
use crate::fixtures::{code, id, member_id, name};
use crate::{ClientState, Confidant, Outgoing, Reach, RowKind};

fn reads(world: &World) -> Vec<Option<MessageId>> {
    let told = world.server.said.iter().filter_map(|frame| match frame {
        ClientFrame::Read { id, .. } => Some(id.clone()),
        _ => None,
    });
    told.collect()
}

fn receipt(world: &mut World, who: u64, from: u64, at: u64) {
    let reads = vec![ReadUpTo { member: member_id(who), from, at }];
    world.server.emit(ServerFrame::Receipt { room: code(), reads });
    world.run();
}

#[test]
fn how_far_one_has_read_is_told_while_one_looks_at_the_end_and_once_a_second() {
    let mut world = World::inside();
    world.pass(2_000);
    world.others_say(1);
    world.others_say(2);
    assert_eq!(reads(&world), [Some(id(1))], "the rest within the second is told together");
    world.pass(1_500);
    assert_eq!(reads(&world), [Some(id(1)), Some(id(3))]);
    world.act(|page, env| page.hold(env, code(), true));
    world.others_say(1);
    world.pass(5_000);
    assert_eq!(reads(&world).len(), 2, "who reads the older rows has not seen it");
    world.act(|page, env| page.hold(env, code(), false));
    assert_eq!(reads(&world).last(), Some(&Some(id(4))));
    world.pass(2_000);
    world.act(|page, env| page.tell_reading(env, false));
    world.others_say(1);
    world.pass(5_000);
    assert_eq!(reads(&world)[3..], [None], "switched off, that is told and then nothing");
}

#[test]
fn the_last_own_message_says_to_how_many_it_went_and_how_many_have_read_it() {
    let mut world = World::inside();
    world.pass(2_000);
    assert_eq!(world.room().reach(), None);
    world.say().expect("is taken");
    assert_eq!(world.room().reach(), Some(Reach::Relayed(1)));
    let sent_at = 5_000_000;
    receipt(&mut world, OTHER, 0, sent_at - 1);
    receipt(&mut world, YOU, 0, sent_at);
    assert_eq!(world.room().reach(), Some(Reach::Relayed(1)), "not that one, and oneself does not count");
    receipt(&mut world, OTHER, sent_at + 1, sent_at + 2);
    assert_eq!(world.room().reach(), Some(Reach::Relayed(1)), "who came later did not get it");
    receipt(&mut world, OTHER, 0, sent_at);
    assert_eq!(world.room().reach(), Some(Reach::Read(1)));
    world.others_say(1);
    assert_eq!(world.room().reach(), None, "who answers says it");
    world.say().expect("is taken");
    world.act(|page, env| page.tell_reading(env, false));
    assert_eq!(world.room().reach(), None);
}

fn confidant() -> Confidant {
    Confidant { member: member_id(OTHER), name: name("Member 2") }
}

#[test]
fn a_whisper_is_shown_once_as_one_and_changes_nothing_of_the_order() {
    let mut world = World::inside();
    world.others_say(1);
    world.act(|page, env| page.send(env, code(), "psst", (Some(confidant()), None))).expect("is taken");
    let rows = world.room().rows();
    let whispers = rows.iter().filter(|row| match &row.kind {
        RowKind::Message(line) => line.whisper.as_deref() == Some(&confidant()) && line.id.is_some(),
        _ => false,
    });
    assert_eq!((rows.len(), whispers.count()), (2, 1));
    world.others_say(1);
    assert_eq!(world.log(), (vec!["theirs 1".to_owned(), "psst".to_owned(), "theirs 2".to_owned()], Some(0)));
}

#[test]
fn a_whisper_that_waits_over_a_reload_is_still_one() {
    let mut world = World::inside();
    world.cut();
    world.act(|page, env| page.send(env, code(), "psst", (Some(confidant()), None))).expect("is taken");
    let kept = world.room().unsaid();
    assert!(matches!(&kept[..], [(_, Outgoing::Whisper { to, .. })] if *to == confidant()));
    world.act(ClientState::sign_out);
    let mut reloaded = World::new();
    reloaded.act(|page, env| {
        page.enter(env, code(), None);
        page.say_again(env, code(), kept);
    });
    let said = |frame: &ClientFrame| matches!(frame, ClientFrame::Send(_));
    assert!(!reloaded.server.said.iter().any(said));
    assert!(reloaded.server.said.iter().any(|frame| matches!(frame, ClientFrame::Whisper(_))));
}
