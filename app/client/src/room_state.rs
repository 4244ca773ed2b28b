//! One room as this page knows it: seat, people, log, outbox, typing. Pure: says what to send, is told the time.

mod burning;
mod news;
mod receipts;
mod requests;

use std::sync::Arc;

use protocol::{
    Activity, ClientFrame, ClientId, DisplayName, ErrorCode, Knocking, LeaveReason, Member, MemberId, Message,
    MessageId, Millis, RoomCode, RoomInfo,
};

use crate::RequestError;
use crate::aside::Aside;
use crate::env::Env;
use crate::outbox::{ANSWER_MS_MAX, Outbox, is_passing};
use crate::outgoing::Outgoing;
use crate::own_typing::OwnTyping;
use crate::phase::{Joined, Returned, RoomPhase};
use crate::receipts::Receipts;
use crate::room_entry::{RoomEntry, Standing};
use crate::roster::Roster;
use crate::row::{Block, Delivery, RoomNews, Row};
use crate::timeline::Timeline;

/// How long it is shown that the connection is back.
const RETURNED_MS: Millis = 10_000;
/// Refusals that may pass before a join counts as refused.
const TRIES_MAX: u32 = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Seat {
    /// None, and none asked for on this connection.
    None,
    /// Asked for, or promised by `welcome` (then without a `cid`).
    Asked {
        cid: Option<ClientId>,
        since: Millis,
    },
    /// Refused for a reason that passes (a rate limit, a busy server): asked for again then.
    Paused {
        until: Millis,
    },
    Taken,
}

/// One room.
#[derive(Debug)]
pub struct RoomState {
    code: RoomCode,
    phase: RoomPhase,
    info: Option<RoomInfo>,
    roster: Roster,
    timeline: Timeline,
    outbox: Outbox,
    typing: Vec<MemberId>,
    knocks: Vec<Knocking>,
    /// It was told that other servers are out of reach.
    apart: bool,
    /// What the operator said last.
    announced: Option<String>,
    pin: Option<String>,
    seat: Seat,
    refusals: u32,
    was_cut: bool,
    returned_until: Option<Millis>,
    /// What could not be done to a message, and until when that is shown.
    refused: Option<(ErrorCode, Millis)>,
    /// What was no emoji, and the row that it was for.
    given_back: Option<(u64, String)>,
    own_typing: OwnTyping,
    receipts: Receipts,
    told: Option<Activity>,
    last_at: Option<Millis>,
    aside: Aside,
    /// The burn timer that the person has chosen for what they say: 0 for none, `None` for the room's.
    timer_s: Option<u64>,
    changed: bool,
}

impl RoomState {
    /// A room that was asked for just now.
    pub fn new(code: RoomCode, pin: Option<String>, rows_max: usize) -> Self {
        Self {
            code,
            phase: RoomPhase::Joining,
            info: None,
            roster: Roster::default(),
            timeline: Timeline::new(rows_max),
            outbox: Outbox::default(),
            typing: Vec::new(),
            knocks: Vec::new(),
            apart: false,
            announced: None,
            pin,
            seat: Seat::None,
            refusals: 0,
            was_cut: false,
            returned_until: None,
            refused: None,
            given_back: None,
            own_typing: OwnTyping::default(),
            receipts: Receipts::default(),
            told: None,
            last_at: None,
            aside: Aside::default(),
            timer_s: None,
            changed: true,
        }
    }

    /// There is a connection. The server may have kept the seat.
    pub fn welcome(&mut self, seat_kept: bool, now: Millis) {
        self.seat = if seat_kept { Seat::Asked { cid: None, since: now } } else { Seat::None };
    }

    /// The connection is gone.
    pub fn cut(&mut self) {
        self.seat = Seat::None;
        self.outbox.close();
        self.typing.clear();
        self.own_typing = OwnTyping::default();
        self.receipts.cut();
        self.told = None;
        self.returned_until = None;
        if self.phase == RoomPhase::Inside && !self.was_cut {
            self.was_cut = true;
            self.timeline.begin_outage();
        }
        self.changed = true;
    }

    /// The answer to a join, or the state of a room whose seat was kept.
    pub fn joined(&mut self, joined: Joined, now: Millis) {
        // This client encrypts nothing: of a sealed room it could show no word, and say none.
        if joined.room.sealed {
            self.join_refused(ErrorCode::SealedRoom, None, now);
            return;
        }
        // Told anew behind this, where it is so.
        self.knocks.clear();
        self.apart = false;
        // A fresh seat counts as online; what a kept one counts as is told again.
        self.told = joined.cid.is_some().then_some(Activity::Online);
        self.timeline.joined(&joined.you, joined.position);
        self.roster.reset(joined.you, joined.count, joined.members);
        // Mostly nothing is: what tells it is fetched when a page is idle.
        if self.info.as_ref().is_some_and(|before| *before != joined.room) {
            self.tell_news(&joined.room, None);
        }
        self.info = Some(joined.room);
        self.phase = RoomPhase::Inside;
        self.seat = Seat::Taken;
        self.pin = None;
        self.refusals = 0;
        self.outbox.open();
        if std::mem::take(&mut self.was_cut) {
            self.returned_until = Some(now + RETURNED_MS);
        }
        self.changed = true;
    }

    /// The seat ended.
    pub fn left(&mut self, reason: LeaveReason) {
        self.phase = RoomPhase::Ended(reason);
        self.seat = Seat::None;
        self.typing.clear();
        self.outbox.close();
        self.outbox.fail_all(ErrorCode::RoomEnded);
        self.changed = true;
    }

    /// Somebody said something.
    pub fn message(&mut self, message: Message) {
        if self.roster.you() == Some(&message.member) {
            self.taken(&message.cid);
            self.note_relayed(message.id.clone());
        }
        self.typing.retain(|member| *member != message.member);
        self.last_at = self.last_at.max(Some(message.at));
        self.timeline.message(message);
        self.changed = true;
    }

    /// The server took an own message.
    pub fn acknowledged(&mut self, cid: &ClientId, seq: u64, id: MessageId, at: Millis) {
        self.taken(cid);
        self.last_at = self.last_at.max(Some(at));
        self.timeline.acknowledged(cid, seq, id, at);
        self.timeline.edit_taken(cid);
        self.changed = true;
    }

    /// People came, changed and went.
    pub fn presence(&mut self, count: u32, joined: Vec<Member>, changed: Vec<Member>, left: &[MemberId]) {
        let moves = self.roster.apply(count, joined, changed, left);
        self.typing.retain(|member| !left.contains(member));
        self.receipts.left(left);
        self.timeline.people(&moves.joined, &moves.left);
        for (name, role) in moves.roles {
            self.timeline.news(Some(name), RoomNews::Role(role));
        }
        self.changed = true;
    }

    /// Who types now.
    pub fn typing(&mut self, members: Vec<MemberId>) {
        self.typing = members;
        self.changed = true;
    }

    /// Messages were missed.
    pub fn gap(&mut self, missed: Option<u64>) {
        self.timeline.gap(missed);
        self.changed = true;
    }

    /// Asks again for a seat after a refusal.
    pub fn join_again(&mut self, pin: Option<String>) {
        if matches!(self.phase, RoomPhase::Refused(_)) {
            self.phase = RoomPhase::Joining;
            self.pin = pin;
            self.refusals = 0;
            self.seat = Seat::None;
            self.changed = true;
        }
    }

    /// The person types, or stopped. Says what to tell, if it is time to.
    pub fn type_on(&mut self, on: bool, now: Millis) -> Option<ClientFrame> {
        let tell = self.seat == Seat::Taken && self.own_typing.tells(on, now);
        tell.then(|| self.typing_frame(on))
    }

    fn typing_frame(&self, on: bool) -> ClientFrame {
        ClientFrame::Typing { room: self.code.as_str().to_owned(), on }
    }

    /// Sends what may go on a connection that is up: a join, the next message, a status.
    pub fn pump(&mut self, env: &mut Env<'_>, activity: Activity, receipts: bool, say: &mut Vec<ClientFrame>) {
        let now = env.now;
        let ask = match &self.seat {
            Seat::None => matches!(self.phase, RoomPhase::Joining | RoomPhase::Inside),
            Seat::Asked { since, .. } => now.saturating_sub(*since) >= ANSWER_MS_MAX,
            Seat::Paused { until } => *until <= now,
            Seat::Taken => false,
        };
        if ask {
            let cid = env.cid();
            self.seat = Seat::Asked { cid: Some(cid.clone()), since: now };
            let code = self.code.as_str().to_owned();
            say.push(ClientFrame::Join {
                cid,
                code,
                pin: self.pin.clone(),
                invite: None,
                since: self.timeline.position(),
            });
        }
        if self.seat != Seat::Taken {
            return;
        }
        if self.own_typing.repeats(now) {
            say.push(self.typing_frame(true));
        }
        let room = || self.code.as_str().to_owned();
        if self.told.replace(activity) != Some(activity) {
            say.push(ClientFrame::Status { state: activity, room: Some(room()) });
        }
        if let Some((cid, what)) = self.outbox.next(now) {
            say.push(what.frame(cid, room()));
            self.changed = true;
        }
        self.tell_reading(now, activity == Activity::Online && !self.timeline.is_held(), receipts, say);
    }

    /// Shows where own messages stand. To be called when everything of a moment has happened.
    pub fn settle(&mut self, now: Millis) {
        if self.returned_until.is_some_and(|until| until <= now) {
            self.returned_until = None;
            self.changed = true;
        }
        if self.refused.is_some_and(|(_, until)| until <= now) {
            self.refused = None;
            self.changed = true;
        }
        self.outbox.pass(now);
        let mut homeless = Vec::new();
        for (cid, delivery) in self.outbox.deliveries() {
            // An edit whose row is gone, or shows a later one, has nowhere to say that it failed.
            if !self.timeline.deliver(cid, delivery) && matches!(delivery, Delivery::Failed(_)) {
                homeless.push(cid.clone());
            }
        }
        for cid in homeless {
            self.changed |= self.outbox.discard(&cid);
        }
    }

    /// When `pump` and `settle` are due, if no event comes before.
    pub fn deadline(&self, now: Millis) -> Option<Millis> {
        let seat = match &self.seat {
            Seat::Asked { since, .. } => Some(since + ANSWER_MS_MAX),
            Seat::Paused { until } => Some(*until),
            Seat::None | Seat::Taken => None,
        };
        let refused = self.refused.map(|(_, until)| until);
        // A wait that is shown counts down every second.
        let second = self.outbox.halted_until().map(|until| now + (until.saturating_sub(now).max(1) - 1) % 1_000 + 1);
        [
            seat,
            second,
            self.outbox.deadline(),
            self.own_typing.deadline(),
            self.returned_until,
            refused,
            self.reading_due(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Since when an answer is waited for.
    pub fn in_flight_since(&self) -> Option<Millis> {
        self.outbox.in_flight_since()
    }

    /// Whether it is over for this page unless the person does something.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, RoomPhase::Refused(_) | RoomPhase::Ended(_))
    }

    /// Whether anything but the rows changed since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed) || self.outbox.halted_until().is_some()
    }

    /// The rows in blocks, where they changed since this was last asked.
    pub fn take_blocks(&mut self) -> Option<Vec<Block>> {
        self.timeline.take_changed().then(|| self.timeline.blocks())
    }

    /// All rows in blocks.
    pub fn blocks(&self) -> Vec<Block> {
        self.timeline.blocks()
    }

    /// All rows.
    pub fn rows(&self) -> Vec<Arc<Row>> {
        self.timeline.rows()
    }

    /// The person looks at this room, or no more.
    pub fn look(&mut self, looks: bool) {
        self.changed |= self.timeline.look(looks);
    }

    /// The person reads the older rows, or no more.
    pub fn hold(&mut self, held: bool) {
        self.timeline.hold(held);
    }

    /// The person has read everything.
    pub fn read(&mut self) {
        self.timeline.read();
        self.changed = true;
    }

    /// Empties the log of this page.
    pub fn clear(&mut self) {
        self.timeline.clear();
        self.changed = true;
    }

    /// Keeps what the person was at while another room is shown.
    pub fn put_aside(&mut self, aside: Aside) {
        self.aside = aside;
    }

    /// What was kept so.
    pub fn aside(&self) -> &Aside {
        &self.aside
    }

    /// The same, for the person who is back.
    pub fn take_aside(&mut self) -> Aside {
        std::mem::take(&mut self.aside)
    }

    /// Whether this page had a seat in it, so that there is something to read.
    pub fn was_inside(&self) -> bool {
        self.info.is_some()
    }

    /// The room in the list of rooms.
    pub fn entry(&self) -> RoomEntry {
        let standing = match (self.phase, &self.seat) {
            (RoomPhase::Ended(_), _) => Standing::Ended,
            (RoomPhase::Refused(failure), _) if failure.code == ErrorCode::RoomEnded => Standing::Ended,
            (RoomPhase::Refused(_), _) => Standing::Refused,
            (RoomPhase::Joining | RoomPhase::Inside, Seat::Taken) => Standing::Connected,
            (RoomPhase::Joining | RoomPhase::Inside, Seat::None | Seat::Asked { .. } | Seat::Paused { .. }) => {
                Standing::Connecting
            }
        };
        RoomEntry {
            code: self.code,
            name: self.info.as_ref().map(|info| info.name.clone()),
            unread: self.timeline.unread(),
            mentions: self.timeline.mentions(),
            mentioned_by: self.timeline.mentioned_by().map(Into::into),
            last_at: self.last_at,
            standing,
            holds_words: !(self.aside.draft.is_empty() && self.aside.whisper.is_none() && self.outbox.is_empty()),
            role: self.roster.own_role(),
            expires_at: self.info.as_ref().map(|info| info.expires_at),
            ended: if let RoomPhase::Ended(reason) = self.phase { Some(reason) } else { None },
        }
    }

    /// How many of what others said since then name the person.
    pub fn mentions(&self) -> u32 {
        self.timeline.mentions()
    }

    /// What others said since the person looked away.
    pub fn unread(&self) -> u32 {
        self.timeline.unread()
    }

    /// Whether something was said in the room, as far as its order tells: on this page or before it.
    pub fn is_used(&self) -> bool {
        self.timeline.position().is_some_and(|position| position.seq > 0)
    }

    /// Where this page stands.
    pub fn phase(&self) -> RoomPhase {
        self.phase
    }

    /// What the room is.
    pub fn info(&self) -> Option<&RoomInfo> {
        self.info.as_ref()
    }

    /// Who is inside.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Others who type now.
    pub fn typists(&self) -> Vec<DisplayName> {
        let others = self.typing.iter().filter(|member| self.roster.you() != Some(*member));
        others.filter_map(|member| self.roster.name_of(member).cloned()).collect()
    }

    /// How the room came back, while that is news.
    pub fn returned(&self) -> Option<Returned> {
        self.returned_until.map(|_| self.timeline.missed().map_or(Returned::NothingMissed, Returned::Missed))
    }

    /// Seconds until the server takes messages again.
    pub fn slow_down_s(&self, now: Millis) -> Option<u32> {
        let until = self.outbox.halted_until()?;
        u32::try_from(until.saturating_sub(now).div_ceil(1_000)).ok()
    }

    /// What is not acknowledged: own messages, edits, deletions.
    pub fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// The messages among them, in order; none where the room is over.
    pub fn unsaid(&self) -> Vec<(ClientId, Outgoing)> {
        if self.is_over() { Vec::new() } else { self.outbox.unsaid() }
    }

    fn join_refused(&mut self, code: ErrorCode, retry_after_ms: Option<u64>, now: Millis) {
        self.refusals += 1;
        self.changed = true;
        if is_passing(code) && self.refusals < TRIES_MAX {
            let pause = retry_after_ms.unwrap_or(1_000 << self.refusals.min(5));
            self.seat = Seat::Paused { until: now + pause.min(600_000) };
            return;
        }
        // The page was inside before, so the code was right: the room has ended since.
        let gone = self.was_cut && code == ErrorCode::RoomNotFound;
        let code = if gone { ErrorCode::RoomEnded } else { code };
        self.seat = Seat::None;
        self.phase = RoomPhase::Refused(RequestError { code, retry_after_ms, number: None, unreachable: false });
        self.outbox.close();
        self.outbox.fail_all(code);
    }
}
