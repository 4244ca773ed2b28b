//! The store in `MongoDB`: two collections, `users` (logins inside) and `rooms` (membership inside), and nothing else.
//!
//! Each change is one conditional step on one document, so a stand-alone server does: no transactions, no change streams.
//! A server that is away makes every call `Unavailable`, at once; see [`link`](self::link). What a call of which nothing
//! was heard has done, nobody knows: callers treat it as not done, and settle it later (see `crate::pending_writes`).

mod changes;
mod check;
mod collections;
mod documents;
mod faults;
mod indexes;
mod link;
mod rooms;
mod uri;
mod users;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use protocol::{Device, Millis, Role, RoomCode, Username};

pub use check::{export_schema, strange_fields};
pub use uri::{MongoUri, NotAUri};

use super::{
    Account, AccountChange, JoinOutcome, LeaveOutcome, Login, LoginKey, Membership, Purged, Result, RoleOutcome, Room,
    RoomChange, RoomId, Store, User, UserId,
};
use link::MongoServer;
use realtime::clock::random;

/// Users and rooms on a server that several programs may share.
pub struct MongoStore {
    server: Arc<MongoServer>,
}

impl MongoStore {
    /// Looks for the server for a moment, and goes on looking where it is away.
    pub async fn open(uri: MongoUri) -> Self {
        Self { server: MongoServer::start(uri).await }
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn create_user(&self, user: User) -> Result<()> {
        self.server.call(users::create(self.server.link()?, &user)).await
    }

    async fn user(&self, id: UserId, now: Millis) -> Result<Option<User>> {
        self.server.call(users::read(self.server.link()?, id, now)).await
    }

    async fn user_by_name(&self, username: &Username) -> Result<Option<User>> {
        self.server.call(users::by_name(self.server.link()?, &username.folded())).await
    }

    async fn make_account(&self, id: UserId, account: Account, now: Millis) -> Result<()> {
        self.server.call(users::make_account(self.server.link()?, id, &account, now)).await
    }

    async fn change_account(&self, id: UserId, change: AccountChange) -> Result<()> {
        self.server.call(users::change_account(self.server.link()?, id, &change)).await
    }

    async fn extend_guest(&self, id: UserId, expires_at: Millis, now: Millis) -> Result<()> {
        self.server.call(users::extend_guest(self.server.link()?, id, expires_at, now)).await
    }

    /// The user first: what stays behind when the server goes away in between is taken by the next purge.
    async fn delete_user(&self, id: UserId) -> Result<Vec<(RoomId, LeaveOutcome)>> {
        let link = self.server.link()?;
        let deletion = async {
            users::delete(link, id).await?;
            rooms::leave_all(link, id).await
        };
        self.server.call(deletion).await
    }

    async fn add_login(&self, id: UserId, login: Login, logins_max: u32, now: Millis) -> Result<Vec<LoginKey>> {
        self.server.call(users::add_login(self.server.link()?, id, login, logins_max, now)).await
    }

    async fn touch_login(&self, id: UserId, key: LoginKey, last_used_at: Millis, now: Millis) -> Result<bool> {
        self.server.call(users::touch_login(self.server.link()?, id, key, last_used_at, now)).await
    }

    async fn name_login(&self, id: UserId, key: LoginKey, device: Device, now: Millis) -> Result<bool> {
        self.server.call(users::name_login(self.server.link()?, id, key, device, now)).await
    }

    async fn remove_login(&self, id: UserId, key: LoginKey) -> Result<bool> {
        self.server.call(users::remove_login(self.server.link()?, id, key)).await
    }

    async fn remove_logins_except(&self, id: UserId, keep: Option<LoginKey>) -> Result<Vec<LoginKey>> {
        self.server.call(users::remove_logins_except(self.server.link()?, id, keep)).await
    }

    async fn create_room(&self, room: Room) -> Result<()> {
        let owner = Membership { user: room.owner, joined_at: room.created_at };
        self.server.call(rooms::create(self.server.link()?, &room, &[owner])).await
    }

    async fn room_by_code(&self, code: RoomCode, now: Millis) -> Result<Option<Room>> {
        self.server.call(rooms::by_code(self.server.link()?, code, now)).await
    }

    async fn room(&self, id: RoomId, now: Millis) -> Result<Option<Room>> {
        self.server.call(rooms::by_id(self.server.link()?, id, now)).await
    }

    async fn join(&self, room: RoomId, membership: Membership, members_max: u32, now: Millis) -> Result<JoinOutcome> {
        self.server.call(rooms::join(self.server.link()?, room, membership, members_max, now)).await
    }

    async fn leave(&self, room: RoomId, user: UserId) -> Result<LeaveOutcome> {
        self.server.call(rooms::leave(self.server.link()?, room, user)).await
    }

    async fn is_member(&self, room: RoomId, user: UserId, now: Millis) -> Result<bool> {
        self.server.call(rooms::is_member(self.server.link()?, room, user, now)).await
    }

    async fn members(&self, room: RoomId) -> Result<Vec<Membership>> {
        self.server.call(rooms::members(self.server.link()?, room)).await
    }

    async fn rooms_of(&self, user: UserId, now: Millis) -> Result<Vec<Room>> {
        self.server.call(rooms::of_user(self.server.link()?, user, now)).await
    }

    async fn change_room(&self, room: RoomId, change: RoomChange) -> Result<bool> {
        self.server.call(changes::change(self.server.link()?, room, &change)).await
    }

    async fn set_role(&self, room: RoomId, user: UserId, role: Role, moderators_max: u32) -> Result<RoleOutcome> {
        self.server.call(changes::set_role(self.server.link()?, room, user, role, moderators_max)).await
    }

    async fn delete_room(&self, room: RoomId) -> Result<bool> {
        self.server.call(rooms::delete(self.server.link()?, room)).await
    }

    async fn live_rooms(&self, now: Millis) -> Result<Vec<RoomId>> {
        self.server.sweep(rooms::all_live(self.server.link()?, now)).await
    }

    async fn purge(&self, now: Millis, logins_before: Millis, spared: &BTreeSet<RoomId>) -> Result<Purged> {
        let link = self.server.link()?;
        let purge = async {
            let mut ended = rooms::purge(link, now, spared).await?;
            let users = users::purge(link, now, logins_before).await?;
            let (abandoned, passed_on) = rooms::purge_memberships(link).await?;
            ended.extend(abandoned);
            Ok(Purged { rooms: ended, users, passed_on: passed_on.into_iter().collect() })
        };
        self.server.sweep(purge).await
    }

    async fn guests_in(&self, room: RoomId, guests_max: u32) -> Result<Vec<UserId>> {
        self.server.call(rooms::guests(self.server.link()?, room, guests_max)).await
    }

    async fn users_page(&self, after: Option<UserId>, users_max: u32) -> Result<Vec<User>> {
        self.server.call(users::page(self.server.link()?, after, users_max)).await
    }

    async fn rooms_page(&self, after: Option<RoomId>, rooms_max: u32) -> Result<Vec<(Room, Vec<Membership>)>> {
        self.server.call(rooms::page(self.server.link()?, after, rooms_max)).await
    }

    async fn restore_room(&self, room: Room, members: Vec<Membership>) -> Result<()> {
        self.server.call(rooms::create(self.server.link()?, &room, &members)).await
    }

    async fn ping(&self) -> Result<()> {
        let link = self.server.link()?;
        // A guest who has ended already: if the server goes away before the second step, the next purge takes it.
        let nobody =
            User { id: UserId(random()), account: None, created_at: 0, expires_at: Some(0), logins: Vec::new() };
        let write = async {
            users::create(link, &nobody).await?;
            link::delete(&link.users, nobody.id.0).await
        };
        self.server.call(write).await?;
        self.server.trouble.over();
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        self.server.close().await;
        Ok(())
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MongoStore(…)")
    }
}
