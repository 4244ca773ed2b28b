//! How a room speaks to its Socket.IO members: each broadcast is encoded once, and once more where its sender is among
//! them. Beside the native encoding, not instead of it.
//!
//! The native protocol tells changes (who came, who types now); these clients know lists and single signals. The little
//! that is needed to tell one from the other is kept here, once a room and not once a reader.

use std::sync::Arc;

use chat::{Monotonic, Room};
use protocol::{DisplayName, MemberId, RoomCode, ServerFrame};

use super::encoder::{self, Roster};
use crate::sanitize;
use crate::store::UserId;
use realtime::dialect::{Broadcast, Dialect, DialectId, Frame, Projection, RoomContext, Viewer};

/// People of a list that a room's members may be told in one tick of presence: a list of more is told so many ticks after
/// the one before. Each change is told to all as a list of all, so that without it one person who comes and goes costs a
/// room the square of its size, every tick.
const LISTED_PER_TICK: usize = 20;

/// What the members were told last.
#[derive(Default)]
struct Events {
    typing: Vec<(MemberId, DisplayName)>,
    roster: Option<Arc<Roster>>,
    /// When the next list may be told.
    listed_until: Monotonic,
    /// It has to be, because something changed meanwhile.
    owes_list: bool,
}

/// Events of `docs/socketio.md`.
#[derive(Debug)]
pub(crate) struct SocketIo;

impl Dialect for SocketIo {
    fn id(&self) -> DialectId {
        DialectId("socket.io")
    }

    fn reads_sealed(&self) -> bool {
        false
    }

    fn reply(&self, user: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame)) {
        encoder::replies(frame, &user.own_id()).into_iter().for_each(push);
    }

    fn projection(&self) -> Box<dyn Projection> {
        Box::new(Events::default())
    }
}

impl Projection for Events {
    /// `None`: these clients have no word for it, or were told the same before.
    fn broadcast(&mut self, frame: &ServerFrame, context: &RoomContext<'_>) -> Option<Broadcast> {
        match frame {
            ServerFrame::Message(message) => {
                let content = sanitize::content(&message.text);
                let frame = encoder::message(message, &content, message.member.as_str());
                // For the sender's sessions, made when the first of them is met.
                let (message, mut own) = (message.clone(), None);
                Some(per_viewer(move |viewer, push| {
                    if message.member == *viewer.member {
                        push(own.get_or_insert_with(|| encoder::message(&message, &content, &viewer.user.own_id())));
                    } else {
                        push(&frame);
                    }
                }))
            }
            ServerFrame::Whisper(whisper) => {
                let content = sanitize::content(&whisper.text);
                let whisper = whisper.clone();
                // Two people have few sessions, and each of the two reads another id of their own.
                Some(per_viewer(move |viewer, push| {
                    push(&encoder::whisper(&whisper, &content, viewer.member, &viewer.user.own_id()));
                }))
            }
            ServerFrame::Edited { room: code, id, at, text, html, .. } => {
                let content = sanitize::content(text);
                Some(Broadcast::Shared(encoder::updated(*code, id, *at, &content, html.as_deref())))
            }
            ServerFrame::Deleted { room: code, id, at, .. } => {
                Some(Broadcast::Shared(encoder::deleted(*code, id, *at)))
            }
            ServerFrame::Reaction { member, .. } => {
                let others = encoder::reaction(frame, member.as_str())?;
                let (frame, by, mut own) = (frame.clone(), member.clone(), None);
                Some(per_viewer(move |viewer, push| {
                    if by == *viewer.member {
                        own = own.take().or_else(|| encoder::reaction(&frame, &viewer.user.own_id()));
                        if let Some(own) = &own {
                            push(own);
                        }
                    } else {
                        push(&others);
                    }
                }))
            }
            ServerFrame::Presence { .. } => {
                self.owes_list = true;
                self.tick(context)
            }
            ServerFrame::Typing { room: code, members } => Some(self.typing(*code, members, context.room)),
            ServerFrame::Left { room: code, reason, .. } => Some(Broadcast::Shared(encoder::left(*code, *reason))),
            ServerFrame::Room { room, .. } => Some(Broadcast::Shared(encoder::room_updated(room))),
            ServerFrame::Notice { room, notice, text } => {
                Some(Broadcast::Shared(encoder::notice(*room, *notice, text.as_deref())))
            }
            ServerFrame::Welcome { .. }
            | ServerFrame::Joined { .. }
            | ServerFrame::Knocks { .. }
            | ServerFrame::Sealed(_)
            | ServerFrame::Done { .. }
            | ServerFrame::Ack { .. }
            | ServerFrame::Receipt { .. }
            | ServerFrame::Gap { .. }
            | ServerFrame::Error { .. }
            | ServerFrame::Token { .. }
            | ServerFrame::Bye { .. }
            | ServerFrame::Ping {}
            | ServerFrame::Pong {}
            | ServerFrame::Unknown => None,
        }
    }

    fn deadline(&self) -> Option<Monotonic> {
        self.owes_list.then_some(self.listed_until)
    }

    /// The list that is owed, if its time has come and it says something new.
    fn tick(&mut self, context: &RoomContext<'_>) -> Option<Broadcast> {
        let RoomContext { room, limits, now } = *context;
        if !self.owes_list || now < self.listed_until {
            return None;
        }
        self.owes_list = false;
        let roster_max = usize::try_from(limits.roster_max).unwrap_or(usize::MAX);
        let roster = Arc::new(Roster::new(room.info().code, room.members().take(roster_max)));
        if self.roster.as_ref().is_some_and(|told| told.is_same(&roster)) {
            return None;
        }
        let ticks = u64::try_from(roster.len().div_ceil(LISTED_PER_TICK)).unwrap_or(u64::MAX);
        self.listed_until = now.after(limits.presence_tick_ms.saturating_mul(ticks));
        self.roster = Some(Arc::clone(&roster));
        // Each reader finds their own id in it.
        Some(per_viewer(move |viewer, push| push(&roster.of(viewer.member, &viewer.user.own_id()))))
    }
}

fn per_viewer(deliver: impl FnMut(&Viewer<'_>, &mut dyn FnMut(&Frame)) + Send + 'static) -> Broadcast {
    Broadcast::PerViewer(Box::new(deliver))
}

impl Events {
    /// The signals that lead from the set told before to this one, each for everybody but the one whom it is about. Who is
    /// still in it is told again: a message of theirs came in between.
    fn typing(&mut self, code: RoomCode, members: &[MemberId], room: &Room) -> Broadcast {
        let name = |id: &MemberId| room.members().find(|member| member.id == *id).map(|member| member.name.clone());
        let now: Vec<_> = members.iter().filter_map(|id| Some((id.clone(), name(id)?))).collect();
        let before = std::mem::replace(&mut self.typing, now.clone());
        let stopped = before.into_iter().filter(|(id, _)| !members.contains(id)).map(|person| (false, person));
        let signals = stopped.chain(now.into_iter().map(|person| (true, person)));
        let signals = signals.map(|(on, (id, name))| {
            let frame = encoder::typing(on, code, &id, name.as_str());
            (id, frame)
        });
        let signals: Vec<_> = signals.collect();
        per_viewer(move |viewer, push| {
            signals.iter().filter(|(id, _)| id != viewer.member).for_each(|(_, frame)| push(frame));
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chat::{Input, MessageIds, Monotonic, Named, NodeId, Now, Room, RoomStart, SessionKey};
    use protocol::{
        Activity, ClientId, DisplayName, LeaveReason, Limits, MemberId, Message, MessageId, Millis, RoomCode, RoomInfo,
        RoomName, ServerFrame,
    };

    use super::SocketIo;
    use crate::store::UserId;
    use realtime::dialect::{Broadcast, Dialect as _, RoomContext, Viewer};

    const START: Now = Now { wall: 0, mono: Monotonic::START };

    struct SameId;

    impl MessageIds for SameId {
        fn message_id(&self, _: Millis, _: u64, _: &MemberId) -> MessageId {
            MessageId::parse("m1").expect("short and plain")
        }

        fn whisper_id(&self, at: Millis, random: u64, member: &MemberId, _: &MemberId) -> MessageId {
            self.message_id(at, random, member)
        }

        fn verify(&self, _: &MessageId) -> Option<Named> {
            None
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
        let info = RoomInfo {
            code: code(),
            name,
            topic: None,
            capacity: 255,
            pin: false,
            sealed: false,
            locked: false,
            timer_s: None,
            lobby: false,
            created_at: 0,
            expires_at: 1,
        };
        let (ids, limits, moderators) = (Box::new(SameId), Limits::default(), BTreeSet::new());
        let owner = member(0);
        Room::new(RoomStart { info, node: NodeId(1), epoch: 7, owner, moderators, limits, ids, now: START })
    }

    /// Where in memory the frames are that the sessions of these members get; equal addresses are one encoding.
    fn encodings(frame: &ServerFrame, members: &[u8]) -> (usize, usize) {
        let (room, limits) = (room(), Limits::default());
        let context = RoomContext { room: &room, limits: &limits, now: START.mono };
        let broadcast = SocketIo.projection().broadcast(frame, &context).expect("there is a word for it");
        let mut kept = Vec::new();
        match broadcast {
            Broadcast::Shared(frame) => kept.extend(members.iter().map(|_| frame.clone())),
            Broadcast::PerViewer(mut each) => {
                for number in members {
                    let viewer = Viewer { member: &member(*number), user: UserId([*number; 16]) };
                    each(&viewer, &mut |frame| kept.push(frame.clone()));
                }
            }
        }
        let places: BTreeSet<_> = kept.iter().map(|frame| frame.bytes.as_ptr()).collect();
        (kept.len(), places.len())
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
            mark: None,
        };
        for number in 0..people {
            room.handle(START, join(number));
        }
        (room, join(people), Input::SessionEnded { session: SessionKey(u64::from(people)) })
    }

    #[test]
    fn who_comes_and_goes_costs_a_crowd_a_list_now_and_then_and_the_last_one_is_true() {
        for (people, most) in [(10, 50), (150, 7)] {
            let (mut room, come, go) = crowd(people);
            let (mut projection, limits) = (SocketIo.projection(), Limits::default());
            let changed =
                ServerFrame::Presence { room: code(), count: 0, joined: vec![], changed: vec![], left: vec![] };
            let (mut told, mut last) = (Vec::new(), None);
            let mut tell = |now, broadcast: Option<Broadcast>| {
                let Some(Broadcast::PerViewer(mut each)) = broadcast else { return };
                let viewer = Viewer { member: &member(0), user: UserId([0; 16]) };
                each(&viewer, &mut |frame| last = Some(frame.bytes.clone()));
                told.push(now);
            };
            for tick in 0..50 {
                let now = START.after(tick * limits.presence_tick_ms);
                room.handle(now, if tick % 2 == 0 { come.clone() } else { go.clone() });
                let at = |now| RoomContext { room: &room, limits: &limits, now };
                tell(now.mono, projection.broadcast(&changed, &at(now.mono)));
                let due = projection.deadline().filter(|due| *due < now.mono.after(limits.presence_tick_ms));
                if let Some(due) = due {
                    tell(due, projection.tick(&at(due)));
                }
            }
            let end = START.mono.after(60 * limits.presence_tick_ms);
            tell(end, projection.tick(&RoomContext { room: &room, limits: &limits, now: end }));
            assert_eq!(projection.deadline(), None, "nothing is owed");
            assert_eq!(told.first(), Some(&START.mono), "the first change is told at once");
            assert!(told.len() <= most + 1 && told.len() >= most.min(5), "{people} people: {told:?}");
            let last = String::from_utf8(last.expect("was told").to_vec()).expect("is JSON");
            assert_eq!(last.matches("userId").count(), usize::from(people), "the last one has gone");
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
            reply: None,
            mentions: Vec::new(),
            timer: None,
        });
        assert_eq!(encodings(&message, &[1, 2, 2, 4, 5, 6]), (6, 1));
        // Three sessions of the sender share theirs.
        assert_eq!(encodings(&message, &[1, 3, 2, 3, 4, 3, 5]), (7, 2));
        let left = ServerFrame::Left { room: code(), reason: LeaveReason::Expired, cid: None };
        assert_eq!(encodings(&left, &[1, 2, 3]), (3, 1));
    }
}
