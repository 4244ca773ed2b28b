//! What the database could not be told while it was away: memberships that ended, rooms that ended. It is settled from
//! memory when the database is back, one at a time, before anybody whom it concerns comes in again.
//!
//! A join or a new room whose outcome the database did not report is undone later, too: nobody was told that it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::RoomCode;

use crate::store::{LeaveOutcome, RoomId, Store, StoreError, UserId};

/// More than a server of this kind has members; beyond it a leave is refused like anything else while the database is
/// away.
const DEBTS_MAX: usize = 100_000;

/// Debts to the database.
#[derive(Default)]
pub(crate) struct PendingWrites {
    debts: Mutex<Debts>,
    /// Held while one is settled, so that no second attempt at it runs before the first has an outcome.
    settling: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Debts {
    leaves: BTreeMap<(RoomId, UserId), Debt>,
    rooms: BTreeSet<RoomId>,
}

/// A membership that is to end.
#[derive(Debug, Clone, Copy)]
struct Debt {
    why: Why,
    /// The room's code, where it is known: of a room that ends with this membership it is told that it has ended.
    code: Option<RoomCode>,
}

/// Why a membership is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The person left and was told so.
    Left,
    /// The database did not report whether the join was written: the membership counts only for a person who got in by another try.
    Unheard,
}

/// A membership whose end the database has now.
pub(crate) struct Settled {
    pub(crate) room: RoomId,
    pub(crate) user: UserId,
    pub(crate) code: Option<RoomCode>,
    pub(crate) outcome: LeaveOutcome,
}

impl PendingWrites {
    fn debts(&self) -> MutexGuard<'_, Debts> {
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owed(&self, room: RoomId, user: UserId) -> Option<Debt> {
        self.debts().leaves.get(&(room, user)).copied()
    }

    /// Notes the end of a membership. `false` when too much is owed already.
    pub(crate) fn leave(&self, room: RoomId, code: Option<RoomCode>, user: UserId, why: Why) -> bool {
        let mut debts = self.debts();
        let fits = debts.leaves.len() < DEBTS_MAX;
        if fits {
            let kept = debts.leaves.entry((room, user)).or_insert(Debt { why, code });
            if why == Why::Left {
                *kept = Debt { why, code };
            }
        }
        fits
    }

    /// Notes the end of a room. What does not fit ends with the room's lifetime.
    pub(crate) fn room(&self, room: RoomId) {
        let mut debts = self.debts();
        if debts.rooms.len() < DEBTS_MAX {
            debts.rooms.insert(room);
        }
    }

    /// A membership whose outcome was unknown stands after all: its person was told so.
    pub(crate) fn forgive_unheard(&self, room: RoomId, user: UserId) {
        let mut debts = self.debts();
        if debts.leaves.get(&(room, user)).is_some_and(|debt| debt.why == Why::Unheard) {
            debts.leaves.remove(&(room, user));
        }
    }

    /// Settles one membership, if it is owed, and returns whether it was. Until then who left is no member, whatever the
    /// database says.
    ///
    /// `tell` is called while the debt still stands: who comes in again waits for that, so that the word of their leave
    /// cannot reach the room behind their new seat and take it away.
    pub(crate) async fn settle_leave(
        &self,
        store: &dyn Store,
        room: RoomId,
        user: UserId,
        tell: &(dyn Fn(&Settled) + Sync),
    ) -> Result<bool, StoreError> {
        if self.owed(room, user).is_none() {
            return Ok(false);
        }
        let _one = self.settling.lock().await;
        let Some(Debt { code, .. }) = self.owed(room, user) else { return Ok(false) };
        let outcome = store.leave(room, user).await?;
        tell(&Settled { room, user, code, outcome });
        self.debts().leaves.remove(&(room, user));
        Ok(true)
    }

    /// Settles what it can, and answers how many memberships those were; stops at the first that the database does not
    /// take. `keeps` says of whom the hub knows that they are inside; `tell` is as for one.
    pub(crate) async fn settle(
        &self,
        store: &dyn Store,
        keeps: impl Fn(RoomId, UserId) -> bool,
        tell: &(dyn Fn(&Settled) + Sync),
    ) -> Result<usize, StoreError> {
        let (leaves, rooms) = {
            let debts = self.debts();
            (debts.leaves.clone(), debts.rooms.clone())
        };
        for room in rooms {
            store.delete_room(room).await?;
            self.debts().rooms.remove(&room);
        }
        let mut settled = 0;
        for ((room, user), debt) in leaves {
            if debt.why == Why::Unheard && keeps(room, user) {
                self.forgive_unheard(room, user);
                continue;
            }
            match self.settle_leave(store, room, user, tell).await {
                Ok(one) => settled += usize::from(one),
                // The rest waits.
                Err(_) if settled > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(settled)
    }

    /// How much is owed.
    pub(crate) fn count(&self) -> usize {
        let debts = self.debts();
        debts.leaves.len() + debts.rooms.len()
    }
}

impl fmt::Debug for PendingWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingWrites({})", self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::fixtures::{NOW, a_room_of, room_id, user_id};
    use crate::store::memory::MemoryStore;
    use crate::store::{SharedStore, StoreError};

    #[tokio::test]
    async fn debts_are_settled_once_and_people_inside_are_kept() {
        let store: SharedStore = std::sync::Arc::new(MemoryStore::new());
        a_room_of(&store, 3).await;
        let pending_writes = PendingWrites::default();
        let code = Some(RoomCode::parse("SHRT2345").expect("is a code"));
        assert!(
            pending_writes.leave(room_id(1), code, user_id(1), Why::Left)
                && pending_writes.leave(room_id(1), None, user_id(3), Why::Unheard)
        );
        let told = Mutex::new(Vec::new());
        // The entry stays until the room was told: a person who comes in again waits for that.
        let tell = |one: &Settled| {
            let is_owed = pending_writes.owed(one.room, one.user).is_some();
            told.lock().unwrap().push((one.outcome, one.code, is_owed));
        };
        assert_eq!(pending_writes.settle(&*store, |_, _| true, &tell).await.unwrap(), 1);
        assert_eq!(*told.lock().unwrap(), [(LeaveOutcome::Remaining { owner: user_id(2) }, code, true)]);
        assert_eq!(pending_writes.count(), 0);
        assert!(store.is_member(room_id(1), user_id(3), NOW).await.unwrap());
        pending_writes.room(room_id(1));
        pending_writes.settle(&*store, |_, _| false, &|_| {}).await.unwrap();
        assert_eq!(store.room(room_id(1), NOW).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_the_database_does_not_take_stays_owed() {
        let store: SharedStore = std::sync::Arc::new(MemoryStore::new());
        store.close().await.unwrap();
        let pending_writes = PendingWrites::default();
        assert!(pending_writes.leave(room_id(1), None, user_id(1), Why::Left));
        assert!(matches!(pending_writes.settle(&*store, |_, _| false, &|_| {}).await, Err(StoreError::Unavailable)));
        let one = pending_writes.settle_leave(&*store, room_id(1), user_id(1), &|_| {}).await;
        assert!(matches!(one, Err(StoreError::Unavailable)));
        assert_eq!(pending_writes.count(), 1);
    }
}
