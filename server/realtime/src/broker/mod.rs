//! Between the nodes that serve one channel (a room, or all that one application is told): hands an event over, brings it
//! back in the channel's one order.
//!
//! The contract: at most once; one order for each channel, the same on every node; the publisher's own node gets its
//! events back too; an event comes back as it was, so its id, its time and its origin are made before; a publish never
//! waits. The broker keeps nothing. What it knows to be lost it says ([`Brought::Missed`]), and where it cannot reach other
//! nodes it serves its own alone, and says that ([`Brought::Alone`]).

pub mod local;
mod question;
pub mod redis;
mod state;
mod word;

#[cfg(test)]
pub mod conformance;

use std::fmt;

use bytes::Bytes;
use chat::{ChannelId, NodeId, People, RoomEvent};
use tokio::sync::{mpsc, oneshot};

pub use question::{Answer, Question, ToldInvite};
pub use state::{BrokerState, Reach};
pub use word::Word;

/// Words of other nodes that wait to be heard.
const WORDS_MAX: usize = 4_096;

/// What comes to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// An event, of this node or another, in its place.
    Event(RoomEvent),
    /// What a node published of which the broker knows nothing but the order.
    Bytes(NodeId, Bytes),
    /// Another node says who is inside there.
    People(NodeId, People),
    /// Another node has stopped, or has not been heard of for so long that nobody can be inside there.
    NodeGone(NodeId),
    /// Events of other nodes were lost; how many of them were messages is not known.
    Missed,
    /// Other nodes are not reached any more: what is published comes back on this node alone, and goes nowhere later.
    Alone,
    /// Other nodes are reached again.
    Together,
}

/// What comes to one channel, in its order.
#[derive(Debug)]
pub struct Subscription {
    brought: mpsc::Receiver<Brought>,
    ready: Option<oneshot::Receiver<()>>,
}

impl Subscription {
    /// `ready` answers, or is dropped, when events of other nodes come from now on.
    pub fn new(brought: mpsc::Receiver<Brought>, ready: Option<oneshot::Receiver<()>>) -> Self {
        Self { brought, ready }
    }

    /// Resolves when events of other nodes come too, or none of them can be reached. Those of this node come before.
    pub async fn ready(&mut self) {
        if let Some(ready) = self.ready.take() {
            // Dropped: the subscription has ended or was replaced, which `recv` tells.
            let _ = ready.await;
        }
    }

    /// The next; `None` at the end.
    pub async fn recv(&mut self) -> Option<Brought> {
        self.brought.recv().await
    }

    /// The next, where there is one already.
    pub fn try_recv(&mut self) -> Option<Brought> {
        self.brought.try_recv().ok()
    }
}

/// The broker would not take an event: it is busy, away, or nobody is subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the broker did not take the event")]
pub struct NotPublished;

/// See the module's contract; `conformance` holds the one suite that every broker passes.
pub trait Broker: Send + Sync + fmt::Debug + 'static {
    /// This process among those that serve the same channels.
    fn node(&self) -> NodeId;

    /// Subscribes this node to a channel, from its next publish on; a later call for the same one replaces the one before.
    fn subscribe(&self, channel: ChannelId) -> Subscription;

    /// Ends the subscription: what was taken before still comes, then the end.
    fn unsubscribe(&self, channel: ChannelId);

    /// Hands one event over.
    ///
    /// # Errors
    /// [`NotPublished`]: it was not relayed and will not be. So it is where nobody is subscribed, and where the queue of
    /// this node's subscription is full.
    fn publish(&self, channel: ChannelId, event: RoomEvent) -> Result<(), NotPublished>;

    /// The same for something else than a room's event. All of a channel has one order.
    ///
    /// # Errors
    /// [`NotPublished`].
    fn publish_bytes(&self, channel: ChannelId, bytes: Bytes) -> Result<(), NotPublished>;

    /// Hands bytes to the other nodes alone, behind what was published before. They have no number: that they are lost is not
    /// told. Where other nodes are out of reach it is done with nothing.
    ///
    /// # Errors
    /// [`NotPublished`]: too much waits, or nobody is subscribed.
    fn tell_others_bytes(&self, channel: ChannelId, bytes: Bytes) -> Result<(), NotPublished>;

    /// Tells other nodes who is inside on this one. It does not come back, and is lost where they are not reached.
    fn tell_others(&self, channel: ChannelId, people: People);

    /// Tells all other nodes; lost where they are not reached.
    fn tell_nodes(&self, word: Word);

    /// How the line to other nodes is, and how many of them are heard.
    fn state(&self) -> BrokerState;

    /// What they tell; whoever takes it first has it alone. `None`: it was taken, or there are no others.
    fn words(&self) -> Option<mpsc::Receiver<Word>>;
}
