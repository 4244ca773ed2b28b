//! What can be opened by guessing, as the counts of tries know it.

use chat::ChannelId;
use serde::{Deserialize, Serialize};

/// Stands for an account's name, the same on every node; two names share one by rare chance, which harms nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameKey(pub u64);

/// What somebody tries to open by guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// A room with a PIN.
    Room(ChannelId),
    /// An account.
    Account(NameKey),
}
