//! Every channel of this node, and what the line to the engine has to do for them. No IO: `line.rs` does what is taken
//! from here, and hands in what came.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use chat::{ChannelId, NodeId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::topic::{News, Topic};
use super::wire::{self, Content, Parcel, Place};
use crate::broker::{BrokerState, Brought, NotPublished, Reach, Subscription};

/// Bytes that wait for the engine at the most. What finds no place is refused at once: nothing waits for a better time.
const OUTGOING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What is handed to the engine in one go.
const BATCH_MAX: usize = 256;

/// Nodes of one deployment that are kept in mind.
const NODES_MAX: usize = 256;

/// Nodes of which each topic knows where they stand: those that are there, and those that may come back.
const SEEN_MAX: usize = 2 * NODES_MAX;

/// Topics that one sign of life names; it is sent every few seconds.
const PLACES_MAX: usize = 2_048;

/// A node of which nothing was heard for so long is gone, and its people with it.
pub(super) const NODE_GONE_AFTER: Duration = Duration::from_secs(12);

pub(super) struct Topics {
    node: NodeId,
    queue_max: usize,
    /// While it is not known, what is published waits for the end of the first attempt.
    reach: Reach,
    /// The line that is listened to; what an earlier one still brings is nothing any more.
    line: u64,
    all: HashMap<ChannelId, Topic>,
    runs: u64,
    /// Channels whose subscription at the engine may not be what it has to be.
    changed: BTreeSet<ChannelId>,
    /// What the engine sends on this line.
    at_engine: HashSet<ChannelId>,
    outgoing: VecDeque<(To, Vec<u8>)>,
    outgoing_bytes: usize,
    /// When each other node was heard of last.
    nodes: HashMap<NodeId, Instant>,
    /// Nodes that were taken for gone: their people have to be asked for when they are back.
    gone: BTreeSet<NodeId>,
    /// Of these nothing was heard since this node was alone: they may have said something before they went.
    unsure: BTreeSet<NodeId>,
    /// When this node last heard itself through the engine.
    echo: Option<Instant>,
    /// When the last sign of life was made.
    told_alive: Option<Instant>,
    /// What is counted since the start, and the last round trip.
    counts: BrokerState,
}

/// To whom something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// Whoever is subscribed to a channel.
    Channel(ChannelId),
    /// Every node.
    Nodes,
}

/// What the line has to do next, in this order.
#[derive(Default)]
pub(super) struct Work {
    pub(super) unsubscribe: Vec<ChannelId>,
    pub(super) subscribe: Vec<ChannelId>,
    pub(super) publish: Vec<(To, Vec<u8>)>,
}

impl Work {
    pub(super) fn is_empty(&self) -> bool {
        self.unsubscribe.is_empty() && self.subscribe.is_empty() && self.publish.is_empty()
    }
}

impl Topics {
    pub(super) fn new(node: NodeId, queue_max: usize) -> Self {
        Self {
            node,
            queue_max,
            reach: Reach::Unknown,
            line: 0,
            all: HashMap::new(),
            runs: 0,
            changed: BTreeSet::new(),
            at_engine: HashSet::new(),
            outgoing: VecDeque::new(),
            outgoing_bytes: 0,
            nodes: HashMap::new(),
            gone: BTreeSet::new(),
            unsure: BTreeSet::new(),
            echo: None,
            told_alive: None,
            counts: BrokerState::LOCAL,
        }
    }

    pub(super) fn subscribe(&mut self, channel: ChannelId) -> Subscription {
        let (sender, receiver) = mpsc::channel(self.queue_max);
        let (ready, is_ready) = oneshot::channel();
        self.runs += 1;
        let mut topic = Topic::new(self.runs, sender, ready);
        if self.reach == Reach::Alone {
            topic.is_alone();
            topic.bring(Brought::Alone);
        }
        if let Some(mut before) = self.all.insert(channel, topic) {
            before.settle_all();
        }
        self.changed.insert(channel);
        Subscription::new(receiver, Some(is_ready))
    }

    pub(super) fn unsubscribe(&mut self, channel: ChannelId) {
        if let Some(mut topic) = self.all.remove(&channel) {
            topic.settle_all();
            self.changed.insert(channel);
        }
    }

    /// `bytes`: the event, as the engine gets it, without its place.
    pub(super) fn publish(
        &mut self,
        channel: ChannelId,
        event: Brought,
        mut bytes: Vec<u8>,
    ) -> Result<(), NotPublished> {
        let is_full = self.is_full(bytes.len());
        let topic = self.all.get_mut(&channel).ok_or(NotPublished)?;
        let permit = topic.reserve().ok_or(NotPublished)?;
        match self.reach {
            Reach::Local | Reach::Alone => topic.keep(permit, event),
            Reach::Unknown | Reach::Together if is_full => return Err(NotPublished),
            Reach::Unknown | Reach::Together => {
                self.counts.published += 1;
                let place = topic.count();
                wire::put_place(&mut bytes, place);
                topic.wait_for(place.number, permit, event);
                self.send(To::Channel(channel), bytes);
            }
        }
        Ok(())
    }

    /// `bytes`: as for [`Topics::publish`].
    pub(super) fn tell_others(&mut self, channel: ChannelId, mut bytes: Vec<u8>) -> Result<(), NotPublished> {
        if self.reach == Reach::Alone {
            return Ok(());
        }
        let topic = self.all.get(&channel).filter(|_| !self.is_full(bytes.len())).ok_or(NotPublished)?;
        wire::put_place(&mut bytes, topic.place);
        self.send(To::Channel(channel), bytes);
        Ok(())
    }

    /// Tells all other nodes, where they are reached.
    pub(super) fn tell_nodes(&mut self, bytes: Vec<u8>) {
        if self.reach != Reach::Alone && !self.is_full(bytes.len()) {
            self.send(To::Nodes, bytes);
        }
    }

    fn is_full(&self, more: usize) -> bool {
        self.outgoing_bytes.saturating_add(more) > OUTGOING_BYTES_MAX
    }

    fn send(&mut self, to: To, bytes: Vec<u8>) {
        self.outgoing_bytes += bytes.len();
        self.outgoing.push_back((to, bytes));
    }

    /// What is to be done at the engine; nobody else does it.
    pub(super) fn take_work(&mut self) -> Work {
        let mut work = Work::default();
        for channel in std::mem::take(&mut self.changed) {
            match self.all.get_mut(&channel) {
                Some(_) if self.at_engine.insert(channel) => work.subscribe.push(channel),
                Some(topic) => topic.is_ready(),
                None if self.at_engine.remove(&channel) => work.unsubscribe.push(channel),
                None => {}
            }
        }
        let count = self.outgoing.len().min(BATCH_MAX);
        work.publish = self.outgoing.drain(..count).collect();
        self.outgoing_bytes -= work.publish.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        work
    }

    /// The engine sends these from now on.
    pub(super) fn subscribed(&mut self, channels: &[ChannelId]) {
        for channel in channels {
            if let Some(topic) = self.all.get_mut(channel) {
                topic.is_ready();
            }
        }
    }

    /// A line begins: what earlier ones bring is passed over, and everything has to be subscribed anew.
    pub(super) fn begin_line(&mut self) -> u64 {
        self.line += 1;
        self.echo = None;
        self.at_engine.clear();
        self.changed.extend(self.all.keys());
        self.line
    }

    /// The engine has brought this node's own words back: everything is subscribed, and what is published comes round.
    pub(super) fn together(&mut self, now: Instant) {
        if self.reach == Reach::Alone {
            self.all.values_mut().for_each(|topic| topic.bring(Brought::Together));
            // Each has another while to be heard of.
            self.unsure = self.nodes.keys().copied().chain(self.gone.iter().copied()).collect();
            self.nodes.extend(self.unsure.iter().map(|node| (*node, now)));
        }
        self.reach = Reach::Together;
        let unheard: Vec<_> =
            self.all.iter_mut().filter_map(|(channel, topic)| Some((*channel, topic.take_unheard()?))).collect();
        for (channel, place) in unheard {
            self.send(To::Channel(channel), wire::lost(self.node, place));
        }
    }

    /// The engine is away: each channel goes on in this node, and nothing waits for its return.
    pub(super) fn alone(&mut self) {
        self.line += 1;
        self.outgoing.clear();
        self.outgoing_bytes = 0;
        if self.reach == Reach::Alone {
            return;
        }
        self.reach = Reach::Alone;
        self.counts.losses += 1;
        for topic in self.all.values_mut() {
            topic.is_alone();
            topic.bring(Brought::Alone);
        }
    }

    /// Nothing is served any more: subscriptions come to their end.
    pub(super) fn close(&mut self) {
        self.line += 1;
        self.outgoing.clear();
        self.all.values_mut().for_each(Topic::settle_all);
        self.all.clear();
    }

    /// Something came to a channel, by this line. `event`: what the parcel of another node brings.
    pub(super) fn arrived(
        &mut self,
        line: u64,
        channel: ChannelId,
        parcel: Parcel,
        event: Option<Brought>,
        now: Instant,
    ) {
        let Parcel { from, place, content } = parcel;
        let is_own = from == self.node;
        if line == self.line && !is_own {
            self.is_alive(from, now);
        }
        let Some(topic) = self.all.get_mut(&channel).filter(|_| line == self.line) else { return };
        match content {
            Content::Event(_) | Content::Bytes(_) if is_own => topic.came_back(place),
            Content::Event(_) | Content::Bytes(_) => {
                let news = topic.follow(from, place, 1, SEEN_MAX);
                self.counts.missed += u64::from(news == News::AfterHole);
                self.counts.brought += u64::from(news != News::Old);
                if news != News::Old {
                    // What cannot be read is of another version: lost like what did not come.
                    topic.bring(event.unwrap_or(Brought::Missed));
                }
            }
            Content::People(_) | Content::Aside(_) | Content::Lost if is_own => {}
            Content::Lost => {
                self.counts.missed += u64::from(topic.has_lost(from, place, SEEN_MAX) == News::AfterHole);
            }
            Content::People(people) => {
                self.counts.missed += u64::from(topic.follow(from, place, 0, SEEN_MAX) == News::AfterHole);
                topic.bring(Brought::People(from, people));
            }
            Content::Aside(bytes) => {
                self.counts.missed += u64::from(topic.follow(from, place, 0, SEEN_MAX) == News::AfterHole);
                topic.bring(Brought::Bytes(from, bytes));
            }
            Content::Alive(_) | Content::Word(_) | Content::Bye => {}
        }
    }

    /// A node says that it is there, or that it stops; by this line.
    pub(super) fn node_says(&mut self, line: u64, parcel: Parcel, now: Instant) {
        if line != self.line {
            return;
        }
        let from = parcel.from;
        match parcel.content {
            Content::Alive(_) if from == self.node => {
                self.echo = Some(now);
                self.counts.round_trip = self.told_alive.take().map(|told| now.saturating_duration_since(told));
            }
            Content::Alive(places) => {
                self.is_alive(from, now);
                for (channel, place) in places {
                    if let Some(topic) = self.all.get_mut(&channel) {
                        self.counts.missed += u64::from(topic.follow(from, place, 0, SEEN_MAX) == News::AfterHole);
                    }
                }
            }
            Content::Bye if from != self.node => {
                self.nodes.remove(&from);
                self.gone.remove(&from);
                let unsure = self.unsure.remove(&from);
                for topic in self.all.values_mut() {
                    topic.is_gone(from);
                    topic.forget(from, unsure);
                }
            }
            Content::Bye
            | Content::Event(_)
            | Content::Bytes(_)
            | Content::Aside(_)
            | Content::Lost
            | Content::People(_)
            | Content::Word(_) => {}
        }
    }

    /// Something was heard of another node. Of one that was taken for gone, the people have to be told anew.
    fn is_alive(&mut self, node: NodeId, now: Instant) {
        if self.nodes.len() < NODES_MAX || self.nodes.contains_key(&node) {
            self.nodes.insert(node, now);
        }
        self.unsure.remove(&node);
        if self.gone.remove(&node) {
            self.all.values_mut().for_each(|topic| topic.bring(Brought::Together));
        }
    }

    /// Takes nodes that were silent for too long for gone, and tells channels what they could not be told before.
    pub(super) fn look_after(&mut self, now: Instant) {
        let silent = |heard: &Instant| now.saturating_duration_since(*heard) >= NODE_GONE_AFTER;
        let gone: Vec<_> = self.nodes.iter().filter(|(_, heard)| silent(heard)).map(|(node, _)| *node).collect();
        for node in gone {
            self.nodes.remove(&node);
            self.all.values_mut().for_each(|topic| topic.is_gone(node));
            let is_over = self.reach == Reach::Together && self.unsure.contains(&node);
            let forgotten = if is_over { Some(node) } else { self.note_gone(node) };
            if let Some(forgotten) = forgotten {
                self.gone.remove(&forgotten);
                let unsure = self.unsure.remove(&forgotten);
                self.all.values_mut().for_each(|topic| topic.forget(forgotten, unsure));
            }
        }
        for topic in self.all.values_mut() {
            topic.pay();
        }
    }

    /// As it is now.
    pub(super) fn state(&self) -> BrokerState {
        let heard = self.nodes.keys().filter(|node| !self.unsure.contains(node)).count();
        let others = if self.reach == Reach::Together { heard } else { 0 };
        BrokerState { reach: self.reach, others, waiting_bytes: self.outgoing_bytes, ..self.counts }
    }

    /// Answers who makes way for it, where too many are gone.
    fn note_gone(&mut self, node: NodeId) -> Option<NodeId> {
        let forgotten = if self.gone.len() < NODES_MAX { None } else { self.gone.pop_first() };
        self.gone.insert(node);
        forgotten
    }

    /// When this node last heard itself on this line.
    pub(super) fn echo(&self) -> Option<Instant> {
        self.echo
    }

    /// A sign of life: where this node stands in the channels that it has published to lately.
    pub(super) fn alive(&mut self, now: Instant) -> Vec<u8> {
        self.told_alive = Some(now);
        let said = self.all.iter_mut().filter_map(|(channel, topic)| Some((*channel, topic.take_said()?)));
        let places: Vec<(ChannelId, Place)> = said.take(PLACES_MAX).collect();
        wire::alive(self.node, &places)
    }
}
