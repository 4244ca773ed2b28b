//! What can be told of, as a closed list, and the line that tells it.

use chat::ChannelId;
use protocol::{ErrorCode, LeaveReason, UserKind};
use realtime::counts::Eviction;
use realtime::events::Happening;
use serde::Serialize;

use crate::keys::Keys;
use crate::store::{RoomId, UserId};

/// Something that happened. No variant has a place for what a person typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The server begins to serve.
    Started,
    /// It was asked to stop.
    Stopping,
    /// It has stopped.
    Stopped,
    /// A room was made, by this person.
    RoomMade(RoomId, UserId),
    /// In and before rooms.
    Rooms(Happening),
    /// Somebody who knocked was let in.
    Admitted(RoomId, UserId),
    /// A client has come back to its session.
    Resumed(UserId),
    /// A request was refused before it was known whose it is, or by HTTP.
    Refused(Via, ErrorCode),
    /// A login begins: somebody new, or somebody who has signed in.
    LoginMade(UserId, UserKind),
    /// A login has ended.
    LoginEnded(UserId, LoginEnd),
    /// An operator has done something.
    Admin {
        /// What.
        act: AdminAct,
        /// To which room.
        room: Option<ChannelId>,
        /// To whom.
        person: Option<UserId>,
    },
}

/// What brought a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The API, a form, a page.
    Http,
    /// A `WebSocket` whose client has no session yet.
    Native,
    /// Socket.IO, the same.
    SocketIo,
}

impl Via {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Native => "native",
            Self::SocketIo => "socket.io",
        }
    }
}

/// Why a login has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginEnd {
    /// Its person has signed out, or ended it from elsewhere.
    SignedOut,
    /// It was the oldest of too many.
    MadeWay,
    /// The password was changed.
    PasswordChanged,
    /// There is no such person any more.
    Deleted,
}

impl LoginEnd {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::MadeWay => "made_way",
            Self::PasswordChanged => "password_changed",
            Self::Deleted => "deleted",
        }
    }
}

/// What operators do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminAct {
    /// Signs in.
    SignIn,
    /// Signs out.
    SignOut,
    /// Looks at what there is: rooms, people, numbers, the configuration.
    Look,
    /// Ends a room.
    EndRoom,
    /// Ends every session of somebody.
    Disconnect,
    /// Ends every login of somebody.
    EndLogins,
    /// Deletes somebody.
    DeletePerson,
    /// Keeps an address, or a network, away.
    Block,
    /// Lets it come again.
    Unblock,
    /// Tells everybody something.
    Announce,
    /// Lets nobody new in.
    Drain,
    /// Lets people in again.
    Undrain,
    /// Changes a limit, or what else can be set while the server runs.
    Set,
    /// Reads files again.
    Reload,
    /// Was refused: the key was wrong, or not good for that.
    Refused,
}

impl AdminAct {
    /// As the log names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::Look => "look",
            Self::EndRoom => "end_room",
            Self::Disconnect => "disconnect",
            Self::EndLogins => "end_logins",
            Self::DeletePerson => "delete_person",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Announce => "announce",
            Self::Drain => "drain",
            Self::Undrain => "undrain",
            Self::Set => "set",
            Self::Reload => "reload",
            Self::Refused => "refused",
        }
    }
}

impl Event {
    /// As its line names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Started => "server_started",
            Self::Stopping => "server_stopping",
            Self::Stopped => "server_stopped",
            Self::RoomMade(..) => "room_made",
            Self::Rooms(Happening::Joined(..)) => "joined",
            Self::Rooms(Happening::Left(..)) => "left",
            Self::Rooms(Happening::RoomEnded(..)) => "room_ended",
            Self::Rooms(Happening::Knocked(..)) => "knocked",
            Self::Rooms(Happening::Refused(..)) | Self::Refused(..) => "refused",
            Self::Rooms(Happening::Evicted(..)) => "evicted",
            Self::Admitted(..) => "admitted",
            Self::Resumed(..) => "resumed",
            Self::LoginMade(..) => "login_made",
            Self::LoginEnded(..) => "login_ended",
            Self::Admin { .. } => "admin",
        }
    }

    /// Whether anybody can cause it as often as they like.
    pub(super) const fn is_cheap(self) -> bool {
        match self {
            Self::Rooms(Happening::Refused(..) | Happening::Evicted(..)) | Self::Refused(..) | Self::Resumed(..) => {
                true
            }
            Self::Started
            | Self::Stopping
            | Self::Stopped
            | Self::RoomMade(..)
            | Self::Rooms(
                Happening::Joined(..) | Happening::Left(..) | Happening::RoomEnded(..) | Happening::Knocked(..),
            )
            | Self::Admitted(..)
            | Self::LoginMade(..)
            | Self::LoginEnded(..)
            | Self::Admin { .. } => false,
        }
    }

    /// Adds what it says beside its name.
    pub(super) fn describe(self, line: &mut Line<'_>, marks: &Marks<'_>) {
        let room = |id: ChannelId| Some(marks.of(&id.0));
        let person = |id: UserId| Some(marks.of(&id.0));
        match self {
            Self::Started => line.version = Some(env!("CARGO_PKG_VERSION")),
            Self::Stopping | Self::Stopped => {}
            Self::Rooms(Happening::Joined(id, user) | Happening::Knocked(id, user)) => {
                (line.room, line.person) = (room(id), person(user));
            }
            Self::RoomMade(id, user) | Self::Admitted(id, user) => {
                (line.room, line.person) = (room(id.into()), person(user));
            }
            Self::Rooms(Happening::Left(id, user, why)) => {
                (line.room, line.person) = (room(id), person(user));
                line.reason = Some(why.map_or("disconnected", reason));
            }
            Self::Rooms(Happening::RoomEnded(id, why, inside)) => {
                (line.room, line.reason, line.inside) = (room(id), Some(reason(why)), Some(inside));
            }
            Self::Rooms(Happening::Refused(user, code, dialect)) => {
                line.person = person(user);
                (line.code, line.transport) = (Some(code), Some(dialect.0));
            }
            Self::Rooms(Happening::Evicted(user, why)) => {
                (line.person, line.reason) = (person(user), Some(Eviction::as_str(why)));
            }
            Self::Resumed(user) => line.person = person(user),
            Self::Refused(via, code) => (line.code, line.transport) = (Some(code), Some(via.as_str())),
            Self::LoginMade(user, kind) => {
                line.person = person(user);
                line.kind = Some(match kind {
                    UserKind::Guest => "guest",
                    UserKind::Account => "account",
                });
            }
            Self::LoginEnded(user, why) => (line.person, line.reason) = (person(user), Some(why.as_str())),
            Self::Admin { act, room: of, person: whom } => {
                line.act = Some(act.as_str());
                (line.room, line.person) = (of.and_then(room), whom.and_then(person));
            }
        }
    }
}

/// As the protocol names it.
const fn reason(why: LeaveReason) -> &'static str {
    match why {
        LeaveReason::Left => "left",
        LeaveReason::Expired => "expired",
        LeaveReason::Empty => "empty",
        LeaveReason::Deleted => "deleted",
        LeaveReason::SignedOut => "signed_out",
        LeaveReason::Kicked => "kicked",
        LeaveReason::Banned => "banned",
    }
}

/// What stands for people and rooms on one day.
pub(super) struct Marks<'a> {
    pub(super) keys: &'a Keys,
    /// Since the Unix epoch.
    pub(super) day: u64,
}

impl Marks<'_> {
    fn of(&self, id: &[u8; 16]) -> String {
        self.keys.day_mark(self.day, id)
    }
}

/// One line. What it is not about is not in it.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    at: String,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inside: Option<usize>,
    /// Of lines that there are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// One that says nothing more yet.
    pub(super) const fn new(at: String, event: &'static str, node: Option<&'a str>, request: Option<&'a str>) -> Self {
        Self {
            at,
            event,
            node,
            room: None,
            person: None,
            act: None,
            kind: None,
            reason: None,
            code: None,
            transport: None,
            inside: None,
            count: None,
            version: None,
            request,
        }
    }
}
