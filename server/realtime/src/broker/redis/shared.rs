//! What the broker and its line have in common, and what things are called at the engine. Decides nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::{ChannelId, NodeId};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::topics::Topics;
use crate::broker::Word;

/// One of them a broker.
pub(super) struct Shared {
    pub(super) node: NodeId,
    pub(super) names: Names,
    pub(super) topics: Mutex<Topics>,
    /// There is something to do at the engine.
    pub(super) work: Notify,
    /// This node has heard itself.
    pub(super) echo: Notify,
    pub(super) closed: CancellationToken,
    pub(super) words: mpsc::Sender<Word>,
    pub(super) heard: Mutex<Option<mpsc::Receiver<Word>>>,
}

impl Shared {
    pub(super) fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names at the engine. They begin with a mark of the deployment: several may use one engine, and nodes that have another
/// secret, which would know nobody of each other's people, do not hear each other.
pub(super) struct Names {
    /// What every node is subscribed to.
    pub(super) nodes: String,
    room: String,
}

impl Names {
    pub(super) fn new(deployment: &str) -> Self {
        Self { nodes: format!("whisperspace:{deployment}:nodes"), room: format!("whisperspace:{deployment}:room:") }
    }

    pub(super) fn topic_of(&self, channel: ChannelId) -> String {
        format!("{}{}", self.room, URL_SAFE_NO_PAD.encode(channel.0))
    }

    pub(super) fn topics_of(&self, channels: &[ChannelId]) -> Vec<String> {
        channels.iter().map(|channel| self.topic_of(*channel)).collect()
    }

    pub(super) fn channel_of(&self, topic: &[u8]) -> Option<ChannelId> {
        let name = topic.strip_prefix(self.room.as_bytes())?;
        Some(ChannelId(URL_SAFE_NO_PAD.decode(name).ok()?.try_into().ok()?))
    }
}
