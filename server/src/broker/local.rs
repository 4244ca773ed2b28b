//! The broker of a single node: a loop-back, one bounded queue a room.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use chat::Item;
use tokio::sync::mpsc;

use super::{Broker, NotPublished, Subscription};
use crate::store::RoomId;

/// Keeps nothing but the addresses of its subscribers.
#[derive(Debug)]
pub struct LocalBroker {
    rooms: RwLock<HashMap<RoomId, mpsc::Sender<Item>>>,
    queue_max: usize,
}

impl LocalBroker {
    /// A broker whose queues hold so many messages each.
    pub fn new(queue_max: usize) -> Self {
        Self { rooms: RwLock::default(), queue_max }
    }
}

impl Broker for LocalBroker {
    fn subscribe(&self, room: RoomId) -> Subscription {
        let (sender, receiver) = mpsc::channel(self.queue_max);
        self.rooms.write().unwrap_or_else(PoisonError::into_inner).insert(room, sender);
        receiver
    }

    fn unsubscribe(&self, room: RoomId) {
        self.rooms.write().unwrap_or_else(PoisonError::into_inner).remove(&room);
    }

    fn publish(&self, room: RoomId, item: Item) -> Result<(), NotPublished> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&room).ok_or(NotPublished)?.try_send(item).map_err(|_| NotPublished)
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
