//! What holds for the log whatever arrives.

use std::collections::HashSet;

use proptest::prelude::*;
use protocol::{ErrorCode, Position};

use super::*;
use crate::fixtures::{cid, id, member_id, message, name};

const YOU: u64 = 1;

#[derive(Debug, Clone)]
enum Op {
    Join { epoch: u64, seq: u64 },
    Outage,
    Message { from: u64, number: u64, seq: u64 },
    Ack { number: u64, seq: u64 },
    Gap(Option<u64>),
    Write(u64),
    Fail(u64),
    Discard(u64),
    MoveLast(u64),
    People { came: u8, went: u8 },
    Look(bool),
    Hold(bool),
    Read,
    Edited(u64),
    Deleted(u64),
    Burning { number: u64, seq: u64 },
    See(u64),
    Time(u64),
}

fn any_op() -> impl Strategy<Value = Op> {
    let seq = prop_oneof![0_u64..40, Just(u64::MAX)];
    prop_oneof![
        (0_u64..3, seq.clone()).prop_map(|(epoch, seq)| Op::Join { epoch, seq }),
        Just(Op::Outage),
        (0_u64..4, 0_u64..20, seq.clone()).prop_map(|(from, number, seq)| Op::Message { from, number, seq }),
        (0_u64..20, seq).prop_map(|(number, seq)| Op::Ack { number, seq }),
        proptest::option::of(prop_oneof![0_u64..5, Just(u64::MAX)]).prop_map(Op::Gap),
        (0_u64..20).prop_map(Op::Write),
        (0_u64..20).prop_map(Op::Fail),
        (0_u64..20).prop_map(Op::Discard),
        (0_u64..20).prop_map(Op::MoveLast),
        (0_u8..4, 0_u8..4).prop_map(|(came, went)| Op::People { came, went }),
        any::<bool>().prop_map(Op::Look),
        any::<bool>().prop_map(Op::Hold),
        Just(Op::Read),
        (0_u64..40).prop_map(Op::Edited),
        (0_u64..40).prop_map(Op::Deleted),
        (0_u64..20, 0_u64..40).prop_map(|(number, seq)| Op::Burning { number, seq }),
        (0_u64..40).prop_map(Op::See),
        (0_u64..40).prop_map(Op::Time),
    ]
}

fn apply(timeline: &mut Timeline, op: Op) {
    match op {
        Op::Join { epoch, seq } => timeline.joined(&member_id(YOU), Position { epoch, seq, changes: None }),
        Op::Outage => timeline.begin_outage(),
        Op::Message { from, number, seq } => timeline.message(message(from, number, seq)),
        Op::Ack { number, seq } => timeline.acknowledged(&cid(number), seq, id(seq), 0),
        Op::Gap(missed) => timeline.gap(missed),
        Op::Write(number) => {
            timeline.write(cid(number), name("Member 1"), format!("text {number}"), None, 0);
        }
        Op::Fail(number) => {
            timeline.deliver(&cid(number), Delivery::Failed(ErrorCode::Internal));
        }
        Op::Edited(seq) => timeline.edited(&id(seq), format!("edited {seq}"), None),
        Op::Deleted(seq) => timeline.deleted(&id(seq)),
        Op::Burning { number, seq } => {
            let timer = Some(Timer { after_s: 1, ends_at: seq * 1_000 });
            timeline.message(protocol::Message { timer, ..message(2, number, seq) });
        }
        Op::See(key) => {
            timeline.see(key, key * 1_000);
        }
        Op::Time(seconds) => {
            timeline.burn(seconds * 1_000);
            assert!(timeline.burns_at().is_none_or(|at| at > seconds * 1_000), "what is over is burned");
        }
        Op::Discard(number) => timeline.discard(&cid(number)),
        Op::MoveLast(number) => timeline.move_last(&cid(number), 0),
        Op::People { came, went } => {
            timeline.people(&[name(&format!("N{came}"))], &[name(&format!("N{went}"))]);
        }
        Op::Look(looks) => {
            timeline.look(looks);
        }
        Op::Hold(held) => timeline.hold(held),
        Op::Read => timeline.read(),
    }
}

proptest! {
    #[test]
    fn no_order_of_events_breaks_the_log(ops in proptest::collection::vec(any_op(), 0..80)) {
        let mut timeline = Timeline::new(25);
        let mut written = 0;
        for op in ops {
            written += usize::from(matches!(op, Op::Write(_)));
            apply(&mut timeline, op);
            let rows = timeline.rows();
            let keys: HashSet<u64> = rows.iter().map(|row| row.key).collect();
            prop_assert_eq!(keys.len(), rows.len(), "keys are unique");
            prop_assert!(rows.len() <= 37 + written, "bounded by the limit, half of it for a reader, and what waits");
            prop_assert!(rows.iter().filter(|row| row.kind == RowKind::Unread).count() <= 1, "reading ended once");
            let blocks = timeline.blocks();
            let distinct: HashSet<u64> = blocks.iter().map(|block| block.key).collect();
            prop_assert_eq!(distinct.len(), blocks.len(), "a block is in one piece");
            let in_blocks: Vec<u64> = blocks.iter().flat_map(|block| &block.rows).map(|row| row.key).collect();
            prop_assert_eq!(in_blocks, rows.iter().map(|row| row.key).collect::<Vec<_>>());
            let mut others = HashSet::new();
            for (index, row) in rows.iter().enumerate() {
                if let RowKind::Message(line) = &row.kind {
                    let after_other = index == 0 || !matches!(rows[index - 1].kind, RowKind::Message(_));
                    prop_assert!(line.first || !after_other, "a group starts after anything else");
                    let shown = (line.member.clone(), line.text.clone());
                    let is_as_sent = !line.own && line.revision == Revision::Original;
                    prop_assert!(!is_as_sent || others.insert(shown), "a (member, cid) is shown once");
                    prop_assert!(!line.revision.is_gone() || line.text.is_empty(), "what is gone is forgotten");
                }
            }
        }
    }

    #[test]
    fn of_an_honest_order_every_message_is_shown_once_or_told_missing(
        fates in proptest::collection::vec((0_u64..3, any::<bool>(), 0_u64..4), 1..60),
    ) {
        let mut timeline = Timeline::new(2_000);
        timeline.joined(&member_id(YOU), Position { epoch: 77, seq: 0, changes: None });
        let (mut shown, mut last) = (Vec::new(), 0);
        for (seq, (repeats, arrives, from)) in (1_u64..).zip(fates) {
            if arrives {
                for _ in 0..=repeats {
                    timeline.message(message(from, seq, seq));
                }
                shown.push(format!("text {seq}"));
                last = seq;
            }
        }
        let rows = timeline.rows();
        let texts: Vec<String> = rows.iter().filter_map(|row| match &row.kind {
            RowKind::Message(line) => Some(line.text.clone()),
            RowKind::Joins { .. } | RowKind::Missed(_) | RowKind::Unread | RowKind::Changed { .. } => None,
        }).collect();
        let missed: u64 = rows.iter().map(|row| match &row.kind {
            RowKind::Missed(missed) => missed.expect("an honest order has known holes"),
            RowKind::Message(_) | RowKind::Joins { .. } | RowKind::Unread | RowKind::Changed { .. } => 0,
        }).sum();
        prop_assert_eq!(missed + shown.len() as u64, last);
        prop_assert_eq!(texts, shown);
    }
}
