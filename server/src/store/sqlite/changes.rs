//! What owners and moderators change of a room, in SQL.

use protocol::{Role, RoomName, Topic};
use rusqlite::{Connection, OptionalExtension, params};

use super::row_buffer;
use super::values::{Ids, Time};
use crate::store::{Result, RoleOutcome, RoomChange, RoomId, UserId};

/// A column that is not to change gets its own value again.
pub(super) fn change(db: &Connection, room: RoomId, change: &RoomChange) -> Result<bool> {
    let RoomChange { name, topic, pin_hash, capacity, locked, timer_s, lobby, expires_at } = change;
    let changed = db
        .prepare_cached(
            "UPDATE rooms SET name = coalesce(?, name), topic = iif(?, ?, topic), pin_hash = iif(?, ?, pin_hash),
             capacity = coalesce(?, capacity), locked = coalesce(?, locked), timer_s = iif(?, ?, timer_s),
             lobby = coalesce(?, lobby),
             expires_at = coalesce(?, expires_at)
             WHERE id = ?",
        )?
        .execute(params![
            name.as_ref().map(RoomName::as_str),
            topic.is_some(),
            topic.as_ref().and_then(Option::as_ref).map(Topic::as_str),
            pin_hash.is_some(),
            pin_hash.as_ref().and_then(Option::as_ref),
            capacity,
            locked,
            timer_s.is_some(),
            timer_s.flatten(),
            lobby,
            expires_at.map(Time),
            room.0,
        ])?;
    // The new name may be shorter than the one before.
    row_buffer::clear(db)?;
    Ok(changed > 0)
}

pub(super) fn set_role(
    db: &Connection,
    room: RoomId,
    user: UserId,
    role: Role,
    moderators_max: u32,
) -> Result<RoleOutcome> {
    let kept = db
        .prepare_cached(
            "SELECT owner, moderators FROM rooms JOIN memberships ON room = rooms.id WHERE rooms.id = ? AND user = ?",
        )?
        .query_row(params![room.0, user.0], |row| Ok((UserId(row.get("owner")?), row.get::<_, Ids>("moderators")?.0)))
        .optional()?;
    let Some((mut owner, mut moderators)) = kept else {
        return Ok(RoleOutcome::NotMember);
    };
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
    db.prepare_cached("UPDATE rooms SET owner = ?, moderators = ? WHERE id = ?")?.execute(params![
        owner.0,
        Ids(moderators),
        room.0
    ])?;
    Ok(RoleOutcome::Done)
}
