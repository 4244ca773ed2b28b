//! The store in memory: the reference that the others are compared with, and `--database memory:`.
//!
//! One `std` mutex around plain maps. Every method locks it for one short step and never across an await, so each step
//! is atomic. It must stay obvious: a reader checks the contract of [`Store`] against this module.

mod rooms;
mod state;
mod users;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use protocol::{Device, Millis, Role, RoomCode, Username};

use state::State;

use super::{
    Account, AccountChange, JoinOutcome, LeaveOutcome, Login, LoginKey, Membership, Purged, Result, RoleOutcome, Room,
    RoomChange, RoomId, Store, StoreError, User, UserId,
};

/// Users and rooms that end with the process.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn step<T>(&self, step: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        // A panic inside a step is a bug of this module; the others inside the server go on.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed { Err(StoreError::Unavailable) } else { step(&mut state) }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_user(&self, user: User) -> Result<()> {
        self.step(|state| state.create_user(user))
    }

    async fn user(&self, id: UserId, now: Millis) -> Result<Option<User>> {
        self.step(|state| Ok(state.live_user(id, now).map(|user| users::as_read(user))))
    }

    async fn user_by_name(&self, username: &Username) -> Result<Option<User>> {
        self.step(|state| Ok(state.user_by_name(username)))
    }

    async fn make_account(&self, id: UserId, account: Account, now: Millis) -> Result<()> {
        self.step(|state| state.make_account(id, account, now))
    }

    async fn change_account(&self, id: UserId, change: AccountChange) -> Result<()> {
        self.step(|state| state.change_account(id, change))
    }

    async fn extend_guest(&self, id: UserId, expires_at: Millis, now: Millis) -> Result<()> {
        self.step(|state| {
            if let Some(guest) = state.live_user(id, now).filter(|user| user.account.is_none()) {
                guest.expires_at = Some(expires_at);
            }
            Ok(())
        })
    }

    async fn delete_user(&self, id: UserId) -> Result<Vec<(RoomId, LeaveOutcome)>> {
        self.step(|state| {
            state.remove_user(id);
            Ok(state.leave_all(id))
        })
    }

    async fn add_login(&self, id: UserId, login: Login, logins_max: u32, now: Millis) -> Result<Vec<LoginKey>> {
        self.step(|state| state.add_login(id, login, logins_max, now))
    }

    async fn touch_login(&self, id: UserId, key: LoginKey, last_used_at: Millis, now: Millis) -> Result<bool> {
        self.step(|state| Ok(state.touch_login(id, key, last_used_at, now)))
    }

    async fn name_login(&self, id: UserId, key: LoginKey, device: Device, now: Millis) -> Result<bool> {
        self.step(|state| Ok(state.name_login(id, key, device, now)))
    }

    async fn remove_login(&self, id: UserId, key: LoginKey) -> Result<bool> {
        self.step(|state| Ok(!state.remove_logins(id, |login| login.key == key).is_empty()))
    }

    async fn remove_logins_except(&self, id: UserId, keep: Option<LoginKey>) -> Result<Vec<LoginKey>> {
        self.step(|state| Ok(state.remove_logins(id, |login| Some(login.key) != keep)))
    }

    async fn create_room(&self, room: Room) -> Result<()> {
        let owner = Membership { user: room.owner, joined_at: room.created_at };
        self.step(|state| state.create_room(room, vec![owner]))
    }

    async fn room_by_code(&self, code: RoomCode, now: Millis) -> Result<Option<Room>> {
        self.step(|state| {
            let id = state.codes.get(&code).copied();
            Ok(id.and_then(|id| state.live_room(id, now)).map(|kept| kept.room.clone()))
        })
    }

    async fn room(&self, id: RoomId, now: Millis) -> Result<Option<Room>> {
        self.step(|state| Ok(state.live_room(id, now).map(|kept| kept.room.clone())))
    }

    async fn join(&self, room: RoomId, membership: Membership, members_max: u32, now: Millis) -> Result<JoinOutcome> {
        self.step(|state| Ok(state.join(room, membership, members_max, now)))
    }

    async fn leave(&self, room: RoomId, user: UserId) -> Result<LeaveOutcome> {
        self.step(|state| Ok(state.leave(room, user)))
    }

    async fn is_member(&self, room: RoomId, user: UserId, now: Millis) -> Result<bool> {
        self.step(|state| Ok(state.live_room(room, now).is_some_and(|kept| kept.has(user))))
    }

    async fn members(&self, room: RoomId) -> Result<Vec<Membership>> {
        self.step(|state| Ok(state.rooms.get(&room).map_or_else(Vec::new, |kept| kept.members.clone())))
    }

    async fn guests_in(&self, room: RoomId, guests_max: u32) -> Result<Vec<UserId>> {
        self.step(|state| Ok(state.guests_in(room, guests_max)))
    }

    async fn rooms_of(&self, user: UserId, now: Millis) -> Result<Vec<Room>> {
        self.step(|state| Ok(state.rooms_of(user, now)))
    }

    async fn change_room(&self, room: RoomId, change: RoomChange) -> Result<bool> {
        self.step(|state| Ok(state.change_room(room, change)))
    }

    async fn set_role(&self, room: RoomId, user: UserId, role: Role, moderators_max: u32) -> Result<RoleOutcome> {
        self.step(|state| Ok(state.set_role(room, user, role, moderators_max)))
    }

    async fn delete_room(&self, room: RoomId) -> Result<bool> {
        self.step(|state| Ok(state.remove_room(room)))
    }

    async fn live_rooms(&self, now: Millis) -> Result<Vec<RoomId>> {
        self.step(|state| {
            let live = state.rooms.values().filter(|kept| kept.room.expires_at > now);
            Ok(live.map(|kept| kept.room.id).collect())
        })
    }

    async fn purge(&self, now: Millis, logins_before: Millis, spared: &BTreeSet<RoomId>) -> Result<Purged> {
        self.step(|state| {
            let mut rooms = state.purge_rooms(now, spared);
            let users = state.purge_users(now, logins_before);
            let (ended, passed_on) = state.purge_memberships();
            rooms.extend(ended);
            Ok(Purged { rooms, users, passed_on: passed_on.into_iter().collect() })
        })
    }

    async fn users_page(&self, after: Option<UserId>, users_max: u32) -> Result<Vec<User>> {
        self.step(|state| Ok(state.users_page(after, users_max)))
    }

    async fn rooms_page(&self, after: Option<RoomId>, rooms_max: u32) -> Result<Vec<(Room, Vec<Membership>)>> {
        self.step(|state| Ok(state.rooms_page(after, rooms_max)))
    }

    async fn restore_room(&self, room: Room, members: Vec<Membership>) -> Result<()> {
        self.step(|state| state.create_room(room, members))
    }

    async fn ping(&self) -> Result<()> {
        self.step(|_| Ok(()))
    }

    async fn close(&self) -> Result<()> {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { closed: true, ..State::default() };
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::MemoryStore;
    use crate::store::SharedStore;

    async fn make() -> (SharedStore, ()) {
        (Arc::new(MemoryStore::new()), ())
    }

    crate::store_conformance!(make);
}
