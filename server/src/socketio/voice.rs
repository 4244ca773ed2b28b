//! How a room speaks to its Socket.IO members: each broadcast is encoded once, and once more where its sender is among
//! them. Beside the native encoding, not instead of it.
//!
//! The native protocol tells changes (who came, who types now); these clients know lists and single signals. The little
//! that is needed to tell one from the other is kept here, once a room and not once a reader.

use chat::Room;
use protocol::{DisplayName, MemberId, Message, RoomCode, ServerFrame};

use super::render::{self, Roster};
use crate::sanitize;
use crate::session::Frame;

/// What the members were told last.
#[derive(Default)]
pub(crate) struct Voice {
    typing: Vec<(MemberId, DisplayName)>,
    roster: Option<Roster>,
}

/// One broadcast in the words of this interface.
pub(crate) enum Rendition {
    /// The same for all.
    Plain(Frame),
    /// `new_message`; `own` is for the sender's sessions, made when the first of them is met.
    Message { frame: Frame, message: Box<Message>, content: String, own: Option<Frame> },
    /// `users_online`.
    Roster,
    /// Signals of people, each for everybody but themselves.
    Typing(Vec<(MemberId, Frame)>),
}

impl Voice {
    /// `None`: these clients have no word for it, or were told the same before.
    pub(crate) fn render(&mut self, frame: &ServerFrame, room: &Room, roster_max: usize) -> Option<Rendition> {
        match frame {
            ServerFrame::Message(message) => {
                let content = sanitize::content(&message.text);
                let frame = render::message(message, &content, message.member.as_str());
                Some(Rendition::Message { frame, message: Box::new(message.clone()), content, own: None })
            }
            ServerFrame::Presence { room: code, .. } => {
                let roster = Roster::new(*code, room.members().take(roster_max));
                if self.roster.as_ref().is_some_and(|told| told.is_same(&roster)) {
                    return None;
                }
                self.roster = Some(roster);
                Some(Rendition::Roster)
            }
            ServerFrame::Typing { room: code, members } => Some(Rendition::Typing(self.typing(*code, members, room))),
            ServerFrame::Left { room: code, reason, .. } => Some(Rendition::Plain(render::left(*code, *reason))),
            ServerFrame::Welcome { .. }
            | ServerFrame::Joined { .. }
            | ServerFrame::Room { .. }
            | ServerFrame::Ack { .. }
            | ServerFrame::Gap { .. }
            | ServerFrame::Error { .. }
            | ServerFrame::Bye { .. }
            | ServerFrame::Ping {}
            | ServerFrame::Pong {}
            | ServerFrame::Unknown => None,
        }
    }

    /// The signals that lead from the set told before to this one. Who is still in it is told again: a message of theirs
    /// came in between.
    fn typing(&mut self, code: RoomCode, members: &[MemberId], room: &Room) -> Vec<(MemberId, Frame)> {
        let name = |id: &MemberId| room.members().find(|member| member.id == *id).map(|member| member.name.clone());
        let now: Vec<_> = members.iter().filter_map(|id| Some((id.clone(), name(id)?))).collect();
        let before = std::mem::replace(&mut self.typing, now.clone());
        let stopped = before.into_iter().filter(|(id, _)| !members.contains(id)).map(|person| (false, person));
        let signals = stopped.chain(now.into_iter().map(|person| (true, person)));
        signals
            .map(|(on, (id, name))| {
                let frame = render::typing(on, code, &id, name.as_str());
                (id, frame)
            })
            .collect()
    }

    /// What one member gets of a rendition.
    pub(crate) fn deliver(
        &self,
        rendition: &mut Rendition,
        member: &MemberId,
        own_id: &str,
        mut push: impl FnMut(&Frame),
    ) {
        match rendition {
            Rendition::Message { message, content, own, .. } if message.member == *member => {
                push(own.get_or_insert_with(|| render::message(message, content, own_id)));
            }
            Rendition::Plain(frame) | Rendition::Message { frame, .. } => push(frame),
            Rendition::Roster => {
                if let Some(roster) = &self.roster {
                    push(&roster.of(member, own_id));
                }
            }
            Rendition::Typing(signals) => {
                signals.iter().filter(|(id, _)| id != member).for_each(|(_, frame)| push(frame));
            }
        }
    }
}

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Voice({} typing)", self.typing.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chat::{MessageIds, Room, RoomStart};
    use protocol::{
        ClientId, DisplayName, LeaveReason, Limits, MemberId, Message, MessageId, Millis, Position, RoomCode, RoomInfo,
        RoomName, ServerFrame,
    };

    use super::Voice;

    struct SameId;

    impl MessageIds for SameId {
        fn message_id(&self, _: Position, _: Millis, _: &MemberId) -> MessageId {
            MessageId::parse("m1").expect("short and plain")
        }
    }

    fn member(number: u8) -> MemberId {
        MemberId::parse(&format!("member-{number:015}")).expect("22 characters")
    }

    fn code() -> RoomCode {
        RoomCode::parse("KW7P3MXQ").expect("eight characters of the alphabet")
    }

    fn room() -> Room {
        let name = RoomName::parse("Harbour").expect("a plain name");
        let info = RoomInfo { code: code(), name, capacity: 64, pin: false, created_at: 0, expires_at: 1 };
        let (ids, limits) = (Box::new(SameId), Limits::default());
        Room::new(RoomStart { info, epoch: 7, owner: member(0), limits, ids, now: 0 })
    }

    /// Where in memory the frames are that the sessions of these members get; equal addresses are one encoding.
    fn encodings(frame: &ServerFrame, members: &[u8]) -> (usize, usize) {
        let mut voice = Voice::default();
        let mut rendition = voice.render(frame, &room(), 64).expect("there is a word for it");
        let (mut kept, mut delivered) = (Vec::new(), 0);
        for number in members {
            voice.deliver(&mut rendition, &member(*number), "own", |frame| {
                delivered += 1;
                kept.push(frame.clone());
            });
        }
        let places: BTreeSet<_> = kept.iter().map(|frame| frame.bytes.as_ptr()).collect();
        (delivered, places.len())
    }

    #[test]
    fn a_broadcast_is_encoded_once_and_once_more_where_its_sender_is_among_them() {
        let message = ServerFrame::Message(Message {
            room: code(),
            seq: 1,
            id: MessageId::parse("m1").expect("short and plain"),
            cid: ClientId::parse("c1").expect("short and plain"),
            member: member(3),
            name: DisplayName::parse("Heron").expect("a plain name"),
            at: 0,
            text: "2 < 3".to_owned(),
            html: None,
        });
        assert_eq!(encodings(&message, &[1, 2, 2, 4, 5, 6]), (6, 1));
        // Three sessions of the sender share theirs.
        assert_eq!(encodings(&message, &[1, 3, 2, 3, 4, 3, 5]), (7, 2));
        let left = ServerFrame::Left { room: code(), reason: LeaveReason::Expired, cid: None };
        assert_eq!(encodings(&left, &[1, 2, 3]), (3, 1));
    }
}
