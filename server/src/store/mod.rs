//! What outlives a connection: users with their logins, rooms with their membership, and nothing else.
//!
//! No method takes a message, a guest's name or an address, so no implementation can keep one.
//! Time, ids and codes are arguments. Implementations are `memory`, `sqlite` (the default) and `mongodb`;
//! `conformance` holds the one suite that all of them pass.

pub mod conformance;
pub mod memory;
pub mod mongodb;
pub mod sqlite;
mod trouble;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chat::ChannelId;
use protocol::{Device, DisplayName, Millis, Role, RoomCode, RoomName, Topic, Username};

/// A time at which nothing has expired: for whoever decides by another clock than the stamps'.
pub const WHENEVER: Millis = 0;

/// A store shared by the whole server.
pub type SharedStore = Arc<dyn Store>;

pub use realtime::identity::{LoginKey, UserId};

/// 128 random bits that name a room in the store; its code is only how people find it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub [u8; 16]);

/// It ties records together: a log line never needs it.
impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomId(…)")
    }
}

/// A room's id is that of its channel: here the words of the store become those of whoever serves the room.
impl From<RoomId> for ChannelId {
    fn from(room: RoomId) -> Self {
        Self(room.0)
    }
}

impl From<ChannelId> for RoomId {
    fn from(channel: ChannelId) -> Self {
        Self(channel.0)
    }
}

/// The account side of a user.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// As its owner typed it; unique by [`Username::folded`].
    pub username: Username,
    /// argon2id, in PHC string format.
    pub password_hash: String,
    /// What rooms show; an account's choice is kept, a guest's never is.
    pub display_name: DisplayName,
}

/// One login: the record behind one JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// The JWT's `jti`.
    pub key: LoginKey,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used, rounded down to the hour.
    pub last_used_at: Millis,
    /// What it was begun on, where an account's owner was told it: a browser and a system, no version of either.
    pub device: Option<Device>,
}

/// Account or guest.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Present for accounts.
    pub account: Option<Account>,
    /// When it was made, rounded down to the hour.
    pub created_at: Millis,
    /// When a guest ends unless it is used again; absent for accounts.
    pub expires_at: Option<Millis>,
    /// At most the number given to [`Store::add_login`], oldest first.
    pub logins: Vec<Login>,
}

/// A room as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// How people find it; unique among live rooms.
    pub code: RoomCode,
    /// What it is called.
    pub name: RoomName,
    /// What it is about.
    pub topic: Option<Topic>,
    /// argon2id of the PIN, in PHC string format.
    pub pin_hash: Option<String>,
    /// The most people inside at once; the room's task decides by it.
    pub capacity: u32,
    /// Whether it takes only what clients have encrypted.
    pub sealed: bool,
    /// Whether no newcomers are let in.
    pub locked: bool,
    /// The burn timer of messages whose sender chose none, in seconds.
    pub timer_s: Option<u32>,
    /// Whether newcomers wait until somebody inside lets them in.
    pub lobby: bool,
    /// Who may change and delete it.
    pub owner: UserId,
    /// Members who keep order beside the owner, in the order of their naming.
    pub moderators: Vec<UserId>,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends at the latest.
    pub expires_at: Millis,
}

impl Room {
    /// What a user is in it. Whoever is no member is as powerless as a member.
    pub fn role(&self, user: UserId) -> Role {
        if self.owner == user {
            Role::Owner
        } else if self.moderators.contains(&user) {
            Role::Moderator
        } else {
            Role::Member
        }
    }
}

/// What may be changed of a room; `None`: as it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RoomChange {
    /// What it is called.
    pub name: Option<RoomName>,
    /// What it is about; `Some(None)`: nothing any more.
    pub topic: Option<Option<Topic>>,
    /// The hash of its PIN; `Some(None)`: it has none any more.
    pub pin_hash: Option<Option<String>>,
    /// The most people inside at once.
    pub capacity: Option<u32>,
    /// Whether no newcomers are let in.
    pub locked: Option<bool>,
    /// The burn timer of messages whose sender chose none; `Some(None)`: they have none either.
    pub timer_s: Option<Option<u32>>,
    /// Whether newcomers wait until somebody inside lets them in.
    pub lobby: Option<bool>,
    /// When it ends at the latest.
    pub expires_at: Option<Millis>,
}

/// What became of a change of somebody's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleOutcome {
    /// It is so, or was already.
    Done,
    /// There is no such membership, or no such room.
    NotMember,
    /// The room has as many moderators as it may.
    Bound,
}

/// A user's right to come back into a room without the PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub user: UserId,
    /// Since when.
    pub joined_at: Millis,
}

/// What became of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinOutcome {
    /// A membership was made.
    New,
    /// There was one already; nothing changed.
    Already,
    /// The room does not exist or has expired.
    NoRoom,
    /// The room has as many members as it may keep.
    Bound,
}

/// What became of a leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveOutcome {
    /// There was no such membership (or no such room); nothing changed.
    NotMember,
    /// The membership ended; others remain. The owner is told, in case it changed hands.
    Remaining {
        /// The owner from now on: the member who joined first, where the owner left.
        owner: UserId,
    },
    /// It was the last one: the room is deleted.
    RoomDeleted,
}

/// What may be changed of an account.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// Another password.
    PasswordHash(String),
    /// Another display name.
    DisplayName(DisplayName),
}

/// A room that a purge ended, with the code it had.
pub type EndedRoom = (RoomId, RoomCode);

/// What a purge removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purged {
    /// Rooms that ended, with the codes they had: their lifetime was over, or the last of their members was gone.
    pub rooms: Vec<EndedRoom>,
    /// Guests who were not seen any more; their memberships went with them.
    pub users: u64,
    /// Rooms that live on under another owner because theirs is gone, each once and in no order, with the owner from
    /// now on.
    pub passed_on: Vec<(RoomId, UserId)>,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The code or account name is in use.
    #[error("the name or code is in use")]
    Conflict,
    /// No such record.
    #[error("no such record")]
    NotFound,
    /// The database is away, too slow, or cannot write (its disk is full, its file may not be written); this passes, by
    /// itself or by an operator, and nothing needs to be started anew. It has said so in the log.
    #[error("the database is not available")]
    Unavailable,
    /// Any other failure; its source is logged for the operator and shown to nobody else.
    #[error("the database failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Short for the results of this module.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Users and rooms. Every method is one atomic step: concurrent calls leave the same state as some order of them.
///
/// Expired rooms and guests are invisible from the millisecond `now >= expires_at` on, purged or not, to every method
/// that is told the time; the others see them until [`Store::purge`]. Users and rooms are separate records: the methods
/// on rooms do not look at users, because whoever calls them has just done so.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// Keeps a new user. `Conflict` when the account name is taken (by [`Username::folded`]), or the id.
    async fn create_user(&self, user: User) -> Result<()>;

    /// The user of an id.
    async fn user(&self, id: UserId, now: Millis) -> Result<Option<User>>;

    /// The account of a name, by [`Username::folded`].
    async fn user_by_name(&self, username: &Username) -> Result<Option<User>>;

    /// Turns a guest into an account, its memberships kept. `Conflict` when the name is taken, `NotFound` when there is
    /// no such guest.
    async fn make_account(&self, id: UserId, account: Account, now: Millis) -> Result<()>;

    /// Changes an account. `NotFound` when there is none of that id.
    async fn change_account(&self, id: UserId, change: AccountChange) -> Result<()>;

    /// Moves a guest's end. No effect on accounts or the unknown.
    async fn extend_guest(&self, id: UserId, expires_at: Millis, now: Millis) -> Result<()>;

    /// Deletes a user and every membership of it; answers what [`Store::leave`] would have, for each room left.
    async fn delete_user(&self, id: UserId) -> Result<Vec<(RoomId, LeaveOutcome)>>;

    /// Adds a login; beyond `logins_max` the least recently used ones make way. Answers those that made way.
    /// `NotFound` when there is no such user, `Conflict` when it has a login of that key.
    async fn add_login(&self, id: UserId, login: Login, logins_max: u32, now: Millis) -> Result<Vec<LoginKey>>;

    /// Notes the hour of use, which never goes back. Returns whether the login (still) exists.
    async fn touch_login(&self, id: UserId, key: LoginKey, last_used_at: Millis, now: Millis) -> Result<bool>;

    /// Notes what a login is on. Returns whether the login exists.
    async fn name_login(&self, id: UserId, key: LoginKey, device: Device, now: Millis) -> Result<bool>;

    /// Ends a login. Returns whether there was one.
    async fn remove_login(&self, id: UserId, key: LoginKey) -> Result<bool>;

    /// Ends every login but one (or every one). Answers those that ended.
    async fn remove_logins_except(&self, id: UserId, keep: Option<LoginKey>) -> Result<Vec<LoginKey>>;

    /// Keeps a new room with its owner as the first member. `Conflict` when a room that lives at `created_at` has the
    /// code, or any room the id. An expired room that still has the code is deleted.
    async fn create_room(&self, room: Room) -> Result<()>;

    /// The live room of a code.
    async fn room_by_code(&self, code: RoomCode, now: Millis) -> Result<Option<Room>>;

    /// The live room of an id.
    async fn room(&self, id: RoomId, now: Millis) -> Result<Option<Room>>;

    /// Makes a membership, once, while the room lives and has fewer than `members_max`.
    async fn join(&self, room: RoomId, membership: Membership, members_max: u32, now: Millis) -> Result<JoinOutcome>;

    /// Ends a membership; hands the room over or deletes it, in the same step.
    async fn leave(&self, room: RoomId, user: UserId) -> Result<LeaveOutcome>;

    /// Whether a user is a member of a live room.
    async fn is_member(&self, room: RoomId, user: UserId, now: Millis) -> Result<bool>;

    /// The members of a room in the order of their joining.
    async fn members(&self, room: RoomId) -> Result<Vec<Membership>>;

    /// The members of a room who have no account (guests, and users who are gone), in the order of their joining and at
    /// most `guests_max` of them. Only reads: whom to forget at the bound is the caller's to choose, by
    /// [`Store::leave`].
    async fn guests_in(&self, room: RoomId, guests_max: u32) -> Result<Vec<UserId>>;

    /// The live rooms of a user, oldest membership first (then by id).
    async fn rooms_of(&self, user: UserId, now: Millis) -> Result<Vec<Room>>;

    /// Changes a room. Answers whether there is one.
    async fn change_room(&self, room: RoomId, change: RoomChange) -> Result<bool>;

    /// Makes a member something else. A new owner takes the place of the one before, who is a member like others from
    /// then on; nobody ceases to be the owner in another way. A membership that ends takes its role with it.
    async fn set_role(&self, room: RoomId, user: UserId, role: Role, moderators_max: u32) -> Result<RoleOutcome>;

    /// Deletes a room and its memberships. Returns whether there was one.
    async fn delete_room(&self, room: RoomId) -> Result<bool>;

    /// The ids of all live rooms in no order, for the count-down after a restart.
    async fn live_rooms(&self, now: Millis) -> Result<Vec<RoomId>>;

    /// Removes what has expired: rooms, guests, and logins unused since before `logins_before`. Memberships of users
    /// who are gone end as by [`Store::leave`]. Rooms that are `spared` have not expired, whatever their stamps say:
    /// the wall clock may have been set since they began.
    async fn purge(&self, now: Millis, logins_before: Millis, spared: &BTreeSet<RoomId>) -> Result<Purged>;

    /// Some users, in the order of their ids, from the first behind `after` on; those that have ended are among them.
    /// For moving to another store and for checking one.
    async fn users_page(&self, after: Option<UserId>, users_max: u32) -> Result<Vec<User>>;

    /// As [`Store::users_page`], rooms with their members in the order of joining.
    async fn rooms_page(&self, after: Option<RoomId>, rooms_max: u32) -> Result<Vec<(Room, Vec<Membership>)>>;

    /// Keeps a room that comes from another store, with its members. Conflicts as in [`Store::create_room`].
    async fn restore_room(&self, room: Room, members: Vec<Membership>) -> Result<()>;

    /// Whether the database answers and can be written: it writes something that is gone when this answers. Every other
    /// answer than `Ok` means that people should be sent elsewhere.
    async fn ping(&self) -> Result<()>;

    /// Writes everything down and closes; called once, at the end.
    async fn close(&self) -> Result<()>;
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(…)")
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({} logins)", self.logins.len())
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room(…)")
    }
}

impl fmt::Debug for RoomChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomChange(…)")
    }
}

impl fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountChange(…)")
    }
}
