//! What can be opened by guessing, as the counts of tries know it.

use chat::ChannelId;

/// Stands for an account's name; two names share one by rare chance, which harms nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameKey(pub(super) u64);

/// What somebody tries to open by guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A room with a PIN.
    Room(ChannelId),
    /// An account.
    Account(NameKey),
}
