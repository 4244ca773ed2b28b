//! What owners and moderators change of a room: each change one conditional step on one document, addressed by its id.

use mongodb::bson::{Document, doc};
use protocol::Role;

use super::collections::Collections;
use super::documents::{self, bytes, id_of, time};
use super::link::TRIES_MAX;
use crate::store::{Result, RoleOutcome, RoomChange, RoomId, StoreError, UserId};

pub(super) async fn change(link: &Collections, room: RoomId, change: &RoomChange) -> Result<bool> {
    let RoomChange { name, topic, pin_hash, capacity, locked, timer_s, lobby, expires_at } = change;
    let (mut set, mut unset) = (Document::new(), Document::new());
    if let Some(name) = name {
        set.insert("name", name.as_str());
    }
    match topic {
        Some(Some(topic)) => drop(set.insert("topic", topic.as_str())),
        Some(None) => drop(unset.insert("topic", "")),
        None => {}
    }
    match pin_hash {
        Some(Some(hash)) => drop(set.insert("pin_hash", hash)),
        Some(None) => drop(unset.insert("pin_hash", "")),
        None => {}
    }
    if let Some(capacity) = capacity {
        set.insert("capacity", i64::from(*capacity));
    }
    if let Some(locked) = locked {
        set.insert("locked", *locked);
    }
    match timer_s {
        Some(Some(timer_s)) => drop(set.insert("timer_s", i64::from(*timer_s))),
        Some(None) => drop(unset.insert("timer_s", "")),
        None => {}
    }
    if let Some(lobby) = lobby {
        set.insert("lobby", *lobby);
    }
    if let Some(expires_at) = expires_at {
        set.insert("expires_at", time(*expires_at));
    }
    let mut step = Document::new();
    for (operator, fields) in [("$set", set), ("$unset", unset)] {
        // The server refuses an operator without a field.
        if !fields.is_empty() {
            step.insert(operator, fields);
        }
    }
    let by_id = doc! { "_id": bytes(room.0) };
    if step.is_empty() {
        return Ok(link.rooms.find_one(by_id).projection(doc! { "_id": 1 }).await?.is_some());
    }
    Ok(link.rooms.update_one(by_id, step).await?.matched_count > 0)
}

/// One read and one step, which holds only while what was read is so.
pub(super) async fn set_role(
    link: &Collections,
    room: RoomId,
    user: UserId,
    role: Role,
    moderators_max: u32,
) -> Result<RoleOutcome> {
    let member = doc! { "_id": bytes(room.0), "members.user": bytes(user.0) };
    for _ in 0..TRIES_MAX {
        let found = link.rooms.find_one(member.clone()).projection(doc! { "owner": 1, "moderators": 1 }).await?;
        let Some(found) = found else { return Ok(RoleOutcome::NotMember) };
        let mut owner = UserId(id_of(&found, "owner")?);
        let mut moderators = documents::moderators(&found)?;
        let mut before = member.clone();
        before.insert("owner", bytes(owner.0));
        // A room from before there were moderators has no such field.
        before.insert("moderators", found.get("moderators").cloned().unwrap_or(mongodb::bson::Bson::Null));
        match role {
            _ if owner == user => return Ok(RoleOutcome::Done),
            Role::Moderator if moderators.contains(&user) => return Ok(RoleOutcome::Done),
            Role::Moderator if moderators.len() as u64 >= u64::from(moderators_max) => return Ok(RoleOutcome::Bound),
            Role::Moderator => moderators.push(user),
            Role::Member => moderators.retain(|moderator| *moderator != user),
            Role::Owner => {
                moderators.retain(|moderator| *moderator != user);
                owner = user;
            }
        }
        let moderators: Vec<_> = moderators.iter().map(|user| bytes(user.0)).collect();
        let step = doc! { "$set": { "owner": bytes(owner.0), "moderators": moderators } };
        if link.rooms.update_one(before, step).await?.matched_count > 0 {
            return Ok(RoleOutcome::Done);
        }
    }
    Err(StoreError::Unavailable)
}
