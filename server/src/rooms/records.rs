//! The records of rooms beside the store itself: which codes had a room that ended here, and what the store could not be
//! told while it was away. Knows no live room; a room's task holds the record of its own ([`Keeper`]).

use std::sync::Arc;

use async_trait::async_trait;
use chat::Now;
use protocol::{ErrorCode, Limits, RoomCode};

use crate::keys::Keys;
use crate::rooms::ended::EndedRooms;
use crate::rooms::info::info;
use crate::rooms::pending_writes::PendingWrites;
use crate::store::{self, RoomId, SharedStore, UserId};
use realtime::clock::Clock;
use realtime::record::{Keeper, Record};

/// See the module.
#[derive(Debug)]
pub(crate) struct Records {
    pub(super) store: SharedStore,
    pub(super) pending: PendingWrites,
    ended: EndedRooms,
    keys: Keys,
    clock: Clock,
    limits: Limits,
}

impl Records {
    pub(super) fn new(store: SharedStore, keys: Keys, clock: Clock, limits: Limits) -> Self {
        Self { store, pending: PendingWrites::default(), ended: EndedRooms::default(), keys, clock, limits }
    }

    /// A room of this code has ended here. Noted before anybody is told of the end, so that nobody who was told finds
    /// less.
    pub(crate) fn note_ended(&self, code: RoomCode) {
        self.ended.note(self.keys.ended_mark(code), self.clock.mono(), &self.limits);
    }

    /// A new room has this code.
    pub(crate) fn note_begun(&self, code: RoomCode) {
        self.ended.forget(&self.keys.ended_mark(code));
    }

    /// What is said of a code that leads to no room: that its room has ended, where that is known.
    pub(crate) fn no_room(&self, code: RoomCode, now: Now) -> ErrorCode {
        let has_ended = self.ended.has(&self.keys.ended_mark(code), now.mono, &self.limits);
        if has_ended { ErrorCode::RoomEnded } else { ErrorCode::RoomNotFound }
    }

    /// Forgets the rooms that ended long ago.
    pub(crate) fn forget_ended(&self, now: Now) {
        self.ended.prune(now.mono, &self.limits);
    }

    pub(super) fn keeper(self: Arc<Self>, stored: &store::Room) -> Arc<StoredRoom> {
        Arc::new(StoredRoom { records: self, id: stored.id, code: stored.code })
    }
}

/// The record of one live room.
pub(super) struct StoredRoom {
    records: Arc<Records>,
    id: RoomId,
    code: RoomCode,
}

#[async_trait]
impl Keeper for StoredRoom {
    async fn exists(&self) -> Option<bool> {
        // A database that is away has said so itself.
        self.records.store.room(self.id, store::WHENEVER).await.ok().map(|kept| kept.is_some())
    }

    async fn read(&self) -> Option<Option<Record>> {
        let Some(stored) = self.records.store.room(self.id, store::WHENEVER).await.ok()? else { return Some(None) };
        let members = self.records.store.members(self.id).await.ok()?;
        let named = |user: UserId| self.records.keys.member_id(self.id.into(), user);
        Some(Some(Record {
            info: info(&stored),
            owner: named(stored.owner),
            moderators: stored.moderators.iter().map(|user| named(*user)).collect(),
            members: members.into_iter().map(|membership| named(membership.user)).collect(),
        }))
    }

    fn note_ended(&self) {
        self.records.note_ended(self.code);
    }

    async fn delete(&self) -> bool {
        let Err(error) = self.records.store.delete_room(self.id).await else { return true };
        self.records.pending.room(self.id);
        tracing::warn!(error = &error as &dyn std::error::Error, "an ended room could not be deleted yet");
        false
    }
}
