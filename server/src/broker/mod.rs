//! Between the nodes that serve one room: hands a message over, brings it back in the room's one order.
//!
//! The contract: at most once; one order for each room, the same on every node; the publisher's own node gets its
//! messages back too; a publish never waits. The broker keeps nothing.

pub mod local;

#[cfg(test)]
pub(crate) mod conformance;

use std::fmt;

use chat::Item;
use tokio::sync::mpsc;

use crate::store::RoomId;

/// Messages of one room, coming back in their order.
pub type Subscription = mpsc::Receiver<Item>;

/// The broker would not take a message: it is busy, away, or nobody is subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the broker did not take the message")]
pub struct NotPublished;

/// See the module's contract; `conformance` holds the one suite that every broker passes.
pub trait Broker: Send + Sync + fmt::Debug + 'static {
    /// Subscribes this node to a room, from the next publish on; a later call for the same room replaces the one before.
    fn subscribe(&self, room: RoomId) -> Subscription;

    /// Ends the subscription: what was taken before still comes, then the end.
    fn unsubscribe(&self, room: RoomId);

    /// Hands one message over.
    ///
    /// # Errors
    /// [`NotPublished`]: it was not relayed and will not be. So it is where nobody is subscribed, and where the queue of
    /// this node's subscription is full.
    fn publish(&self, room: RoomId, item: Item) -> Result<(), NotPublished>;
}
