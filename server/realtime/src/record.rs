//! The record of a room that is kept outside of this node's memory, as far as the hub has to do with it.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use protocol::{MemberId, RoomInfo};

/// What became of a room when somebody's membership ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// There was no such membership, or it is not known yet what its end means; those who stay are told nothing.
    NotMember,
    /// Others remain, and this is their owner from now on.
    Remaining {
        /// As the members see them.
        owner: MemberId,
    },
    /// It was the last member: the room is deleted.
    RoomDeleted,
}

/// What the record of a room says.
#[derive(Clone)]
pub struct Record {
    /// The room, as members know it.
    pub info: RoomInfo,
    /// Who owns it.
    pub owner: MemberId,
    /// Who keeps order beside the owner.
    pub moderators: BTreeSet<MemberId>,
    /// Everybody who may come in.
    pub members: BTreeSet<MemberId>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(…)")
    }
}

/// The record of one room that has a task.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// Whether there still is one. `None`: it cannot be told now.
    async fn exists(&self) -> Option<bool>;

    /// What it says; `Some(None)`: there is none any more. `None`: it cannot be told now.
    async fn read(&self) -> Option<Option<Record>>;

    /// The room ends. Called before anybody is told, so that nobody who was told finds less; maybe more than once.
    fn note_ended(&self);

    /// Deletes the record. `false`: it could not be done yet, and will be.
    async fn delete(&self) -> bool;
}
