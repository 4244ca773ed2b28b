//! What the database could not be told while it was away: memberships that ended, rooms that ended. It is settled from
//! memory when the database is back, one at a time, before anybody whom it concerns comes in again.
//!
//! A join or a new room of which nothing was heard is owed its end, too: nobody was told that it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{Left, RoomId, Store, StoreError, UserId};

/// More than a server of this kind has members; beyond it a leave is refused like anything else while the database is
/// away.
const DEBTS_MAX: usize = 100_000;

/// Debts to the database.
#[derive(Default)]
pub(crate) struct Owed {
    debts: Mutex<Debts>,
    /// Held while one is settled, so that no second attempt at it runs when the first has been heard of.
    settling: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Debts {
    leaves: BTreeMap<(RoomId, UserId), Why>,
    rooms: BTreeSet<RoomId>,
}

/// Why a membership is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The person left and was told so.
    Left,
    /// Nothing was heard of its making: it stands only for somebody who got in by another try.
    Unheard,
}

/// A membership whose end the database has now.
pub(crate) struct Settled {
    pub(crate) room: RoomId,
    pub(crate) user: UserId,
    pub(crate) outcome: Left,
}

impl Owed {
    fn debts(&self) -> MutexGuard<'_, Debts> {
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the end of a membership. `false` when too much is owed already.
    pub(crate) fn leave(&self, room: RoomId, user: UserId, why: Why) -> bool {
        let mut debts = self.debts();
        let fits = debts.leaves.len() < DEBTS_MAX;
        if fits {
            let kept = debts.leaves.entry((room, user)).or_insert(why);
            if why == Why::Left {
                *kept = why;
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

    /// A membership of which nothing was heard stands after all: somebody was told so.
    pub(crate) fn forgive_unheard(&self, room: RoomId, user: UserId) {
        let mut debts = self.debts();
        if debts.leaves.get(&(room, user)) == Some(&Why::Unheard) {
            debts.leaves.remove(&(room, user));
        }
    }

    /// Settles one membership, if it is owed. Until then who left is no member, whatever the database says.
    pub(crate) async fn settle_leave(
        &self,
        store: &dyn Store,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<Settled>, StoreError> {
        if !self.debts().leaves.contains_key(&(room, user)) {
            return Ok(None);
        }
        let _one = self.settling.lock().await;
        if !self.debts().leaves.contains_key(&(room, user)) {
            return Ok(None);
        }
        let outcome = store.leave(room, user).await?;
        self.debts().leaves.remove(&(room, user));
        Ok(Some(Settled { room, user, outcome }))
    }

    /// Settles what it can; stops at the first that the database does not take. `keeps` says of whom the hub knows that
    /// they are inside.
    pub(crate) async fn settle(
        &self,
        store: &dyn Store,
        keeps: impl Fn(RoomId, UserId) -> bool,
    ) -> Result<Vec<Settled>, StoreError> {
        let (leaves, rooms) = {
            let debts = self.debts();
            (debts.leaves.clone(), debts.rooms.clone())
        };
        for room in rooms {
            store.delete_room(room).await?;
            self.debts().rooms.remove(&room);
        }
        let mut settled = Vec::new();
        for ((room, user), why) in leaves {
            if why == Why::Unheard && keeps(room, user) {
                self.forgive_unheard(room, user);
                continue;
            }
            match self.settle_leave(store, room, user).await {
                Ok(one) => settled.extend(one),
                // Those that were settled are told of; the rest waits.
                Err(_) if !settled.is_empty() => break,
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

impl fmt::Debug for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owed({})", self.count())
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
        let owed = Owed::default();
        assert!(owed.leave(room_id(1), user_id(1), Why::Left) && owed.leave(room_id(1), user_id(3), Why::Unheard));
        let settled = owed.settle(&*store, |_, _| true).await.unwrap();
        assert_eq!(settled.len(), 1);
        assert_eq!(settled[0].outcome, Left::Remaining { owner: user_id(2) });
        assert_eq!(owed.count(), 0);
        assert!(store.is_member(room_id(1), user_id(3), NOW).await.unwrap());
        owed.room(room_id(1));
        owed.settle(&*store, |_, _| false).await.unwrap();
        assert_eq!(store.room(room_id(1), NOW).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_the_database_does_not_take_stays_owed() {
        let store: SharedStore = std::sync::Arc::new(MemoryStore::new());
        store.close().await.unwrap();
        let owed = Owed::default();
        assert!(owed.leave(room_id(1), user_id(1), Why::Left));
        assert!(matches!(owed.settle(&*store, |_, _| false).await, Err(StoreError::Unavailable)));
        let one = owed.settle_leave(&*store, room_id(1), user_id(1)).await;
        assert!(matches!(one, Err(StoreError::Unavailable)));
        assert_eq!(owed.count(), 1);
    }
}
