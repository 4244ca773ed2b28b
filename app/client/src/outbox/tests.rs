//! Order, repeats, waiting and failing of what is to be sent.

use proptest::prelude::*;
use protocol::Refers;

use super::*;
use crate::fixtures::cid;

fn outbox(drafts: u64) -> Outbox {
    let mut outbox = Outbox::default();
    for number in 0..drafts {
        outbox
            .push(cid(number), Outgoing::Message(format!("text {number}"), Refers::default()))
            .expect("room for a few");
    }
    outbox
}

fn text_of(what: Outgoing) -> String {
    match what {
        Outgoing::Message(text, _) | Outgoing::Whisper { text, .. } | Outgoing::Edit { text, .. } => text,
        Outgoing::React { .. } | Outgoing::Delete { .. } => String::new(),
    }
}

fn goes(outbox: &mut Outbox, now: Millis) -> Option<String> {
    outbox.next(now).map(|(_, what)| text_of(what).trim_start_matches("text ").to_owned())
}

fn deliveries(outbox: &Outbox) -> Vec<Delivery> {
    outbox.deliveries().map(|(_, delivery)| delivery).collect()
}

#[test]
fn one_goes_at_a_time_in_order() {
    let mut outbox = outbox(2);
    assert_eq!(goes(&mut outbox, 0), None, "not before the room was joined");
    outbox.open();
    assert_eq!(goes(&mut outbox, 0).as_deref(), Some("0"));
    assert_eq!(goes(&mut outbox, 0), None);
    assert!(outbox.acknowledged(&cid(0)));
    assert_eq!(goes(&mut outbox, 0).as_deref(), Some("1"));
    assert!(outbox.acknowledged(&cid(1)) && outbox.is_empty());
    assert!(!outbox.acknowledged(&cid(1)));
}

#[test]
fn what_was_on_its_way_goes_again_with_the_same_id() {
    let mut outbox = outbox(1);
    outbox.open();
    let first = outbox.next(0);
    outbox.close();
    assert_eq!(deliveries(&outbox), [Delivery::Waiting { retry_at: None }]);
    assert_eq!(outbox.next(0), None);
    outbox.open();
    assert!(first.is_some());
    assert_eq!(outbox.next(0), first);
}

#[test]
fn an_answer_that_does_not_come_is_asked_for_again() {
    let mut outbox = outbox(1);
    outbox.open();
    assert!(outbox.next(0).is_some());
    assert_eq!((outbox.next(ANSWER_MS_MAX - 1), outbox.deadline()), (None, Some(ANSWER_MS_MAX)));
    assert!(outbox.next(ANSWER_MS_MAX).is_some());
}

#[test]
fn rate_limited_halts_and_goes_on_by_itself() {
    let mut outbox = outbox(2);
    outbox.open();
    assert_eq!(goes(&mut outbox, 0).as_deref(), Some("0"));
    assert_eq!(outbox.refused(&cid(0), ErrorCode::RateLimited, Some(1_500), 100), ErrorMeans::Handled);
    assert_eq!(outbox.deadline(), Some(1_600));
    assert_eq!(deliveries(&outbox), [Delivery::Waiting { retry_at: Some(1_600) }; 2]);
    assert_eq!(goes(&mut outbox, 1_599), None);
    assert_eq!(goes(&mut outbox, 1_600).as_deref(), Some("0"));
    assert_eq!(outbox.halted_until(), None);
}

#[test]
fn patience_with_the_rate_has_no_end_but_with_a_busy_server_it_has() {
    let mut outbox = outbox(1);
    outbox.open();
    let mut now = 0;
    for _ in 0..50 {
        now += 1_000_000;
        assert!(outbox.next(now).is_some());
        outbox.refused(&cid(0), ErrorCode::RateLimited, None, now);
    }
    for _ in 0..TRIES_MAX {
        now += 1_000_000;
        assert!(outbox.next(now).is_some());
        outbox.refused(&cid(0), ErrorCode::Unavailable, None, now);
    }
    assert_eq!(deliveries(&outbox), [Delivery::Failed(ErrorCode::Unavailable)]);
}

#[test]
fn a_lasting_refusal_lets_the_next_one_go() {
    let mut outbox = outbox(2);
    outbox.open();
    assert!(outbox.next(0).is_some());
    outbox.refused(&cid(0), ErrorCode::TextTooLong, None, 0);
    assert_eq!(deliveries(&outbox), [Delivery::Failed(ErrorCode::TextTooLong), Delivery::Sending]);
    assert_eq!(goes(&mut outbox, 0).as_deref(), Some("1"));
    assert!(!outbox.retry(&cid(1)) && !outbox.discard(&cid(1)), "only what failed is retried or discarded");
    assert!(outbox.retry(&cid(0)));
    assert!(outbox.acknowledged(&cid(1)));
    assert_eq!(goes(&mut outbox, 0).as_deref(), Some("0"));
}

#[test]
fn a_lost_seat_is_told_and_the_draft_waits_for_a_new_one() {
    let mut outbox = outbox(1);
    outbox.open();
    assert!(outbox.next(0).is_some());
    assert_eq!(outbox.refused(&cid(0), ErrorCode::NotInRoom, None, 0), ErrorMeans::SeatLost);
    assert_eq!(outbox.next(0), None);
    outbox.open();
    assert!(outbox.next(0).is_some());
    assert_eq!(outbox.refused(&cid(9), ErrorCode::NotInRoom, None, 0), ErrorMeans::NotMine);
}

#[test]
fn nobody_waits_for_a_room_that_has_ended() {
    let mut outbox = outbox(1);
    outbox.open();
    assert!(outbox.next(0).is_some());
    assert_eq!(outbox.refused(&cid(0), ErrorCode::RateLimited, Some(60_000), 0), ErrorMeans::Handled);
    assert_eq!(outbox.halted_until(), Some(60_000));
    outbox.fail_all(ErrorCode::RoomEnded);
    assert_eq!(outbox.halted_until(), None);
}

#[test]
fn it_holds_so_many_and_not_one_more() {
    let mut outbox = outbox(DRAFTS_MAX as u64);
    assert_eq!(
        outbox.push(cid(1_000), Outgoing::Message("more".to_owned(), Refers::default())),
        Err(ErrorCode::RateLimited)
    );
    assert_eq!(outbox.len(), DRAFTS_MAX);
    outbox.fail_all(ErrorCode::RoomEnded);
    assert!(deliveries(&outbox).iter().all(|delivery| *delivery == Delivery::Failed(ErrorCode::RoomEnded)));
    assert!(outbox.discard(&cid(0)));
    assert_eq!(outbox.push(cid(1_000), Outgoing::Message("more".to_owned(), Refers::default())), Ok(()));
}

/// How a pretended server answers one send.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Ack,
    AckLost,
    Slow,
    Busy,
    TooLong,
    NotInRoom,
    Cut,
}

fn any_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Ack),
        1 => Just(Answer::AckLost),
        1 => Just(Answer::Slow),
        1 => Just(Answer::Busy),
        1 => Just(Answer::TooLong),
        1 => Just(Answer::NotInRoom),
        1 => Just(Answer::Cut),
    ]
}

proptest! {
    #[test]
    fn order_is_kept_and_nothing_is_lost_without_a_word(
        drafts in 1_u64..12,
        answers in proptest::collection::vec(any_answer(), 0..80),
    ) {
        let mut outbox = outbox(drafts);
        let (mut relayed, mut now) = (Vec::<ClientId>::new(), 0);
        outbox.open();
        for answer in answers.into_iter().chain(std::iter::repeat_n(Answer::Ack, 40)) {
            now += 700_000;
            let Some((next, text)) = outbox.next(now) else { break };
            prop_assert_eq!(text_of(text), format!("text {}", next.as_str().trim_start_matches('c')));
            // The server relays a repeated id once.
            let relay = |relayed: &mut Vec<ClientId>| if !relayed.contains(&next) { relayed.push(next.clone()) };
            match answer {
                Answer::Ack => {
                    relay(&mut relayed);
                    outbox.acknowledged(&next);
                }
                Answer::AckLost => {
                    relay(&mut relayed);
                    outbox.close();
                    outbox.open();
                }
                Answer::Slow => { outbox.refused(&next, ErrorCode::RateLimited, Some(500), now); }
                Answer::Busy => { outbox.refused(&next, ErrorCode::Overloaded, None, now); }
                Answer::TooLong => { outbox.refused(&next, ErrorCode::TextTooLong, None, now); }
                Answer::NotInRoom => {
                    outbox.refused(&next, ErrorCode::NotInRoom, None, now);
                    outbox.open();
                }
                Answer::Cut => {
                    outbox.close();
                    outbox.open();
                }
            }
        }
        let failed: Vec<ClientId> = outbox.deliveries()
            .filter(|(_, delivery)| matches!(delivery, Delivery::Failed(_)))
            .map(|(cid, _)| cid.clone())
            .collect();
        prop_assert_eq!(failed.len(), outbox.len(), "what is left has failed");
        for number in 0..drafts {
            prop_assert!(relayed.contains(&cid(number)) || failed.contains(&cid(number)));
        }
        let order: Vec<u64> = relayed.iter().map(|cid| cid.as_str()[1..].parse().expect("a number")).collect();
        prop_assert!(order.is_sorted(), "{order:?}");
    }
}
