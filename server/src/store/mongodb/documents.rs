//! How records and documents become each other. The names of fields are here and nowhere else.
//!
//! Every value is put in as what it is (a string, sixteen bytes, a time), so nothing that a person typed is ever read
//! as an operator. A document that somebody else changed fails in parsing.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};
use protocol::{Device, DisplayName, Millis, RoomCode, RoomName, Topic, Username};

use super::faults::MongoFault;
use crate::store::{Account, Login, LoginKey, Membership, Result, Room, RoomId, StoreError, User, UserId};

/// Every field of a user, for the check and for the tests.
pub(super) const USER_FIELDS: &[&str] = &[
    "_id",
    "created_at",
    "expires_at",
    "account",
    "account.username",
    "account.username_folded",
    "account.password_hash",
    "account.display_name",
    "logins",
    "logins.key",
    "logins.created_at",
    "logins.last_used_at",
    "logins.device",
];

/// Every field of a room.
pub(super) const ROOM_FIELDS: &[&str] = &[
    "_id",
    "code",
    "name",
    "topic",
    "pin_hash",
    "capacity",
    "sealed",
    "locked",
    "timer_s",
    "lobby",
    "owner",
    "moderators",
    "created_at",
    "expires_at",
    "members",
    "members.user",
    "members.joined_at",
];

pub(super) fn bytes(id: [u8; 16]) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: id.to_vec() })
}

/// A signed number of milliseconds: it ends in the year 292 million.
pub(super) fn time(at: Millis) -> Bson {
    Bson::DateTime(DateTime::from_millis(i64::try_from(at).unwrap_or(i64::MAX)))
}

pub(super) fn of_account(account: &Account) -> Document {
    doc! {
        "username": account.username.as_str(),
        "username_folded": account.username.folded(),
        "password_hash": &account.password_hash,
        "display_name": account.display_name.as_str(),
    }
}

pub(super) fn of_login(login: Login) -> Document {
    let mut document = doc! {
        "key": bytes(login.key.0),
        "created_at": time(login.created_at),
        "last_used_at": time(login.last_used_at),
    };
    if let Some(device) = login.device {
        document.insert("device", device.words());
    }
    document
}

/// A guest has no `account`, an account no `expires_at`.
pub(super) fn of_user(user: &User) -> Document {
    let mut document = doc! { "_id": bytes(user.id.0), "created_at": time(user.created_at) };
    if let Some(at) = user.expires_at {
        document.insert("expires_at", time(at));
    }
    if let Some(account) = &user.account {
        document.insert("account", of_account(account));
    }
    document.insert("logins", user.logins.iter().map(|login| of_login(*login)).collect::<Vec<_>>());
    document
}

pub(super) fn of_membership(membership: Membership) -> Document {
    doc! { "user": bytes(membership.user.0), "joined_at": time(membership.joined_at) }
}

pub(super) fn of_room(room: &Room, members: &[Membership]) -> Document {
    let mut document = doc! {
        "_id": bytes(room.id.0),
        "code": room.code.as_str(),
        "name": room.name.as_str(),
        "capacity": i64::from(room.capacity),
        "locked": room.locked,
        "lobby": room.lobby,
        "owner": bytes(room.owner.0),
        "moderators": room.moderators.iter().map(|user| bytes(user.0)).collect::<Vec<_>>(),
        "created_at": time(room.created_at),
        "expires_at": time(room.expires_at),
        "members": members.iter().map(|member| of_membership(*member)).collect::<Vec<_>>(),
    };
    if let Some(topic) = &room.topic {
        document.insert("topic", topic.as_str());
    }
    if let Some(hash) = &room.pin_hash {
        document.insert("pin_hash", hash);
    }
    if let Some(timer_s) = room.timer_s {
        document.insert("timer_s", i64::from(timer_s));
    }
    if room.sealed {
        document.insert("sealed", true);
    }
    document
}

pub(super) fn user(document: &Document) -> Result<User> {
    let account = if document.contains_key("account") {
        Some(account(document.get_document("account").map_err(strange)?)?)
    } else {
        None
    };
    let mut logins = logins(document)?;
    logins.sort_by_key(|login| login.created_at);
    Ok(User {
        id: UserId(id_of(document, "_id")?),
        account,
        created_at: time_of(document, "created_at")?,
        expires_at: document.contains_key("expires_at").then(|| time_of(document, "expires_at")).transpose()?,
        logins,
    })
}

fn account(document: &Document) -> Result<Account> {
    Ok(Account {
        username: Username::kept(document.get_str("username").map_err(strange)?).map_err(strange)?,
        password_hash: document.get_str("password_hash").map_err(strange)?.to_owned(),
        display_name: DisplayName::kept(document.get_str("display_name").map_err(strange)?).map_err(strange)?,
    })
}

/// In the order of their making.
pub(super) fn logins(document: &Document) -> Result<Vec<Login>> {
    each(document, "logins", |login| {
        Ok(Login {
            key: LoginKey(id_of(login, "key")?),
            created_at: time_of(login, "created_at")?,
            last_used_at: time_of(login, "last_used_at")?,
            // A device name that this version does not know is left out.
            device: login.get_str("device").ok().and_then(|words| Device::parse(words).ok()),
        })
    })
}

pub(super) fn members(document: &Document) -> Result<Vec<Membership>> {
    each(document, "members", |member| {
        Ok(Membership { user: UserId(id_of(member, "user")?), joined_at: time_of(member, "joined_at")? })
    })
}

pub(super) fn room(document: &Document) -> Result<Room> {
    let number = |name: &str| match document.get(name) {
        Some(Bson::Int64(number)) => u32::try_from(*number).map(Some).map_err(strange),
        Some(Bson::Int32(number)) => u32::try_from(*number).map(Some).map_err(strange),
        Some(_) => Err(strange("no number")),
        None => Ok(None),
    };
    Ok(Room {
        id: RoomId(id_of(document, "_id")?),
        code: code(document)?,
        name: RoomName::kept(document.get_str("name").map_err(strange)?).map_err(strange)?,
        pin_hash: document
            .contains_key("pin_hash")
            .then(|| document.get_str("pin_hash").map(str::to_owned).map_err(strange))
            .transpose()?,
        topic: document
            .contains_key("topic")
            .then(|| Topic::kept(document.get_str("topic").map_err(strange)?).map_err(strange))
            .transpose()?,
        capacity: number("capacity")?.ok_or_else(|| strange("no capacity"))?,
        // Rooms that take text, and those of versions before, are without the field.
        sealed: document.contains_key("sealed") && document.get_bool("sealed").map_err(strange)?,
        // Rooms from before there were these fields have none of them.
        locked: document.get_bool("locked").unwrap_or_default(),
        timer_s: number("timer_s")?,
        lobby: document.get_bool("lobby").unwrap_or_default(),
        moderators: moderators(document)?,
        owner: UserId(id_of(document, "owner")?),
        created_at: time_of(document, "created_at")?,
        expires_at: time_of(document, "expires_at")?,
    })
}

pub(super) fn moderators(document: &Document) -> Result<Vec<UserId>> {
    let Ok(moderators) = document.get_array("moderators") else { return Ok(Vec::new()) };
    let read = |id: &Bson| match id {
        Bson::Binary(Binary { bytes, .. }) => bytes.as_slice().try_into().map(UserId).map_err(strange),
        _ => Err(strange("no id")),
    };
    moderators.iter().map(read).collect()
}

pub(super) fn code(document: &Document) -> Result<RoomCode> {
    RoomCode::parse(document.get_str("code").map_err(strange)?).map_err(strange)
}

pub(super) fn id_of(document: &Document, field: &str) -> Result<[u8; 16]> {
    document.get_binary_generic(field).map_err(strange)?.as_slice().try_into().map_err(strange)
}

pub(super) fn time_of(document: &Document, field: &str) -> Result<Millis> {
    Millis::try_from(document.get_datetime(field).map_err(strange)?.timestamp_millis()).map_err(strange)
}

fn each<T>(document: &Document, field: &str, read: impl Fn(&Document) -> Result<T>) -> Result<Vec<T>> {
    let elements = document.get_array(field).map_err(strange)?;
    elements
        .iter()
        .map(|element| read(element.as_document().ok_or(MongoFault::new("no document")).map_err(strange)?))
        .collect()
}

/// A document that is none of ours. What is in it is not repeated.
pub(super) fn strange<E>(_: E) -> StoreError {
    StoreError::Failed(Box::new(MongoFault::new("a document is not as this program writes it")))
}
