//! The resume queue: bounds, order, exact gaps in their places.

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::RoomCode;

use crate::resume::{ResumeQueue, Tells};

fn room(number: u8) -> RoomCode {
    let letter = ["A", "B", "C"][usize::from(number % 3)];
    RoomCode::parse(&letter.repeat(8)).expect("eight letters")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Number(u64),
    /// The message with this number in its room.
    Message(RoomCode, u64),
    Gap(RoomCode, Option<u64>),
}

use Frame::{Gap, Number};

/// As the server resumes: a gap is a frame of so many bytes. It is in every room.
fn resume(queue: &mut ResumeQueue<Frame>, have: u64, bytes_max: usize) -> Option<Vec<Frame>> {
    queue.resume(have, &[room(0), room(1), room(2)], bytes_max, |room, missed| Some((Gap(room, missed), GAP_BYTES)))
}

const GAP_BYTES: usize = 40;

#[test]
fn what_is_confirmed_is_gone_and_the_rest_returns_in_order() {
    let mut queue = ResumeQueue::default();
    for number in 0..10 {
        queue.push(Number(number), 10, Tells::Nothing, 1_000);
    }
    assert!(queue.confirm(4));
    let owed = resume(&mut queue, 6, 1_000).expect("six were sent");
    assert_eq!(owed, [6, 7, 8, 9].map(Number));
    // The count starts anew with what was sent again.
    assert!(queue.confirm(4));
    assert!(!queue.confirm(5), "the fifth was never sent");
}

#[test]
fn a_claim_to_what_was_never_sent_is_refused() {
    let mut queue = ResumeQueue::default();
    queue.push(Number(0), 10, Tells::Nothing, 1_000);
    assert_eq!(resume(&mut queue, 2, 1_000), None);
}

#[test]
fn a_line_that_breaks_over_and_over_fills_the_queue_with_no_states() {
    let mut queue = ResumeQueue::default();
    queue.push(Number(0), 100, Tells::State(room(0)), 300);
    queue.push(Number(1), 100, Tells::Message(room(0)), 300);
    for number in 2..50 {
        queue.push(Number(number), 100, Tells::State(room(0)), 300);
        assert_eq!(resume(&mut queue, 0, 300).expect("all were sent"), [Number(0), Number(1)], "time {number}");
    }
    queue.push(Number(50), 50, Tells::State(room(1)), 300);
    assert_eq!(queue.bytes(), 250);
    assert_eq!(resume(&mut queue, 0, 300).expect("all were sent").len(), 3, "another room has a state of its own");
}

#[test]
fn an_overflow_is_a_gap_of_known_size_before_what_is_kept() {
    let mut queue = ResumeQueue::default();
    for number in 0..10_u8 {
        let tells = if number % 2 == 0 { Tells::Message(room(number / 2)) } else { Tells::Nothing };
        queue.push(Number(number.into()), 100, tells, 300);
    }
    // Frames 2, 4 and 6 were messages of rooms 1, 2 and 0; frame 0 had arrived.
    let gap = |of| Gap(room(of), Some(1));
    let expected = [gap(0), gap(1), gap(2), Number(7), Number(8), Number(9)];
    assert_eq!(resume(&mut queue, 1, 300), Some(expected.to_vec()));
}

#[test]
fn dropped_frames_that_had_arrived_are_no_gap() {
    let mut queue = ResumeQueue::default();
    for number in 0..10 {
        queue.push(Number(number), 100, Tells::Message(room(0)), 300);
    }
    assert_eq!(resume(&mut queue, 8, 300), Some(vec![Number(8), Number(9)]));
}

#[test]
fn beyond_memory_a_gap_is_unknown_not_wrong() {
    let mut queue = ResumeQueue::default();
    for number in 0..40_000 {
        let tells = if number == 39_000 { Tells::Message(room(1)) } else { Tells::Message(room(0)) };
        queue.push(Number(number), 100, tells, 300);
    }
    let owed = resume(&mut queue, 5, 300).expect("sent");
    assert_eq!(owed[..2], [Gap(room(0), None), Gap(room(1), Some(1))], "the others have lost nothing");
    assert_eq!(owed[2..], [39_997, 39_998, 39_999].map(Number));
    // What told of a gap and is not remembered any more tells of it still; what tells nothing is nothing to miss.
    let mut queue = ResumeQueue::default();
    queue.push(Gap(room(2), Some(3)), GAP_BYTES, Tells::Gap(room(2), Some(3)), 0);
    for number in 0..40_000 {
        queue.push(Number(number), 100, Tells::Nothing, 0);
    }
    assert_eq!(resume(&mut queue, 0, 0), Some(vec![Gap(room(2), None)]));
}

#[test]
fn no_retention_keeps_nothing_and_still_knows_what_was_missed() {
    let mut queue = ResumeQueue::default();
    queue.push(Number(1), 10, Tells::Message(room(0)), 0);
    for _ in 0..3 {
        // The word about it is lost with the line, again and again.
        assert_eq!(resume(&mut queue, 0, 0), Some(vec![Gap(room(0), Some(1))]));
        assert_eq!(queue.bytes(), 0);
    }
    assert_eq!(resume(&mut queue, 1, 0), Some(vec![]), "now it arrived");
}

#[test]
fn a_gap_that_is_dropped_adds_to_the_next_one() {
    let mut queue = ResumeQueue::default();
    queue.push(Gap(room(0), Some(3)), GAP_BYTES, Tells::Gap(room(0), Some(3)), 100);
    queue.push(Gap(room(1), None), GAP_BYTES, Tells::Gap(room(1), None), 100);
    for number in 0..2 {
        queue.push(Number(number), 100, Tells::Message(room(number.try_into().expect("small"))), 100);
    }
    let expected = vec![Gap(room(0), Some(4)), Gap(room(1), None), Number(1)];
    assert_eq!(resume(&mut queue, 0, 100), Some(expected));
}

#[derive(Debug, Clone)]
enum Op {
    /// The server sends a message of this many bytes to a room.
    Send(u8, usize),
    /// The next so many frames on the line arrive.
    Arrive(usize),
    /// The client says what it has.
    Confirm,
    /// The line is cut, and the session comes back.
    Cut,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => (0_u8..3, 1_usize..200).prop_map(|(of, bytes)| Op::Send(of, bytes)),
        3 => (0_usize..6).prop_map(Op::Arrive),
        1 => Just(Op::Confirm),
        2 => Just(Op::Cut),
    ];
    prop::collection::vec(op, 0..200)
}

/// What one reader makes of a line: every message in its place, every hole told just there.
#[derive(Default)]
struct Reader {
    have: u64,
    shown: BTreeMap<RoomCode, u64>,
}

impl Reader {
    fn read(&mut self, frame: Frame) {
        self.have += 1;
        match frame {
            Number(_) => {}
            Frame::Message(of, number) => {
                let shown = self.shown.entry(of).or_default();
                assert_eq!(number, *shown + 1, "neither a hole that was not told nor a repetition");
                *shown = number;
            }
            Gap(of, missed) => {
                *self.shown.entry(of).or_default() += missed.expect("few frames are always known");
            }
        }
    }
}

proptest! {
    /// Over any line, read one after the other: each message comes once, or in the gap that stands where it was.
    #[test]
    fn nothing_is_lost_silently_and_each_gap_is_where_its_hole_is(ops in ops(), bound in 0_usize..2_000) {
        let (mut queue, mut line) = (ResumeQueue::default(), std::collections::VecDeque::new());
        let (mut reader, mut sent) = (Reader::default(), BTreeMap::new());
        for op in ops.into_iter().chain([Op::Cut, Op::Arrive(usize::MAX)]) {
            match op {
                Op::Send(of, bytes) => {
                    let number = sent.entry(room(of)).and_modify(|number| *number += 1).or_insert(1);
                    let frame = Frame::Message(room(of), *number);
                    queue.push(frame, bytes, Tells::Message(room(of)), bound);
                    line.push_back(frame);
                }
                Op::Arrive(count) => {
                    let count = count.min(line.len());
                    line.drain(..count).for_each(|frame| reader.read(frame));
                }
                Op::Confirm => prop_assert!(queue.confirm(reader.have)),
                Op::Cut => {
                    line = resume(&mut queue, reader.have, bound).expect("no more than was sent").into();
                    reader.have = 0;
                }
            }
            prop_assert!(queue.bytes() <= bound);
        }
        prop_assert_eq!(reader.shown, sent);
    }
}
