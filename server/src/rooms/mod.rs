//! Stored rooms and the live ones: whose task is begun for which record, and what a change of the records means for those
//! inside. Decides nothing about seats, and sees no message.

pub mod admission;
mod bounds;
pub(crate) mod ended;
mod info;
pub mod invites;
mod pending_writes;
pub mod powers;
pub mod random_names;
mod records;
mod services;
pub(crate) mod succession;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chat::{ChannelId, Now, RoomStart};
use futures::future::join_all;
use protocol::{LeaveReason, Millis};

use crate::keys::Keys;
pub use crate::rooms::info::info;
use crate::rooms::pending_writes::{Settled, Why};
pub(crate) use crate::rooms::records::Records;
use crate::store::{self, RoomId, SharedStore, StoreError, UserId};
use realtime::channel::RoomHandle;
use realtime::clock;
use realtime::hub::Hub;
use realtime::record::{Keeper, Left};

/// Numbers below this stay exact in JavaScript.
const EPOCH_BITS: u32 = 53;
/// How long the rooms of somebody who is gone have to tell them so, before their lines end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The rooms of this server.
#[derive(Debug)]
pub struct Rooms {
    hub: Hub,
    keys: Keys,
    records: Arc<Records>,
    /// Held while an owner or moderator changes a room: see [`powers`].
    changing: tokio::sync::Mutex<()>,
}

impl Rooms {
    /// Over a hub and the store.
    pub fn new(hub: Hub, keys: Keys, store: SharedStore) -> Self {
        let records = Arc::new(Records::new(store, keys.clone(), hub.clock().clone(), hub.limits().clone()));
        Self { hub, keys, records, changing: tokio::sync::Mutex::default() }
    }

    pub(crate) fn records(&self) -> &Records {
        &self.records
    }

    /// The live room of a record, begun where there is none.
    pub fn live(&self, stored: &store::Room) -> RoomHandle {
        let id = ChannelId::from(stored.id);
        self.hub.start(id, || {
            let start = RoomStart {
                info: info(stored),
                node: self.hub.node(),
                epoch: u64::from_be_bytes(clock::random()) >> (u64::BITS - EPOCH_BITS),
                owner: self.keys.member_id(id, stored.owner),
                moderators: stored.moderators.iter().map(|user| self.keys.member_id(id, *user)).collect(),
                limits: self.hub.limits().clone(),
                ids: Box::new(self.keys.message_ids(id)),
                now: self.hub.clock().now(),
            };
            (start, Arc::clone(&self.records).keeper(stored) as Arc<dyn Keeper>)
        })
    }

    /// Whether the lifetime of a stored room is not over. A live room knows for itself, by the clock that nobody sets; of
    /// one without a task only the stamp in the database tells.
    pub fn is_within_life(&self, stored: &store::Room, now: Now) -> bool {
        self.hub.live(stored.id.into()).map_or(now.wall < stored.expires_at, |live| now.mono < live.ends_at())
    }

    /// When a stored room ends at the latest, as the wall clock stands now.
    pub fn expires_at(&self, stored: &store::Room, now: Now) -> Millis {
        self.hub
            .live(stored.id.into())
            .map_or(stored.expires_at, |live| now.stamp_of(live.ends_at(), stored.expires_at))
    }

    /// The rooms whose lifetime is not over, whatever their stamps say: a purge spares them.
    pub(crate) fn within_life(&self, now: Now) -> BTreeSet<RoomId> {
        self.hub.live_rooms().into_iter().filter(|live| now.mono < live.ends_at()).map(|live| live.id.into()).collect()
    }

    /// The rooms of a user that are not over, oldest membership first.
    ///
    /// # Errors
    /// Why the store could not.
    pub async fn of_user(&self, user: UserId, now: Now) -> Result<Vec<store::Room>, StoreError> {
        let mut rooms = self.records.store.rooms_of(user, store::WHENEVER).await?;
        rooms.retain(|room| self.is_within_life(room, now));
        Ok(rooms)
    }

    /// What a change of the records means, in the core's words.
    pub(crate) fn outcome(&self, room: ChannelId, left: store::LeaveOutcome) -> Left {
        match left {
            store::LeaveOutcome::NotMember => Left::NotMember,
            store::LeaveOutcome::Remaining { owner } => Left::Remaining { owner: self.keys.member_id(room, owner) },
            store::LeaveOutcome::RoomDeleted => Left::RoomDeleted,
        }
    }

    /// The store has ended a membership: the live room hears of it.
    pub(crate) fn left(&self, room: RoomId, user: UserId, left: store::LeaveOutcome, reason: LeaveReason) {
        let room = ChannelId::from(room);
        self.hub.left(room, self.keys.member_id(room, user), &self.outcome(room, left), reason);
    }

    /// The store has handed a room over: those inside are told whose it is now.
    pub(crate) fn passed_on(&self, room: RoomId, owner: UserId) {
        let room = ChannelId::from(room);
        self.hub.passed_on(room, self.keys.member_id(room, owner));
    }

    /// A user is gone: every login of theirs is. Of each of `rooms`, from which the store has taken them, their clients
    /// are told before.
    pub(crate) async fn end_user(&self, user: UserId, rooms: &[(RoomId, store::LeaveOutcome)]) {
        let told = rooms.iter().filter_map(|(room, left)| {
            let room = ChannelId::from(*room);
            let (hub, outcome) = (self.hub.clone(), self.outcome(room, *left));
            let Some(removed) = hub.remove(room, self.keys.member_id(room, user), LeaveReason::SignedOut) else {
                // It may be live on another node.
                hub.left_behind(room, &outcome);
                return None;
            };
            Some(self.hub.spawn(async move {
                removed.await;
                hub.left_behind(room, &outcome);
            }))
        });
        let told: Vec<_> = told.collect();
        // Whoever is told late is told by the end of the line.
        let _ = tokio::time::timeout(LAST_WORDS, join_all(told)).await;
        self.hub.end_user(user);
    }

    /// Tells the database of a leave that it was not told, before the person comes in again.
    ///
    /// # Errors
    /// Why the store could not.
    pub(crate) async fn settle_leave(&self, room: RoomId, user: UserId) -> Result<(), StoreError> {
        self.records.pending.settle_leave(&*self.records.store, room, user, &|one| self.settled(one)).await.map(|_| ())
    }

    /// Tells the database what it could not be told, as far as it listens.
    pub(crate) async fn settle(&self) {
        let Records { pending, store, .. } = &*self.records;
        if pending.count() == 0 {
            return;
        }
        let keeps = |room: RoomId, user| self.hub.has_seat(room.into(), user);
        // While the database is away nothing is settled; the store has said so.
        let settled = pending.settle(&**store, keeps, &|one| self.settled(one)).await.unwrap_or_default();
        if settled > 0 {
            tracing::info!(leaves = settled, "the database was told who left while it was away");
        }
    }

    fn settled(&self, settled: &Settled) {
        match (settled.outcome, settled.code) {
            (store::LeaveOutcome::RoomDeleted, Some(code)) => self.records.note_ended(code),
            (store::LeaveOutcome::RoomDeleted, None)
            | (store::LeaveOutcome::NotMember | store::LeaveOutcome::Remaining { .. }, _) => {}
        }
        self.left(settled.room, settled.user, settled.outcome, LeaveReason::Left);
    }

    /// What the database has not been told, for the tests.
    #[doc(hidden)]
    pub fn owed_count(&self) -> usize {
        self.records.pending.count()
    }

    /// A person has left while the database is away: it is told later. `false` when too much is owed to it already.
    fn owe_leave(&self, room: &RoomHandle, user: UserId) -> bool {
        self.records.pending.leave(room.id.into(), Some(room.code), user, Why::Left)
    }
}
