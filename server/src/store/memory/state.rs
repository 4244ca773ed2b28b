//! What the store in memory holds.

use std::collections::BTreeMap;

use protocol::RoomCode;

use crate::store::{Membership, Room, RoomId, User, UserId};

/// Plain maps; every step on them is a method in `users.rs` or `rooms.rs`.
#[derive(Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<UserId, User>,
    /// Folded account names.
    pub(super) names: BTreeMap<String, UserId>,
    pub(super) rooms: BTreeMap<RoomId, KeptRoom>,
    /// Codes of all kept rooms, expired ones included.
    pub(super) codes: BTreeMap<RoomCode, RoomId>,
    pub(super) closed: bool,
}

/// A room with its members.
pub(super) struct KeptRoom {
    pub(super) room: Room,
    /// In the order of their joining, never empty.
    pub(super) members: Vec<Membership>,
}
