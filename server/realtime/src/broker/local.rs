//! The broker of a single node: a loop-back, one bounded queue a channel.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use chat::{ChannelId, RoomEvent};
use tokio::sync::mpsc;

use super::{Broker, NotPublished, Subscription};

/// Keeps nothing but the addresses of its subscribers.
#[derive(Debug)]
pub struct LocalBroker {
    channels: RwLock<HashMap<ChannelId, mpsc::Sender<RoomEvent>>>,
    queue_max: usize,
}

impl LocalBroker {
    /// A broker whose queues hold so many events each.
    pub fn new(queue_max: usize) -> Self {
        Self { channels: RwLock::default(), queue_max }
    }
}

impl Broker for LocalBroker {
    fn subscribe(&self, channel: ChannelId) -> Subscription {
        let (sender, receiver) = mpsc::channel(self.queue_max);
        self.channels.write().unwrap_or_else(PoisonError::into_inner).insert(channel, sender);
        receiver
    }

    fn unsubscribe(&self, channel: ChannelId) {
        self.channels.write().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }

    fn publish(&self, channel: ChannelId, event: RoomEvent) -> Result<(), NotPublished> {
        let channels = self.channels.read().unwrap_or_else(PoisonError::into_inner);
        channels.get(&channel).ok_or(NotPublished)?.try_send(event).map_err(|_| NotPublished)
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
