//! A room's task: one mailbox, one writer. It feeds the pure `chat::Room` and carries out the effects in their order.
//!
//! It never waits for a peer, and a panic in it ends this room only: those inside are told to connect again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chat::{ChannelId, Effect, EventKind, Input, Room, RoomStart, SessionKey};
use protocol::{ErrorCode, LeaveReason, MemberId, ServerFrame};
use tokio::sync::mpsc;

use crate::broker::{Brought, Subscription, Word};
use crate::channel::handle::{Outside, RoomCommand, RoomHandle, SeatHandle};
use crate::dialect::{Broadcast, Dialect, Projection, RoomContext, Viewer};
use crate::events::Happening;
use crate::hub::Hub;
use crate::identity::UserId;
use crate::session::for_rooms::RoomsSession;

/// Commands taken from the mailbox in one go.
const BATCH_MAX: usize = 64;

/// How long a room's first guest waits for other nodes at the most; an engine that is away is known of sooner.
const READY_MAX: Duration = Duration::from_secs(1);

/// One session inside.
struct Seated {
    session: Arc<RoomsSession>,
    member: MemberId,
    /// The place of its dialect among those that are spoken.
    spoken: usize,
}

/// One dialect that is, or was, spoken inside.
struct Spoken {
    dialect: &'static dyn Dialect,
    projection: Box<dyn Projection>,
    /// Sessions inside that speak it.
    inside: usize,
}

/// The task and what it owns.
pub struct RoomTask {
    room: Room,
    handle: RoomHandle,
    mailbox: mpsc::Receiver<RoomCommand>,
    relayed: Subscription,
    sessions: HashMap<SessionKey, Seated>,
    /// Each dialect that was spoken inside since the task began; there are a few at most.
    spoken: Vec<Spoken>,
    /// What was found out while effects were carried out; handled right behind them.
    deferred: Vec<Input>,
    hub: Hub,
    /// Why the session goes that is unseated next, where it was told so.
    going: Option<LeaveReason>,
    /// It is over for everybody: nobody goes by themselves any more.
    is_ending: bool,
    ended: Option<LeaveReason>,
}

impl RoomTask {
    /// A task that is not running yet, and the handle to it.
    pub fn new(id: ChannelId, start: RoomStart, hub: Hub, mailbox_max: usize) -> (Self, RoomHandle) {
        let (sender, mailbox) = mpsc::channel(mailbox_max);
        let relayed = hub.broker().subscribe(id);
        let mut room = Room::new(start);
        let outside = Arc::new(Outside::default());
        outside.show(&mut room);
        let handle = RoomHandle { id, code: room.info().code, mailbox: sender, outside };
        let task = Self {
            room,
            handle: handle.clone(),
            mailbox,
            relayed,
            sessions: HashMap::new(),
            spoken: Vec::new(),
            deferred: Vec::new(),
            hub,
            going: None,
            is_ending: false,
            ended: None,
        };
        (task, handle)
    }

    /// Runs until the room ends; answers why.
    pub async fn run(mut self) -> LeaveReason {
        let mut batch = Vec::new();
        // Who comes in hears from then on what is said on other nodes.
        let _ = tokio::time::timeout(READY_MAX, self.relayed.ready()).await;
        self.tell_others();
        self.ask_for_knocks();
        loop {
            let held_back = self.spoken.iter().filter_map(|spoken| spoken.projection.deadline());
            let due = held_back.fold(self.room.deadline(), Ord::min);
            tokio::select! {
                taken = self.mailbox.recv_many(&mut batch, BATCH_MAX) => {
                    if taken == 0 {
                        return LeaveReason::Empty;
                    }
                }
                Some(brought) = self.relayed.recv() => self.hear(brought),
                () = self.hub.clock().sleep_until(due) => self.handle(Input::Tick, None),
            }
            for command in batch.drain(..) {
                self.handle(command.input, command.session.as_ref());
                // What was just published comes back here before the next request, so that acks keep the order.
                while let Some(brought) = self.relayed.try_recv() {
                    self.hear(brought);
                }
                // Behind that: who was told that somebody is banned finds them out of the room.
                if let Some(done) = command.done {
                    // The connection that asked may be gone.
                    let _ = done.send(());
                }
            }
            self.tell_held_back();
            if let Some(reason) = self.ended {
                self.refuse_rest();
                return reason;
            }
        }
    }

    /// The broker's own words to this room's.
    fn hear(&mut self, brought: Brought) {
        self.follow_knocks(&brought);
        // What was done to the room on other nodes may have been missed.
        if matches!(brought, Brought::Missed | Brought::Together) {
            self.hub.look_again(&self.handle);
        }
        let input = match brought {
            // Nothing of the kind is published to rooms.
            Brought::Bytes(..) => return,
            Brought::Event(event) => Input::Relay(event),
            Brought::People(node, people) => Input::People { node, people },
            Brought::NodeGone(node) => Input::NodeGone(node),
            Brought::Missed => Input::Missed,
            Brought::Alone => Input::Alone(true),
            Brought::Together => Input::Alone(false),
        };
        self.handle(input, None);
    }

    /// Who waits in front of the room at other nodes is known as far as those are reached.
    fn follow_knocks(&mut self, brought: &Brought) {
        let is_news = match brought {
            Brought::NodeGone(node) => self.handle.knocks().hear(*node, Vec::new(), self.hub.limits()),
            Brought::Alone => self.handle.knocks().forget_elsewhere(),
            Brought::Together => {
                self.ask_for_knocks();
                self.hub.tell_knocks_to_nodes(&self.handle);
                false
            }
            Brought::Event(_) | Brought::Bytes(..) | Brought::People(..) | Brought::Missed => false,
        };
        if is_news {
            let list = self.handle.knocks().list();
            self.handle(Input::Knocks(list), None);
        }
    }

    fn ask_for_knocks(&self) {
        if self.room.info().lobby {
            self.hub.tell_nodes(Word::KnocksAsked(self.handle.id));
        }
    }

    /// Who came, went or is another here is news to other nodes.
    fn tell_others(&mut self) {
        while let Some(people) = self.room.take_news() {
            self.hub.broker().tell_others(self.handle.id, people);
        }
    }

    fn handle(&mut self, input: Input, asking: Option<&Arc<RoomsSession>>) {
        let member = if let Input::Join { member, .. } = &input { Some(member.clone()) } else { None };
        for effect in self.effects_of(input) {
            self.perform(effect, asking, member.as_ref());
        }
        for input in std::mem::take(&mut self.deferred) {
            self.handle(input, None);
        }
        if self.room.take_behind() {
            self.hub.look_again(&self.handle);
        }
        self.tell_others();
    }

    /// What is seen from outside has changed before anybody is told of the change: who was told that they are inside
    /// is among the eldest when the owner's next request is served.
    fn effects_of(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.room.handle(self.hub.clock().now(), input);
        self.handle.outside.show(&mut self.room);
        effects
    }

    fn perform(&mut self, effect: Effect, asking: Option<&Arc<RoomsSession>>, joining: Option<&MemberId>) {
        match effect {
            Effect::Seated(key) => {
                if let (Some(session), Some(member)) = (asking.filter(|session| session.key == key), joining) {
                    self.note_coming(session.user());
                    let spoken = self.begin_to_speak(session.dialect());
                    let seated = Seated { session: Arc::clone(session), member: member.clone(), spoken };
                    if let Some(before) = self.sessions.insert(key, seated) {
                        self.stop_speaking(before.spoken);
                    }
                    let inside =
                        SeatHandle { room: self.handle.clone(), code: self.handle.code, member: member.clone() };
                    if !session.entered(inside) {
                        // It ended while it waited at the door; its end could not know of this room.
                        self.deferred.push(Input::SessionEnded { session: key });
                    } else if !session.is_connected() {
                        // Nor could the drop of its line.
                        self.deferred.push(Input::Dropped { session: key });
                    }
                }
            }
            Effect::Unseated(key) => {
                if let Some(seated) = self.sessions.remove(&key) {
                    self.stop_speaking(seated.spoken);
                    seated.session.left(self.handle.code);
                    self.note_going(seated.session.user());
                }
            }
            Effect::Reply(key, frame) => {
                if let ServerFrame::Left { reason, .. } = frame {
                    self.going = Some(reason);
                }
                let inside = self.sessions.get(&key).map(|seated| &seated.session);
                if let Some(session) = inside.or(asking.filter(|session| session.key == key)) {
                    self.answer(session, &frame);
                }
            }
            Effect::Broadcast(frame) => {
                if let ServerFrame::Left { reason, .. } = frame {
                    self.note_end(reason);
                }
                self.count(&frame, self.sessions.len());
                self.broadcast(&frame, |_| true);
            }
            Effect::Between(pair, frame) => {
                let hear = self.sessions.values().filter(|seated| pair.contains(&seated.member));
                self.count(&frame, hear.count());
                self.broadcast(&frame, |member| pair.contains(member));
            }
            Effect::Publish(event) => {
                // Where a record has changed already, this room follows whoever else can hear of it.
                let otherwise = match &event.kind {
                    EventKind::Message(_) | EventKind::Whisper(_) | EventKind::Change(_) => {
                        let session = event.origin.session;
                        event.cid().cloned().map(|cid| Input::NotRelayed { session, cid })
                    }
                    EventKind::Action { .. } => Some(Input::Relay(event.clone())),
                };
                let published = self.hub.broker().publish(self.handle.id, event);
                if let (Err(_), Some(otherwise)) = (published, otherwise) {
                    for effect in self.effects_of(otherwise) {
                        self.perform(effect, asking, joining);
                    }
                }
            }
            Effect::Ended(ended) => self.ended = Some(ended.0),
        }
    }

    /// Whoever comes in is also told what the operator says.
    fn answer(&self, session: &RoomsSession, frame: &ServerFrame) {
        self.hub.answer(session, frame);
        if matches!(frame, ServerFrame::Joined { .. })
            && let Some(notice) = self.hub.announcement(self.handle.code)
        {
            session.tell(&notice, self.hub.limits());
        }
    }

    /// One encoding for each dialect that is spoken inside, for those members who are to hear it.
    fn broadcast(&mut self, frame: &ServerFrame, hears: impl Fn(&MemberId) -> bool) {
        self.speak(hears, |projection, context| projection.broadcast(frame, context));
    }

    /// A frame that goes to so many sessions counts where it says something: once, and not for each of them.
    fn count(&self, frame: &ServerFrame, sessions: usize) {
        if matches!(frame, ServerFrame::Message(_) | ServerFrame::Sealed(_) | ServerFrame::Whisper(_)) {
            self.hub.counts().messages.add(1);
            self.hub.counts().deliveries.add(sessions as u64);
        }
        if matches!(frame, ServerFrame::Gap { .. }) {
            self.hub.counts().gaps.add(sessions as u64);
        }
    }

    /// Somebody takes a seat: whoever listens is told of people, not of sessions.
    fn note_coming(&self, user: UserId) {
        if self.hub.has_witness() && !self.has_seat(user) {
            self.hub.happened(|| Happening::Joined(self.handle.id, user));
        }
    }

    fn note_going(&mut self, user: UserId) {
        let reason = self.going.take();
        if self.hub.has_witness() && !self.is_ending && !self.has_seat(user) {
            self.hub.happened(|| Happening::Left(self.handle.id, user, reason));
        }
    }

    fn note_end(&mut self, reason: LeaveReason) {
        self.is_ending = true;
        self.hub.happened(|| {
            let people: HashSet<_> = self.sessions.values().map(|seated| seated.session.user()).collect();
            Happening::RoomEnded(self.handle.id, reason, people.len())
        });
    }

    /// Looks through all who are inside: asked only where somebody listens.
    fn has_seat(&self, user: UserId) -> bool {
        self.sessions.values().any(|seated| seated.session.user() == user)
    }

    /// What projections held back until now.
    fn tell_held_back(&mut self) {
        self.speak(|_| true, |projection, context| projection.tick(context));
    }

    /// Hands to each what is said in its dialect.
    fn speak(
        &mut self,
        hears: impl Fn(&MemberId) -> bool,
        mut say: impl FnMut(&mut dyn Projection, &RoomContext<'_>) -> Option<Broadcast>,
    ) {
        let (limits, now) = (self.hub.limits(), self.hub.clock().mono());
        let context = RoomContext { room: &self.room, limits, now };
        for (spoken, Spoken { projection, inside, .. }) in self.spoken.iter_mut().enumerate() {
            if *inside == 0 {
                continue;
            }
            let listeners = self.sessions.values().filter(|seated| seated.spoken == spoken && hears(&seated.member));
            match say(&mut **projection, &context) {
                Some(Broadcast::Shared(frame)) => listeners.for_each(|seated| seated.session.push(&frame, limits)),
                Some(Broadcast::PerViewer(mut each)) => {
                    for Seated { session, member, .. } in listeners {
                        let viewer = Viewer { member, user: session.user() };
                        each(&viewer, &mut |frame| session.push(frame, limits));
                    }
                }
                None => {}
            }
        }
    }

    /// One more session speaks this; answers the dialect's place among those that are spoken.
    fn begin_to_speak(&mut self, dialect: &'static dyn Dialect) -> usize {
        let known = self.spoken.iter().position(|spoken| spoken.dialect.id() == dialect.id());
        let place = known.unwrap_or_else(|| {
            self.spoken.push(Spoken { dialect, projection: dialect.projection(), inside: 0 });
            self.spoken.len() - 1
        });
        if let Some(spoken) = self.spoken.get_mut(place) {
            spoken.inside += 1;
        }
        place
    }

    /// One session fewer speaks it. With the last of them goes what they were told.
    fn stop_speaking(&mut self, place: usize) {
        let Some(spoken) = self.spoken.get_mut(place) else { return };
        spoken.inside = spoken.inside.saturating_sub(1);
        if spoken.inside == 0 {
            spoken.projection = spoken.dialect.projection();
        }
    }

    /// Requests that were still in the mailbox when the room ended get their answer.
    fn refuse_rest(&mut self) {
        // First: once the mailbox is closed another task may subscribe, and it must not lose its subscription to this.
        self.hub.broker().unsubscribe(self.handle.id);
        self.mailbox.close();
        self.handle.knocks().end();
        while let Ok(command) = self.mailbox.try_recv() {
            self.handle(command.input, command.session.as_ref());
        }
    }
}

impl Drop for RoomTask {
    /// After a panic those inside are still here: they connect again and join anew.
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.hub.broker().unsubscribe(self.handle.id);
        }
        if !std::thread::panicking() {
            return;
        }
        for Seated { session, .. } in self.sessions.values() {
            session.left(self.handle.code);
            session.close(ErrorCode::Internal);
        }
    }
}

impl std::fmt::Debug for RoomTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RoomTask({:?})", self.room)
    }
}
