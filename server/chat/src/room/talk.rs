//! What is said: the order, the acks, the repeats, the typing. Nothing of it stays.

use protocol::{
    ClientId, DisplayName, ErrorCode, MemberId, Message, MessageId, Millis, Refers, SealedMessage, ServerFrame, Timer,
};

use super::Room;
use crate::event::{Body, Effect, EventKind, Input, NewMessage, RoomEvent};
use crate::ids::{Origin, SessionKey};
use crate::request::SendRequest;
use crate::seat::Acked;
use crate::time::{Monotonic, Now};
use crate::typing::{TypingTimes, Typist};

/// When a client may try again what the broker would not take.
const RELAY_RETRY_MS: u64 = 1_000;

impl Room {
    /// Checks a message and hands it to the broker; its place in the order comes when it returns ([`Room::relay`]).
    pub(super) fn send(&mut self, out: &mut Vec<Effect>, now: Now, request: SendRequest) {
        let SendRequest { session, cid, random, body, mut refers } = request;
        let Some((member, name)) = self.new_request(out, session, &cid) else { return };
        let refused = match (&body, self.info.sealed) {
            (Body::Text { .. }, false) | (Body::Sealed(_), true) => {
                // A whisper is answered by a whisper: its id would tell all that there was one, and between whom.
                let is_said = |reply| self.ids.verify(reply).is_some_and(|named| named.to.is_none());
                let is_foreign = refers.reply.as_ref().is_some_and(|reply| !is_said(reply));
                is_foreign.then_some(ErrorCode::UnknownMessage)
            }
            (Body::Text { .. }, true) => Some(ErrorCode::SealedRoom),
            (Body::Sealed(_), false) => Some(ErrorCode::NotSealed),
        };
        if let Some(code) = refused {
            out.push(Effect::Reply(session, ServerFrame::error(code, Some(cid), None)));
            return;
        }
        self.remember(session, &cid);
        // Who has left meanwhile is named by the letters alone.
        refers.mentions.retain(|mentioned| self.is_inside(mentioned));
        // Other nodes take the message as the end of it.
        self.typing.stop(&Typist::Here(session), now.mono);
        let id = self.ids.message_id(now.wall, random, &member);
        let timer = self.timer_of(&body, &refers, now.wall);
        let kind = EventKind::Message(NewMessage { cid, member, name, body, refers, timer });
        self.publish(out, now, session, id, kind);
    }

    /// The room's timer holds where the sender chose none. What is sealed carries its own inside.
    fn timer_of(&self, body: &Body, refers: &Refers, sent_at: Millis) -> Option<Timer> {
        match body {
            Body::Sealed(_) => None,
            Body::Text { .. } => self.timer_of_text(refers, sent_at),
        }
    }

    pub(super) fn timer_of_text(&self, refers: &Refers, sent_at: Millis) -> Option<Timer> {
        let after_s = match refers.timer_s {
            None => self.info.timer_s,
            Some(chosen) => u32::try_from(chosen).ok().filter(|chosen| *chosen > 0),
        };
        after_s.map(|after_s| Timer::new(after_s, sent_at, &self.limits))
    }

    /// Who asks for what is to be relayed. `None` where nothing is left to do: the session is not inside, or it has asked
    /// for the same before.
    pub(super) fn new_request(
        &self,
        out: &mut Vec<Effect>,
        session: SessionKey,
        cid: &ClientId,
    ) -> Option<(MemberId, DisplayName)> {
        let occupant = self.sessions.get(&session);
        let seat = occupant.and_then(|occupant| self.seats.get(&occupant.member));
        let Some((occupant, seat)) = occupant.zip(seat) else {
            out.push(Effect::Reply(session, ServerFrame::error(ErrorCode::NotInRoom, Some(cid.clone()), None)));
            return None;
        };
        let Some(recent) = occupant.recall(cid) else {
            return Some((occupant.member.clone(), seat.member.name.clone()));
        };
        // Acknowledged again, relayed once. One still on its way to the broker will be acknowledged anyway.
        if let Some(acked) = recent.acked.clone() {
            out.push(Effect::Reply(session, self.ack(cid.clone(), acked)));
        }
        None
    }

    /// From here on the request is known by its `cid`.
    pub(super) fn remember(&mut self, session: SessionKey, cid: &ClientId) {
        if let Some(occupant) = self.sessions.get_mut(&session) {
            occupant.remember(cid.clone());
        }
    }

    pub(super) fn publish(&self, out: &mut Vec<Effect>, now: Now, session: SessionKey, id: MessageId, kind: EventKind) {
        let origin = Origin { node: self.node, session };
        out.push(Effect::Publish(RoomEvent { id, origin, at: now.wall, kind }));
    }

    /// Applies what the broker brings, whichever node it began on.
    pub(super) fn relay(&mut self, out: &mut Vec<Effect>, now: Now, event: RoomEvent) {
        let RoomEvent { id, origin, at, kind } = event;
        match kind {
            EventKind::Message(message) => {
                self.relay_message(out, now.mono, Acked { seq: self.seq + 1, id, at }, origin, message);
            }
            EventKind::Whisper(whisper) => self.relay_whisper(out, at, origin, id, whisper),
            EventKind::Change(change) => self.relay_change(out, at, origin, change),
            EventKind::Action { cid, by, action } => self.relay_action(out, now, origin, cid, (by, action)),
        }
    }

    /// Gives a message its place and tells everybody. The sender's ack goes first, so that both leave in one write; a
    /// sender on another node is told there.
    fn relay_message(
        &mut self,
        out: &mut Vec<Effect>,
        now: Monotonic,
        acked: Acked,
        origin: Origin,
        message: NewMessage,
    ) {
        let NewMessage { cid, member, name, body, refers: Refers { reply, mentions, .. }, timer } = message;
        let Acked { seq, id, at } = acked.clone();
        let room = self.info.code;
        self.seq = seq;
        self.acknowledge(out, origin, &cid, acked);
        self.typing.stop_there(&member, now);
        self.typing.spoke(&member, now);
        out.push(Effect::Broadcast(match body {
            Body::Text { text, html } => {
                let text = text.as_str().to_owned();
                ServerFrame::Message(Message {
                    room,
                    seq,
                    id,
                    cid,
                    member,
                    name,
                    at,
                    text,
                    html,
                    reply,
                    mentions,
                    timer,
                })
            }
            Body::Sealed(sealed) => ServerFrame::Sealed(SealedMessage { room, seq, id, cid, member, name, at, sealed }),
        }));
    }

    /// Tells the session that asked, where it is one of this node.
    pub(super) fn acknowledge(&mut self, out: &mut Vec<Effect>, origin: Origin, cid: &ClientId, acked: Acked) {
        if let Some(occupant) = self.sessions.get_mut(&origin.session).filter(|_| origin.node == self.node) {
            occupant.acknowledge(cid, acked.clone());
            let ack = self.ack(cid.clone(), acked);
            out.push(Effect::Reply(origin.session, ack));
        }
    }

    /// The broker gave up on an event. A broker may say so and deliver it all the same (an answer that came too late):
    /// what was acknowledged stays acknowledged, or a repeated request would be relayed twice.
    pub(super) fn not_relayed(&mut self, out: &mut Vec<Effect>, session: SessionKey, cid: ClientId) {
        if let Some(occupant) = self.sessions.get_mut(&session) {
            if occupant.recall(&cid).is_some_and(|recent| recent.acked.is_some()) {
                return;
            }
            occupant.forget(&cid);
        }
        let error = ServerFrame::error(ErrorCode::Overloaded, Some(cid), Some(RELAY_RETRY_MS));
        out.push(Effect::Reply(session, error));
    }

    /// Passes a refusal on in its place among the answers. A request that is a repeated one keeps the answer it has (or
    /// will have): whoever is not sure of an ack may ask again, however fast.
    pub(super) fn answer(&self, out: &mut Vec<Effect>, session: SessionKey, frame: ServerFrame) {
        let cid = if let ServerFrame::Error { cid, .. } = &frame { cid.clone() } else { None };
        let recent = cid.as_ref().zip(self.sessions.get(&session)).and_then(|(cid, occupant)| occupant.recall(cid));
        match (cid, recent) {
            (Some(cid), Some(recent)) => {
                let acked = recent.acked.clone();
                out.extend(acked.map(|acked| Effect::Reply(session, self.ack(cid, acked))));
            }
            (Some(_) | None, _) => out.push(Effect::Reply(session, frame)),
        }
    }

    pub(super) fn type_signal(&mut self, now: Monotonic, session: SessionKey, on: bool) {
        let Some(occupant) = self.sessions.get(&session) else {
            return;
        };
        if on {
            let times = self.typing_times();
            if self.typing.start(Typist::Here(session), &occupant.member, now, times) {
                self.news.typing.insert(occupant.member.clone(), true);
            }
        } else {
            self.stop_typing(now, session);
        }
    }

    /// Somebody stopped, and other nodes hear of it.
    pub(super) fn stop_typing(&mut self, now: Monotonic, session: SessionKey) {
        if let Some(member) = self.typing.stop(&Typist::Here(session), now) {
            self.news.typing.insert(member, false);
        }
    }

    pub(super) const fn typing_times(&self) -> TypingTimes {
        TypingTimes { expires_ms: self.limits.typing_expires_ms, tick_ms: self.limits.presence_tick_ms }
    }

    /// Requests that reach a room which has just ended are answered; everything else has lost its object.
    pub(super) fn refuse_ended(&self, out: &mut Vec<Effect>, input: Input) {
        let refused = match input {
            Input::Join { session, cid, .. } | Input::Leave { session, cid } => Some((session, cid)),
            Input::Send { session, cid, .. }
            | Input::Whisper { session, cid, .. }
            | Input::Change { session, cid, .. }
            | Input::NotRelayed { session, cid } => Some((session, Some(cid))),
            Input::Relay(event) => {
                let cid = event.cid().filter(|_| event.origin.node == self.node);
                cid.map(|cid| (event.origin.session, Some(cid.clone())))
            }
            Input::Act { asked, .. } => asked.map(|(session, cid)| (session, Some(cid))),
            Input::Answer { session, frame } => {
                out.push(Effect::Reply(session, frame));
                None
            }
            Input::Remove { .. }
            | Input::Typing { .. }
            | Input::Read { .. }
            | Input::Status { .. }
            | Input::Dropped { .. }
            | Input::Resumed { .. }
            | Input::SessionEnded { .. }
            | Input::Rename { .. }
            | Input::Knocks(_)
            | Input::Owner { .. }
            | Input::People { .. }
            | Input::NodeGone(_)
            | Input::Missed
            | Input::Recorded(_)
            | Input::Alone(_)
            | Input::End(_)
            | Input::Tick => None,
        };
        if let Some((session, cid)) = refused {
            out.push(Effect::Reply(session, ServerFrame::error(ErrorCode::RoomEnded, cid, None)));
        }
    }

    fn ack(&self, cid: ClientId, acked: Acked) -> ServerFrame {
        ServerFrame::Ack { cid, room: self.info.code, seq: acked.seq, id: acked.id, at: acked.at }
    }
}
