//! The broker of several nodes: Redis or Valkey as a switchboard. It keeps nothing, and nothing is written to it: every
//! word between nodes is a PUBLISH, which goes to whoever is subscribed at that moment.
//!
//! One line a node, in RESP3: subscriptions, what is published and what is brought are in one order, and are lost together.
//! A node's own events are told to its people when they come back, so that all nodes have one order. Each node numbers what
//! it publishes to a channel; who finds a hole says so. While the engine is away, each node goes on alone.
//! `topics.rs` decides all that without IO, `line.rs` is the line.

mod address;
mod line;
mod shared;
mod topic;
mod topics;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chat::{ChannelId, NodeId, People, RoomEvent};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Broker, BrokerState, Brought, NotPublished, Subscription, WORDS_MAX, Word};
use crate::clock;
use shared::{Names, Shared};
use topics::Topics;

pub use address::{NoAddress, RedisAddress};

/// Dropped, it ends its subscriptions, and says goodbye to the other nodes.
pub struct RedisBroker(Arc<Shared>);

impl RedisBroker {
    /// A broker whose queues hold so many events each. It connects by itself, on the runtime of whoever calls this.
    /// `deployment` names those nodes that belong together; it is seen by whoever can use the engine.
    pub fn start(address: RedisAddress, deployment: &str, queue_max: usize) -> Self {
        let node = NodeId(u64::from_be_bytes(clock::random()));
        let (words, heard) = mpsc::channel(WORDS_MAX);
        let shared = Arc::new(Shared {
            node,
            names: Names::new(deployment),
            topics: Mutex::new(Topics::new(node, queue_max)),
            work: Notify::new(),
            echo: Notify::new(),
            closed: CancellationToken::new(),
            words,
            heard: Mutex::new(Some(heard)),
        });
        tokio::spawn(line::run(Arc::clone(&shared), address));
        Self(shared)
    }
}

impl Broker for RedisBroker {
    fn node(&self) -> NodeId {
        self.0.node
    }

    fn subscribe(&self, channel: ChannelId) -> Subscription {
        let subscription = self.0.topics().subscribe(channel);
        self.0.work.notify_one();
        subscription
    }

    fn unsubscribe(&self, channel: ChannelId) {
        self.0.topics().unsubscribe(channel);
        self.0.work.notify_one();
    }

    fn publish(&self, channel: ChannelId, event: RoomEvent) -> Result<(), NotPublished> {
        let bytes = wire::event(self.0.node, &event).ok_or(NotPublished)?;
        self.0.topics().publish(channel, Brought::Event(event), bytes)?;
        self.0.work.notify_one();
        Ok(())
    }

    fn publish_bytes(&self, channel: ChannelId, bytes: Bytes) -> Result<(), NotPublished> {
        let parcel = wire::bytes(self.0.node, &bytes);
        self.0.topics().publish(channel, Brought::Bytes(self.0.node, bytes), parcel)?;
        self.0.work.notify_one();
        Ok(())
    }

    fn tell_others_bytes(&self, channel: ChannelId, bytes: Bytes) -> Result<(), NotPublished> {
        self.0.topics().tell_others(channel, wire::aside(self.0.node, &bytes))?;
        self.0.work.notify_one();
        Ok(())
    }

    fn tell_others(&self, channel: ChannelId, people: People) {
        if let Some(bytes) = wire::people(self.0.node, &people) {
            // Who is inside is told again when it may not be known.
            let _ = self.0.topics().tell_others(channel, bytes);
            self.0.work.notify_one();
        }
    }

    fn tell_nodes(&self, word: Word) {
        if let Some(bytes) = wire::word(self.0.node, &word) {
            self.0.topics().tell_nodes(bytes);
            self.0.work.notify_one();
        }
    }

    fn state(&self) -> BrokerState {
        self.0.topics().state()
    }

    fn words(&self) -> Option<mpsc::Receiver<Word>> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for RedisBroker {
    fn drop(&mut self) {
        self.0.topics().close();
        self.0.closed.cancel();
    }
}

impl std::fmt::Debug for RedisBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisBroker(…)")
    }
}

#[cfg(test)]
mod tests;
