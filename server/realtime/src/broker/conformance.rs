//! What every broker must do, one case a function: `broker_conformance!` makes each a test of one broker.
//!
//! Cases take the nodes of one deployment: brokers that serve the same rooms (an in-process one is its only node). They
//! see the trait only, and each wait has a deadline, so that a broker behind a network can pass. A new case also belongs
//! in the list below.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::{
    Action, Body, Change, ChangeKind, ChannelId, EventKind, Mark, NewMessage, NewWhisper, NodeId, Origin, RoomEvent,
    SessionKey, Settings,
};
use protocol::{ClientId, DisplayName, Emoji, MemberId, MessageId, Refers, Role, RoomName, Sealed, Text, Timer};

use super::{Broker, Brought, NotPublished, Subscription};

/// The nodes of one deployment; never empty.
pub(crate) type Nodes = Vec<Arc<dyn Broker>>;

/// What the queue of a subscription must hold in the brokers that are handed in.
pub(crate) const QUEUE_MAX: usize = 64;

/// Longer than anything takes on a busy machine; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// One `#[tokio::test]` for each case. `$make` names an async function without arguments that answers [`Nodes`] whose
/// queues hold [`QUEUE_MAX`] messages, and whatever has to live as long as they do.
macro_rules! broker_conformance {
    ($make:ident) => { $crate::broker::conformance::broker_conformance! { @tests $make
        an_event_comes_back_whole
        every_node_is_told_which_one_an_event_began_on
        messages_come_back_in_the_order_of_publishing
        every_node_sees_one_order
        bytes_come_back_as_they_were_among_events
        rooms_are_apart
        without_a_subscription_nothing_is_published
        a_later_subscription_replaces_the_one_before
        unsubscribing_ends_the_subscription
        unsubscribing_is_for_one_room_and_harmless_elsewhere
        a_dropped_subscription_blocks_nobody
        a_lagging_subscription_blocks_nobody
        whoever_catches_up_is_served_again
        the_end_of_a_broker_ends_its_subscriptions
        all_at_once_nothing_is_stuck
    } };
    (@tests $make:ident $($case:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let (nodes, _guard) = $make().await;
            $crate::broker::conformance::$case(nodes).await;
        }
    )+};
}
pub(crate) use broker_conformance;

fn room(number: u8) -> ChannelId {
    ChannelId([number; 16])
}

/// A node of the deployment, as events name it.
fn node_id(number: usize) -> NodeId {
    NodeId(u64::MAX - number as u64)
}

/// Kinds of events; of each, one has markup and one has none.
const KINDS: usize = 6;

/// The event of a number, one of each kind in turn. Equal numbers make equal events.
pub(crate) fn event(number: usize) -> RoomEvent {
    let text = format!("number {number}, 2 < 3 &amp; 🦀\u{202e}");
    let id = MessageId::parse(&format!("{number:064}")).expect("has the shape");
    let cid = ClientId::parse(&format!("c{number}")).expect("short and plain");
    let text = Text::parse(&text, 5_000).expect("not empty");
    let html = number.is_multiple_of(2).then(|| format!("<p>number <em>{number}</em></p>"));
    let member = MemberId::parse(&format!("member-{number:015}")).expect("22 characters");
    let name = DisplayName::parse("Quiet Heron").expect("a plain name");
    let other = MemberId::parse(&format!("other--{number:015}")).expect("22 characters");
    let changed = |kind| {
        let (cid, message, member, name) = (cid.clone(), id.clone(), member.clone(), name.clone());
        let between = number.is_multiple_of(3).then(|| [member.clone(), other.clone()]);
        EventKind::Change(Change { cid, message, member, name, between, kind })
    };
    let kind = match number / 2 % KINDS {
        0 => EventKind::Message(NewMessage {
            cid: cid.clone(),
            member: member.clone(),
            name: name.clone(),
            body: if number.is_multiple_of(3) {
                Body::Sealed(Sealed::parse(&format!("{number:0>8}-_"), 5_000).expect("is base64url"))
            } else {
                Body::Text { text, html }
            },
            refers: Refers { reply: Some(id.clone()), mentions: vec![member.clone()], timer_s: None },
            timer: Some(Timer { after_s: 30, ends_at: number as u64 }),
        }),
        1 => changed(ChangeKind::Edit { text, html }),
        2 => changed(ChangeKind::Delete),
        3 => changed(ChangeKind::React { emoji: Emoji::parse("🎉").expect("is one"), on: number.is_multiple_of(2) }),
        4 => EventKind::Whisper(NewWhisper {
            cid,
            member,
            name: name.clone(),
            to: other,
            to_name: name,
            text,
            html,
            reply: number.is_multiple_of(3).then(|| id.clone()),
            timer: None,
        }),
        _ => EventKind::Action { cid: number.is_multiple_of(2).then_some(cid), by: member, action: action(number) },
    };
    let origin = Origin { node: node_id(0), session: SessionKey(number as u64) };
    RoomEvent { id, origin, at: 1_800_000_000_000 + number as u64, kind }
}

fn action(number: usize) -> Action {
    let member = MemberId::parse(&format!("member-{number:015}")).expect("22 characters");
    match number / 2 % 7 {
        0 => Action::Settings(Settings {
            name: Some(RoomName::parse("Pier").expect("a plain name")),
            topic: Some(None),
            pin: Some(true),
            capacity: Some(7),
            expires_at: Some(1_800_000_000_000),
            locked: Some(false),
            timer_s: Some(Some(30)),
            lobby: Some(true),
        }),
        1 => Action::Kicked(member),
        2 => Action::Banned(member),
        3 => Action::Role(member, Role::Moderator),
        4 => Action::Barred(member, DisplayName::parse("Sam").expect("a plain name"), Mark([7; 16])),
        _ => Action::Burned,
    }
}

fn number_of(event: &RoomEvent) -> usize {
    usize::try_from(event.origin.session.0).expect("is small")
}

/// The next event in time, or the end.
async fn next_event(subscription: &mut Subscription) -> Option<RoomEvent> {
    let next = tokio::time::timeout(PATIENCE, subscription.recv()).await;
    match next.expect("an event or the end comes in time")? {
        Brought::Event(event) => Some(event),
        other @ (Brought::Bytes(..)
        | Brought::People(..)
        | Brought::NodeGone(_)
        | Brought::Missed
        | Brought::Alone
        | Brought::Together) => {
            panic!("nothing was lost and nobody went: {other:?}")
        }
    }
}

/// Its number, or the end.
async fn next(subscription: &mut Subscription) -> Option<usize> {
    next_event(subscription).await.as_ref().map(number_of)
}

/// Subscribes every node, and waits until each hears the others.
async fn subscribe_all(nodes: &Nodes, to: ChannelId) -> Vec<Subscription> {
    let mut subscriptions: Vec<_> = nodes.iter().map(|node| node.subscribe(to)).collect();
    for subscription in &mut subscriptions {
        tokio::time::timeout(PATIENCE, subscription.ready()).await.expect("it is ready in time");
    }
    subscriptions
}

async fn take(subscription: &mut Subscription, count: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(next(subscription).await.expect("the subscription goes on"));
    }
    numbers
}

/// Publishes from a thread on which a broker may block, and fails if it does. Answers which numbers it took.
async fn publish_all(node: &Arc<dyn Broker>, to: ChannelId, numbers: std::ops::Range<usize>) -> Vec<usize> {
    let node = Arc::clone(node);
    let publishing = tokio::task::spawn_blocking(move || {
        let taken = numbers.filter(|number| node.publish(to, event(*number)).is_ok());
        taken.collect()
    });
    let taken = tokio::time::timeout(PATIENCE, publishing).await.expect("a publisher never waits");
    taken.expect("publishing does not panic")
}

/// Every field: the id, text as typed, the sanitised markup or its absence, who, when, and whose answer it is.
pub(crate) async fn an_event_comes_back_whole(nodes: Nodes) {
    let mut subscription = nodes[0].subscribe(room(1));
    for number in 0..10 * KINDS {
        assert_eq!(nodes[0].publish(room(1), event(number)), Ok(()));
        let back = next_event(&mut subscription).await;
        assert!(back == Some(event(number)), "event {number} comes back as it was");
    }
}

/// Nodes number their sessions for themselves: two that give one number to two people are told apart by all.
pub(crate) async fn every_node_is_told_which_one_an_event_began_on(nodes: Nodes) {
    let mut subscriptions = subscribe_all(&nodes, room(1)).await;
    let mut published: Vec<_> = (0..2)
        .map(|at| RoomEvent { origin: Origin { node: node_id(at), session: SessionKey(7) }, ..event(at) })
        .collect();
    for (at, event) in published.iter().enumerate() {
        assert_eq!(nodes[at % nodes.len()].publish(room(1), event.clone()), Ok(()));
    }
    published.sort_by_key(|event| event.at);
    for subscription in &mut subscriptions {
        let mut brought = Vec::new();
        for _ in &published {
            brought.push(next_event(subscription).await.expect("the subscription goes on"));
        }
        brought.sort_by_key(|event| event.at);
        assert!(brought == published, "the same ids, times and origins on every node");
    }
}

/// To the publisher's own node and to every other, from the moment on at which all are ready.
pub(crate) async fn messages_come_back_in_the_order_of_publishing(nodes: Nodes) {
    let mut subscriptions = subscribe_all(&nodes, room(1)).await;
    let published = publish_all(&nodes[0], room(1), 0..QUEUE_MAX).await;
    assert_eq!(published.len(), QUEUE_MAX, "a queue holds that many");
    for subscription in &mut subscriptions {
        assert_eq!(take(subscription, QUEUE_MAX).await, published);
    }
}

/// Whoever publishes where: the same order everywhere, each message once, and each publisher's own order within it.
pub(crate) async fn every_node_sees_one_order(nodes: Nodes) {
    const PUBLISHERS: usize = 4;
    const EACH: usize = QUEUE_MAX / PUBLISHERS;
    let mut subscriptions = subscribe_all(&nodes, room(1)).await;
    let publishers = (0..PUBLISHERS).map(|publisher| {
        let node = Arc::clone(&nodes[publisher % nodes.len()]);
        tokio::spawn(async move { publish_all(&node, room(1), publisher * EACH..(publisher + 1) * EACH).await.len() })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        assert_eq!(publisher.await.expect("publishing does not panic"), EACH);
    }
    let order = take(&mut subscriptions[0], QUEUE_MAX).await;
    for publisher in 0..PUBLISHERS {
        let own: Vec<_> = order.iter().copied().filter(|number| number / EACH == publisher).collect();
        assert_eq!(own, (publisher * EACH..(publisher + 1) * EACH).collect::<Vec<_>>());
    }
    for subscription in &mut subscriptions[1..] {
        assert_eq!(take(subscription, QUEUE_MAX).await, order);
    }
}

/// What the broker knows nothing of has its place in the one order, too.
pub(crate) async fn bytes_come_back_as_they_were_among_events(nodes: Nodes) {
    let mut subscriptions: Vec<_> = nodes.iter().map(|node| node.subscribe(room(1))).collect();
    for subscription in &mut subscriptions {
        subscription.ready().await;
    }
    let first = &nodes[0];
    first.publish(room(1), event(1)).expect("is taken");
    first.publish_bytes(room(1), Bytes::from_static(b"\x00\xff{\"a\":1}")).expect("is taken");
    first.publish(room(1), event(2)).expect("is taken");
    for subscription in &mut subscriptions {
        let mut heard = Vec::new();
        while heard.len() < 3 {
            let brought = tokio::time::timeout(PATIENCE, subscription.recv()).await.expect("it comes in time");
            heard.push(brought.expect("the subscription goes on"));
        }
        let bytes = Brought::Bytes(first.node(), Bytes::from_static(b"\x00\xff{\"a\":1}"));
        assert_eq!(heard, [Brought::Event(event(1)), bytes, Brought::Event(event(2))]);
    }
}

/// What is said in one room reaches no other.
pub(crate) async fn rooms_are_apart(nodes: Nodes) {
    let mut ones = subscribe_all(&nodes, room(1)).await;
    let mut twos = subscribe_all(&nodes, room(2)).await;
    for number in 0..20 {
        let to = room(if number % 2 == 0 { 2 } else { 1 });
        assert_eq!(nodes[0].publish(to, event(number)), Ok(()));
    }
    for (one, two) in ones.iter_mut().zip(&mut twos) {
        assert_eq!(take(one, 10).await, (0..20).filter(|number| number % 2 == 1).collect::<Vec<_>>());
        assert_eq!(take(two, 10).await, (0..20).filter(|number| number % 2 == 0).collect::<Vec<_>>());
    }
}

/// A publisher is told, and nothing is kept for whoever comes later.
pub(crate) async fn without_a_subscription_nothing_is_published(nodes: Nodes) {
    assert_eq!(nodes[0].publish(room(1), event(0)), Err(NotPublished));
    let mut subscription = nodes[0].subscribe(room(1));
    assert_eq!(nodes[0].publish(room(1), event(1)), Ok(()));
    assert_eq!(next(&mut subscription).await, Some(1), "nothing from before the subscription");
}

/// A room's new task hears what comes from now on; the one before comes to its end.
pub(crate) async fn a_later_subscription_replaces_the_one_before(nodes: Nodes) {
    let mut before = nodes[0].subscribe(room(1));
    assert_eq!(nodes[0].publish(room(1), event(0)), Ok(()));
    assert_eq!(next(&mut before).await, Some(0));
    let mut after = nodes[0].subscribe(room(1));
    assert_eq!(nodes[0].publish(room(1), event(1)), Ok(()));
    assert_eq!(next(&mut after).await, Some(1));
    assert_eq!(next(&mut before).await, None);
}

/// What was taken before still comes, then the end; whoever publishes after it is told.
pub(crate) async fn unsubscribing_ends_the_subscription(nodes: Nodes) {
    let mut subscription = nodes[0].subscribe(room(1));
    assert_eq!(nodes[0].publish(room(1), event(0)), Ok(()));
    assert_eq!(next(&mut subscription).await, Some(0));
    nodes[0].unsubscribe(room(1));
    assert_eq!(nodes[0].publish(room(1), event(1)), Err(NotPublished));
    assert_eq!(next(&mut subscription).await, None);
    let mut again = nodes[0].subscribe(room(1));
    assert_eq!(nodes[0].publish(room(1), event(2)), Ok(()));
    assert_eq!(next(&mut again).await, Some(2));
}

/// Other rooms and other nodes go on, and a second time changes nothing.
pub(crate) async fn unsubscribing_is_for_one_room_and_harmless_elsewhere(nodes: Nodes) {
    let mut stays = subscribe_all(&nodes, room(1)).await;
    let _ends = subscribe_all(&nodes, room(2)).await;
    for to in [2, 2, 3] {
        nodes[0].unsubscribe(room(to));
    }
    assert_eq!(nodes[0].publish(room(1), event(0)), Ok(()));
    for subscription in &mut stays {
        assert_eq!(next(subscription).await, Some(0));
    }
}

/// A task that died without a word: its room's publishers are told, and nobody else notices.
pub(crate) async fn a_dropped_subscription_blocks_nobody(nodes: Nodes) {
    drop(nodes[0].subscribe(room(1)));
    let mut other = nodes[0].subscribe(room(2));
    publish_all(&nodes[0], room(1), 0..QUEUE_MAX * 4).await;
    assert_eq!(nodes[0].publish(room(1), event(0)), Err(NotPublished));
    assert_eq!(nodes[0].publish(room(2), event(1)), Ok(()));
    assert_eq!(next(&mut other).await, Some(1));
    let mut anew = nodes[0].subscribe(room(1));
    assert_eq!(nodes[0].publish(room(1), event(2)), Ok(()));
    assert_eq!(next(&mut anew).await, Some(2));
}

/// Its queue is bounded, its publishers do not wait for it, and other rooms lose nothing. What it gets in the end is in
/// order, once each, and was refused to nobody.
pub(crate) async fn a_lagging_subscription_blocks_nobody(nodes: Nodes) {
    let mut lags = nodes[0].subscribe(room(1));
    let mut other = nodes[0].subscribe(room(2));
    let taken = publish_all(&nodes[0], room(1), 0..QUEUE_MAX * 10).await;
    assert!(taken.len() < QUEUE_MAX * 10, "a queue without a bound");
    assert_eq!(taken[..QUEUE_MAX], (0..QUEUE_MAX).collect::<Vec<_>>());
    assert_eq!(nodes[0].publish(room(2), event(1)), Ok(()));
    assert_eq!(next(&mut other).await, Some(1));
    nodes[0].unsubscribe(room(1));
    let mut heard = Vec::new();
    while let Some(number) = next(&mut lags).await {
        heard.push(number);
    }
    assert_eq!(heard[..QUEUE_MAX], taken[..QUEUE_MAX], "what the queue holds comes");
    assert!(heard.is_sorted_by(|before, after| before < after), "in order and once");
    assert!(heard.iter().all(|number| taken.contains(number)), "what was refused does not come all the same");
}

/// A refusal is for one message, not for ever.
pub(crate) async fn whoever_catches_up_is_served_again(nodes: Nodes) {
    let mut lags = nodes[0].subscribe(room(1));
    let taken = publish_all(&nodes[0], room(1), 0..QUEUE_MAX * 4).await;
    take(&mut lags, QUEUE_MAX).await;
    let catches_up = async {
        // What a broker has taken and not brought yet may fill the queue again.
        for number in QUEUE_MAX * 4.. {
            if nodes[0].publish(room(1), event(number)).is_ok() {
                return number;
            }
            let next = next(&mut lags).await.expect("the subscription goes on");
            assert!(taken.contains(&next));
        }
        unreachable!("numbers do not end")
    };
    let number = tokio::time::timeout(PATIENCE, catches_up).await.expect("publishing works again");
    while next(&mut lags).await != Some(number) {}
}

/// No task waits for ever for a broker that is gone.
pub(crate) async fn the_end_of_a_broker_ends_its_subscriptions(nodes: Nodes) {
    let mut subscriptions = subscribe_all(&nodes, room(1)).await;
    drop(nodes);
    for subscription in &mut subscriptions {
        let ends = async {
            while let Some(brought) = subscription.recv().await {
                assert!(
                    matches!(brought, Brought::NodeGone(_)),
                    "{brought:?}: others may have ended before, and no more"
                );
            }
        };
        tokio::time::timeout(PATIENCE, ends).await.expect("the end comes in time");
    }
}

/// Rooms that come, talk and go from many threads: nothing is stuck, and afterwards all of them work.
pub(crate) async fn all_at_once_nothing_is_stuck(nodes: Nodes) {
    let tasks = (0..16_usize).map(|task| {
        let node = Arc::clone(&nodes[task % nodes.len()]);
        tokio::task::spawn_blocking(move || {
            for turn in 0..200 {
                let to = room(u8::try_from((task + turn) % 4).expect("is small"));
                match (task + turn) % 3 {
                    0 => drop(node.subscribe(to)),
                    1 => node.unsubscribe(to),
                    // Whether somebody listens is chance.
                    _ => drop(node.publish(to, event(turn))),
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        tokio::time::timeout(PATIENCE, task).await.expect("nothing is stuck").expect("nothing panics");
    }
    for number in 0..4 {
        let mut subscription = nodes[0].subscribe(room(number));
        assert_eq!(nodes[0].publish(room(number), event(1_000)), Ok(()));
        while next(&mut subscription).await != Some(1_000) {}
    }
}

/// A case that is written and not listed would never run.
#[test]
fn every_case_is_listed() {
    let source = include_str!("conformance.rs");
    let (_, listed) = source.split_once("{ @tests $make\n").expect("listed");
    let (listed, _) = listed.split_once('}').expect("closed");
    let written = source.lines().filter_map(|line| line.strip_prefix("pub(crate) async fn "));
    let written = written.map(|line| line.split('(').next().unwrap_or_default());
    assert_eq!(written.collect::<Vec<_>>(), listed.split_whitespace().collect::<Vec<_>>());
}
