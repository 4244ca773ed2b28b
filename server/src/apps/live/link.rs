//! One application's way to the other nodes: a channel of the broker, in which everything that is told of the application
//! comes back in one order, to this node too.
//!
//! Knows no connection of anybody. Nothing waits: what the broker does not take is refused to whoever tells it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use channels::AppName;
use chat::{ChannelId, NodeId};
use realtime::broker::{Broker, Subscription};
use tokio::sync::Notify;

use super::super::handle::Busy;
use super::super::registry::Applications;
use super::parcel::Parcel;

/// What leads to the other nodes.
pub(crate) struct Between {
    pub(crate) broker: Arc<dyn Broker>,
    /// The broker's channel of an application; nothing of its name is seen there.
    pub(crate) topic_of: Box<dyn Fn(&AppName) -> ChannelId + Send + Sync>,
    pub(crate) apps: Applications,
}

/// See the module.
pub(super) struct Link {
    broker: Arc<dyn Broker>,
    topic: ChannelId,
    changed: Notify,
}

impl Link {
    /// Opens it.
    pub(super) fn open(broker: Arc<dyn Broker>, topic: ChannelId) -> (Self, Subscription) {
        let brought = broker.subscribe(topic);
        (Self { broker, topic, changed: Notify::new() }, brought)
    }

    pub(super) fn node(&self) -> NodeId {
        self.broker.node()
    }

    pub(super) fn say(&self, parcel: &Parcel<'_>) -> Result<(), Busy> {
        let bytes = serde_json::to_vec(parcel).map_err(|_| Busy)?;
        self.broker.publish_bytes(self.topic, Bytes::from(bytes)).map_err(|_| Busy)
    }

    /// The same to other nodes alone, outside of the order: that it is lost is not told.
    pub(super) fn say_aside(&self, parcel: &Parcel<'_>) -> Result<(), Busy> {
        let bytes = serde_json::to_vec(parcel).map_err(|_| Busy)?;
        self.broker.tell_others_bytes(self.topic, Bytes::from(bytes)).map_err(|_| Busy)
    }

    /// There is news of who is where.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    pub(super) async fn woken(&self) {
        self.changed.notified().await;
    }

    pub(super) fn close(&self) {
        self.broker.unsubscribe(self.topic);
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(…)")
    }
}
