//! What a node can know of words that it did not hear, without an engine: what one says is carried to the other by hand.

use std::time::Duration;

use chat::{ChannelId, NodeId, People};
use tokio::time::Instant;

use crate::broker::conformance::event;
use crate::broker::redis::topics::{NODE_GONE_AFTER, Topics};
use crate::broker::redis::wire::{self, Content};
use crate::broker::{Brought, Subscription};

const ROOM: ChannelId = ChannelId([1; 16]);

struct Node {
    id: NodeId,
    topics: Topics,
    line: u64,
    subscription: Option<Subscription>,
}

impl Node {
    fn start(id: u64) -> Self {
        let mut node = Self { id: NodeId(id), topics: Topics::new(NodeId(id), 64), line: 0, subscription: None };
        node.reach();
        node
    }

    fn subscribe(&mut self) {
        self.subscription = Some(self.topics.subscribe(ROOM));
    }

    fn say(&mut self, number: usize) {
        let event = event(number);
        let bytes = wire::event(self.id, &event).expect("is JSON");
        self.topics.publish(ROOM, Brought::Event(event), bytes).expect("is taken");
    }

    fn ask(&mut self) {
        let asked = wire::people(self.id, &People::Asked).expect("is JSON");
        self.topics.tell_others(ROOM, asked).expect("is taken");
    }

    /// It reaches the others from now on.
    fn reach(&mut self) {
        self.line = self.topics.begin_line();
        self.topics.together(Instant::now());
    }

    /// Everything that it has to say reaches these.
    fn tell(&mut self, others: &mut [&mut Self]) {
        for (_, bytes) in self.topics.take_work().publish {
            for node in std::iter::once(&mut *self).chain(others.iter_mut().map(|other| &mut **other)) {
                let parcel = wire::read(&bytes).expect("is read");
                let event = match &parcel.content {
                    Content::Event(json) if parcel.from != node.id => wire::json(json).map(Brought::Event),
                    _ => None,
                };
                node.topics.arrived(node.line, ROOM, parcel, event, Instant::now());
            }
        }
    }

    fn misses(&mut self) -> usize {
        let subscription = self.subscription.as_mut().expect("is subscribed");
        std::iter::from_fn(|| subscription.try_recv()).filter(|brought| *brought == Brought::Missed).count()
    }
}

#[test]
fn who_comes_to_a_room_that_talks_has_missed_nothing() {
    let (mut one, mut two) = (Node::start(1), Node::start(2));
    one.subscribe();
    one.say(0);
    one.tell(&mut []);
    two.subscribe();
    two.ask();
    two.tell(&mut [&mut one]);
    one.ask();
    one.tell(&mut [&mut two]);
    assert_eq!((one.misses(), two.misses()), (0, 0));
}

#[test]
fn who_was_alone_has_missed_what_a_node_said_that_began_meanwhile() {
    let (mut one, mut two) = (Node::start(1), Node::start(2));
    one.subscribe();
    one.topics.alone();
    two.subscribe();
    two.say(0);
    two.tell(&mut []);
    one.reach();
    two.ask();
    two.tell(&mut [&mut one]);
    assert_eq!((one.misses(), two.misses()), (1, 0));
}

#[test]
fn who_was_alone_says_that_it_spoke_also_to_those_who_did_not_know_of_it() {
    let (mut one, mut two) = (Node::start(1), Node::start(2));
    one.subscribe();
    one.topics.alone();
    two.subscribe();
    one.say(0);
    one.reach();
    one.ask();
    one.tell(&mut [&mut two]);
    assert_eq!((one.misses(), two.misses()), (0, 1));
    one.topics.alone();
    one.reach();
    one.ask();
    one.tell(&mut [&mut two]);
    assert_eq!(two.misses(), 0, "it said nothing meanwhile");
}

#[test]
fn what_a_node_may_have_said_before_it_died_is_missed_by_who_was_alone() {
    let (mut one, mut two, mut three) = (Node::start(1), Node::start(2), Node::start(3));
    for node in [&mut one, &mut two, &mut three] {
        node.subscribe();
    }
    two.say(0);
    two.tell(&mut [&mut one, &mut three]);
    one.topics.alone();
    two.say(1);
    two.tell(&mut [&mut three]);
    one.reach();
    let later = Instant::now() + NODE_GONE_AFTER + Duration::from_secs(1);
    for node in [&mut one, &mut three] {
        node.topics.look_after(later);
        node.topics.look_after(later + NODE_GONE_AFTER);
    }
    assert_eq!((one.misses(), three.misses()), (1, 0));
}

#[test]
fn a_room_that_begins_while_others_are_out_of_reach_is_told_so() {
    let mut one = Node::start(1);
    one.topics.alone();
    one.subscribe();
    let subscription = one.subscription.as_mut().expect("is subscribed");
    assert_eq!(subscription.try_recv(), Some(Brought::Alone));
    one.reach();
    let subscription = one.subscription.as_mut().expect("is subscribed");
    assert_eq!(subscription.try_recv(), Some(Brought::Together));
}
