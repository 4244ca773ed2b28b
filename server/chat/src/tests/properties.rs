//! Arbitrary sequences: acks, membership of receivers, order, presence, life.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::{Activity, ErrorCode, LeaveReason, Limits, MemberId, MessageId, Sealed, ServerFrame};

use super::{at, body, cid, join, member, name, room, room_of, run, run_at, send};
use crate::event::{Body, Effect, Ended, Input};
use crate::ids::SessionKey;
use crate::time::{Monotonic, Now};

const SESSIONS: u64 = 6;

fn who(session: u64) -> u8 {
    // Two sessions a person.
    u8::try_from(session / 2).expect("few sessions")
}

fn an_input() -> impl Strategy<Value = Input> {
    let session = 0..SESSIONS;
    prop_oneof![
        5 => session.clone().prop_map(|session| join(session, who(session))),
        8 => (session.clone(), 0_u32..12).prop_map(|(session, number)| send(session, number + 100 * u32::try_from(session).expect("few"))),
        2 => session.clone().prop_map(|session| Input::Leave { session: SessionKey(session), cid: Some(cid(900)) }),
        2 => session.clone().prop_map(|session| Input::SessionEnded { session: SessionKey(session) }),
        2 => session.clone().prop_map(|session| Input::Dropped { session: SessionKey(session) }),
        2 => session.clone().prop_map(|session| Input::Resumed { session: SessionKey(session) }),
        2 => (session.clone(), any::<bool>()).prop_map(|(session, on)| Input::Typing { session: SessionKey(session), on }),
        1 => (session.clone(), any::<bool>()).prop_map(|(session, away)| Input::Status {
            session: SessionKey(session),
            activity: if away { Activity::Away } else { Activity::Online },
        }),
        1 => (0_u8..3, 0_u8..3).prop_map(|(of, to)| Input::Rename { member: member(of), name: name(to) }),
        1 => (0_u8..3).prop_map(|of| Input::Owner { member: member(of) }),
        1 => (0_u8..3).prop_map(|of| Input::Remove { member: member(of), reason: LeaveReason::SignedOut }),
        1 => (session, 0_u32..12).prop_map(|(session, number)| Input::NotRelayed { session: SessionKey(session), cid: cid(number) }),
        4 => Just(Input::Tick),
    ]
}

fn inputs() -> impl Strategy<Value = Vec<(u64, Input)>> {
    prop::collection::vec((0_u64..400, an_input()), 1..120)
}

/// What a reader would know, built from the effects alone.
#[derive(Default)]
struct Readers {
    inside: BTreeSet<SessionKey>,
    heard: BTreeMap<SessionKey, Vec<u64>>,
    roster: BTreeMap<MemberId, Activity>,
    count: u32,
    ended: Option<LeaveReason>,
}

impl Readers {
    fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::Seated(session) => assert!(self.inside.insert(*session), "seated twice"),
            Effect::Unseated(session) => assert!(self.inside.remove(session), "unseated twice"),
            Effect::Broadcast(ServerFrame::Message(message)) => {
                for session in &self.inside {
                    self.heard.entry(*session).or_default().push(message.seq);
                }
            }
            Effect::Broadcast(ServerFrame::Presence { count, joined, changed, left, .. }) => {
                for one in joined.iter().chain(changed) {
                    self.roster.insert(one.id.clone(), one.state);
                }
                for id in left {
                    self.roster.remove(id);
                }
                self.count = *count;
            }
            Effect::Ended(Ended(reason)) => self.ended = Some(*reason),
            Effect::Broadcast(_) | Effect::Between(..) | Effect::Reply(..) | Effect::Publish(_) => {}
        }
    }
}

/// An effect in which every stamp of the wall clock is 0, and every id is one: ids are made from stamps.
fn without_stamps(mut effect: Effect) -> Effect {
    let no_id = MessageId::parse("m").expect("has the shape");
    match &mut effect {
        Effect::Reply(_, frame) | Effect::Broadcast(frame) | Effect::Between(_, frame) => match frame {
            ServerFrame::Ack { at, id, .. } => (*at, *id) = (0, no_id),
            ServerFrame::Message(message) => (message.at, message.id) = (0, no_id),
            ServerFrame::Joined { room, .. } => room.expires_at = 0,
            _ => {}
        },
        Effect::Publish(event) => (event.at, event.id) = (0, no_id),
        Effect::Seated(_) | Effect::Unseated(_) | Effect::Ended(_) => {}
    }
    effect
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Each send gets exactly one ack or error (a repeated one gets the same ack again), addressed to the sender.
    #[test]
    fn every_send_is_answered_once(inputs in inputs()) {
        let mut room = room(2, Limits::default());
        let mut acked: BTreeMap<(SessionKey, String), u64> = BTreeMap::new();
        let (mut now, mut inside) = (0, BTreeSet::new());
        for (pause, input) in inputs {
            now += pause;
            let asked = if let Input::Send { session, cid, .. } = &input { Some((*session, cid.clone())) } else { None };
            let effects = run(&mut room, now, input);
            if let Some((session, cid)) = asked {
                let mut answers = 0;
                for effect in &effects {
                    match effect {
                        Effect::Reply(to, ServerFrame::Ack { cid: of, seq, .. }) => {
                            prop_assert_eq!((to, of), (&session, &cid));
                            let first = *acked.entry((session, cid.as_str().to_owned())).or_insert(*seq);
                            prop_assert!(first == *seq || !inside.contains(&session), "another place for the same request");
                            answers += 1;
                        }
                        Effect::Reply(to, ServerFrame::Error { cid: of, .. }) => {
                            prop_assert_eq!((to, of.as_ref()), (&session, Some(&cid)));
                            prop_assert!(!inside.contains(&session));
                            answers += 1;
                        }
                        _ => {}
                    }
                }
                prop_assert_eq!(answers, 1);
            }
            for effect in &effects {
                match effect {
                    Effect::Seated(session) => { inside.insert(*session); }
                    Effect::Unseated(session) => {
                        inside.remove(session);
                        acked.retain(|(of, _), _| of != session);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Everybody hears one order, without holes, from their entrance to their exit.
    #[test]
    fn the_order_is_one(inputs in inputs()) {
        let mut room = room(3, Limits::default());
        let (mut readers, mut now, mut last) = (Readers::default(), 0, 0);
        for (pause, input) in inputs {
            now += pause;
            for effect in run(&mut room, now, input) {
                if let Effect::Broadcast(ServerFrame::Message(message)) = &effect {
                    prop_assert_eq!(message.seq, last + 1);
                    last = message.seq;
                }
                if let Effect::Unseated(session) = &effect {
                    readers.heard.remove(session);
                }
                readers.take(&effect);
            }
            for heard in readers.heard.values() {
                prop_assert!(heard.windows(2).all(|pair| pair[1] == pair[0] + 1));
            }
        }
    }

    /// After a tick, what the deltas add up to is who is inside; the capacity is never passed; names are unique.
    #[test]
    fn presence_equals_sessions(inputs in inputs()) {
        let mut room = room(2, Limits::default());
        let (mut readers, mut now) = (Readers::default(), 0);
        let mut sessions: BTreeMap<SessionKey, bool> = BTreeMap::new();
        for (pause, input) in inputs {
            now += pause;
            let line = match &input {
                Input::Dropped { session } => Some((*session, false)),
                Input::Resumed { session } => Some((*session, true)),
                _ => None,
            };
            for effect in run(&mut room, now, input) {
                match &effect {
                    Effect::Seated(session) => { sessions.insert(*session, true); }
                    Effect::Unseated(session) => { sessions.remove(session); }
                    _ => {}
                }
                readers.take(&effect);
            }
            if let Some((session, connected)) = line && let Some(state) = sessions.get_mut(&session) {
                *state = connected;
            }
            prop_assert!(room.count() <= 2);
        }
        for effect in run(&mut room, now + Limits::default().presence_tick_ms, Input::Tick) {
            readers.take(&effect);
        }
        let seated: BTreeSet<_> = sessions.keys().map(|session| member(who(session.0))).collect();
        let told: BTreeSet<_> = readers.roster.keys().cloned().collect();
        prop_assert_eq!(&seated, &told);
        prop_assert_eq!(room.count() as usize, seated.len());
        for (id, state) in &readers.roster {
            let connected = sessions.iter().any(|(session, line)| *line && member(who(session.0)) == *id);
            prop_assert_eq!(*state != Activity::Offline, connected);
        }
    }

    /// The end leaves nothing: every session is outside, and only requests are still answered.
    #[test]
    fn nothing_survives_the_room(inputs in inputs(), after in inputs()) {
        let mut room = room(3, Limits::default());
        let (mut readers, mut now) = (Readers::default(), 0);
        for (pause, input) in inputs {
            now += pause;
            for effect in run(&mut room, now, input) {
                readers.take(&effect);
            }
        }
        for effect in run(&mut room, now, Input::End(LeaveReason::Deleted)) {
            readers.take(&effect);
        }
        prop_assert_eq!(readers.ended, Some(LeaveReason::Deleted));
        prop_assert!(readers.inside.is_empty());
        prop_assert_eq!(room.count(), 0);
        for (pause, input) in after {
            now += pause;
            for effect in run(&mut room, now, input) {
                prop_assert!(matches!(effect, Effect::Reply(..)), "{:?} after the end", effect);
            }
        }
    }

    /// A sealed room relays what is sealed, to the byte, and no text; any other room the other way round. What is refused
    /// has no place in the order, and its request may be used for the right thing.
    #[test]
    fn a_room_takes_one_kind_of_body(is_sealed in any::<bool>(), sent in prop::collection::vec((any::<bool>(), "[A-Za-z0-9_-]{4,40}"), 1..20)) {
        let mut room = room_of(is_sealed, 3, Limits::default());
        run(&mut room, 0, join(1, 0));
        let mut last = 0;
        for (number, (seals, said)) in (0..).zip(&sent) {
            let said = &said[..said.len() / 4 * 4];
            let body = if *seals { Body::Sealed(Sealed::parse(said, 40).expect("is base64url")) } else { body(said) };
            let input = Input::Send { session: SessionKey(1), cid: cid(number), random: 0, body, refers: protocol::Refers::default() };
            let effects = run(&mut room, 1, input.clone());
            if *seals != is_sealed {
                let code = if is_sealed { ErrorCode::SealedRoom } else { ErrorCode::NotSealed };
                let refusal = Effect::Reply(SessionKey(1), ServerFrame::error(code, Some(cid(number)), None));
                prop_assert_eq!(&effects, &[refusal]);
                prop_assert_eq!(run(&mut room, 1, input), effects, "refused again, not acknowledged");
                continue;
            }
            last += 1;
            let [Effect::Reply(_, ServerFrame::Ack { .. }), Effect::Broadcast(told)] = &effects[..] else {
                panic!("{effects:?}");
            };
            let (seq, relayed) = match told {
                ServerFrame::Message(message) => (message.seq, message.text.as_str()),
                ServerFrame::Sealed(message) => (message.seq, message.sealed.as_str()),
                other => panic!("{other:?}"),
            };
            prop_assert_eq!((seq, relayed), (last, said));
        }
    }

    /// Equal inputs at equal times give equal effects.
    #[test]
    fn it_is_deterministic(inputs in inputs()) {
        let (mut one, mut other, mut now) = (room(3, Limits::default()), room(3, Limits::default()), 0);
        for (pause, input) in inputs {
            now += pause;
            prop_assert_eq!(run(&mut one, now, input.clone()), run(&mut other, now, input));
        }
    }

    /// Whoever sets the wall clock, by years or by an hour, before any input: nothing changes but the stamps.
    #[test]
    fn a_wall_clock_that_is_set_changes_stamps_only(inputs in inputs(), walls in prop::collection::vec(any::<u64>(), 120)) {
        let (mut one, mut other, mut ms) = (room(3, Limits::default()), room(3, Limits::default()), 0);
        for ((pause, input), wall) in inputs.into_iter().zip(walls) {
            ms += pause;
            let here = run_at(&mut one, at(ms), input.clone());
            let there = run_at(&mut other, Now { wall, ..at(ms) }, input);
            let unstamped = |effects: Vec<Effect>| effects.into_iter().map(without_stamps).collect::<Vec<_>>();
            prop_assert_eq!(unstamped(here), unstamped(there));
            prop_assert_eq!(one.deadline(), other.deadline());
        }
    }

    /// A bucket never passes more than its burst and its refill.
    #[test]
    fn a_bucket_keeps_its_rate(burst in 1_u32..50, refill_ms in 1_u64..5_000, pauses in prop::collection::vec(0_u64..3_000, 1..200)) {
        let rate = crate::Rate { burst, refill_ms };
        let (mut bucket, mut now, mut passed) = (crate::Bucket::default(), Monotonic::START.after(1_000_000), 0_u64);
        let start = now;
        for pause in pauses {
            now = now.after(pause);
            match bucket.take(now, rate) {
                Ok(()) => passed += 1,
                Err(wait_ms) => {
                    let mut later = bucket;
                    prop_assert!(later.take(now.after(wait_ms), rate).is_ok(), "the wait it names is not enough");
                }
            }
            prop_assert!(passed <= u64::from(burst) + now.since(start) / refill_ms);
        }
    }
}
