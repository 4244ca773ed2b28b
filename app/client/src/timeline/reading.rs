//! Blocks of rows, what is kept for a reader, and where reading ended.

use protocol::Position;

use super::tests::{joined_at, log, write};
use super::*;
use crate::fixtures::{cid, id, member_id, message};

fn sizes(timeline: &Timeline) -> Vec<(u64, usize)> {
    timeline.blocks().iter().map(|block| (block.key, block.rows.len())).collect()
}

#[test]
fn rows_come_in_blocks_of_fifty_and_stay_where_they_are() {
    let mut timeline = joined_at(0);
    for seq in 1..=120 {
        timeline.message(message(2, seq, seq));
    }
    assert_eq!(sizes(&timeline), [(1, 50), (2, 50), (3, 20)]);
    write(&mut timeline, 500);
    assert_eq!(sizes(&timeline), [(1, 50), (2, 50), (3, 20), (0, 1)]);
    timeline.acknowledged(&cid(500), 121, id(121), 0);
    assert_eq!(sizes(&timeline), [(1, 50), (2, 50), (3, 21)]);
}

#[test]
fn a_message_that_failed_and_stays_does_not_gather_the_others_into_one_block() {
    let mut timeline = joined_at(0);
    write(&mut timeline, 500);
    for seq in 1..=200 {
        timeline.message(message(2, seq, seq));
    }
    assert_eq!(sizes(&timeline), [(1, 50), (2, 50), (3, 50), (4, 50), (0, 1)]);
}

#[test]
fn trimming_takes_from_the_first_block_only() {
    let mut timeline = Timeline::new(100);
    timeline.joined(&member_id(1), Position { epoch: 1, seq: 0, changes: None });
    for seq in 1..=130 {
        timeline.message(message(2, seq, seq));
    }
    assert_eq!(sizes(&timeline), [(1, 20), (2, 50), (3, 30)]);
}

#[test]
fn rows_are_kept_under_a_reader_up_to_a_bound() {
    let mut timeline = Timeline::new(10);
    timeline.joined(&member_id(1), Position { epoch: 1, seq: 0, changes: None });
    for seq in 1..=10 {
        timeline.message(message(2, seq, seq));
    }
    timeline.hold(true);
    for seq in 11..=15 {
        timeline.message(message(2, seq, seq));
    }
    assert_eq!(timeline.rows().len(), 15);
    timeline.message(message(2, 16, 16));
    assert_eq!(timeline.rows().len(), 15, "half as many again");
    assert!(timeline.take_changed());
    timeline.hold(false);
    assert!(timeline.take_changed());
    assert!(log(&timeline).starts_with("2:7 "), "{}", log(&timeline));
}

#[test]
fn the_first_that_comes_while_nobody_looks_stands_below_a_mark() {
    let mut timeline = joined_at(0);
    timeline.message(message(2, 1, 1));
    timeline.look(false);
    assert_eq!((log(&timeline).as_str(), timeline.unread()), ("2:1", 0));
    timeline.message(message(2, 2, 2));
    timeline.message(message(3, 3, 3));
    assert_eq!((log(&timeline).as_str(), timeline.unread()), ("2:1 new 2:2 3:3", 2));
    timeline.look(true);
    timeline.message(message(2, 4, 4));
    assert_eq!((log(&timeline).as_str(), timeline.unread()), ("2:1 new 2:2 3:3 2:4", 0));
    timeline.look(false);
    assert_eq!(log(&timeline), "2:1 new 2:2 3:3 2:4", "until there is another beginning");
    timeline.message(message(2, 5, 5));
    assert_eq!((log(&timeline).as_str(), timeline.unread()), ("2:1 2:2 3:3 2:4 new 2:5", 1));
}

#[test]
fn who_answers_has_read() {
    let mut timeline = joined_at(0);
    timeline.look(false);
    timeline.message(message(2, 1, 1));
    timeline.look(true);
    write(&mut timeline, 10);
    assert_eq!(log(&timeline), "2:1 (10)");
    timeline.read();
    assert_eq!(log(&timeline), "2:1 (10)");
}

#[test]
fn own_messages_of_another_tab_are_not_unread() {
    let mut timeline = joined_at(0);
    timeline.look(false);
    timeline.message(message(1, 1, 1));
    assert_eq!((log(&timeline).as_str(), timeline.unread()), ("1:1", 0));
}

#[test]
fn how_the_last_mention_begins_is_known_until_it_is_read_or_taken_back_and_never_of_what_burns() {
    let mut timeline = joined_at(0);
    timeline.look(false);
    let mention = |seq: u64| Message { mentions: vec![member_id(1)], text: "x".repeat(500), ..message(2, seq, seq) };
    timeline.message(mention(1));
    assert_eq!(timeline.mentioned_by().map(str::len), Some(BEGINNING_CHARS));
    timeline.deleted(&id(1));
    assert_eq!(timeline.mentioned_by(), None);
    timeline.message(Message { timer: Some(Timer { after_s: 5, ends_at: 9 }), ..mention(2) });
    assert_eq!((timeline.mentioned_by(), timeline.mentions()), (None, 2));
    timeline.message(mention(3));
    timeline.read();
    assert_eq!(timeline.mentioned_by(), None);
}
