//! Rooms and their membership in SQL.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Millis, RoomCode, RoomName, Topic};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row_buffer;
use super::values::{Ids, Time, parsed};
use crate::store::{EndedRoom, JoinOutcome, LeaveOutcome, Membership, Result, Room, RoomId, UserId};

pub(super) fn create(db: &Connection, room: &Room, members: &[Membership]) -> Result<()> {
    let replaced = db
        .prepare_cached("DELETE FROM rooms WHERE code = ? AND expires_at <= ?")?
        .execute(params![room.code.as_str(), Time(room.created_at)])?;
    if replaced > 0 {
        row_buffer::clear(db)?;
    }
    db.prepare_cached(
        "INSERT INTO rooms
         (id, code, name, topic, pin_hash, capacity, sealed, locked, timer_s, lobby, owner, moderators, created_at,
          expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        room.id.0,
        room.code.as_str(),
        room.name.as_str(),
        room.topic.as_ref().map(Topic::as_str),
        room.pin_hash,
        room.capacity,
        room.sealed,
        room.locked,
        room.timer_s,
        room.lobby,
        room.owner.0,
        Ids(room.moderators.clone()),
        Time(room.created_at),
        Time(room.expires_at),
    ])?;
    members.iter().try_for_each(|member| insert_membership(db, room.id, *member))
}

pub(super) fn live_by_code(db: &Connection, code: RoomCode, now: Millis) -> Result<Option<Room>> {
    let room = db
        .prepare_cached("SELECT * FROM rooms WHERE code = ? AND expires_at > ?")?
        .query_row(params![code.as_str(), Time(now)], room_from)
        .optional()?;
    Ok(room)
}

pub(super) fn live(db: &Connection, id: RoomId, now: Millis) -> Result<Option<Room>> {
    let room = db
        .prepare_cached("SELECT * FROM rooms WHERE id = ? AND expires_at > ?")?
        .query_row(params![id.0, Time(now)], room_from)
        .optional()?;
    Ok(room)
}

pub(super) fn join(
    db: &Connection,
    room: RoomId,
    membership: Membership,
    members_max: u32,
    now: Millis,
) -> Result<JoinOutcome> {
    let lives =
        db.prepare_cached("SELECT 1 FROM rooms WHERE id = ? AND expires_at > ?")?.exists(params![room.0, Time(now)])?;
    if !lives {
        return Ok(JoinOutcome::NoRoom);
    }
    let already = db
        .prepare_cached("SELECT 1 FROM memberships WHERE room = ? AND user = ?")?
        .exists(params![room.0, membership.user.0])?;
    if already {
        return Ok(JoinOutcome::Already);
    }
    let members: i64 =
        db.prepare_cached("SELECT count(*) FROM memberships WHERE room = ?")?.query_row([room.0], |row| row.get(0))?;
    if members >= i64::from(members_max) {
        return Ok(JoinOutcome::Bound);
    }
    insert_membership(db, room, membership)?;
    Ok(JoinOutcome::New)
}

pub(super) fn leave(db: &Connection, room: RoomId, user: UserId) -> Result<LeaveOutcome> {
    let ended =
        db.prepare_cached("DELETE FROM memberships WHERE room = ? AND user = ?")?.execute(params![room.0, user.0])?;
    if ended == 0 {
        return Ok(LeaveOutcome::NotMember);
    }
    let (owner, mut moderators): (UserId, Vec<UserId>) = db
        .prepare_cached("SELECT owner, moderators FROM rooms WHERE id = ?")?
        .query_row([room.0], |row| Ok((UserId(row.get("owner")?), row.get::<_, Ids>("moderators")?.0)))?;
    // Who did not own the room need not find the oldest member, for which all of them are sorted.
    let others = if owner == user {
        "SELECT user FROM memberships WHERE room = ? ORDER BY number LIMIT 1"
    } else {
        "SELECT user FROM memberships WHERE room = ? LIMIT 1"
    };
    let other: Option<UserId> =
        db.prepare_cached(others)?.query_row([room.0], |row| row.get(0).map(UserId)).optional()?;
    let Some(other) = other else {
        delete(db, room)?;
        return Ok(LeaveOutcome::RoomDeleted);
    };
    let owner = if owner == user { other } else { owner };
    if owner == other || moderators.contains(&user) {
        moderators.retain(|moderator| *moderator != user && *moderator != owner);
        db.prepare_cached("UPDATE rooms SET owner = ?, moderators = ? WHERE id = ?")?.execute(params![
            owner.0,
            Ids(moderators),
            room.0
        ])?;
    }
    Ok(LeaveOutcome::Remaining { owner })
}

pub(super) fn leave_all(db: &Connection, user: UserId) -> Result<Vec<(RoomId, LeaveOutcome)>> {
    let rooms = db
        .prepare_cached("SELECT room FROM memberships WHERE user = ?")?
        .query_map([user.0], |row| row.get(0).map(RoomId))?
        .collect::<rusqlite::Result<Vec<RoomId>>>()?;
    rooms.into_iter().map(|room| Ok((room, leave(db, room, user)?))).collect()
}

pub(super) fn is_member(db: &Connection, room: RoomId, user: UserId, now: Millis) -> Result<bool> {
    let found = db
        .prepare_cached(
            "SELECT 1 FROM memberships JOIN rooms ON rooms.id = room
             WHERE room = ? AND user = ? AND expires_at > ?",
        )?
        .exists(params![room.0, user.0, Time(now)])?;
    Ok(found)
}

pub(super) fn members(db: &Connection, room: RoomId) -> Result<Vec<Membership>> {
    let members = db
        .prepare_cached("SELECT user, joined_at FROM memberships WHERE room = ? ORDER BY number")?
        .query_map([room.0], |row| {
            Ok(Membership { user: UserId(row.get("user")?), joined_at: row.get::<_, Time>("joined_at")?.0 })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(members)
}

pub(super) fn guests(db: &Connection, room: RoomId, guests_max: u32) -> Result<Vec<UserId>> {
    let guests = db
        .prepare_cached(
            "SELECT user FROM memberships
             WHERE room = ? AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.user = memberships.user)
             ORDER BY number LIMIT ?",
        )?
        .query_map(params![room.0, guests_max], |row| row.get(0).map(UserId))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(guests)
}

pub(super) fn of_user(db: &Connection, user: UserId, now: Millis) -> Result<Vec<Room>> {
    let rooms = db
        .prepare_cached(
            "SELECT rooms.* FROM memberships JOIN rooms ON rooms.id = room
             WHERE user = ? AND expires_at > ? ORDER BY joined_at, rooms.id",
        )?
        .query_map(params![user.0, Time(now)], room_from)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rooms)
}

pub(super) fn page(db: &Connection, after: Option<RoomId>, rooms_max: u32) -> Result<Vec<(Room, Vec<Membership>)>> {
    let rooms = db
        .prepare_cached("SELECT * FROM rooms WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2")?
        .query_map(params![after.map(|id| id.0), rooms_max], room_from)?
        .collect::<rusqlite::Result<Vec<Room>>>()?;
    rooms.into_iter().map(|room| Ok((room.clone(), members(db, room.id)?))).collect()
}

/// Its memberships go with it.
pub(super) fn delete(db: &Connection, room: RoomId) -> Result<bool> {
    let deleted = db.prepare_cached("DELETE FROM rooms WHERE id = ?")?.execute([room.0])?;
    row_buffer::clear(db)?;
    Ok(deleted > 0)
}

pub(super) fn all_live(db: &Connection, now: Millis) -> Result<Vec<RoomId>> {
    let rooms = db
        .prepare_cached("SELECT id FROM rooms WHERE expires_at > ?")?
        .query_map([Time(now)], |row| row.get(0).map(RoomId))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rooms)
}

pub(super) fn purge(db: &Connection, now: Millis, spared: &BTreeSet<RoomId>) -> Result<Vec<EndedRoom>> {
    let mut expired: Vec<EndedRoom> = db
        .prepare_cached("SELECT id, code FROM rooms WHERE expires_at <= ?")?
        .query_map([Time(now)], |row| Ok((RoomId(row.get("id")?), parsed(row, "code", RoomCode::parse)?)))?
        .collect::<rusqlite::Result<_>>()?;
    expired.retain(|(room, _)| !spared.contains(room));
    for (room, _) in &expired {
        delete(db, *room)?;
    }
    Ok(expired)
}

/// Ends the memberships of users who are gone. Answers the rooms that ended with them, and the owners of those that
/// passed on.
pub(super) fn purge_memberships(db: &Connection) -> Result<(Vec<EndedRoom>, BTreeMap<RoomId, UserId>)> {
    let gone = db
        .prepare_cached(
            "SELECT room, user FROM memberships
             WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = user)",
        )?
        .query_map([], |row| Ok((RoomId(row.get("room")?), UserId(row.get("user")?))))?
        .collect::<rusqlite::Result<Vec<(RoomId, UserId)>>>()?;
    let (mut ended, mut passed_on) = (Vec::new(), BTreeMap::new());
    for (room, user) in gone {
        let kept = db
            .prepare_cached("SELECT code, owner FROM rooms WHERE id = ?")?
            .query_row([room.0], |row| Ok((parsed(row, "code", RoomCode::parse)?, UserId(row.get("owner")?))))
            .optional()?;
        let Some((code, owner)) = kept else {
            continue;
        };
        let owned = owner == user;
        match leave(db, room, user)? {
            LeaveOutcome::RoomDeleted => {
                passed_on.remove(&room);
                ended.push((room, code));
            }
            LeaveOutcome::Remaining { owner } if owned => {
                passed_on.insert(room, owner);
            }
            LeaveOutcome::Remaining { .. } | LeaveOutcome::NotMember => {}
        }
    }
    Ok((ended, passed_on))
}

fn insert_membership(db: &Connection, room: RoomId, membership: Membership) -> Result<()> {
    db.prepare_cached("INSERT INTO memberships (room, user, joined_at) VALUES (?, ?, ?)")?.execute(params![
        room.0,
        membership.user.0,
        Time(membership.joined_at)
    ])?;
    Ok(())
}

fn room_from(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        id: RoomId(row.get("id")?),
        code: parsed(row, "code", RoomCode::parse)?,
        name: parsed(row, "name", RoomName::kept)?,
        topic: row.get::<_, Option<String>>("topic")?.map(|_| parsed(row, "topic", Topic::kept)).transpose()?,
        pin_hash: row.get("pin_hash")?,
        capacity: row.get("capacity")?,
        sealed: row.get("sealed")?,
        locked: row.get("locked")?,
        timer_s: row.get("timer_s")?,
        lobby: row.get("lobby")?,
        owner: UserId(row.get("owner")?),
        moderators: row.get::<_, Ids>("moderators")?.0,
        created_at: row.get::<_, Time>("created_at")?.0,
        expires_at: row.get::<_, Time>("expires_at")?.0,
    })
}
