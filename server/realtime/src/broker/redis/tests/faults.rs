//! Three nodes, each behind a relay of its own, and an engine that is killed: what each node was brought is held against
//! the promises, and the figures are printed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chat::{ChannelId, NodeId, Origin, RoomEvent, SessionKey};
use test_engine::{Engine, Relay, Way};

use super::checker::{Figures, Heard, Record, check};
use super::{RedisBroker, address, together};
use crate::broker::conformance::{Nodes, event};

const ROOM: ChannelId = ChannelId([1; 16]);
/// Longer than a node needs to take another for gone, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

struct Three {
    engine: Engine,
    relays: Vec<Relay>,
    nodes: Nodes,
    records: Vec<Record>,
    sent: BTreeMap<u64, Vec<u64>>,
}

impl Three {
    async fn start() -> Self {
        let engine = Engine::start().await;
        let mut three = Self { engine, relays: vec![], nodes: vec![], records: vec![], sent: BTreeMap::new() };
        for _ in 0..3 {
            let relay = Relay::start(three.engine.at()).await;
            three.nodes.push(Arc::new(RedisBroker::start(address(relay.at), "tests", 4_096)));
            three.relays.push(relay);
        }
        together(&three.nodes).await;
        for node in &three.nodes {
            let mut subscription = node.subscribe(ROOM);
            tokio::time::timeout(PATIENCE, subscription.ready()).await.expect("it is ready in time");
            three.records.push(Record::of(subscription));
        }
        // Each has heard of each: from then on a hole is one.
        three.say(1);
        three.all_hear().await;
        three
    }

    /// Each node says so many things, one after the other.
    fn say(&mut self, count: u64) {
        for _ in 0..count {
            for node in &self.nodes {
                let NodeId(id) = node.node();
                let sent = self.sent.entry(id).or_default();
                let number = sent.len() as u64 + 1;
                let origin = Origin { node: NodeId(id), session: SessionKey(number) };
                if node.publish(ROOM, RoomEvent { origin, ..event(0) }).is_ok() {
                    sent.push(number);
                }
            }
        }
    }

    /// Until every node has heard what every node said last.
    async fn all_hear(&self) {
        let last: Vec<_> = self.sent.iter().filter_map(|(id, sent)| Some(Heard::Event(*id, *sent.last()?))).collect();
        self.until("all are heard", || self.records.iter().all(|record| last.iter().all(|heard| record.has(*heard))))
            .await;
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let waiting = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "not in time: {what}");
    }

    /// Until these have heard it once more than before.
    async fn until_again(&self, which: &[usize], wanted: Heard, before: &[usize]) {
        self.until("a word of the broker", || which.iter().all(|at| self.records[*at].count(wanted) > before[*at]))
            .await;
    }

    fn counts(&self, wanted: Heard) -> Vec<usize> {
        self.records.iter().map(|record| record.count(wanted)).collect()
    }

    /// One thing after another goes wrong on a line, and is well again.
    async fn line_fails(&mut self, node: usize, to_engine: Way, to_node: Way) {
        let (alone, together) = (self.counts(Heard::Alone), self.counts(Heard::Together));
        self.relays[node].set(to_engine, to_node);
        self.say(20);
        self.until_again(&[node], Heard::Alone, &alone).await;
        self.say(20);
        self.relays[node].open();
        self.until_again(&[node], Heard::Together, &together).await;
        self.settle().await;
    }

    async fn engine_dies(&mut self) {
        let (alone, together) = (self.counts(Heard::Alone), self.counts(Heard::Together));
        self.say(20);
        self.engine.kill();
        self.say(20);
        self.until_again(&[0, 1, 2], Heard::Alone, &alone).await;
        self.say(20);
        self.engine.start_again().await;
        self.until_again(&[0, 1, 2], Heard::Together, &together).await;
        self.settle().await;
    }

    /// What is said now reaches everybody, and with it whoever missed something finds that out.
    async fn settle(&mut self) {
        self.say(1);
        self.all_hear().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_lose_nothing_in_silence_and_hear_nothing_twice() {
    let mut three = Three::start().await;
    three.say(50);
    three.all_hear().await;
    assert_eq!(check(&three.records, &three.sent), Figures { sent: 153, received: 459, ..Figures::default() });
    // Cut both ways; cut where only the node is not heard; cut where only the node does not hear.
    three.line_fails(0, Way::Cut, Way::Cut).await;
    three.line_fails(1, Way::Cut, Way::Open).await;
    three.line_fails(2, Way::Open, Way::Cut).await;
    three.engine_dies().await;
    // Slow is not away.
    let alone = three.counts(Heard::Alone);
    three.relays[0].set(Way::Slow(Duration::from_millis(200)), Way::Slow(Duration::from_millis(200)));
    three.say(50);
    three.all_hear().await;
    assert_eq!(three.counts(Heard::Alone), alone, "an engine that answers late is there");
    three.relays[0].open();
    three.settle().await;

    let figures = check(&three.records, &three.sent);
    eprintln!("{figures:?}");
    assert_eq!((figures.twice, figures.silent, figures.swapped), (0, 0, 0));
    assert_eq!(figures.received + figures.told, figures.sent * 3, "heard, or told as missed");
    assert!(figures.told > 0, "the faults were none");
}

/// Its people are gone from the others' lists with it. When it is back, all know what was missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_silent_is_gone_within_fifteen_seconds() {
    let mut three = Three::start().await;
    let since = tokio::time::Instant::now();
    three.relays[0].set(Way::Cut, Way::Cut);
    three.until_again(&[1, 2], Heard::Gone, &[0, 0, 0]).await;
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    assert_eq!(three.counts(Heard::Alone)[1..], [0, 0], "the others go on together");
    three.until("it takes the others for gone", || three.records[0].count(Heard::Gone) == 2).await;
    three.say(20);
    let together = three.counts(Heard::Together);
    three.relays[0].open();
    three.until_again(&[0], Heard::Together, &together).await;
    three.settle().await;
    let figures = check(&three.records, &three.sent);
    assert_eq!((figures.twice, figures.silent, figures.swapped), (0, 0, 0), "{figures:?}");
    assert_eq!(figures.received + figures.told, figures.sent * 3, "heard, or told as missed");
    assert!(figures.told >= 40, "what it said alone is told to both others: {figures:?}");
}
