//! Rooms and their membership, as plain steps on the maps.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Millis, Role};

use super::state::{KeptRoom, State};
use crate::store::{
    EndedRoom, JoinOutcome, LeaveOutcome, Membership, Result, RoleOutcome, Room, RoomChange, RoomId, StoreError, UserId,
};

impl KeptRoom {
    pub(super) fn has(&self, user: UserId) -> bool {
        self.members.iter().any(|member| member.user == user)
    }
}

impl State {
    pub(super) fn live_room(&mut self, id: RoomId, now: Millis) -> Option<&mut KeptRoom> {
        self.rooms.get_mut(&id).filter(|kept| now < kept.room.expires_at)
    }

    pub(super) fn create_room(&mut self, room: Room, members: Vec<Membership>) -> Result<()> {
        let holder = self.codes.get(&room.code).and_then(|id| self.rooms.get(id));
        let expired = holder.filter(|kept| room.created_at >= kept.room.expires_at);
        let expired = expired.map(|kept| kept.room.id);
        let same_id = self.rooms.contains_key(&room.id) && expired != Some(room.id);
        if (holder.is_some() && expired.is_none()) || same_id {
            return Err(StoreError::Conflict);
        }
        if let Some(expired) = expired {
            self.remove_room(expired);
        }
        self.codes.insert(room.code, room.id);
        self.rooms.insert(room.id, KeptRoom { room, members });
        Ok(())
    }

    pub(super) fn join(&mut self, room: RoomId, membership: Membership, members_max: u32, now: Millis) -> JoinOutcome {
        let Some(kept) = self.live_room(room, now) else {
            return JoinOutcome::NoRoom;
        };
        if kept.has(membership.user) {
            return JoinOutcome::Already;
        }
        if kept.members.len() as u64 >= u64::from(members_max) {
            return JoinOutcome::Bound;
        }
        kept.members.push(membership);
        JoinOutcome::New
    }

    pub(super) fn leave(&mut self, room: RoomId, user: UserId) -> LeaveOutcome {
        let Some(kept) = self.rooms.get_mut(&room).filter(|kept| kept.has(user)) else {
            return LeaveOutcome::NotMember;
        };
        kept.members.retain(|member| member.user != user);
        kept.room.moderators.retain(|moderator| *moderator != user);
        let Some(oldest) = kept.members.first() else {
            self.remove_room(room);
            return LeaveOutcome::RoomDeleted;
        };
        if kept.room.owner == user {
            kept.room.owner = oldest.user;
            kept.room.moderators.retain(|moderator| *moderator != oldest.user);
        }
        LeaveOutcome::Remaining { owner: kept.room.owner }
    }

    pub(super) fn leave_all(&mut self, user: UserId) -> Vec<(RoomId, LeaveOutcome)> {
        let rooms = self.rooms.iter().filter(|(_, kept)| kept.has(user));
        let rooms: Vec<RoomId> = rooms.map(|(id, _)| *id).collect();
        rooms.into_iter().map(|room| (room, self.leave(room, user))).collect()
    }

    pub(super) fn guests_in(&self, room: RoomId, guests_max: u32) -> Vec<UserId> {
        let members = self.rooms.get(&room).into_iter().flat_map(|kept| kept.members.iter().map(|member| member.user));
        let guests = members.filter(|user| self.users.get(user).is_none_or(|user| user.account.is_none()));
        guests.take(usize::try_from(guests_max).unwrap_or(usize::MAX)).collect()
    }

    pub(super) fn rooms_of(&self, user: UserId, now: Millis) -> Vec<Room> {
        let mut rooms: Vec<(Millis, &Room)> = Vec::new();
        for kept in self.rooms.values().filter(|kept| now < kept.room.expires_at) {
            let membership = kept.members.iter().find(|member| member.user == user);
            rooms.extend(membership.map(|member| (member.joined_at, &kept.room)));
        }
        rooms.sort_by_key(|(joined_at, room)| (*joined_at, room.id));
        rooms.into_iter().map(|(_, room)| room.clone()).collect()
    }

    pub(super) fn rooms_page(&self, after: Option<RoomId>, rooms_max: u32) -> Vec<(Room, Vec<Membership>)> {
        let rooms = self.rooms.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        let rooms = rooms.take(usize::try_from(rooms_max).unwrap_or(usize::MAX));
        rooms.map(|(_, kept)| (kept.room.clone(), kept.members.clone())).collect()
    }

    pub(super) fn change_room(&mut self, id: RoomId, change: RoomChange) -> bool {
        let Some(kept) = self.rooms.get_mut(&id) else {
            return false;
        };
        let RoomChange { name, topic, pin_hash, capacity, locked, timer_s, lobby, expires_at } = change;
        let room = kept.room.clone();
        kept.room = Room {
            name: name.unwrap_or(room.name),
            topic: topic.unwrap_or(room.topic),
            pin_hash: pin_hash.unwrap_or(room.pin_hash),
            capacity: capacity.unwrap_or(room.capacity),
            locked: locked.unwrap_or(room.locked),
            timer_s: timer_s.unwrap_or(room.timer_s),
            lobby: lobby.unwrap_or(room.lobby),
            expires_at: expires_at.unwrap_or(room.expires_at),
            ..room
        };
        true
    }

    pub(super) fn set_role(&mut self, room: RoomId, user: UserId, role: Role, moderators_max: u32) -> RoleOutcome {
        let Some(kept) = self.rooms.get_mut(&room).filter(|kept| kept.has(user)) else {
            return RoleOutcome::NotMember;
        };
        let room = &mut kept.room;
        match role {
            _ if room.owner == user => return RoleOutcome::Done,
            Role::Moderator if room.moderators.contains(&user) => return RoleOutcome::Done,
            Role::Moderator if room.moderators.len() as u64 >= u64::from(moderators_max) => return RoleOutcome::Bound,
            Role::Moderator => room.moderators.push(user),
            Role::Member => room.moderators.retain(|moderator| *moderator != user),
            Role::Owner => {
                room.moderators.retain(|moderator| *moderator != user);
                room.owner = user;
            }
        }
        RoleOutcome::Done
    }

    pub(super) fn remove_room(&mut self, id: RoomId) -> bool {
        let Some(kept) = self.rooms.remove(&id) else {
            return false;
        };
        self.codes.remove(&kept.room.code);
        true
    }

    pub(super) fn purge_rooms(&mut self, now: Millis, spared: &BTreeSet<RoomId>) -> Vec<EndedRoom> {
        let expired = self.rooms.values().map(|kept| &kept.room).filter(|room| now >= room.expires_at);
        let expired = expired.filter(|room| !spared.contains(&room.id)).map(|room| (room.id, room.code));
        let expired: Vec<_> = expired.collect();
        for (id, _) in &expired {
            self.remove_room(*id);
        }
        expired
    }

    /// Ends the memberships of users who are gone. Answers the rooms that ended with them, and the owners of those that
    /// passed on.
    pub(super) fn purge_memberships(&mut self) -> (Vec<EndedRoom>, BTreeMap<RoomId, UserId>) {
        let members =
            self.rooms.iter().flat_map(|(id, kept)| kept.members.iter().map(move |member| (*id, member.user)));
        let gone = members.filter(|(_, user)| !self.users.contains_key(user));
        let gone: Vec<(RoomId, UserId)> = gone.collect();
        let (mut ended, mut passed_on) = (Vec::new(), BTreeMap::new());
        for (room, user) in gone {
            let Some((code, owner)) = self.rooms.get(&room).map(|kept| (kept.room.code, kept.room.owner)) else {
                continue;
            };
            let owned = owner == user;
            match self.leave(room, user) {
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
        (ended, passed_on)
    }
}
