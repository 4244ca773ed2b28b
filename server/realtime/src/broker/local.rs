//! The broker of a single node: a loop-back, one bounded queue a channel.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;
use chat::{ChannelId, NodeId, People, RoomEvent};
use tokio::sync::mpsc;

use super::{Broker, BrokerState, Brought, NotPublished, Subscription, Word};
use crate::clock;

/// Keeps nothing but the addresses of its subscribers.
#[derive(Debug)]
pub struct LocalBroker {
    node: NodeId,
    channels: RwLock<HashMap<ChannelId, mpsc::Sender<Brought>>>,
    queue_max: usize,
}

impl LocalBroker {
    /// A broker whose queues hold so many events each.
    pub fn new(queue_max: usize) -> Self {
        Self { node: NodeId(u64::from_be_bytes(clock::random())), channels: RwLock::default(), queue_max }
    }

    fn bring(&self, channel: ChannelId, brought: Brought) -> Result<(), NotPublished> {
        let channels = self.channels.read().unwrap_or_else(PoisonError::into_inner);
        channels.get(&channel).ok_or(NotPublished)?.try_send(brought).map_err(|_| NotPublished)
    }
}

impl Broker for LocalBroker {
    fn node(&self) -> NodeId {
        self.node
    }

    fn subscribe(&self, channel: ChannelId) -> Subscription {
        let (sender, receiver) = mpsc::channel(self.queue_max);
        self.channels.write().unwrap_or_else(PoisonError::into_inner).insert(channel, sender);
        Subscription::new(receiver, None)
    }

    fn unsubscribe(&self, channel: ChannelId) {
        self.channels.write().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }

    fn publish(&self, channel: ChannelId, event: RoomEvent) -> Result<(), NotPublished> {
        self.bring(channel, Brought::Event(event))
    }

    fn publish_bytes(&self, channel: ChannelId, bytes: Bytes) -> Result<(), NotPublished> {
        self.bring(channel, Brought::Bytes(self.node, bytes))
    }

    /// There are no others.
    fn tell_others_bytes(&self, _channel: ChannelId, _bytes: Bytes) -> Result<(), NotPublished> {
        Ok(())
    }

    fn tell_others(&self, _channel: ChannelId, _people: People) {}

    fn tell_nodes(&self, _word: Word) {}

    fn state(&self) -> BrokerState {
        BrokerState::LOCAL
    }

    fn words(&self) -> Option<mpsc::Receiver<Word>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::LocalBroker;
    use crate::broker::conformance::{Nodes, QUEUE_MAX, broker_conformance};

    /// In one process there is one node.
    fn make() -> std::future::Ready<(Nodes, ())> {
        std::future::ready((vec![Arc::new(LocalBroker::new(QUEUE_MAX))], ()))
    }

    broker_conformance!(make);
}
