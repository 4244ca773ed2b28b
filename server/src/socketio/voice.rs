//! How a room speaks to its Socket.IO members: each broadcast is encoded once, and once more where its sender is among
//! them. Beside the native encoding, not instead of it.
//!
//! The native protocol tells changes (who came, who types now); these clients know lists and single signals. The little
//! that is needed to tell one from the other is kept here, once a room and not once a reader.

use chat::Room;
use protocol::{DisplayName, Limits, MemberId, Message, Millis, RoomCode, ServerFrame};

use super::render::{self, Roster};
use crate::sanitize;
use crate::session::Frame;

/// People of a list that a room's members may be told in one tick of presence: a list of more is told so many ticks after
/// the one before. Each change is told to all as a list of all, so that without it one person who comes and goes costs a
/// room the square of its size, every tick.
const LISTED_PER_TICK: usize = 20;

/// What the members were told last.
#[derive(Default)]
pub(crate) struct Voice {
    typing: Vec<(MemberId, DisplayName)>,
    roster: Option<Roster>,
    /// When the next list may be told.
    listed_until: Millis,
    /// It has to be, because something changed meanwhile.
    owes_list: bool,
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
    pub(crate) fn render(
        &mut self,
        frame: &ServerFrame,
        room: &Room,
        limits: &Limits,
        now: Millis,
    ) -> Option<Rendition> {
        match frame {
            ServerFrame::Message(message) => {
                let content = sanitize::content(&message.text);
                let frame = render::message(message, &content, message.member.as_str());
                Some(Rendition::Message { frame, message: Box::new(message.clone()), content, own: None })
            }
            ServerFrame::Presence { room: code, .. } => {
                self.owes_list = true;
                self.list(*code, room, limits, now)
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

    /// When [`Voice::list`] has something to tell.
    pub(crate) fn due(&self) -> Option<Millis> {
        self.owes_list.then_some(self.listed_until)
    }

    /// The list that is owed, if its time has come and it says something new.
    pub(crate) fn list(&mut self, code: RoomCode, room: &Room, limits: &Limits, now: Millis) -> Option<Rendition> {
        if !self.owes_list || now < self.listed_until {
            return None;
        }
        self.owes_list = false;
        let roster_max = usize::try_from(limits.roster_max).unwrap_or(usize::MAX);
        let roster = Roster::new(code, room.members().take(roster_max));
        if self.roster.as_ref().is_some_and(|told| told.is_same(&roster)) {
            return None;
        }
        let ticks = u64::try_from(roster.len().div_ceil(LISTED_PER_TICK)).unwrap_or(u64::MAX);
        self.listed_until = now.saturating_add(limits.presence_tick_ms.saturating_mul(ticks));
        self.roster = Some(roster);
        Some(Rendition::Roster)
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

    use chat::{Input, MessageIds, Room, RoomStart, SessionKey};
    use protocol::{
        Activity, ClientId, DisplayName, LeaveReason, Limits, MemberId, Message, MessageId, Millis, Position, RoomCode,
        RoomInfo, RoomName, ServerFrame,
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
        let info = RoomInfo { code: code(), name, capacity: 255, pin: false, created_at: 0, expires_at: 1 };
        let (ids, limits) = (Box::new(SameId), Limits::default());
        Room::new(RoomStart { info, epoch: 7, owner: member(0), limits, ids, now: 0 })
    }

    /// Where in memory the frames are that the sessions of these members get; equal addresses are one encoding.
    fn encodings(frame: &ServerFrame, members: &[u8]) -> (usize, usize) {
        let mut voice = Voice::default();
        let mut rendition = voice.render(frame, &room(), &Limits::default(), 0).expect("there is a word for it");
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

    /// A room of so many, and the one more who comes and goes.
    fn crowd(people: u8) -> (Room, Input, Input) {
        let mut room = room();
        let join = |number: u8| Input::Join {
            session: SessionKey(u64::from(number)),
            cid: None,
            member: member(number),
            name: DisplayName::parse(&format!("Heron {number}")).expect("a plain name"),
            activity: Activity::Online,
            since: None,
        };
        for number in 0..people {
            room.handle(0, join(number));
        }
        (room, join(people), Input::SessionEnded { session: SessionKey(u64::from(people)) })
    }

    #[test]
    fn who_comes_and_goes_costs_a_crowd_a_list_now_and_then_and_the_last_one_is_true() {
        for (people, most) in [(10, 50), (150, 7)] {
            let (mut room, come, go) = crowd(people);
            let (mut voice, limits) = (Voice::default(), Limits::default());
            let changed =
                ServerFrame::Presence { room: code(), count: 0, joined: vec![], changed: vec![], left: vec![] };
            let mut told = Vec::new();
            for tick in 0..50 {
                let now = tick * limits.presence_tick_ms;
                room.handle(now, if tick % 2 == 0 { come.clone() } else { go.clone() });
                if voice.render(&changed, &room, &limits, now).is_some() {
                    told.push(now);
                }
                let due = voice.due().filter(|due| *due < now + limits.presence_tick_ms);
                told.extend(due.filter(|due| voice.list(code(), &room, &limits, *due).is_some()));
            }
            assert_eq!(told.first(), Some(&0), "the first change is told at once");
            assert!(told.len() <= most && told.len() >= most.min(5), "{people} people: {told:?}");
            let end = 60 * limits.presence_tick_ms;
            voice.list(code(), &room, &limits, end);
            assert_eq!(voice.due(), None, "nothing is owed");
            assert_eq!(
                voice.roster.as_ref().map(super::Roster::len),
                Some(usize::from(people)),
                "the last one has gone"
            );
        }
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
