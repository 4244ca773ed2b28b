//! Between the nodes that serve one channel: hands an event over, brings it back in the channel's one order.
//!
//! The contract: at most once; one order for each channel, the same on every node; the publisher's own node gets its
//! events back too; an event comes back as it was, so its id, its time and its origin are made before; a publish never
//! waits. The broker keeps nothing.

pub mod local;

#[cfg(test)]
pub mod conformance;

use std::fmt;

use chat::{ChannelId, RoomEvent};
use tokio::sync::mpsc;

/// Events of one channel, coming back in their order.
pub type Subscription = mpsc::Receiver<RoomEvent>;

/// The broker would not take an event: it is busy, away, or nobody is subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the broker did not take the event")]
pub struct NotPublished;

/// See the module's contract; `conformance` holds the one suite that every broker passes.
pub trait Broker: Send + Sync + fmt::Debug + 'static {
    /// Subscribes this node to a channel, from the next publish on; a later call for the same one replaces the one before.
    fn subscribe(&self, channel: ChannelId) -> Subscription;

    /// Ends the subscription: what was taken before still comes, then the end.
    fn unsubscribe(&self, channel: ChannelId);

    /// Hands one event over.
    ///
    /// # Errors
    /// [`NotPublished`]: it was not relayed and will not be. So it is where nobody is subscribed, and where the queue of
    /// this node's subscription is full.
    fn publish(&self, channel: ChannelId, event: RoomEvent) -> Result<(), NotPublished>;
}
