//! The room: one writer, one order, no message kept.
//!
//! `mod.rs` holds the state and the dispatch, `seats.rs` who is inside, `talk.rs` what they say, `changes.rs` what they do
//! to what was said, `whispers.rs` what they say to one person, `receipts.rs` how far they have read, `elsewhere.rs` who is inside on other nodes, `powers.rs` what owners and moderators do.

mod changes;
mod elsewhere;
mod powers;
mod receipts;
mod record;
mod seats;
mod talk;
mod whispers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use protocol::{Knocking, LeaveReason, Limits, Member, MemberId, Position, RoomInfo, ServerFrame};

use crate::bans::Bans;
use crate::event::{Effect, Ended, Input};
use crate::ids::{MessageIds, NodeId, SessionKey};
use crate::names::NamesInUse;
use crate::pending_reads::PendingReads;
use crate::people::{Elsewhere, News};
use crate::presence::PendingPresence;
use crate::recorded::Following;
use crate::request::{ChangeRequest, SendRequest, WhisperRequest};
use crate::seat::{JoinRequest, Occupant, Seat};
use crate::time::{Monotonic, Now};
use crate::typing::Typing;

pub use powers::Doorway;

/// What a room begins with.
pub struct RoomStart {
    /// Its name, capacity, lifetime.
    pub info: RoomInfo,
    /// The node that this room's task is on.
    pub node: NodeId,
    /// Random, below 2^53.
    pub epoch: u64,
    /// Who owns it.
    pub owner: MemberId,
    /// Who keeps order beside the owner.
    pub moderators: BTreeSet<MemberId>,
    /// The limits in force.
    pub limits: Limits,
    /// Makes message ids.
    pub ids: Box<dyn MessageIds>,
    /// The time: the rest of its life is measured from here on, whatever becomes of the wall clock.
    pub now: Now,
}

/// A live room. Everything it knows is in memory and goes with it.
pub struct Room {
    info: RoomInfo,
    node: NodeId,
    epoch: u64,
    seq: u64,
    /// Changes of messages relayed so far.
    changes: u64,
    owner: MemberId,
    moderators: BTreeSet<MemberId>,
    bans: Arc<Bans>,
    /// Who waits to be let in.
    knocks: Vec<Knocking>,
    limits: Limits,
    ids: Box<dyn MessageIds>,
    seats: BTreeMap<MemberId, Seat>,
    /// Who is inside on other nodes, with a seat here or without.
    elsewhere: BTreeMap<MemberId, Elsewhere>,
    /// How many of those have a seat here too.
    in_both: usize,
    /// What other nodes have to be told.
    news: News,
    /// Other nodes cannot be reached: what is known of their people is old.
    alone: bool,
    /// Who is inside, in the order of taking their seats.
    order: BTreeMap<u64, MemberId>,
    seats_taken: u64,
    /// Whether those outside know less than is so: see [`Doorway`].
    doorway_changed: bool,
    sessions: HashMap<SessionKey, Occupant>,
    names: NamesInUse,
    presence: PendingPresence,
    typing: Typing,
    /// Who has read on since that was told last.
    reads: PendingReads,
    /// When its lifetime is over.
    ends_at: Monotonic,
    following: Following,
    /// Since when there has been no seat.
    empty_since: Option<Monotonic>,
    ended: bool,
}

impl Room {
    /// A room without anybody in it.
    #[must_use]
    pub fn new(start: RoomStart) -> Self {
        Self {
            ends_at: start.now.when(start.info.expires_at),
            info: start.info,
            node: start.node,
            epoch: start.epoch,
            seq: 0,
            changes: 0,
            owner: start.owner,
            moderators: start.moderators,
            bans: Arc::default(),
            knocks: Vec::new(),
            limits: start.limits,
            ids: start.ids,
            seats: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            in_both: 0,
            news: News::at_start(),
            alone: false,
            order: BTreeMap::new(),
            seats_taken: 0,
            doorway_changed: false,
            sessions: HashMap::new(),
            names: NamesInUse::default(),
            presence: PendingPresence::default(),
            typing: Typing::default(),
            reads: PendingReads::default(),
            following: Following::default(),
            empty_since: Some(start.now.mono),
            ended: false,
        }
    }

    /// Takes one input and answers what is to be done, in order. Never panics; after the end it answers nothing but
    /// errors to requests.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        if self.ended {
            self.refuse_ended(&mut out, input);
            return out;
        }
        match input {
            Input::Join { session, cid, member, name, activity, since, mark } => {
                self.join(&mut out, now, JoinRequest { session, cid, member, name, activity, since, mark });
            }
            Input::Leave { session, cid } => self.leave(&mut out, now.mono, session, cid),
            Input::Remove { member, reason } => self.remove(&mut out, now.mono, &member, reason, None),
            Input::Send { session, cid, random, body, refers } => {
                self.send(&mut out, now, SendRequest { session, cid, random, body, refers });
            }
            Input::Whisper { session, cid, random, to, text, html, refers } => {
                self.whisper(&mut out, now, WhisperRequest { session, cid, random, to, text, html, refers });
            }
            Input::Change { session, cid, message, kind, random } => {
                self.change(&mut out, now, ChangeRequest { session, cid, message, kind, random });
            }
            Input::Relay(event) => self.relay(&mut out, now, event),
            Input::NotRelayed { session, cid } => self.not_relayed(&mut out, session, cid),
            Input::Answer { session, frame } => self.answer(&mut out, session, frame),
            Input::Typing { session, on } => self.type_signal(now.mono, session, on),
            Input::Read { session, id } => self.read(&mut out, now, session, id.as_ref()),
            Input::Status { session, activity } => self.status(now.mono, session, activity),
            Input::Dropped { session } => self.set_connected(now.mono, session, false),
            Input::Resumed { session } => self.resumed(&mut out, now, session),
            Input::SessionEnded { session } => self.end_session(&mut out, now.mono, session),
            Input::Rename { member, name } => self.rename(now.mono, &member, &name),
            Input::Act { asked, random, by, action } => {
                self.publish_action(&mut out, now, asked, random, &by, action);
            }
            Input::Knocks(knocks) => self.set_knocks(&mut out, knocks),
            Input::Owner { member } => {
                self.following.acted_at = now.wall;
                self.set_owner(now.mono, member.clone());
                self.tell_knocks_to(&mut out, &member);
            }
            Input::People { node, people } => self.hear_people(&mut out, now.mono, node, people),
            Input::NodeGone(node) => self.node_gone(now.mono, node),
            Input::Missed => self.missed(&mut out),
            Input::Recorded(recorded) => self.follow_record(&mut out, now, *recorded),
            Input::Alone(alone) => self.set_alone(&mut out, now.mono, alone),
            Input::End(reason) => self.end(&mut out, reason),
            Input::Tick => self.tick(&mut out, now.mono),
        }
        out
    }

    /// When [`Input::Tick`] is due at the latest.
    #[must_use]
    pub fn deadline(&self) -> Monotonic {
        let tick_ms = self.limits.presence_tick_ms;
        // Alone, it cannot be known that nobody is inside.
        let empty_since = self.empty_since.filter(|_| !self.alone);
        let empty = empty_since.map(|since| since.after(self.limits.room_empty_ms));
        [
            Some(self.ends_at),
            empty,
            self.presence.deadline(tick_ms),
            self.typing.deadline(tick_ms),
            self.reads.deadline(tick_ms),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(self.ends_at)
    }

    /// When its lifetime is over.
    #[must_use]
    pub const fn ends_at(&self) -> Monotonic {
        self.ends_at
    }

    /// The room as members know it.
    #[must_use]
    pub const fn info(&self) -> &RoomInfo {
        &self.info
    }

    /// People inside, on this node and others.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.seats.len() + self.elsewhere.len() - self.in_both).unwrap_or(u32::MAX)
    }

    /// Everybody inside, by member id; those of this node first.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        let others = self.elsewhere.values().map(|person| &person.member);
        let others = others.filter(|member| !self.seats.contains_key(&member.id));
        self.seats.values().map(|seat| &seat.member).chain(others)
    }

    /// Where the order stands.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq, changes: Some(self.changes) }
    }

    /// Whether it is over.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    fn tick(&mut self, out: &mut Vec<Effect>, now: Monotonic) {
        if now >= self.ends_at {
            return self.end(out, LeaveReason::Expired);
        }
        if !self.alone && self.empty_since.is_some_and(|since| now >= since.after(self.limits.room_empty_ms)) {
            return self.end(out, LeaveReason::Empty);
        }
        let tick_ms = self.limits.presence_tick_ms;
        if self.presence.deadline(tick_ms).is_some_and(|due| now >= due) {
            let (code, count) = (self.info.code, self.count());
            let (seats, elsewhere) = (&self.seats, &self.elsewhere);
            let frame = self.presence.take(code, count, |id| {
                let here = seats.get(id).map(|seat| &seat.member);
                here.or_else(|| elsewhere.get(id).map(|there| &there.member))
            });
            out.extend(frame.map(Effect::Broadcast));
        }
        self.tell_reads(out, now);
        if let Some(members) = self.typing.tick(now, tick_ms) {
            out.push(Effect::Broadcast(ServerFrame::Typing { room: self.info.code, members }));
        }
    }

    fn end(&mut self, out: &mut Vec<Effect>, reason: LeaveReason) {
        self.ended = true;
        out.push(Effect::Broadcast(ServerFrame::Left { cid: None, room: self.info.code, reason }));
        let mut sessions: Vec<_> = self.sessions.drain().map(|(session, _)| session).collect();
        sessions.sort_unstable();
        out.extend(sessions.into_iter().map(Effect::Unseated));
        self.seats.clear();
        self.elsewhere.clear();
        self.in_both = 0;
        // A node that ends its room has nobody inside: others may go on, where it ended for this node alone.
        self.news = News::at_end();
        self.order.clear();
        self.names = NamesInUse::default();
        self.presence = PendingPresence::default();
        self.typing = Typing::default();
        self.reads = PendingReads::default();
        out.push(Effect::Ended(Ended(reason)));
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Room({} seats, {} sessions, seq {})", self.seats.len(), self.sessions.len(), self.seq)
    }
}

impl std::fmt::Debug for RoomStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoomStart(…)")
    }
}
