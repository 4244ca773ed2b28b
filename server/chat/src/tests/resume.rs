//! The resume queue: bounds, order, exact gaps.

use proptest::prelude::*;
use protocol::RoomCode;

use crate::resume::{Missed, ResumeQueue};

fn room(number: u8) -> RoomCode {
    let letter = ["A", "B", "C"][usize::from(number % 3)];
    RoomCode::parse(&letter.repeat(8)).expect("eight letters")
}

#[test]
fn what_is_confirmed_is_gone_and_the_rest_returns_in_order() {
    let mut queue = ResumeQueue::default();
    for frame in 0..10 {
        queue.push(frame, 10, None, 1_000);
    }
    assert!(queue.confirm(4));
    let resumed = queue.resume(6).expect("six were sent");
    assert_eq!((resumed.frames, resumed.missed), (vec![6, 7, 8, 9], Missed::Nothing));
    // The count starts anew with what was sent again.
    assert!(queue.confirm(4));
    assert!(!queue.confirm(5), "the fifth was never sent");
}

#[test]
fn a_claim_to_what_was_never_sent_is_refused() {
    let mut queue = ResumeQueue::default();
    queue.push(0, 10, None, 1_000);
    assert_eq!(queue.resume(2), None);
}

#[test]
fn an_overflow_is_a_gap_of_known_size() {
    let mut queue = ResumeQueue::default();
    for frame in 0..10_u8 {
        let of = (frame % 2 == 0).then(|| room(frame / 2));
        queue.push(frame, 100, of, 300);
    }
    let resumed = queue.resume(1).expect("one was sent");
    assert_eq!(resumed.frames, vec![7, 8, 9]);
    // Frames 2, 4 and 6 were messages of rooms 1, 2 and 0; frame 0 had arrived.
    assert_eq!(resumed.missed, Missed::Exactly(vec![(room(0), 1), (room(1), 1), (room(2), 1)]));
}

#[test]
fn dropped_frames_that_had_arrived_are_no_gap() {
    let mut queue = ResumeQueue::default();
    for frame in 0..10_u8 {
        queue.push(frame, 100, Some(room(0)), 300);
    }
    assert_eq!(queue.resume(8).expect("sent").missed, Missed::Nothing);
}

#[test]
fn beyond_memory_a_gap_is_unknown_not_wrong() {
    let mut queue = ResumeQueue::default();
    for frame in 0..40_000_u32 {
        queue.push(frame, 100, Some(room(0)), 300);
    }
    assert_eq!(queue.resume(5).expect("sent").missed, Missed::Unknown);
}

#[test]
fn no_retention_keeps_nothing() {
    let mut queue = ResumeQueue::default();
    queue.push(1, 10, Some(room(0)), 0);
    let resumed = queue.resume(0).expect("nothing claimed");
    assert_eq!((resumed.frames, resumed.missed), (vec![], Missed::Exactly(vec![(room(0), 1)])));
}

proptest! {
    /// Received and kept and missed add up to what was sent, and the bound holds.
    #[test]
    fn nothing_is_lost_silently(
        sizes in prop::collection::vec((1_usize..200, 0_u8..3), 0..200),
        bound in 0_usize..2_000,
        share in 0.0_f64..=1.0,
    ) {
        let mut queue = ResumeQueue::default();
        for (frame, (bytes, of)) in sizes.iter().enumerate() {
            queue.push(frame, *bytes, Some(room(*of)), bound);
            prop_assert!(queue.bytes() <= bound);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small and positive")]
        let have = (sizes.len() as f64 * share) as usize;
        let resumed = queue.resume(have as u64).expect("no more than was sent");
        let missed: u64 = match resumed.missed {
            Missed::Nothing => 0,
            Missed::Exactly(counts) => counts.iter().map(|(_, count)| count).sum(),
            Missed::Unknown => panic!("few frames are always known"),
        };
        prop_assert_eq!(have as u64 + missed + resumed.frames.len() as u64, sizes.len() as u64);
        prop_assert!(resumed.frames.windows(2).all(|pair| pair[1] == pair[0] + 1));
        prop_assert!(resumed.frames.last().is_none_or(|last| last + 1 == sizes.len()));
    }
}
