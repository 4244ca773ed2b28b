//! The store in one `SQLite` file: the default of a self-hoster.
//!
//! Every call becomes a job of the one thread that owns the connection ([`writer`]); it answers after the commit. While
//! another program holds the file, what only reads is answered all the same.
//! A call that is given up while it waits may still be carried out.

mod backup;
mod changes;
mod faults;
mod memory;
mod open;
mod rooms;
mod row_buffer;
mod users;
mod values;
mod watch;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use protocol::{Device, Millis, Role, RoomCode, Username};

pub use backup::copy;
pub use open::{MIGRATIONS as SCHEMA, OpenError};

use super::{
    Account, AccountChange, JoinOutcome, LeaveOutcome, Login, LoginKey, Membership, Purged, Result, RoleOutcome, Room,
    RoomChange, RoomId, Store, StoreError, User, UserId,
};
use watch::Watched;
use writer::{AfterCommit, Writer};

/// Users and rooms in a file that one process uses.
pub struct SqliteStore {
    writer: Writer,
    file: Watched,
}

impl SqliteStore {
    /// Opens the file, or makes it (readable by its owner only), and brings its tables up to date.
    ///
    /// # Errors
    /// A sentence for the operator that says what to do.
    pub async fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let opened = path.to_owned();
        let writer = Writer::start(move || open::open(&opened), OpenError::Thread).await?;
        let file = Watched::new(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        Ok(Self { writer, file })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_user(&self, user: User) -> Result<()> {
        self.writer.run(move |db| users::create(db, &user)).await
    }

    async fn user(&self, id: UserId, now: Millis) -> Result<Option<User>> {
        self.writer.read(move |db| users::live(db, id, now)).await
    }

    async fn user_by_name(&self, username: &Username) -> Result<Option<User>> {
        let folded = username.folded();
        self.writer.read(move |db| users::by_name(db, &folded)).await
    }

    async fn make_account(&self, id: UserId, account: Account, now: Millis) -> Result<()> {
        self.writer.run(move |db| users::make_account(db, id, &account, now)).await
    }

    async fn change_account(&self, id: UserId, change: AccountChange) -> Result<()> {
        self.writer.run(move |db| users::change_account(db, id, &change)).await
    }

    async fn extend_guest(&self, id: UserId, expires_at: Millis, now: Millis) -> Result<()> {
        self.writer.run(move |db| users::extend_guest(db, id, expires_at, now)).await
    }

    async fn delete_user(&self, id: UserId) -> Result<Vec<(RoomId, LeaveOutcome)>> {
        self.writer
            .run_and(AfterCommit::EmptyLog, move |db| {
                users::delete(db, id)?;
                rooms::leave_all(db, id)
            })
            .await
    }

    async fn add_login(&self, id: UserId, login: Login, logins_max: u32, now: Millis) -> Result<Vec<LoginKey>> {
        self.writer.run(move |db| users::add_login(db, id, login, logins_max, now)).await
    }

    async fn touch_login(&self, id: UserId, key: LoginKey, last_used_at: Millis, now: Millis) -> Result<bool> {
        self.writer.run(move |db| users::touch_login(db, id, key, last_used_at, now)).await
    }

    async fn name_login(&self, id: UserId, key: LoginKey, device: Device, now: Millis) -> Result<bool> {
        self.writer.run(move |db| users::name_login(db, id, key, device, now)).await
    }

    async fn remove_login(&self, id: UserId, key: LoginKey) -> Result<bool> {
        self.writer.run(move |db| users::remove_login(db, id, key)).await
    }

    async fn remove_logins_except(&self, id: UserId, keep: Option<LoginKey>) -> Result<Vec<LoginKey>> {
        self.writer.run(move |db| users::remove_logins_except(db, id, keep)).await
    }

    async fn create_room(&self, room: Room) -> Result<()> {
        let owner = Membership { user: room.owner, joined_at: room.created_at };
        self.writer.run(move |db| rooms::create(db, &room, &[owner])).await
    }

    async fn room_by_code(&self, code: RoomCode, now: Millis) -> Result<Option<Room>> {
        self.writer.read(move |db| rooms::live_by_code(db, code, now)).await
    }

    async fn room(&self, id: RoomId, now: Millis) -> Result<Option<Room>> {
        self.writer.read(move |db| rooms::live(db, id, now)).await
    }

    async fn join(&self, room: RoomId, membership: Membership, members_max: u32, now: Millis) -> Result<JoinOutcome> {
        self.writer.run(move |db| rooms::join(db, room, membership, members_max, now)).await
    }

    async fn leave(&self, room: RoomId, user: UserId) -> Result<LeaveOutcome> {
        let left = self.writer.run(move |db| rooms::leave(db, room, user)).await?;
        if left == LeaveOutcome::RoomDeleted {
            // What the room was called is to be nowhere, not even in the log of changes.
            self.writer.run_and(AfterCommit::EmptyLog, |_| Ok(())).await?;
        }
        Ok(left)
    }

    async fn is_member(&self, room: RoomId, user: UserId, now: Millis) -> Result<bool> {
        self.writer.read(move |db| rooms::is_member(db, room, user, now)).await
    }

    async fn members(&self, room: RoomId) -> Result<Vec<Membership>> {
        self.writer.read(move |db| rooms::members(db, room)).await
    }

    async fn guests_in(&self, room: RoomId, guests_max: u32) -> Result<Vec<UserId>> {
        self.writer.read(move |db| rooms::guests(db, room, guests_max)).await
    }

    async fn rooms_of(&self, user: UserId, now: Millis) -> Result<Vec<Room>> {
        self.writer.read(move |db| rooms::of_user(db, user, now)).await
    }

    /// Also empties the write-ahead log: what the room was called before is to be nowhere.
    async fn change_room(&self, room: RoomId, change: RoomChange) -> Result<bool> {
        self.writer.run_and(AfterCommit::EmptyLog, move |db| changes::change(db, room, &change)).await
    }

    async fn set_role(&self, room: RoomId, user: UserId, role: Role, moderators_max: u32) -> Result<RoleOutcome> {
        self.writer.run(move |db| changes::set_role(db, room, user, role, moderators_max)).await
    }

    async fn delete_room(&self, room: RoomId) -> Result<bool> {
        self.writer.run_and(AfterCommit::EmptyLog, move |db| rooms::delete(db, room)).await
    }

    async fn live_rooms(&self, now: Millis) -> Result<Vec<RoomId>> {
        self.writer.read(move |db| rooms::all_live(db, now)).await
    }

    /// Also folds the write-ahead log into the file and empties it, so that what was deleted since the last purge is
    /// on the disk no longer.
    async fn purge(&self, now: Millis, logins_before: Millis, spared: &BTreeSet<RoomId>) -> Result<Purged> {
        let spared = spared.clone();
        self.writer
            .run_and(AfterCommit::EmptyLog, move |db| {
                let mut ended = rooms::purge(db, now, &spared)?;
                let users = users::purge(db, now, logins_before)?;
                let (abandoned, passed_on) = rooms::purge_memberships(db)?;
                ended.extend(abandoned);
                Ok(Purged { rooms: ended, users, passed_on: passed_on.into_iter().collect() })
            })
            .await
    }

    async fn users_page(&self, after: Option<UserId>, users_max: u32) -> Result<Vec<User>> {
        self.writer.read(move |db| users::page(db, after, users_max)).await
    }

    async fn rooms_page(&self, after: Option<RoomId>, rooms_max: u32) -> Result<Vec<(Room, Vec<Membership>)>> {
        self.writer.read(move |db| rooms::page(db, after, rooms_max)).await
    }

    async fn restore_room(&self, room: Room, members: Vec<Membership>) -> Result<()> {
        self.writer.run(move |db| rooms::create(db, &room, &members)).await
    }

    async fn ping(&self) -> Result<()> {
        let state = &self.writer.state;
        if state.is_damaged() {
            return Err(StoreError::Unavailable);
        }
        if let Err(gone) = self.file.look() {
            state.trouble.met(gone);
            return Err(StoreError::Unavailable);
        }
        // The number that is there already, once more: one page goes to the disk, and nothing of it stays.
        let number = open::known();
        self.writer.run(move |db| Ok(db.pragma_update(None, "user_version", number)?)).await?;
        state.trouble.over();
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        self.writer.close().await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore(…)")
    }
}
