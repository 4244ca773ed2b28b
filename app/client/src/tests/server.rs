//! A pretended server with one room: keeps the protocol's promises, and fails where it is told to.

use protocol::{
    ClientFrame, Emoji, ErrorCode, LeaveReason, MessageId, Position, RoomInfo, SendBody, SendMessage, SendWhisper,
    ServerFrame, Whisper,
};

use crate::fixtures::{code, id, info, member, member_id, message, name, welcome};

pub(super) const YOU: u64 = 1;
pub(super) const OTHER: u64 = 2;
/// When it takes everything, about when `welcome` tells.
const NOW: u64 = 5_000_000;

/// A server with one room, whose other member talks when told to.
#[derive(Default)]
pub(super) struct Server {
    pub(super) sessions: u64,
    pub(super) session: Option<u64>,
    pub(super) seated: bool,
    pub(super) epoch: u64,
    /// Every message of this epoch, by sender and text.
    pub(super) relayed: Vec<(u64, String)>,
    /// Whispers of this person, which have no number.
    pub(super) whispered: u64,
    pub(super) acks: Vec<(protocol::ClientId, u64)>,
    /// Counted frames since `welcome`.
    pub(super) log: Vec<ServerFrame>,
    /// Asks for patience with the next so many messages.
    pub(super) limited: u32,
    /// Refuses the next join with this.
    pub(super) refuses: Option<ErrorCode>,
    /// Has kept only the newer half of what a dropped session did not confirm.
    pub(super) forgetful: bool,
    /// Says what it has not kept behind what it has.
    pub(super) gaps_last: bool,
    /// The room, where it is another than [`info`]'s.
    pub(super) room: Option<RoomInfo>,
    pub(super) out: Vec<ServerFrame>,
    pub(super) said: Vec<ClientFrame>,
}

impl Server {
    pub(super) fn emit(&mut self, frame: ServerFrame) {
        if self.session.is_some() {
            if frame.is_counted() {
                self.log.push(frame.clone());
            }
            self.out.push(frame);
        }
    }

    pub(super) fn seq(&self) -> u64 {
        self.relayed.len() as u64
    }

    pub(super) fn relay(&mut self, from: u64, cid: protocol::ClientId, text: String) -> u64 {
        self.relayed.push((from, text.clone()));
        let seq = self.seq();
        if self.seated {
            self.emit(ServerFrame::Message(protocol::Message { cid, text, at: NOW, ..message(from, 0, seq) }));
        }
        seq
    }

    pub(super) fn joined(&mut self, cid: Option<protocol::ClientId>) {
        let position = Position { epoch: self.epoch, seq: self.seq(), changes: None };
        let members = vec![member(YOU), member(OTHER)];
        let room = self.room.clone().unwrap_or_else(info);
        self.emit(ServerFrame::Joined { cid, room, you: member_id(YOU), position, count: 2, members });
    }

    pub(super) fn take(&mut self, frame: ClientFrame) {
        self.said.push(frame.clone());
        match frame {
            ClientFrame::Hello { resume, .. } => self.hello(resume),
            ClientFrame::Join { cid, since, .. } => {
                if let Some(code) = self.refuses.take() {
                    return self.emit(ServerFrame::error(code, Some(cid), None));
                }
                self.seated = true;
                self.joined(Some(cid));
                let missed = since.map_or(Some(0), |since| (since.epoch == self.epoch).then(|| self.seq() - since.seq));
                if missed != Some(0) {
                    self.emit(ServerFrame::Gap { room: code(), missed });
                }
            }
            ClientFrame::Send(SendMessage { cid, body: SendBody::Text(text), .. }) => self.send(cid, text),
            ClientFrame::Send(_) => panic!("this client seals nothing"),
            ClientFrame::Whisper(SendWhisper { cid, to, text, reply, timer_s: _, .. }) => {
                self.whispered += 1;
                let (room, seq, id, at) = (code(), self.seq(), id(900 + self.whispered), NOW);
                self.emit(ServerFrame::Ack { cid: cid.clone(), room, seq, id: id.clone(), at });
                let (member, name, to_name, html) = (member_id(YOU), name("Member 1"), name("Member 2"), None);
                let told = Whisper { room, id, cid, member, name, to, to_name, at, text, html, reply, timer: None };
                self.emit(ServerFrame::Whisper(told));
            }
            ClientFrame::Edit { cid, id, text, .. } => {
                let (room, at, html) = (code(), 0, None);
                self.change(cid, &id.clone(), ServerFrame::Edited { room, id, at, text, html, whisper: false });
            }
            ClientFrame::React { cid, id, emoji, on, .. } => {
                let emoji = Emoji::parse(&emoji).expect("tests react with emoji");
                let (room, member, name) = (code(), member_id(YOU), name("Member 1"));
                self.change(
                    cid,
                    &id.clone(),
                    ServerFrame::Reaction { room, id, member, name, emoji, on, whisper: false },
                );
            }
            ClientFrame::Delete { cid, id, .. } => {
                self.change(cid, &id.clone(), ServerFrame::Deleted { room: code(), id, at: 0, whisper: false });
            }
            ClientFrame::Leave { cid, .. } => {
                self.seated = false;
                self.emit(ServerFrame::Left { cid: Some(cid), room: code(), reason: LeaveReason::Left });
            }
            ClientFrame::Ping { .. } => self.emit(ServerFrame::Pong {}),
            ClientFrame::Change { .. }
            | ClientFrame::Knock { .. }
            | ClientFrame::Admit { .. }
            | ClientFrame::Unban { .. }
            | ClientFrame::Kick { .. }
            | ClientFrame::Ban { .. }
            | ClientFrame::Role { .. }
            | ClientFrame::Burn { .. } => panic!("this page asks for these by HTTP"),
            ClientFrame::Typing { .. }
            | ClientFrame::Read { .. }
            | ClientFrame::Status { .. }
            | ClientFrame::Pong { .. } => {}
        }
    }

    pub(super) fn hello(&mut self, resume: Option<protocol::Resume>) {
        let goes_on =
            resume.filter(|resume| self.session.is_some_and(|id| resume.session.as_str() == format!("{id:022}")));
        self.sessions += 1;
        self.session = Some(self.sessions);
        let log = std::mem::take(&mut self.log);
        let rooms = if goes_on.is_some() && self.seated { vec![code()] } else { Vec::new() };
        self.emit(welcome(self.sessions, goes_on.is_some(), rooms));
        let Some(resume) = goes_on else {
            self.seated = false;
            self.acks.clear();
            return;
        };
        let have = usize::try_from(resume.have).expect("a small count");
        let unconfirmed = log.get(have..).expect("a client does not confirm what it was not sent");
        let dropped = if self.forgetful { unconfirmed.len().div_ceil(2) } else { 0 };
        let is_message = |frame: &&ServerFrame| matches!(frame, ServerFrame::Message(_));
        let lost = unconfirmed[..dropped].iter().filter(is_message).count() as u64;
        let gap = (lost > 0).then(|| ServerFrame::Gap { room: code(), missed: Some(lost) });
        let mut owed = unconfirmed[dropped..].to_vec();
        // The word about the others comes first; a client copes where it comes last.
        let place = if self.gaps_last { owed.len() } else { 0 };
        owed.splice(place..place, gap);
        for frame in owed {
            self.emit(frame);
        }
        if self.seated {
            self.joined(None);
        }
    }

    fn change(&mut self, cid: protocol::ClientId, id: &MessageId, told: ServerFrame) {
        if let Some(code) = self.refuses.take() {
            return self.emit(ServerFrame::error(code, Some(cid), None));
        }
        let (room, seq, id) = (code(), self.seq(), id.clone());
        self.emit(ServerFrame::Ack { cid, room, seq, id, at: 0 });
        self.emit(told);
    }

    pub(super) fn send(&mut self, cid: protocol::ClientId, text: String) {
        if !self.seated {
            return self.emit(ServerFrame::error(ErrorCode::NotInRoom, Some(cid), None));
        }
        if self.limited > 0 {
            self.limited -= 1;
            return self.emit(ServerFrame::error(ErrorCode::RateLimited, Some(cid), Some(1_500)));
        }
        let again = self.acks.iter().find(|(known, _)| *known == cid).map(|(_, seq)| *seq);
        let seq = again.unwrap_or_else(|| self.relay(YOU, cid.clone(), text));
        self.acks.push((cid.clone(), seq));
        let id = id(seq);
        self.emit(ServerFrame::Ack { cid, room: code(), seq, id, at: NOW });
    }
}
