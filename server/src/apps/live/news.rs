//! What other nodes have to be told of who is where on this one: gathered, so that many changes make one parcel.

use std::collections::BTreeSet;

use channels::{AppUser, ChannelName};

/// What is another than was told.
#[derive(Default)]
pub(super) struct News {
    /// Everything has to be told.
    pub(super) all: bool,
    /// How often these are in these channels.
    pub(super) inside: BTreeSet<(ChannelName, AppUser)>,
    /// What these have open.
    pub(super) users: BTreeSet<AppUser>,
}
