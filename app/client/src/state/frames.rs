//! Brings each frame to the room or the request that it is about.

use protocol::{ClientFrame, ClientId, ErrorCode, Millis, RoomCode, ServerFrame, WireLimits};

use super::ClientState;
use crate::link::Action;
use crate::outbox::is_passing;
use crate::phase::Joined;
use crate::room_state::RoomState;
use crate::row::Reactor;

impl ClientState {
    pub(super) fn take(&mut self, now: Millis, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome { resumed, rooms, me, now: server_now, limits, .. } => {
                self.clock_ahead = server_now.cast_signed().wrapping_sub(now.cast_signed());
                self.limited(&limits);
                self.me = Some(me);
                self.welcomed(now, if resumed { &rooms } else { &[] });
            }
            joined @ ServerFrame::Joined { .. } => self.joined(now, joined),
            ServerFrame::Left { cid: Some(cid), .. } => {
                self.leaving.retain(|_, leaving| *leaving != cid);
            }
            ServerFrame::Left { cid: None, room, reason } => self.in_room(room, |room| room.left(reason)),
            ServerFrame::Room { room, by } => self.in_room(room.code, |state| state.room(room, by.as_ref())),
            ServerFrame::Message(message) => {
                self.in_room(message.room, |room| room.message(message));
            }
            ServerFrame::Ack { cid, room, seq, id, at } => {
                self.in_room(room, |room| room.acknowledged(&cid, seq, id, at));
            }
            ServerFrame::Presence { room, count, joined, changed, left } => {
                self.in_room(room, |room| room.presence(count, joined, changed, &left));
            }
            ServerFrame::Typing { room, members } => {
                self.in_room(room, |room| room.typing(members));
            }
            ServerFrame::Gap { room, missed } => self.in_room(room, |room| room.gap(missed)),
            ServerFrame::Error { code, cid: Some(cid), retry_after_ms, .. } => {
                self.failed(now, &cid, code, retry_after_ms);
            }
            ServerFrame::Token { .. } => self.actions.push(Action::Renew),
            seldom @ (ServerFrame::Knocks { .. }
            | ServerFrame::Whisper(_)
            | ServerFrame::Edited { .. }
            | ServerFrame::Reaction { .. }
            | ServerFrame::Deleted { .. }
            | ServerFrame::Receipt { .. }
            | ServerFrame::Notice { .. }) => self.take_seldom(seldom),
            // What this page asks of a room's powers it asks by HTTP.
            ServerFrame::Done { .. }
            // Only of sealed rooms, in which this client is not (see `RoomState::joined`).
            | ServerFrame::Sealed(_)
            | ServerFrame::Error { cid: None, .. }
            | ServerFrame::Bye { .. }
            | ServerFrame::Ping {}
            | ServerFrame::Pong {}
            | ServerFrame::Unknown => {}
        }
    }

    /// Frames that seldom come, kept by themselves: a page fetches this when it is idle.
    #[inline(never)]
    fn take_seldom(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Knocks { room, knocks } => self.in_room(room, |room| room.knocks(knocks)),
            ServerFrame::Whisper(whisper) => self.in_room(whisper.room, |room| room.whisper(whisper)),
            ServerFrame::Edited { room, id, text, html, whisper, .. } => {
                self.in_room(room, |room| room.edited(&id, text, html, whisper));
            }
            ServerFrame::Reaction { room, id, member, name, emoji, on, whisper } => {
                let who = Reactor { member, name };
                self.in_room(room, |room| room.reacted(&id, &emoji, who, (on, whisper)));
            }
            ServerFrame::Deleted { room, id, whisper, .. } => self.in_room(room, |room| room.deleted(&id, whisper)),
            ServerFrame::Receipt { room, reads } => self.in_room(room, |room| room.receipts(reads)),
            ServerFrame::Notice { room, notice, text } => {
                let concerned = self.rooms.iter_mut().filter(|(code, _)| room.is_none_or(|room| room == **code));
                concerned.for_each(|(_, state)| state.notice(notice, text.as_deref()));
            }
            ServerFrame::Welcome { .. }
            | ServerFrame::Joined { .. }
            | ServerFrame::Left { .. }
            | ServerFrame::Room { .. }
            | ServerFrame::Message(_)
            | ServerFrame::Ack { .. }
            | ServerFrame::Presence { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Gap { .. }
            | ServerFrame::Error { .. }
            | ServerFrame::Token { .. }
            | ServerFrame::Done { .. }
            | ServerFrame::Sealed(_)
            | ServerFrame::Bye { .. }
            | ServerFrame::Ping {}
            | ServerFrame::Pong {}
            | ServerFrame::Unknown => {}
        }
    }

    fn joined(&mut self, now: Millis, frame: ServerFrame) {
        if let ServerFrame::Joined { cid, room, you, position, count, members } = frame {
            let joined = Joined { cid, room, you, position, count, members };
            // Unasked: the person has entered it elsewhere, or belongs to it since before this page was loaded. Sealed
            // rooms are left to clients that can read them.
            let code = joined.room.code;
            let unasked = joined.cid.is_none() && !joined.room.sealed;
            if unasked && !self.rooms.contains_key(&code) && !self.leaving.contains_key(&code) {
                self.add(code, None);
            }
            self.in_room(joined.room.code, |room| room.joined(joined, now));
        }
    }

    fn limited(&mut self, limits: &WireLimits) {
        self.text_chars_max = limits.text_chars_max;
        self.frame_bytes_max = limits.frame_bytes_max;
        self.edit_window_ms = limits.edit_window_ms;
        self.burn_unread_ms = limits.burn_unread_ms;
    }

    /// There is a connection, and these rooms kept their seats.
    fn welcomed(&mut self, now: Millis, kept: &[RoomCode]) {
        // A session that went on may be in rooms that this page, just loaded, has not shown yet.
        for code in kept {
            if !self.leaving.contains_key(code) && !self.rooms.contains_key(code) {
                self.add(*code, None);
            }
        }
        for (code, room) in &mut self.rooms {
            room.welcome(kept.contains(code), now);
        }
        for (code, cid) in &self.leaving {
            let (cid, room) = (cid.clone(), code.as_str().to_owned());
            self.actions.push(Action::Say(ClientFrame::Leave { cid, room }));
        }
    }

    fn failed(&mut self, now: Millis, cid: &ClientId, code: ErrorCode, retry_after_ms: Option<u64>) {
        let mine = self.rooms.values_mut().any(|room| room.error(cid, code, retry_after_ms, now));
        if !mine && !is_passing(code) {
            self.leaving.retain(|_, leaving| leaving != cid);
        }
    }

    fn in_room(&mut self, code: RoomCode, act: impl FnOnce(&mut RoomState)) {
        if let Some(room) = self.rooms.get_mut(&code) {
            act(room);
        }
    }
}
