//! The store in `MongoDB`: two collections, `users` (logins inside) and `rooms` (membership inside), and nothing else.
//!
//! Each change is one conditional step on one document, so a stand-alone server does: no transactions, no change streams.
//! A server that is away makes every call `Unavailable`, at once; see [`link`](self::link). What a call of which nothing
//! was heard has done, nobody knows: callers treat it as not done, and settle it later (see `crate::owed`).

mod check;
mod documents;
mod faults;
mod indexes;
mod link;
mod rooms;
mod uri;
mod users;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use protocol::{Millis, RoomCode, Username};

pub use check::{export_schema, strange_fields};
pub use uri::{MongoUri, NotAUri};

use super::{
    Account, AccountChange, Joined, Left, Login, LoginKey, Membership, Purged, Result, Room, RoomId, Store, User,
    UserId,
};
use link::Reach;

/// Users and rooms on a server that several programs may share.
pub struct MongoStore {
    reach: Arc<Reach>,
}

impl MongoStore {
    /// Looks for the server for a moment, and goes on looking where it is away.
    pub async fn open(uri: MongoUri) -> Self {
        Self { reach: Reach::start(uri).await }
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn create_user(&self, user: User) -> Result<()> {
        self.reach.call(users::create(self.reach.link()?, &user)).await
    }

    async fn user(&self, id: UserId, now: Millis) -> Result<Option<User>> {
        self.reach.call(users::read(self.reach.link()?, id, now)).await
    }

    async fn user_by_name(&self, username: &Username) -> Result<Option<User>> {
        self.reach.call(users::by_name(self.reach.link()?, &username.folded())).await
    }

    async fn make_account(&self, id: UserId, account: Account, now: Millis) -> Result<()> {
        self.reach.call(users::make_account(self.reach.link()?, id, &account, now)).await
    }

    async fn change_account(&self, id: UserId, change: AccountChange) -> Result<()> {
        self.reach.call(users::change_account(self.reach.link()?, id, &change)).await
    }

    async fn extend_guest(&self, id: UserId, expires_at: Millis, now: Millis) -> Result<()> {
        self.reach.call(users::extend_guest(self.reach.link()?, id, expires_at, now)).await
    }

    /// The user first: what stays behind when the server goes away in between is taken by the next purge.
    async fn delete_user(&self, id: UserId) -> Result<Vec<(RoomId, Left)>> {
        let link = self.reach.link()?;
        let deletion = async {
            users::delete(link, id).await?;
            rooms::leave_all(link, id).await
        };
        self.reach.call(deletion).await
    }

    async fn add_login(&self, id: UserId, login: Login, logins_max: u32, now: Millis) -> Result<Vec<LoginKey>> {
        self.reach.call(users::add_login(self.reach.link()?, id, login, logins_max, now)).await
    }

    async fn touch_login(&self, id: UserId, key: LoginKey, last_used_at: Millis, now: Millis) -> Result<bool> {
        self.reach.call(users::touch_login(self.reach.link()?, id, key, last_used_at, now)).await
    }

    async fn remove_login(&self, id: UserId, key: LoginKey) -> Result<bool> {
        self.reach.call(users::remove_login(self.reach.link()?, id, key)).await
    }

    async fn remove_logins_except(&self, id: UserId, keep: Option<LoginKey>) -> Result<Vec<LoginKey>> {
        self.reach.call(users::remove_logins_except(self.reach.link()?, id, keep)).await
    }

    async fn create_room(&self, room: Room) -> Result<()> {
        let owner = Membership { user: room.owner, joined_at: room.created_at };
        self.reach.call(rooms::create(self.reach.link()?, &room, &[owner])).await
    }

    async fn room_by_code(&self, code: RoomCode, now: Millis) -> Result<Option<Room>> {
        self.reach.call(rooms::by_code(self.reach.link()?, code, now)).await
    }

    async fn room(&self, id: RoomId, now: Millis) -> Result<Option<Room>> {
        self.reach.call(rooms::by_id(self.reach.link()?, id, now)).await
    }

    async fn join(&self, room: RoomId, membership: Membership, members_max: u32, now: Millis) -> Result<Joined> {
        self.reach.call(rooms::join(self.reach.link()?, room, membership, members_max, now)).await
    }

    async fn leave(&self, room: RoomId, user: UserId) -> Result<Left> {
        self.reach.call(rooms::leave(self.reach.link()?, room, user)).await
    }

    async fn is_member(&self, room: RoomId, user: UserId, now: Millis) -> Result<bool> {
        self.reach.call(rooms::is_member(self.reach.link()?, room, user, now)).await
    }

    async fn members(&self, room: RoomId) -> Result<Vec<Membership>> {
        self.reach.call(rooms::members(self.reach.link()?, room)).await
    }

    async fn rooms_of(&self, user: UserId, now: Millis) -> Result<Vec<Room>> {
        self.reach.call(rooms::of_user(self.reach.link()?, user, now)).await
    }

    async fn delete_room(&self, room: RoomId) -> Result<bool> {
        self.reach.call(rooms::delete(self.reach.link()?, room)).await
    }

    async fn live_rooms(&self, now: Millis) -> Result<Vec<RoomId>> {
        self.reach.sweep(rooms::all_live(self.reach.link()?, now)).await
    }

    async fn purge(&self, now: Millis, logins_before: Millis) -> Result<Purged> {
        let link = self.reach.link()?;
        let purge = async {
            let mut ended = rooms::purge(link, now).await?;
            let users = users::purge(link, now, logins_before).await?;
            let (abandoned, passed_on) = rooms::purge_memberships(link).await?;
            ended.extend(abandoned);
            Ok(Purged { rooms: ended, users, passed_on: passed_on.into_iter().collect() })
        };
        self.reach.sweep(purge).await
    }

    async fn guests_in(&self, room: RoomId, guests_max: u32) -> Result<Vec<UserId>> {
        self.reach.call(rooms::guests(self.reach.link()?, room, guests_max)).await
    }

    async fn users_page(&self, after: Option<UserId>, users_max: u32) -> Result<Vec<User>> {
        self.reach.call(users::page(self.reach.link()?, after, users_max)).await
    }

    async fn rooms_page(&self, after: Option<RoomId>, rooms_max: u32) -> Result<Vec<(Room, Vec<Membership>)>> {
        self.reach.call(rooms::page(self.reach.link()?, after, rooms_max)).await
    }

    async fn restore_room(&self, room: Room, members: Vec<Membership>) -> Result<()> {
        self.reach.call(rooms::create(self.reach.link()?, &room, &members)).await
    }

    async fn ping(&self) -> Result<()> {
        let link = self.reach.link()?;
        self.reach.call(async { Ok(link::probe(link).await?) }).await
    }

    async fn close(&self) -> Result<()> {
        self.reach.close().await;
        Ok(())
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MongoStore(…)")
    }
}
