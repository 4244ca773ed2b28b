//! What owners and moderators do to a room. Whether they may, and the record of it, is decided before ([`Action`]); here
//! every node's room follows, in the order that the broker gives, and tells those inside.

use std::sync::Arc;

use protocol::{ClientId, DisplayName, Knocking, LeaveReason, MemberId, Power, Role, RoomInfo, ServerFrame};

use super::Room;
use crate::bans::{Bans, Mark};
use crate::event::{Action, Effect, EventKind, RoomEvent, Settings};
use crate::ids::{Origin, SessionKey};
use crate::time::Now;

/// What those outside of a room's task need to know of it.
#[derive(Debug, Clone, Default)]
pub struct Doorway {
    /// Who may not come in.
    pub bans: Arc<Bans>,
    /// The two who have been inside for longest, the first of them first: one may be about to leave.
    pub eldest: Vec<MemberId>,
}

impl Room {
    /// Hands an action to the broker, so that every node's room follows.
    pub(super) fn publish_action(
        &self,
        out: &mut Vec<Effect>,
        now: Now,
        asked: Option<(SessionKey, ClientId)>,
        random: u64,
        by: &MemberId,
        action: Action,
    ) {
        let (session, cid) = asked.map_or((SessionKey::NOBODY, None), |(session, cid)| (session, Some(cid)));
        let (at, origin) = (now.wall, Origin { node: self.node, session });
        let id = self.ids.message_id(at, random, by);
        out.push(Effect::Publish(RoomEvent {
            id,
            origin,
            at,
            kind: EventKind::Action { cid, by: by.clone(), action },
        }));
    }

    /// Follows an action, whichever node it began on. Who asked for it is told first: both leave in one write, and the end
    /// of a room leaves nobody to tell.
    pub(super) fn relay_action(
        &mut self,
        out: &mut Vec<Effect>,
        now: Now,
        origin: Origin,
        cid: Option<ClientId>,
        (by, action): (MemberId, Action),
    ) {
        if let Some(cid) = cid.filter(|_| origin.node == self.node) {
            out.push(Effect::Reply(origin.session, ServerFrame::Done { cid, room: self.info.code }));
        }
        self.following.acted_at = now.wall;
        match action {
            Action::Settings(settings) => {
                self.set(settings);
                out.push(Effect::Broadcast(ServerFrame::Room { room: self.info_at(now), by: Some(by) }));
            }
            Action::Kicked(member) => self.remove(out, now.mono, &member, LeaveReason::Kicked, None),
            Action::Banned(member) => {
                self.ban(&member);
                self.remove(out, now.mono, &member, LeaveReason::Banned, None);
            }
            Action::Barred(member, name, mark) => self.bar(member, Some(name), vec![mark]),
            Action::Unbanned(member) => {
                Arc::make_mut(&mut self.bans).lift(&member);
                self.doorway_changed = true;
            }
            Action::Role(member, role) => {
                self.set_role(now, member.clone(), role);
                self.tell_knocks_to(out, &member);
            }
            Action::Burned => self.end(out, LeaveReason::Deleted),
        }
    }

    fn set(&mut self, settings: Settings) {
        let Settings { name, topic, pin, capacity, expires_at, locked, timer_s, lobby } = settings;
        let info = self.info.clone();
        if let Some(later) = expires_at {
            self.ends_at = self.ends_at.after(later.saturating_sub(info.expires_at));
        }
        self.info = RoomInfo {
            name: name.unwrap_or(info.name),
            topic: topic.unwrap_or(info.topic),
            pin: pin.unwrap_or(info.pin),
            capacity: capacity.unwrap_or(info.capacity),
            expires_at: expires_at.unwrap_or(info.expires_at),
            locked: locked.unwrap_or(info.locked),
            timer_s: timer_s.unwrap_or(info.timer_s),
            lobby: lobby.unwrap_or(info.lobby),
            ..info
        };
    }

    fn ban(&mut self, member: &MemberId) {
        let sessions = self.seats.get(member).into_iter().flat_map(|seat| &seat.sessions);
        let marks = sessions.filter_map(|session| self.sessions.get(session)?.mark);
        let marks: Vec<Mark> = marks.collect();
        if !marks.is_empty() {
            self.news.banned.insert(member.clone(), marks.clone());
        }
        let name = self.person(member).map(|person| person.name.clone());
        self.bar(member.clone(), name, marks);
    }

    fn bar(&mut self, member: MemberId, name: Option<DisplayName>, marks: Vec<Mark>) {
        let bans_max = usize::try_from(self.limits.bans_per_room).unwrap_or(usize::MAX);
        Arc::make_mut(&mut self.bans).add(member, name, marks, bans_max);
        self.doorway_changed = true;
    }

    pub(super) fn set_role(&mut self, now: Now, member: MemberId, role: Role) {
        match role {
            Role::Owner => return self.set_owner(now.mono, member),
            Role::Moderator => self.moderators.insert(member.clone()),
            Role::Member => self.moderators.remove(&member),
        };
        self.refresh_role(now.mono, &member);
    }

    /// Others wait at the door: those who may let them in are told.
    pub(super) fn set_knocks(&mut self, out: &mut Vec<Effect>, knocks: Vec<Knocking>) {
        if self.knocks == knocks {
            return;
        }
        self.knocks = knocks;
        for member in self.order.values() {
            for session in self.admitting(member) {
                out.push(Effect::Reply(session, self.waiting()));
            }
        }
    }

    /// Tells a session that is new here who waits, if it is one of those who may let them in.
    pub(super) fn tell_waiting(&self, out: &mut Vec<Effect>, session: SessionKey, member: &MemberId) {
        if !self.knocks.is_empty() && self.admitting(member).contains(&session) {
            out.push(Effect::Reply(session, self.waiting()));
        }
    }

    /// Tells every session of somebody whose role is another.
    pub(super) fn tell_knocks_to(&self, out: &mut Vec<Effect>, member: &MemberId) {
        for session in self.admitting(member) {
            self.tell_waiting(out, session, member);
        }
    }

    /// The sessions of somebody who may let people in; none of anybody else.
    fn admitting(&self, member: &MemberId) -> Vec<SessionKey> {
        let seat = self.seats.get(member).filter(|seat| seat.member.role().may(Power::Admit));
        seat.map(|seat| seat.sessions.clone()).unwrap_or_default()
    }

    fn waiting(&self) -> ServerFrame {
        ServerFrame::Knocks { room: self.info.code, knocks: self.knocks.clone() }
    }

    /// What changed at the door since this was asked last.
    pub fn take_doorway(&mut self) -> Option<Doorway> {
        let eldest = || self.order.values().take(2).cloned().collect();
        std::mem::take(&mut self.doorway_changed).then(|| Doorway { bans: Arc::clone(&self.bans), eldest: eldest() })
    }
}
