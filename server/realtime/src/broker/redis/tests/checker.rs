//! Writes down what a node is brought, and holds it against the promises: nothing twice, nothing missed without a word, one
//! order wherever two nodes have heard the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chat::RoomEvent;

use crate::broker::{Brought, Subscription};

/// What was brought, an event by the node that it began on and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Event(u64, u64),
    Missed,
    Alone,
    Together,
    Gone,
}

/// One node's record; it fills by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Record(Arc<Mutex<Vec<Heard>>>);

impl Record {
    pub(super) fn of(mut subscription: Subscription) -> Self {
        let record = Self::default();
        let heard = record.clone();
        tokio::spawn(async move {
            while let Some(brought) = subscription.recv().await {
                heard.note(match brought {
                    Brought::Event(event) => name(&event),
                    Brought::Missed => Heard::Missed,
                    Brought::Alone => Heard::Alone,
                    Brought::Together => Heard::Together,
                    Brought::NodeGone(_) => Heard::Gone,
                    Brought::Bytes(..) | Brought::People(..) => continue,
                });
            }
        });
        record
    }

    fn note(&self, heard: Heard) {
        self.0.lock().expect("no test panics in here").push(heard);
    }

    pub(super) fn list(&self) -> Vec<Heard> {
        self.0.lock().expect("no test panics in here").clone()
    }

    pub(super) fn has(&self, wanted: Heard) -> bool {
        self.list().contains(&wanted)
    }

    pub(super) fn count(&self, wanted: Heard) -> usize {
        self.list().iter().filter(|heard| **heard == wanted).count()
    }
}

fn name(event: &RoomEvent) -> Heard {
    Heard::Event(event.origin.node.0, event.origin.session.0)
}

/// What came of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) sent: usize,
    pub(super) received: usize,
    /// Events that a node did not hear, and was told that something is missing.
    pub(super) told: usize,
    pub(super) twice: usize,
    pub(super) silent: usize,
    /// Pairs of events that two nodes heard in different order.
    pub(super) swapped: usize,
}

/// `sent`: what each node published with success, in order. A hole counts as told where [`Heard::Missed`] stands anywhere
/// behind what was heard last before it.
pub(super) fn check(records: &[Record], sent: &BTreeMap<u64, Vec<u64>>) -> Figures {
    let mut figures = Figures { sent: sent.values().map(Vec::len).sum(), ..Figures::default() };
    let lists: Vec<_> = records.iter().map(Record::list).collect();
    for list in &lists {
        let mut seen = BTreeMap::new();
        for (at, heard) in list.iter().enumerate() {
            if let Heard::Event(node, number) = heard {
                figures.received += 1;
                figures.twice += usize::from(seen.insert((*node, *number), at).is_some());
            }
        }
        for (node, numbers) in sent {
            let mut last_at = 0;
            for number in numbers {
                if let Some(at) = seen.get(&(*node, *number)) {
                    last_at = *at;
                } else if list[last_at..].contains(&Heard::Missed) {
                    figures.told += 1;
                } else {
                    figures.silent += 1;
                }
            }
        }
    }
    for (number, one) in lists.iter().enumerate() {
        figures.swapped += lists[number + 1..].iter().map(|other| swapped(one, other)).sum::<usize>();
    }
    figures
}

/// Neighbours in one list, of those that are in both, which are the other way round in the other.
fn swapped(one: &[Heard], other: &[Heard]) -> usize {
    let events = |list: &[Heard]| -> Vec<(u64, u64)> {
        list.iter()
            .filter_map(|heard| if let Heard::Event(node, number) = heard { Some((*node, *number)) } else { None })
            .collect()
    };
    let (one, other) = (events(one), events(other));
    let places: BTreeMap<_, _> = other.iter().enumerate().map(|(at, event)| (*event, at)).collect();
    let both: BTreeSet<_> = one.iter().filter(|event| places.contains_key(event)).collect();
    let order: Vec<_> = one.iter().filter(|event| both.contains(event)).map(|event| places[event]).collect();
    order.windows(2).filter(|pair| pair[0] > pair[1]).count()
}
