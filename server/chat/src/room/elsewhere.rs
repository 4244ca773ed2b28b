//! Who is inside on other nodes, and what those are told of who is inside here. A person may be in both places, with a
//! session in each.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::{Activity, LeaveReason, Member, MemberId, Notice, ServerFrame};

use super::Room;
use crate::bans::Ban;
use crate::event::Effect;
use crate::ids::{NodeId, SessionKey};
use crate::people::{Elsewhere, Inside, People};
use crate::time::Monotonic;
use crate::typing::Typist;

impl Room {
    /// What other nodes have to be told now, until there is nothing more.
    pub fn take_news(&mut self) -> Option<People> {
        if std::mem::take(&mut self.news.asks) {
            return Some(People::Asked);
        }
        if std::mem::take(&mut self.news.tells_all) {
            self.news.of.clear();
            return Some(People::Are(self.seats.keys().filter_map(|id| self.inside(id)).collect(), self.bans.all()));
        }
        if let Some((member, marks)) = self.news.banned.pop_first() {
            return Some(People::Banned(member, marks));
        }
        if self.news.of.is_empty() {
            let (member, on) = self.news.typing.pop_first()?;
            return Some(People::Typing { member, on });
        }
        let (mut are, mut gone) = (Vec::new(), Vec::new());
        for member in std::mem::take(&mut self.news.of) {
            match self.inside(&member) {
                Some(inside) => are.push(inside),
                None => gone.push(member),
            }
        }
        Some(People::Changed { are, gone })
    }

    fn inside(&self, member: &MemberId) -> Option<Inside> {
        let seat = self.seats.get(member)?;
        let (name, state) = (seat.member.name.clone(), self.state_here(seat));
        Some(Inside { id: member.clone(), name, state, from: seat.from, read: seat.read })
    }

    /// Somebody inside, on whichever node.
    pub(super) fn person(&self, member: &MemberId) -> Option<&Member> {
        let here = self.seats.get(member).map(|seat| &seat.member);
        here.or_else(|| self.elsewhere.get(member).map(|there| &there.member))
    }

    pub(super) fn is_inside(&self, member: &MemberId) -> bool {
        self.person(member).is_some()
    }

    pub(super) fn note_if_empty(&mut self, now: Monotonic) {
        if self.seats.is_empty() && self.elsewhere.is_empty() {
            self.empty_since = Some(now);
        }
    }

    pub(super) fn hear_people(&mut self, out: &mut Vec<Effect>, now: Monotonic, node: NodeId, people: People) {
        match people {
            People::Asked => self.news.tells_all = true,
            People::Are(are, bans) => {
                let told: BTreeSet<_> = are.iter().map(|inside| inside.id.clone()).collect();
                let were = self.elsewhere.iter().filter(|(id, there)| there.was_on(node) && !told.contains(*id));
                let gone: Vec<_> = were.map(|(id, _)| id.clone()).collect();
                self.learn_bans(out, now, bans);
                self.are_there(now, node, are, gone);
            }
            People::Changed { are, gone } => self.are_there(now, node, are, gone),
            People::Banned(member, marks) => {
                Arc::make_mut(&mut self.bans).came_from(&member, marks);
                self.doorway_changed = true;
            }
            People::Typing { member, on } => self.types_there(now, node, member, on),
        }
    }

    /// A room that began here later than elsewhere does not know yet who was banned there.
    fn learn_bans(&mut self, out: &mut Vec<Effect>, now: Monotonic, bans: Vec<Ban>) {
        let bans_max = usize::try_from(self.limits.bans_per_room).unwrap_or(usize::MAX);
        for ban in bans {
            let member = ban.member.clone();
            if Arc::make_mut(&mut self.bans).learn(ban, bans_max) {
                self.doorway_changed = true;
                self.remove(out, now, &member, LeaveReason::Banned, None);
            }
        }
    }

    fn are_there(&mut self, now: Monotonic, node: NodeId, are: Vec<Inside>, gone: Vec<MemberId>) {
        for member in gone {
            self.is_gone_there(now, node, &member);
        }
        for inside in are {
            self.is_there(now, node, inside);
        }
    }

    fn is_there(&mut self, now: Monotonic, node: NodeId, inside: Inside) {
        let Inside { id, name, state, from, read } = inside;
        let has_seat = self.seats.contains_key(&id);
        if state == Activity::Offline {
            self.typing.stop(&Typist::There(node, id.clone()), now);
        }
        if let Some(there) = self.elsewhere.get_mut(&id) {
            there.is_on(node, state);
            there.from = there.from.min(from);
            let state = there.state();
            self.has_read_there(now, &id, read);
            let Some(there) = self.elsewhere.get_mut(&id) else { return };
            if (&there.member.name, there.member.state) == (&name, state) {
                return;
            }
            if there.member.name != name {
                if let Some(claim) = there.claim.take() {
                    self.names.release(&claim);
                    there.claim = Some(self.names.claim(&name).1);
                }
                there.member.name = name;
            }
            there.member.state = state;
        } else {
            let (owner, moderator) = (self.owner == id, self.moderators.contains(&id));
            // The name stays as it is told; who comes after them gets another.
            let claim = (!has_seat).then(|| self.names.claim(&name).1);
            let mut there = Elsewhere::new(Member { id: id.clone(), name, state, owner, moderator }, claim, from);
            there.is_on(node, state);
            self.elsewhere.insert(id.clone(), there);
            self.has_read_there(now, &id, read);
            self.empty_since = None;
            if has_seat {
                self.in_both += 1;
            } else {
                self.presence.joined(&id, now);
            }
        }
        if has_seat {
            self.refresh_state(now, &id);
        } else {
            self.presence.changed(&id, now);
        }
    }

    /// Of somebody who is not known to be there nothing is kept.
    fn types_there(&mut self, now: Monotonic, node: NodeId, member: MemberId, on: bool) {
        let is_there = self.elsewhere.get(&member).is_some_and(|there| there.was_on(node));
        let typist = Typist::There(node, member.clone());
        if on && is_there {
            let times = self.typing_times();
            self.typing.start(typist, &member, now, times);
        } else {
            self.typing.stop(&typist, now);
        }
    }

    fn is_gone_there(&mut self, now: Monotonic, node: NodeId, member: &MemberId) {
        self.typing.stop(&Typist::There(node, member.clone()), now);
        let Some(there) = self.elsewhere.get_mut(member) else { return };
        let has_seat = self.seats.contains_key(member);
        if !there.is_gone_from(node) {
            there.member.state = there.state();
            if !has_seat {
                self.presence.changed(member, now);
            }
        } else if let Some(there) = self.elsewhere.remove(member) {
            if let Some(claim) = &there.claim {
                self.names.release(claim);
            }
            if has_seat {
                self.in_both -= 1;
            } else {
                self.presence.left(member, now);
                self.note_if_empty(now);
            }
        }
        self.refresh_state(now, member);
    }

    /// Whether other nodes are out of reach, as those inside are told.
    fn notice(&self) -> ServerFrame {
        let notice = if self.alone { Notice::Apart } else { Notice::Together };
        ServerFrame::Notice { room: Some(self.info.code), notice, text: None }
    }

    /// The same for one who comes, where there is something to tell.
    pub(super) fn tell_if_alone(&self, out: &mut Vec<Effect>, session: SessionKey) {
        if self.alone {
            out.push(Effect::Reply(session, self.notice()));
        }
    }

    pub(super) fn node_gone(&mut self, now: Monotonic, node: NodeId) {
        let there: Vec<_> =
            self.elsewhere.iter().filter(|(_, there)| there.was_on(node)).map(|(id, _)| id.clone()).collect();
        for member in there {
            self.is_gone_there(now, node, &member);
        }
    }

    /// How much was lost is not known: the numbers of messages go on without a hole, and those inside are told.
    pub(super) fn missed(&mut self, out: &mut Vec<Effect>) {
        self.news.asks = true;
        out.push(Effect::Broadcast(ServerFrame::Gap { room: self.info.code, missed: None }));
    }

    /// Whoever comes back to the others hears of them, and is heard of, as if the room began.
    pub(super) fn set_alone(&mut self, out: &mut Vec<Effect>, now: Monotonic, alone: bool) {
        // Nodes that come back one by one are told of each: those inside are told of a change only.
        if self.alone != alone {
            self.alone = alone;
            out.push(Effect::Broadcast(self.notice()));
        }
        if !alone {
            (self.news.asks, self.news.tells_all) = (true, true);
            // How long others have been inside meanwhile is not known.
            self.empty_since = self.empty_since.map(|_| now);
        }
    }
}
