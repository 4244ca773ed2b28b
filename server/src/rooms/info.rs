//! A stored room, as members know it.

use protocol::RoomInfo;

use crate::store;

/// What members know about a stored room.
pub fn info(stored: &store::Room) -> RoomInfo {
    RoomInfo {
        code: stored.code,
        name: stored.name.clone(),
        topic: stored.topic.clone(),
        capacity: stored.capacity,
        pin: stored.pin_hash.is_some(),
        sealed: stored.sealed,
        locked: stored.locked,
        timer_s: stored.timer_s,
        lobby: stored.lobby,
        created_at: stored.created_at,
        expires_at: stored.expires_at,
    }
}
