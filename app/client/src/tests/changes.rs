//! Own messages that are edited and deleted, over lines that drop and servers that refuse.

use protocol::{ClientFrame, ErrorCode, ServerFrame};

use super::world::World;
use crate::fixtures::{code, id, member_id, name};
use crate::row::{Delivery, MessageLine, Quoted, Revision, RowAction, RowKind};

/// The page inside a room where it has said one thing, and the key of that row.
fn said() -> (World, u64) {
    let mut world = World::inside();
    world.say().expect("a good text");
    let key = world.room().rows()[0].key;
    (world, key)
}

fn line(world: &World) -> MessageLine {
    line_at(world, 0)
}

fn line_at(world: &World, index: usize) -> MessageLine {
    match &world.room().rows()[index].kind {
        RowKind::Message(line) => line.clone(),
        other => panic!("{other:?} is no message"),
    }
}

fn act(world: &mut World, key: u64, action: RowAction) -> Result<(), ErrorCode> {
    world.act(|page, env| page.act(env, code(), key, action))
}

fn edit(world: &mut World, key: u64, text: &str) -> Result<(), ErrorCode> {
    act(world, key, RowAction::Edit(text.to_owned()))
}

#[test]
fn an_edit_is_shown_at_once_and_stands_when_the_server_has_it() {
    let (mut world, key) = said();
    world.swallows = true;
    edit(&mut world, key, " other words ").expect("can be edited");
    let waits = line(&world);
    assert_eq!(waits.edit.map(|edit| edit.text).as_deref(), Some("other words"));
    assert_eq!((waits.text.as_str(), waits.revision), ("own 1", Revision::Original));
    world.cut();
    world.swallows = false;
    world.pass(2_000);
    let stands = line(&world);
    assert_eq!((stands.text.as_str(), stands.revision, stands.edit), ("other words", Revision::Edited, None));
    assert_eq!(world.room().unsent(), 0);
}

#[test]
fn an_edit_that_is_refused_keeps_its_words_until_it_is_discarded() {
    let (mut world, key) = said();
    world.server.refuses = Some(ErrorCode::TooLate);
    edit(&mut world, key, "too late").expect("is asked for");
    let failed = line(&world).edit.expect("is kept");
    assert_eq!((failed.text.as_str(), failed.delivery), ("too late", Delivery::Failed(ErrorCode::TooLate)));
    world.act(|page, env| page.discard(env, code(), key));
    assert_eq!((line(&world).edit, world.room().unsent()), (None, 0));
    assert_eq!(line(&world).text, "own 1");
}

#[test]
fn a_second_edit_takes_the_place_of_one_that_failed() {
    let (mut world, key) = said();
    world.server.refuses = Some(ErrorCode::TooLate);
    edit(&mut world, key, "first").expect("is asked for");
    edit(&mut world, key, "second").expect("is asked for");
    assert_eq!((line(&world).text.as_str(), world.room().unsent()), ("second", 0));
}

#[test]
fn what_is_deleted_is_forgotten_and_cannot_be_changed_any_more() {
    let (mut world, key) = said();
    act(&mut world, key, RowAction::Delete).expect("can be deleted");
    let gone = line(&world);
    assert_eq!((gone.text.as_str(), gone.html, gone.revision), ("", None, Revision::Deleted));
    assert_eq!(edit(&mut world, key, "back"), Err(ErrorCode::UnknownMessage));
    let last = world.act(|page, env| page.changeable(env, code(), None));
    assert_eq!(last, Err(ErrorCode::UnknownMessage), "there is no other");
}

#[test]
fn a_deletion_that_is_refused_is_said_for_a_while() {
    let (mut world, key) = said();
    world.server.refuses = Some(ErrorCode::TooLate);
    act(&mut world, key, RowAction::Delete).expect("is asked for");
    assert_eq!(world.room().refused(), Some(ErrorCode::TooLate));
    assert_eq!((line(&world).text.as_str(), world.room().unsent()), ("own 1", 0));
    world.pass(10_000);
    assert_eq!(world.room().refused(), None);
}

#[test]
fn what_is_no_emoji_goes_back_to_whoever_typed_it_and_the_next_success_ends_the_error() {
    let (mut world, key) = said();
    world.server.refuses = Some(ErrorCode::InvalidEmoji);
    act(&mut world, key, RowAction::React("🎉".to_owned())).expect("is asked for");
    assert_eq!(world.room().refused(), Some(ErrorCode::InvalidEmoji));
    let back = world.act(|page, _| page.take_given_back(code()));
    assert_eq!(back, Some((key, "🎉".to_owned())));
    assert_eq!(world.act(|page, _| page.take_given_back(code())), None, "once");
    assert_eq!(world.room().refused(), None, "the box says it");
    world.server.refuses = Some(ErrorCode::TooLate);
    act(&mut world, key, RowAction::Delete).expect("is asked for");
    assert_eq!(world.room().refused(), Some(ErrorCode::TooLate));
    world.say().expect("a good text");
    assert_eq!(world.room().refused(), None);
}

#[test]
fn only_own_messages_of_the_last_minutes_can_be_changed() {
    let mut world = World::inside();
    world.others_say(1);
    let theirs = world.room().rows()[0].key;
    assert_eq!(edit(&mut world, theirs, "mine"), Err(ErrorCode::NotYours));
    world.say().expect("a good text");
    let last = |world: &mut World| world.act(|page, env| page.changeable(env, code(), None));
    let (own, text) = last(&mut world).expect("the one that was just said");
    assert_eq!((world.room().rows()[1].key, text.as_str()), (own, "own 1"));
    assert_eq!(edit(&mut world, own, " \n "), Err(ErrorCode::EmptyText));
    assert_eq!(edit(&mut world, own, &"x".repeat(5_001)), Err(ErrorCode::TextTooLong));
    assert_eq!(edit(&mut world, own, "own 1"), Ok(()), "the same words are no edit");
    assert_eq!(line_at(&world, 1).edit, None);
}

#[test]
fn a_reaction_is_put_and_taken_away_by_the_same_press() {
    let (mut world, key) = said();
    let react = |world: &mut World| act(world, key, RowAction::React("🎉".to_owned()));
    react(&mut world).expect("is asked for");
    let reactions = line(&world).reactions;
    assert_eq!((reactions.len(), reactions[0].by.len(), reactions[0].own), (1, 1, true));
    react(&mut world).expect("is asked for");
    assert!(line(&world).reactions.is_empty());
    act(&mut world, key, RowAction::Delete).expect("can be deleted");
    assert_eq!(react(&mut world), Err(ErrorCode::UnknownMessage));
}

#[test]
fn an_answer_shows_what_it_answers_as_the_log_has_it() {
    let mut world = World::inside();
    world.others_say(1);
    let theirs = world.room().rows()[0].key;
    world.act(|page, env| page.send(env, code(), "yes, @Member 2", (None, Some(theirs)))).expect("a good text");
    let quoted = |world: &World| line_at(world, 1).reply.map(|reply| reply.quoted);
    let here =
        |beginning: &str| Some(Quoted::Here { key: theirs, name: name("Member 2"), beginning: beginning.to_owned() });
    assert!(quoted(&world) == here("theirs 1"));
    let said = world.server.said.iter().rev().find_map(|frame| match frame {
        ClientFrame::Send(message) => Some(message.refers.clone()),
        _ => None,
    });
    let refers = said.expect("was sent");
    assert_eq!((refers.reply, refers.mentions), (Some(id(1)), vec![member_id(2)]));
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
    assert!(quoted(&world) == here("mended"));
    world.server.emit(ServerFrame::Deleted { room, id: id(1), at, whisper: false });
    world.run();
    assert!(quoted(&world) == Some(Quoted::Deleted), "nothing of it is left in the answer");
}
