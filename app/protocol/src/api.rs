//! The bodies of the HTTP API under `/api/v1`, shared by server, interface and clients.
//!
//! Requests carry what people typed as plain strings: the server's door parses them into newtypes and answers each
//! with the error that fits.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::Millis;
use crate::ids::{InviteId, InviteToken, LoginId, MemberId, RoomCode};
use crate::member::Me;
use crate::names::{DisplayName, RoomName, Topic};
use crate::powers::Role;

/// Answer of `guest`, `register`, `login`, and of `PATCH me` (whose name lives in the token).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct TokenAnswer {
    /// The JWT; also set as a cookie.
    pub token: String,
    /// When it ends unless it is used.
    pub expires_at: Millis,
    /// Names the person to themselves, the same in every room; nobody else is told it. Socket.IO clients find their
    /// own messages by it.
    pub id: String,
    /// Who it stands for.
    pub me: Me,
}

/// Answer of `GET me`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Profile {
    /// As in [`TokenAnswer`].
    pub id: String,
    /// Who asks.
    #[serde(flatten)]
    pub me: Me,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(…)")
    }
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenAnswer(…)")
    }
}

macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        /// Requests carry secrets and names: nothing of them is formatted.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

request!(
    /// `POST guest` (the body may be absent).
    NewGuest {
        /// A display name of one's own choice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    }
);
request!(
    /// `POST register`.
    Register {
        /// The account's name.
        username: String,
        /// Its password.
        password: String,
        /// The display name that the account begins with; one is drawn where none is given. A guest's is not taken over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// As in [`Credentials`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    }
);
request!(
    /// `POST login`.
    Credentials {
        /// The account's name.
        username: String,
        /// Its password.
        password: String,
        /// What its owner will know this login by, in the words of [`crate::Device`]: "Firefox on Linux".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    }
);
request!(
    /// `PATCH me`.
    ChangeMe {
        /// The new display name, in every room at once.
        name: String,
    }
);
request!(
    /// `POST me/password`: every other login ends.
    ChangePassword {
        /// The password in force.
        current: String,
        /// The one to be.
        new: String,
    }
);
request!(
    /// `DELETE me`, for accounts.
    DeleteMe {
        /// The password, so that a borrowed tab cannot do it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    }
);
request!(
    /// `POST rooms`.
    CreateRoom {
        /// A readable one is drawn where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// PIN or passphrase for newcomers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<String>,
        /// The most people inside at once.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
        capacity: Option<u32>,
        /// How long it lasts, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
        lifetime_s: Option<u64>,
        /// Whether it takes only what clients have encrypted. It stays so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sealed: bool,
    }
);
request!(
    /// `POST rooms/CODE/join`.
    JoinRoom {
        /// Needed by newcomers where the room has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<String>,
        /// What an invite's link carries: it stands for the PIN, and passes a lock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invite: Option<String>,
    }
);
request!(
    /// `POST rooms/CODE/invites`.
    MakeInvite {
        /// Whether it lets in one person only; whoever comes, where it is absent.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        once: bool,
        /// How long it is good for, in seconds; as long as the room, where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
        lasts_s: Option<u64>,
    }
);
request!(
    /// `POST qr`.
    DrawQr {
        /// What is to be read out of it: an address.
        text: String,
    }
);
request!(
    /// `PATCH rooms/CODE`, and what `change` sets: what is absent stays as it is.
    ChangeRoom {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// What it is about; nothing where it is empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        /// PIN or passphrase for newcomers; none where it is empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<String>,
        /// The most people inside at once. Who is inside stays.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "buffered_number")]
        capacity: Option<u64>,
        /// How long it lasts from its beginning on, in seconds: not less than before.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "buffered_number")]
        lifetime_s: Option<u64>,
        /// Whether no newcomers are let in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locked: Option<bool>,
        /// The burn timer of messages whose sender chose none, in seconds; 0: they have none either.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "buffered_timer")]
        timer_s: Option<u64>,
        /// Whether newcomers wait until somebody inside lets them in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lobby: Option<bool>,
    }
);

/// `POST rooms/CODE/kick` and `POST rooms/CODE/ban`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct PutOut {
    /// Whom.
    pub member: MemberId,
}

/// `POST rooms/CODE/admit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct AdmitMember {
    /// Whom.
    pub member: MemberId,
    /// In, or away.
    pub on: bool,
}

/// Somebody who may not come back into a room, as those see them who may change that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct BanView {
    /// Who.
    pub member: MemberId,
    /// What they were called, where they were inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
}

/// `POST rooms/CODE/role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct ChangeRole {
    /// Whose.
    pub member: MemberId,
    /// What they are from now on.
    pub role: Role,
}

/// As [`number`], for what a frame brings: the reader of its tag has read the number already, and its text is gone.
fn buffered_number<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u64>, D::Error> {
    json.deserialize_any(Chosen { odd: 0 })
}

/// The same for a timer, of which 0 is one: what is no whole number is above its range.
pub(crate) fn buffered_timer<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u64>, D::Error> {
    json.deserialize_any(Chosen { odd: u64::MAX })
}

/// A number that people chose; what stands for one that is not whole, or below 0.
struct Chosen {
    odd: u64,
}

impl Visitor<'_> for Chosen {
    type Value = Option<u64>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }
    fn visit_unit<E>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, number: u64) -> Result<Option<u64>, E> {
        Ok(Some(number))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Option<u64>, E> {
        Ok(Some(number.try_into().unwrap_or(self.odd)))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Option<u64>, E> {
        Ok(Some(self.odd))
    }
}

/// A whole number that people chose. Any other JSON number, such as -1, 2.5 or 1e99, becomes 0, which is outside of every
/// range, so that it is answered with the error of its field and not as a frame that could not be read.
fn number<'de, D: Deserializer<'de>, T: FromStr + Default>(json: D) -> Result<Option<T>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(json)? else {
        return Ok(None);
    };
    if !raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(D::Error::custom("not a number"));
    }
    Ok(Some(raw.get().parse().unwrap_or_default()))
}

/// A room as the API tells it to somebody who knows its code.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the wire")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct RoomView {
    /// The canonical code.
    pub code: RoomCode,
    /// The name; told to non-members only where the room has no PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<RoomName>,
    /// What it is about; told as the name is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// Whether newcomers need a PIN.
    pub pin: bool,
    /// Whether it takes only what clients have encrypted, and no text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Whether no newcomers are let in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Whether newcomers wait until somebody inside lets them in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lobby: bool,
    /// The most people inside at once.
    pub capacity: u32,
    /// People inside now; told as the name is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends at the latest.
    pub expires_at: Millis,
    /// Whether the asker may enter without the PIN.
    pub member: bool,
    /// Whether the asker owns it.
    pub owner: bool,
    /// Whether its owner made the asker a moderator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moderator: bool,
    /// The asker's member id in this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub you: Option<MemberId>,
}

/// One invite of a room, as those see it who may make some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct InviteView {
    /// Names it, for taking it back.
    pub id: InviteId,
    /// Whether it lets in one person only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
    /// When it runs out; absent: with the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// How many it has let in so far.
    pub used: u32,
    /// What its link carries; only in the answer to who makes it, since the server keeps a keyed hash of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<InviteToken>,
}

/// A QR code: a square of so many modules a side, and the dark ones as the path of an SVG in those units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct QrView {
    /// Modules a side, the quiet zone of four on each included.
    pub size: u32,
    /// Of `M`, `h`, `v` and `z` with whole numbers.
    pub path: String,
}

/// One login of the asker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct LoginView {
    /// Names it, for revoking.
    pub id: LoginId,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used, by the hour.
    pub last_used_at: Millis,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What it was begun on, in the words of [`crate::Device`]; absent where that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

read_struct!(TokenAnswer { token, expires_at, id, me });
read_struct!(RoomView {
    code,
    name,
    topic,
    pin,
    sealed,
    locked,
    lobby,
    capacity,
    count,
    created_at,
    expires_at,
    member,
    owner,
    moderator,
    you
});
read_struct!(BanView { member, name });
read_struct!(InviteView { id, once, expires_at, used, token });
read_struct!(QrView { size, path });
read_struct!(LoginView { id, created_at, last_used_at, current, device });
