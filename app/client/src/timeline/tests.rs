//! Rows: merged, grouped, capped, with holes told once.

use protocol::{ErrorCode, Position};

use super::news::NAMES_MAX;
use super::*;
use crate::fixtures::{cid, id, member_id, message, name};

const YOU: u64 = 1;
const EPOCH: u64 = 77;

pub(super) fn joined_at(seq: u64) -> Timeline {
    let mut timeline = Timeline::new(2_000);
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq, changes: None });
    timeline
}

/// The log as a line of words: `2:7` is message 7 of member 2, `(…)` waits, `!n` is missed.
pub(super) fn log(timeline: &Timeline) -> String {
    let word = |row: &Arc<Row>| match &row.kind {
        RowKind::Message(line) => {
            let said = line.text.trim_start_matches("text ");
            match line.delivery {
                Delivery::Sent => format!("{}:{said}", line.name.as_str().trim_start_matches("Member ")),
                Delivery::Sending | Delivery::Waiting { .. } => format!("({said})"),
                Delivery::Failed(_) => format!("(x{said})"),
            }
        }
        RowKind::Joins { joined, left } => {
            let list = |names: &[DisplayName]| names.iter().map(DisplayName::as_str).collect::<Vec<_>>().join(",");
            format!("+{}-{}", list(joined), list(left))
        }
        RowKind::Missed(Some(missed)) => format!("!{missed}"),
        RowKind::Missed(None) => "!some".to_owned(),
        RowKind::Unread => "new".to_owned(),
        RowKind::Changed { .. } => "changed".to_owned(),
    };
    timeline.rows().iter().map(word).collect::<Vec<_>>().join(" ")
}

pub(super) fn write(timeline: &mut Timeline, number: u64) -> u64 {
    timeline.write(cid(number), name("Member 1"), format!("text {number}"), None, 0)
}

fn firsts(timeline: &Timeline) -> Vec<bool> {
    let first = |row: &Arc<Row>| match &row.kind {
        RowKind::Message(line) => Some(line.first),
        RowKind::Joins { .. } | RowKind::Missed(_) | RowKind::Unread | RowKind::Changed { .. } => None,
    };
    timeline.rows().iter().filter_map(first).collect()
}

#[test]
fn a_cleared_log_keeps_what_is_not_told_yet_and_goes_on() {
    let mut timeline = joined_at(0);
    timeline.message(message(2, 1, 1));
    write(&mut timeline, 10);
    write(&mut timeline, 11);
    timeline.acknowledged(&cid(10), 2, id(10), 0);
    timeline.clear();
    assert_eq!(log(&timeline), "1:10 (11)", "its message is still to come");
    timeline.message(message(YOU, 10, 2));
    timeline.message(message(3, 2, 3));
    assert_eq!(log(&timeline), "1:10 3:2 (11)");
    timeline.clear();
    timeline.message(message(3, 3, 4));
    assert_eq!(log(&timeline), "3:3 (11)");
    assert_eq!(firsts(&timeline), [true, true]);
}

#[test]
fn messages_follow_the_servers_order_and_own_ones_wait_behind() {
    let mut timeline = joined_at(0);
    write(&mut timeline, 10);
    write(&mut timeline, 11);
    timeline.message(message(2, 1, 1));
    assert_eq!(log(&timeline), "2:1 (10) (11)");
    timeline.message(message(YOU, 10, 2));
    timeline.message(message(3, 2, 3));
    assert_eq!(log(&timeline), "2:1 1:10 3:2 (11)");
}

#[test]
fn what_the_page_before_had_sent_is_one_row_although_it_comes_before_the_reader_is_known() {
    let mut timeline = Timeline::new(2_000);
    write(&mut timeline, 10);
    write(&mut timeline, 11);
    timeline.message(message(YOU, 10, 1));
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 1, changes: None });
    assert_eq!(log(&timeline), "1:10 (11)");
    timeline.acknowledged(&cid(10), 1, id(1), 1_000);
    assert_eq!(log(&timeline), "1:10 (11)");
}

#[test]
fn an_ack_and_its_message_make_one_row_in_either_order() {
    for ack_first in [true, false] {
        let mut timeline = joined_at(0);
        let key = write(&mut timeline, 10);
        let html = Message { html: Some("<b>10</b>".to_owned()), ..message(YOU, 10, 1) };
        if ack_first {
            timeline.acknowledged(&cid(10), 1, id(1), 1_000);
            assert_eq!(log(&timeline), "1:10");
        }
        timeline.message(html);
        timeline.acknowledged(&cid(10), 1, id(1), 1_000);
        let rows = timeline.rows();
        assert_eq!((rows.len(), rows[0].key), (1, key));
        assert!(matches!(&rows[0].kind, RowKind::Message(line) if line.html.is_some() && line.own && line.at == 1_000));
    }
}

#[test]
fn an_ack_alone_holds_the_place_of_a_message_that_never_came() {
    let mut timeline = joined_at(0);
    write(&mut timeline, 10);
    timeline.acknowledged(&cid(10), 1, id(1), 1_000);
    timeline.message(message(2, 1, 2));
    assert_eq!(log(&timeline), "1:10 2:1");
}

#[test]
fn a_late_ack_goes_to_its_place_among_the_others() {
    let mut timeline = joined_at(0);
    write(&mut timeline, 10);
    timeline.message(message(2, 1, 1));
    timeline.people(&[name("Zoe")], &[]);
    timeline.message(message(2, 3, 3));
    timeline.acknowledged(&cid(10), 2, id(2), 0);
    assert_eq!(log(&timeline), "2:1 +Zoe- !1 1:10 2:3");
}

#[test]
fn a_repeated_message_is_shown_once_and_still_counts() {
    let mut timeline = joined_at(0);
    timeline.message(message(2, 1, 1));
    timeline.message(message(2, 1, 1));
    timeline.message(message(2, 1, 2));
    timeline.message(message(2, 2, 3));
    // Another member may use the same client id for something else.
    timeline.message(message(3, 2, 4));
    assert_eq!(log(&timeline), "2:1 2:2 3:2");
}

#[test]
fn nobody_takes_over_an_own_message_by_its_client_id() {
    let mut timeline = joined_at(0);
    write(&mut timeline, 10);
    timeline.message(message(2, 10, 1));
    assert_eq!(log(&timeline), "2:10 (10)");
}

#[test]
fn a_hole_is_told_with_its_size() {
    let mut timeline = joined_at(4);
    timeline.message(message(2, 1, 5));
    timeline.message(message(2, 2, 9));
    assert_eq!(log(&timeline), "2:1 !3 2:2");
    assert_eq!(timeline.missed(), Some(Some(3)));
}

#[test]
fn a_gap_frame_and_the_hole_it_tells_of_are_one_line() {
    let mut timeline = joined_at(4);
    timeline.begin_outage();
    timeline.gap(Some(3));
    timeline.message(message(2, 2, 8));
    timeline.message(message(2, 3, 9));
    assert_eq!(log(&timeline), "!3 2:2 2:3");
}

#[test]
fn joining_again_and_the_gap_behind_it_are_one_line() {
    let mut timeline = joined_at(4);
    timeline.begin_outage();
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 7, changes: None });
    assert_eq!(log(&timeline), "!3");
    timeline.gap(Some(3));
    timeline.message(message(2, 2, 8));
    assert_eq!(log(&timeline), "!3 2:2");
    assert_eq!(timeline.missed(), Some(Some(3)));
}

#[test]
fn a_gap_says_it_better_than_the_position_and_keeps_what_was_missed_before() {
    let mut timeline = joined_at(4);
    timeline.begin_outage();
    timeline.gap(Some(2));
    timeline.begin_outage();
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 7, changes: None });
    timeline.gap(Some(1));
    assert_eq!(log(&timeline), "!3");
    assert_eq!(timeline.missed(), Some(Some(1)));
}

#[test]
fn a_gap_that_comes_behind_the_messages_it_lies_before_is_told_once() {
    let mut timeline = joined_at(4);
    timeline.begin_outage();
    timeline.message(message(2, 1, 8));
    timeline.message(message(2, 2, 9));
    timeline.gap(Some(3));
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 9, changes: None });
    timeline.message(message(2, 3, 10));
    assert_eq!(log(&timeline), "!3 2:1 2:2 2:3");
    assert_eq!(timeline.missed(), Some(Some(3)));
    timeline.begin_outage();
    timeline.message(message(2, 4, 12));
    timeline.gap(None);
    assert_eq!(log(&timeline), "!3 2:1 2:2 2:3 !1 2:4");
    timeline.begin_outage();
    timeline.gap(None);
    assert_eq!(log(&timeline), "!3 2:1 2:2 2:3 !1 2:4 !some");
}

#[test]
fn joining_twice_tells_what_was_missed_once() {
    let mut timeline = joined_at(4);
    timeline.begin_outage();
    for _ in 0..2 {
        timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 7, changes: None });
        timeline.gap(Some(3));
    }
    timeline.message(message(2, 1, 8));
    assert_eq!(log(&timeline), "!3 2:1");
}

#[test]
fn another_epoch_means_possibly_some() {
    let mut timeline = joined_at(4);
    timeline.message(message(2, 1, 5));
    timeline.begin_outage();
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH + 1, seq: 0, changes: None });
    timeline.gap(None);
    timeline.message(message(2, 2, 1));
    assert_eq!(log(&timeline), "2:1 !some 2:2");
    assert_eq!(timeline.missed(), Some(None));
    assert_eq!(timeline.position(), Some(Position { epoch: EPOCH + 1, seq: 1, changes: None }));
}

#[test]
fn joining_again_with_nothing_missed_adds_no_line() {
    let mut timeline = joined_at(4);
    timeline.begin_outage();
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 4, changes: None });
    timeline.message(message(2, 1, 5));
    assert_eq!((log(&timeline).as_str(), timeline.missed()), ("2:1", None));
}

#[test]
fn a_reloaded_page_shows_what_is_sent_again_and_misses_nothing() {
    let mut timeline = Timeline::new(2_000);
    timeline.message(message(YOU, 1, 41));
    timeline.message(message(2, 2, 42));
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 42, changes: None });
    timeline.message(message(2, 3, 43));
    assert_eq!(log(&timeline), "1:1 2:2 2:3");
    assert!(matches!(&timeline.rows()[0].kind, RowKind::Message(line) if line.own));
}

#[test]
fn a_reloaded_page_shows_what_is_missing_before_what_is_sent_again() {
    let mut timeline = Timeline::new(2_000);
    timeline.gap(Some(3));
    timeline.message(message(YOU, 1, 44));
    timeline.message(message(2, 2, 45));
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 45, changes: None });
    timeline.message(message(2, 3, 46));
    assert_eq!(log(&timeline), "!3 1:1 2:2 2:3");
    assert_eq!(timeline.missed(), Some(Some(3)));
}

#[test]
fn groups_are_of_one_author_within_five_minutes() {
    let minute = 60_000;
    let mut timeline = joined_at(0);
    for (seq, (from, at)) in (1_u64..).zip([(2, 0), (2, 4), (2, 9), (3, 9), (YOU, 9)]) {
        timeline.message(Message { at: at * minute, ..message(from, seq, seq) });
    }
    timeline.people(&[name("Zoe")], &[]);
    timeline.message(Message { at: 9 * minute, ..message(YOU, 6, 6) });
    assert_eq!(firsts(&timeline), [true, false, true, true, true, true]);
}

#[test]
fn a_row_that_slips_in_before_own_ones_starts_their_group_anew() {
    let mut timeline = joined_at(0);
    timeline.message(message(YOU, 1, 1));
    write(&mut timeline, 10);
    write(&mut timeline, 11);
    assert_eq!(firsts(&timeline), [true, false, false]);
    timeline.message(message(2, 2, 2));
    assert_eq!(firsts(&timeline), [true, true, true, false]);
}

#[test]
fn comings_and_goings_collapse_into_one_line() {
    let mut timeline = joined_at(0);
    timeline.people(&[name("A"), name("B")], &[]);
    timeline.people(&[], &[name("C"), name("A")]);
    assert_eq!(log(&timeline), "+A,B-C,A");
    timeline.people(&[name("C")], &[]);
    assert_eq!(log(&timeline), "+A,B-A");
    timeline.message(message(2, 1, 1));
    timeline.people(&[], &[name("B")]);
    timeline.people(&[name("B")], &[]);
    assert_eq!(log(&timeline), "+A,B-A 2:1");
}

#[test]
fn a_line_of_names_does_not_grow_for_ever() {
    let mut timeline = joined_at(0);
    for number in 0..=NAMES_MAX {
        timeline.people(&[name(&format!("N{number}"))], &[]);
    }
    assert_eq!(timeline.rows().len(), 2);
}

#[test]
fn the_oldest_rows_make_way_and_the_first_one_starts_a_group() {
    let mut timeline = Timeline::new(10);
    timeline.joined(&member_id(YOU), Position { epoch: EPOCH, seq: 0, changes: None });
    write(&mut timeline, 100);
    for seq in 1..=30 {
        timeline.message(message(2, seq, seq));
    }
    assert_eq!(log(&timeline), "2:22 2:23 2:24 2:25 2:26 2:27 2:28 2:29 2:30 (100)");
    assert!(firsts(&timeline)[0] && !firsts(&timeline)[1]);
}

#[test]
fn retrying_moves_a_message_last_and_discarding_removes_it() {
    let mut timeline = joined_at(0);
    let key = write(&mut timeline, 10);
    write(&mut timeline, 11);
    timeline.deliver(&cid(10), Delivery::Failed(ErrorCode::TextTooLong));
    assert_eq!(log(&timeline), "(x10) (11)");
    assert_eq!(timeline.cid_of(key), Some(cid(10)));
    timeline.move_last(&cid(10), 0);
    timeline.deliver(&cid(10), Delivery::Sending);
    assert_eq!(log(&timeline), "(11) (10)");
    timeline.discard(&cid(10));
    assert_eq!((log(&timeline).as_str(), timeline.cid_of(key)), ("(11)", None));
}

#[test]
fn a_row_changes_its_version_only_when_it_changes() {
    let mut timeline = joined_at(0);
    write(&mut timeline, 10);
    let before = timeline.rows();
    assert!(timeline.take_changed());
    timeline.deliver(&cid(10), Delivery::Sending);
    assert!(!timeline.take_changed());
    timeline.deliver(&cid(10), Delivery::Waiting { retry_at: None });
    let after = timeline.rows();
    assert_eq!(after[0].key, before[0].key);
    assert!(after[0].version > before[0].version);
}

#[test]
fn the_first_mention_while_nobody_looks_counts_as_any_later_one() {
    let mut timeline = joined_at(0);
    timeline.look(false);
    for (number, seq) in [(1, 1), (2, 2)] {
        timeline.message(Message { mentions: vec![member_id(YOU)], ..message(2, number, seq) });
        assert_eq!((u64::from(timeline.unread()), u64::from(timeline.mentions())), (seq, seq));
    }
    timeline.look(true);
    assert_eq!((timeline.unread(), timeline.mentions()), (0, 0));
}
