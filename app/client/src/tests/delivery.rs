//! What holds over any connection: nothing is lost silently, nothing is shown twice.

use proptest::prelude::*;
use protocol::{ClientFrame, Refers, SendMessage, ServerFrame};

use super::world::World;
use crate::Outgoing;
use crate::fixtures::{cid, code};

#[derive(Debug, Clone)]
enum Op {
    Say,
    OthersSay(u64),
    Swallow,
    Deafen,
    Cut,
    Pass(u64),
    Expire,
    Forget(bool, bool),
    Limit(u32),
    Hide(bool),
    LoseSeat,
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::Say),
        4 => (1_u64..4).prop_map(Op::OthersSay),
        2 => Just(Op::Swallow),
        1 => Just(Op::Deafen),
        2 => Just(Op::Cut),
        3 => (0_u64..50_000).prop_map(Op::Pass),
        1 => Just(Op::Expire),
        1 => any::<(bool, bool)>().prop_map(|(forgets, last)| Op::Forget(forgets, last)),
        1 => (0_u32..4).prop_map(Op::Limit),
        1 => any::<bool>().prop_map(Op::Hide),
        1 => Just(Op::LoseSeat),
    ]
}

fn apply(world: &mut World, op: Op) {
    match op {
        // More than a hundred waiting is refused, and stays in the box.
        Op::Say => drop(world.say()),
        Op::OthersSay(times) => world.others_say(times),
        Op::Swallow => world.swallows = true,
        Op::Deafen => world.is_deaf = true,
        Op::Cut => {
            world.cut();
            (world.swallows, world.is_deaf) = (false, false);
        }
        Op::Pass(ms) => world.pass(ms),
        Op::Expire if !world.connected => world.server.session = None,
        Op::Forget(forgets, last) => {
            (world.server.forgetful, world.server.gaps_last) = (forgets, last);
        }
        Op::Limit(limited) => world.server.limited = limited,
        Op::Hide(hides) => world.act(|page, env| page.visible(env, !hides)),
        // Frames of a seat are kept only with the seat.
        Op::LoseSeat if world.connected && !world.swallows && !world.is_deaf => {
            world.server.seated = false;
        }
        Op::Expire | Op::LoseSeat => {}
    }
}

proptest! {
    /// Over any connection: all that is said arrives, in order, once; all that is relayed is shown or told missing.
    #[test]
    fn nothing_is_lost_silently_and_nothing_is_shown_twice(ops in proptest::collection::vec(any_op(), 0..60)) {
        let mut world = World::inside();
        let heard_all = !ops.iter().any(|op| matches!(op, Op::Deafen));
        for op in ops {
            apply(&mut world, op);
        }
        // The connection is good from here on, and the server pings as it should.
        world.cut();
        (world.swallows, world.is_deaf) = (false, false);
        for _ in 0..40 {
            world.pass(10_000);
            world.server.emit(ServerFrame::Ping {});
            world.run();
            world.others_say(1);
        }
        let (shown, missed) = world.log();
        let own: Vec<String> = (1..=world.sent).map(|number| format!("own {number}")).collect();
        let shown_own: Vec<String> = shown.iter().filter(|text| text.starts_with("own")).cloned().collect();
        prop_assert_eq!(&shown_own, &own, "own messages: all, once, in the order they were said");
        let mut unique = shown.clone();
        unique.sort();
        unique.dedup();
        prop_assert_eq!(unique.len(), shown.len());
        prop_assert_eq!(world.room().unsent(), 0);
        // In the order of the server, by the last time that a text was relayed.
        let place = |text: &String| world.server.relayed.iter().rposition(|(_, relayed)| relayed == text);
        let places: Vec<Option<usize>> = shown.iter().map(place).collect();
        prop_assert!(places.is_sorted() && places.iter().all(Option::is_some), "{shown:?}");
        let told = missed.expect("one epoch") + shown.len() as u64;
        // Whose own message was relayed unheard is told of it as missed, too.
        let most = world.server.seq() + if heard_all { 0 } else { world.sent };
        prop_assert!((world.server.seq()..=most).contains(&told), "{told} of {}", world.server.seq());
    }
}

#[test]
fn what_the_page_before_had_not_sent_is_said_again_under_the_same_cid() {
    let mut world = World::new();
    let plain = |text: &str| Outgoing::Message(text.to_owned(), Refers::default());
    let kept = vec![(cid(7), plain("one")), (cid(8), plain(" \u{200b} ")), (cid(9), plain("two"))];
    world.act(|page, env| {
        page.enter(env, code(), None);
        page.say_again(env, code(), kept);
    });
    let said = world.server.said.iter().filter_map(|frame| match frame {
        ClientFrame::Send(SendMessage { cid, .. }) => Some(cid.clone()),
        _ => None,
    });
    assert_eq!(said.collect::<Vec<_>>(), [cid(7), cid(9)]);
    assert_eq!(world.log().0, ["one", "two"]);
    assert_eq!(world.room().unsaid(), []);
}

#[test]
fn what_waits_is_kept_with_its_cid_until_the_room_is_over() {
    let mut world = World::inside();
    world.cut();
    world.say().expect("is taken");
    world.say().expect("is taken");
    let texts: Vec<_> = world.room().unsaid().iter().filter_map(|(_, what)| what.words().map(str::to_owned)).collect();
    assert_eq!(texts, ["own 1", "own 2"]);
    world.act(crate::state::ClientState::sign_out);
    assert_eq!(world.room().unsaid(), []);
}
