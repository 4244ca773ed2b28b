//! Who is inside: taking and leaving seats, sessions that drop and return, names, presence.

use protocol::{
    Activity, ClientId, DisplayName, ErrorCode, LeaveReason, Member, MemberId, Position, RoomInfo, ServerFrame,
};

use super::Room;
use crate::event::Effect;
use crate::ids::SessionKey;
use crate::names::Claim;
use crate::people::{Elsewhere, most_present};
use crate::seat::{JoinRequest, Occupant, Seat};
use crate::time::{Monotonic, Now};
use crate::typing::Typist;

impl Room {
    pub(super) fn join(&mut self, out: &mut Vec<Effect>, now: Now, join: JoinRequest) {
        let JoinRequest { session, cid, member, name, activity, since, mark } = join;
        if self.bans.has(&member) {
            out.push(Effect::Reply(session, ServerFrame::error(ErrorCode::Banned, cid, None)));
            return;
        }
        let seated = self.is_inside(&member);
        if !seated && self.count() >= self.info.capacity {
            out.push(Effect::Reply(session, ServerFrame::error(ErrorCode::RoomFull, cid, None)));
            return;
        }
        if self.sessions.get(&session).is_none_or(|occupant| occupant.member != member) {
            let occupant = Occupant::new(member.clone(), activity, mark);
            self.seat(out, now, session, occupant, &name);
        }
        out.push(Effect::Reply(session, self.joined(now, &member, cid)));
        self.tell_waiting(out, session, &member);
        self.tell_if_alone(out, session);
        if let Some(gap) = since.and_then(|since| self.gap_since(since)) {
            out.push(Effect::Reply(session, gap));
        }
    }

    fn seat(&mut self, out: &mut Vec<Effect>, now: Now, session: SessionKey, occupant: Occupant, name: &DisplayName) {
        let (member, state) = (occupant.member.clone(), occupant.presence());
        self.sessions.insert(session, occupant);
        out.push(Effect::Seated(session));
        if let Some(seat) = self.seats.get_mut(&member) {
            seat.sessions.push(session);
            self.news.of(&member);
            self.refresh_state(now.mono, &member);
            return;
        }
        self.news.of(&member);
        // Who is inside elsewhere is called here what they are called there.
        let there = self.elsewhere.get_mut(&member);
        let (state, known) = match there {
            Some(there) => {
                (most_present(state, there.state()), there.claim.take().map(|c| (there.member.name.clone(), c)))
            }
            None => (state, None),
        };
        let is_elsewhere = self.elsewhere.contains_key(&member);
        let (unique, claim) = known.unwrap_or_else(|| self.names.claim(name));
        let (owner, moderator) = (self.owner == member, self.moderators.contains(&member));
        let person = Member { id: member.clone(), name: unique, state, owner, moderator };
        self.seats_taken += 1;
        let number = self.seats_taken;
        self.seats.insert(
            member.clone(),
            Seat { member: person, claim, sessions: vec![session], number, from: now.wall, read: None },
        );
        if is_elsewhere {
            self.in_both += 1;
            self.presence.changed(&member, now.mono);
        } else {
            self.presence.joined(&member, now.mono);
        }
        self.order.insert(number, member);
        self.doorway_changed = true;
        self.empty_since = None;
    }

    /// The state for one who joins: at most `roster_max` people, the reader first.
    fn joined(&self, now: Now, you: &MemberId, cid: Option<ClientId>) -> ServerFrame {
        let roster_max = usize::try_from(self.limits.roster_max).unwrap_or(usize::MAX);
        let own = self.seats.get(you).into_iter();
        let others = self.members().filter(|member| member.id != *you);
        let members = own.map(|seat| &seat.member).chain(others).take(roster_max).cloned().collect();
        ServerFrame::Joined {
            cid,
            room: self.info_at(now),
            you: you.clone(),
            position: self.position(),
            count: self.count(),
            members,
        }
    }

    /// The room with an end that is right by the wall clock as it stands now, should it have been set meanwhile.
    pub(super) fn info_at(&self, now: Now) -> RoomInfo {
        RoomInfo { expires_at: now.stamp_of(self.ends_at, self.info.expires_at), ..self.info.clone() }
    }

    fn gap_since(&self, since: Position) -> Option<ServerFrame> {
        let room = self.info.code;
        if since.epoch != self.epoch || since.seq > self.seq {
            return Some(ServerFrame::Gap { room, missed: None });
        }
        let missed = self.seq - since.seq;
        // Messages are told by their number. Where none is missing but changes are, what stands there may be out of date.
        let is_outdated = since.changes.is_some_and(|seen| seen != self.changes);
        match missed {
            0 => is_outdated.then_some(ServerFrame::Gap { room, missed: None }),
            missed => Some(ServerFrame::Gap { room, missed: Some(missed) }),
        }
    }

    pub(super) fn leave(&mut self, out: &mut Vec<Effect>, now: Monotonic, session: SessionKey, cid: Option<ClientId>) {
        match self.sessions.get(&session).map(|occupant| occupant.member.clone()) {
            Some(member) => self.remove(out, now, &member, LeaveReason::Left, Some((session, cid))),
            None => out.push(Effect::Reply(session, ServerFrame::error(ErrorCode::NotInRoom, cid, None))),
        }
    }

    /// Takes a person out with every session; each is told, the one that asked by its request.
    pub(super) fn remove(
        &mut self,
        out: &mut Vec<Effect>,
        now: Monotonic,
        member: &MemberId,
        reason: LeaveReason,
        asked: Option<(SessionKey, Option<ClientId>)>,
    ) {
        self.moderators.remove(member);
        let Some(seat) = self.seats.remove(member) else {
            return;
        };
        self.order.remove(&seat.number);
        let claim = seat.claim;
        let room = self.info.code;
        for session in seat.sessions {
            self.sessions.remove(&session);
            self.typing.stop(&Typist::Here(session), now);
            let cid = asked.as_ref().filter(|(by, _)| *by == session).and_then(|(_, cid)| cid.clone());
            out.push(Effect::Reply(session, ServerFrame::Left { cid, room, reason }));
            out.push(Effect::Unseated(session));
        }
        self.seat_gone(now, member, claim);
    }

    /// A session is over; the seat ends with the last of them, the membership stays.
    pub(super) fn end_session(&mut self, out: &mut Vec<Effect>, now: Monotonic, session: SessionKey) {
        let Some(occupant) = self.sessions.remove(&session) else {
            return;
        };
        out.push(Effect::Unseated(session));
        self.stop_typing(now, session);
        let Some(seat) = self.seats.get_mut(&occupant.member) else {
            return;
        };
        seat.sessions.retain(|other| *other != session);
        if seat.sessions.is_empty() {
            self.order.remove(&seat.number);
            if let Some(seat) = self.seats.remove(&occupant.member) {
                self.seat_gone(now, &occupant.member, seat.claim);
            }
        } else {
            self.news.of(&occupant.member);
            self.refresh_state(now, &occupant.member);
        }
    }

    fn seat_gone(&mut self, now: Monotonic, member: &MemberId, claim: Claim) {
        self.news.of(member);
        self.doorway_changed = true;
        if let Some(there) = self.elsewhere.get_mut(member) {
            self.in_both -= 1;
            there.claim = Some(claim);
            there.member.state = there.state();
            self.presence.changed(member, now);
            return;
        }
        self.names.release(&claim);
        self.presence.left(member, now);
        self.note_if_empty(now);
    }

    pub(super) fn status(&mut self, now: Monotonic, session: SessionKey, activity: Activity) {
        let Some(occupant) = self.sessions.get_mut(&session) else {
            return;
        };
        occupant.activity = activity;
        let member = occupant.member.clone();
        self.news.of(&member);
        self.refresh_state(now, &member);
    }

    pub(super) fn set_connected(&mut self, now: Monotonic, session: SessionKey, connected: bool) {
        let Some(occupant) = self.sessions.get_mut(&session) else {
            return;
        };
        occupant.connected = connected;
        let member = occupant.member.clone();
        if !connected {
            self.stop_typing(now, session);
        }
        self.news.of(&member);
        self.refresh_state(now, &member);
    }

    pub(super) fn resumed(&mut self, out: &mut Vec<Effect>, now: Now, session: SessionKey) {
        self.set_connected(now.mono, session, true);
        if let Some(member) = self.sessions.get(&session).map(|occupant| occupant.member.clone()) {
            out.push(Effect::Reply(session, self.joined(now, &member, None)));
            self.tell_waiting(out, session, &member);
            self.tell_if_alone(out, session);
            self.tell_all_reads(out, session);
        }
    }

    pub(super) fn rename(&mut self, now: Monotonic, member: &MemberId, wished: &DisplayName) {
        let Some(seat) = self.seats.get_mut(member) else {
            return;
        };
        self.names.release(&seat.claim);
        let (name, claim) = self.names.claim(wished);
        seat.claim = claim;
        if seat.member.name != name {
            seat.member.name = name;
            self.news.of(member);
            self.presence.changed(member, now);
        }
    }

    pub(super) fn set_owner(&mut self, now: Monotonic, owner: MemberId) {
        self.moderators.remove(&owner);
        let before = std::mem::replace(&mut self.owner, owner.clone());
        for member in [before, owner] {
            self.refresh_role(now, &member);
        }
    }

    pub(super) fn refresh_role(&mut self, now: Monotonic, member: &MemberId) {
        let (owner, moderator) = (self.owner == *member, self.moderators.contains(member));
        let here = self.seats.get_mut(member).map(|seat| &mut seat.member);
        let there = self.elsewhere.get_mut(member).map(|there| &mut there.member);
        for person in here.into_iter().chain(there) {
            if (person.owner, person.moderator) != (owner, moderator) {
                (person.owner, person.moderator) = (owner, moderator);
                self.presence.changed(member, now);
            }
        }
    }

    /// Over the sessions of this node.
    pub(super) fn state_here(&self, seat: &Seat) -> Activity {
        let sessions = seat.sessions.iter().filter_map(|session| self.sessions.get(session));
        sessions.map(Occupant::presence).fold(Activity::Offline, most_present)
    }

    /// A person is as present as the most present of their sessions, on whichever node.
    pub(super) fn refresh_state(&mut self, now: Monotonic, member: &MemberId) {
        let Some(here) = self.seats.get(member).map(|seat| self.state_here(seat)) else { return };
        let there = self.elsewhere.get(member).map_or(Activity::Offline, Elsewhere::state);
        let state = most_present(here, there);
        let Some(seat) = self.seats.get_mut(member) else { return };
        if seat.member.state != state {
            seat.member.state = state;
            self.presence.changed(member, now);
        }
    }
}
