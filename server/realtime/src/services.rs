//! What the core needs of the server around it, as traits: the records of rooms and memberships, logins, the sanitiser.
//! The core decides who is inside and what is told to whom; it knows no database, no hash and no markup.

use async_trait::async_trait;
use chat::{ChannelId, Mark, Now, SessionKey};
use protocol::api::ChangeRoom;
use protocol::{ClientId, DisplayName, MemberId, Millis, Role, RoomCode, Text, UserKind};

use crate::address::Address;
use crate::channel::RoomHandle;
use crate::error::Refused;
use crate::hub::Hub;
use crate::identity::{Identity, UserId};
use crate::knock::Knock;
use crate::rate_limits::RateLimits;
use crate::record::Left;

/// Somebody who wants to come into a room.
#[derive(Debug, Clone, Copy)]
pub struct Admission<'a> {
    /// Who.
    pub user: UserId,
    /// Guest or account.
    pub kind: UserKind,
    /// From where.
    pub address: Address,
    /// The room's code, as typed.
    pub code: &'a str,
    /// Its PIN, as typed.
    pub pin: Option<&'a str>,
    /// What an invite's link carries.
    pub invite: Option<&'a str>,
    /// Whether the client can take what is said in a sealed room.
    pub reads_sealed: bool,
    /// The time of the request.
    pub now: Now,
}

/// A membership that stands.
#[derive(Debug)]
pub struct Admitted {
    /// The live room.
    pub room: RoomHandle,
    /// What the others see of the user.
    pub member: MemberId,
    /// Whether the membership was made for this.
    pub is_new: bool,
    /// Where they come from, as a ban would know it.
    pub mark: Mark,
}

/// What an owner or a moderator wants, as it was typed.
#[derive(Debug, Clone)]
pub enum Wish {
    /// The room is to be another.
    Change(ChangeRoom),
    /// Somebody is to go, and may come back.
    Kick(MemberId),
    /// Somebody is to go for good.
    Ban(MemberId),
    /// Somebody who was banned may come back.
    Unban(MemberId),
    /// Somebody who knocks is to be let in, or to go away.
    Admit(MemberId, bool),
    /// Somebody is to be something else.
    Role(MemberId, Role),
    /// The room is to end for everybody.
    Burn,
}

/// Who wants it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who.
    pub user: UserId,
    /// Which session is told that it is done, and by which request; nobody where the API was asked.
    pub by: Option<(SessionKey, ClientId)>,
    /// The time of the request.
    pub now: Now,
}

/// Rooms and memberships as they are kept.
#[async_trait]
pub trait Directory {
    /// Makes somebody a member (always who is one already), and finds the live room or begins it.
    ///
    /// # Errors
    /// Why not.
    async fn admit(&self, admission: Admission<'_>) -> Result<Admitted, Refused>;

    /// Makes somebody a member as [`Directory::admit`] does, or, where the room wants that, asks those inside.
    ///
    /// # Errors
    /// Why neither can be done.
    async fn knock(&self, admission: Admission<'_>, name: DisplayName) -> Result<Option<Knock>, Refused>;

    /// Ends a membership that was made for a join which found no seat.
    ///
    /// # Errors
    /// Why the records could not be changed.
    async fn withdraw(&self, room: &RoomHandle, user: UserId) -> Result<(), Refused>;

    /// Ends a membership in the records, or notes that it has to end when they can be changed. The room is not told.
    ///
    /// # Errors
    /// Why neither could be done.
    async fn leave(&self, room: &RoomHandle, user: UserId) -> Result<Left, Refused>;

    /// Does what an owner or moderator wants: looks whether they may, changes the records, and has the room follow, which
    /// tells those inside and the session that asked.
    ///
    /// # Errors
    /// Why not; the session was told nothing then.
    async fn exercise(&self, room: ChannelId, asked: Asked, wish: Wish) -> Result<(), Refused>;

    /// The codes of the live rooms that a user is a member of, oldest membership first.
    ///
    /// # Errors
    /// Why they cannot be told.
    async fn rooms_of(&self, user: UserId) -> Result<Vec<RoomCode>, Refused>;
}

/// Logins as they are kept, and their tokens.
#[async_trait]
pub trait Logins {
    /// Whether the login behind somebody has not been ended.
    ///
    /// # Errors
    /// Why it cannot be told.
    async fn stands(&self, identity: &Identity) -> Result<bool, Refused>;

    /// Notes that a login is used, and keeps its guest. Answers whether the login stands; `None`: it cannot be told now.
    async fn keep(&self, identity: &Identity) -> Option<bool>;

    /// Whether a token is in the second half of its life.
    fn is_due(&self, identity: &Identity) -> bool;

    /// A new token for the same login, and when it ends.
    fn issue(&self, identity: &Identity) -> (String, Millis);
}

/// Makes what may be shown of what was typed.
pub trait Sanitizer {
    /// Of one text: HTML, where markup makes a difference.
    fn html(&self, text: &Text) -> Option<String>;
}

/// Everything that the core asks for, beside the rooms and sessions that it has itself.
pub trait Services: Directory + Logins + Sanitizer + Send + Sync + 'static {
    /// The rooms and sessions of this node.
    fn hub(&self) -> &Hub;

    /// Rate limits that outlive a connection.
    fn rate_limits(&self) -> &RateLimits;
}

impl std::fmt::Debug for dyn Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Services(…)")
    }
}
