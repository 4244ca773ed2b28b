//! One channel on this node: what it has published that has not come back, what it has heard of other nodes, and what it
//! could not be told yet.

use std::collections::{HashMap, VecDeque};

use chat::NodeId;
use tokio::sync::{mpsc, oneshot};

use super::wire::Place;
use crate::broker::Brought;

/// An event of this node that is under way, and its place in the subscription's queue.
struct Pending {
    number: u64,
    permit: mpsc::OwnedPermit<Brought>,
    event: Brought,
}

/// Whether something is heard for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// A line that was lost delivers late what was told as missed meanwhile.
    Old,
    /// It is next.
    Next,
    /// More has happened than was heard, which is told.
    AfterHole,
}

pub(super) struct Topic {
    pub(super) place: Place,
    sender: mpsc::Sender<Brought>,
    ready: Option<oneshot::Sender<()>>,
    pending: VecDeque<Pending>,
    /// The place of each other node that was heard of last.
    seen: HashMap<NodeId, Place>,
    owed: Owed,
    /// Other nodes could not be reached for a while since this began: what they said meanwhile was not heard.
    was_alone: bool,
    /// Something was told here of which it is not known whether others have heard it.
    unheard: bool,
    /// Something was published since the last [`Topic::take_said`].
    said: bool,
}

/// What the subscription's queue had no place for. It is bounded whatever happens: by kinds, and by nodes.
#[derive(Default)]
struct Owed {
    missed: bool,
    line: Option<Brought>,
    gone: Vec<NodeId>,
}

impl Topic {
    pub(super) fn new(run: u64, sender: mpsc::Sender<Brought>, ready: oneshot::Sender<()>) -> Self {
        Self {
            place: Place { run, number: 0 },
            sender,
            ready: Some(ready),
            pending: VecDeque::new(),
            seen: HashMap::new(),
            owed: Owed::default(),
            was_alone: false,
            unheard: false,
            said: false,
        }
    }

    /// Events of other nodes come now, or none can be reached.
    pub(super) fn is_ready(&mut self) {
        if let Some(ready) = self.ready.take() {
            // Nobody has to wait for it.
            let _ = ready.send(());
        }
    }

    /// A place in the queue, so that what is published now finds it when it comes back.
    pub(super) fn reserve(&self) -> Option<mpsc::OwnedPermit<Brought>> {
        self.sender.clone().try_reserve_owned().ok()
    }

    /// Numbers one event that begins here.
    pub(super) fn count(&mut self) -> Place {
        self.place.number += 1;
        self.said = true;
        self.place
    }

    pub(super) fn wait_for(&mut self, number: u64, permit: mpsc::OwnedPermit<Brought>, event: Brought) {
        self.pending.push_back(Pending { number, permit, event });
    }

    /// An event of this node has come back, and with it whatever was published before.
    pub(super) fn came_back(&mut self, place: Place) {
        if place.run == self.place.run {
            self.settle(place.number);
        }
    }

    /// Nothing comes back any more: what was published is told here, in its order. Other nodes may have heard it or not;
    /// those that did not find a hole in the numbers.
    pub(super) fn settle_all(&mut self) {
        self.unheard |= !self.pending.is_empty();
        self.settle(u64::MAX);
    }

    /// Other nodes are not reached now.
    pub(super) fn is_alone(&mut self) {
        self.was_alone = true;
        self.settle_all();
        self.is_ready();
    }

    /// An event that goes nowhere but here.
    pub(super) fn keep(&mut self, permit: mpsc::OwnedPermit<Brought>, event: Brought) {
        self.count();
        self.unheard = true;
        permit.send(event);
    }

    /// Where something was told here of which others may not have heard, the place.
    pub(super) fn take_unheard(&mut self) -> Option<Place> {
        std::mem::take(&mut self.unheard).then_some(self.place)
    }

    fn settle(&mut self, number: u64) {
        while self.pending.front().is_some_and(|pending| pending.number <= number) {
            if let Some(Pending { permit, event, .. }) = self.pending.pop_front() {
                permit.send(event);
            }
        }
    }

    /// Another node stands there now; `step` is 1 where it got there with the event at hand. Where more has happened than
    /// was heard, that is told.
    pub(super) fn follow(&mut self, from: NodeId, place: Place, step: u64, nodes_max: usize) -> News {
        let before = self.seen.get(&from).copied();
        if before.is_none() && self.seen.len() >= nodes_max {
            return News::Next;
        }
        let heard = match before {
            // A node of which nothing was heard may be anywhere, unless it can have begun while none was heard.
            None if !self.was_alone => place.number,
            Some(before) if before.run == place.run => before.number.saturating_add(step),
            // A new subscription of that node begins at nothing.
            None | Some(_) => step,
        };
        let is_old =
            |before: Place| before.run > place.run || (before.run == place.run && before.number + step > place.number);
        if before.is_some_and(is_old) {
            return News::Old;
        }
        self.seen.insert(from, place);
        if place.number <= heard {
            return News::Next;
        }
        self.bring(Brought::Missed);
        News::AfterHole
    }

    /// A node says that others may not have heard all that it told its own people.
    pub(super) fn has_lost(&mut self, from: NodeId, place: Place, nodes_max: usize) -> News {
        if self.seen.contains_key(&from) {
            return self.follow(from, place, 0, nodes_max);
        }
        if self.seen.len() < nodes_max {
            self.seen.insert(from, place);
        }
        self.bring(Brought::Missed);
        News::AfterHole
    }

    /// A node is silent. Where it stands stays known: it may come back, having said something.
    pub(super) fn is_gone(&mut self, node: NodeId) {
        self.bring(Brought::NodeGone(node));
    }

    /// A node does not come back. `unsure`: it may have said something that was not heard.
    pub(super) fn forget(&mut self, node: NodeId, unsure: bool) {
        if self.seen.remove(&node).is_some() && unsure {
            self.bring(Brought::Missed);
        }
    }

    /// Where something was published since the last call, the place.
    pub(super) fn take_said(&mut self) -> Option<Place> {
        std::mem::take(&mut self.said).then_some(self.place)
    }

    /// Hands something over, or keeps in mind what of it must not be lost.
    pub(super) fn bring(&mut self, brought: Brought) {
        if self.pay() {
            match self.sender.try_send(brought) {
                // A room that is over wants to hear nothing.
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(brought)) => self.owe(brought),
            }
        } else {
            self.owe(brought);
        }
    }

    fn owe(&mut self, brought: Brought) {
        match brought {
            Brought::Event(_) | Brought::Bytes(..) | Brought::People(..) | Brought::Missed => self.owed.missed = true,
            Brought::NodeGone(node) => self.owed.gone.push(node),
            line @ (Brought::Alone | Brought::Together) => self.owed.line = Some(line),
        }
    }

    /// Tells what was not told yet; answers whether nothing is left of it.
    pub(super) fn pay(&mut self) -> bool {
        while let Some(node) = self.owed.gone.last() {
            if self.sender.try_send(Brought::NodeGone(*node)).is_err() {
                return self.sender.is_closed();
            }
            self.owed.gone.pop();
        }
        if let Some(line) = &self.owed.line {
            if self.sender.try_send(line.clone()).is_err() {
                return self.sender.is_closed();
            }
            self.owed.line = None;
        }
        if self.owed.missed {
            if self.sender.try_send(Brought::Missed).is_err() {
                return self.sender.is_closed();
            }
            self.owed.missed = false;
        }
        true
    }
}
