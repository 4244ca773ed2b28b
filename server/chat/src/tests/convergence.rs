//! A room, its members' queues, and the clients' own timelines behind lines that drop: whatever is said, whispered
//! and changed in whatever order, all who were present come to one timeline, of which a whisper is for two of them.

use client::timeline::Timeline;
use client::{Confidant, Reactor, Revision, RowKind};
use proptest::prelude::*;
use protocol::{LeaveReason, Limits, MemberId, MessageId, Refers, ServerFrame, Text};

use super::changes::{change, reaction, words as says};
use super::{at, body, cid, code, join, member, name, room};
use crate::event::{ChangeKind, Effect, Input};
use crate::ids::SessionKey;
use crate::resume::{ResumeQueue, Tells};
use crate::room::Room;

const EMOJI: [&str; 3] = ["👍", "🎉", "🇯🇵"];

/// Seconds from reading that a burning message has.
const BURNS_S: u64 = 30;

/// Two of them are one person.
const SESSIONS: u64 = 4;
const PEOPLE: u8 = 3;

fn who(session: u64) -> u8 {
    u8::try_from(session.min(2)).expect("few")
}

#[derive(Debug, Clone)]
enum Op {
    /// Perhaps as an answer to one that was said.
    Send(u64, Option<usize>),
    /// To the person of this number, perhaps as an answer.
    Whisper(u64, u8, Option<usize>),
    /// It burns.
    Burn(u64),
    /// The message by its place among those that were said, whoever said it.
    Edit(u64, usize),
    Delete(u64, usize),
    React(u64, usize, usize, bool),
    Drop(u64),
    Resume(u64),
    Leave(u64),
    Kick(u8),
    /// The room, for all.
    End,
}

fn any_op() -> impl Strategy<Value = Op> {
    let session = 0..SESSIONS;
    prop_oneof![
        8 => (session.clone(), any_place()).prop_map(|(session, reply)| Op::Send(session, reply)),
        4 => session.clone().prop_map(Op::Burn),
        8 => (session.clone(), 0..PEOPLE, any_place()).prop_map(|(session, to, reply)| Op::Whisper(session, to, reply)),
        8 => (session.clone(), 0_usize..12).prop_map(|(session, place)| Op::Edit(session, place)),
        4 => (session.clone(), 0_usize..12).prop_map(|(session, place)| Op::Delete(session, place)),
        8 => (session.clone(), 0_usize..12, 0..EMOJI.len(), any::<bool>())
            .prop_map(|(session, place, emoji, on)| Op::React(session, place, emoji, on)),
        4 => session.clone().prop_map(Op::Drop),
        4 => session.clone().prop_map(Op::Resume),
        // Rarely: most of what is interesting needs company.
        1 => prop_oneof![session.prop_map(Op::Leave), (0..PEOPLE).prop_map(Op::Kick), Just(Op::End)],
    ]
}

fn any_place() -> impl Strategy<Value = Option<usize>> {
    prop::option::weighted(0.4, 0_usize..12)
}

/// One client and its line.
struct Reader {
    member: MemberId,
    timeline: Timeline,
    queue: ResumeQueue<ServerFrame>,
    is_connected: bool,
    /// Counted frames that arrived since the count began.
    have: u64,
    /// What stood in the room when it was left, for this reader.
    left: Option<Vec<Shown>>,
}

impl Reader {
    fn hear(&mut self, frame: ServerFrame) {
        self.have += 1;
        match frame {
            ServerFrame::Message(message) => self.timeline.message(message),
            ServerFrame::Whisper(whisper) => {
                assert!([&whisper.member, &whisper.to].contains(&&self.member), "it is for somebody else");
                self.timeline.whisper(whisper);
            }
            ServerFrame::Edited { id, text, html, whisper, .. } => {
                self.timeline.changed(whisper);
                self.timeline.edited(&id, text, html);
            }
            ServerFrame::Deleted { id, whisper, .. } => {
                self.timeline.changed(whisper);
                self.timeline.deleted(&id);
            }
            ServerFrame::Reaction { id, member, name, emoji, on, whisper, .. } => {
                self.timeline.changed(whisper);
                self.timeline.reacted(&id, &emoji, Reactor { member, name }, on);
            }
            ServerFrame::Ack { cid, seq, id, at, .. } => {
                self.timeline.acknowledged(&cid, seq, id, at);
                self.timeline.edit_taken(&cid);
            }
            ServerFrame::Error { cid: Some(cid), .. } => self.timeline.discard(&cid),
            ServerFrame::Left { .. } => {}
            other => panic!("{other:?} is not expected"),
        }
    }

    fn push(&mut self, frame: &ServerFrame) {
        self.queue.push(frame.clone(), 0, Tells::Nothing, 0);
        if self.is_connected {
            self.hear(frame.clone());
        }
    }

    fn resume(&mut self) {
        if self.is_connected {
            return;
        }
        let owed = self.queue.resume(self.have, &[code()], 0, |_, _| None).expect("it has what it was sent");
        (self.is_connected, self.have) = (true, 0);
        for frame in owed {
            self.hear(frame);
        }
    }

    /// What the log says, row by row.
    fn shows(&self) -> Vec<Shown> {
        let shown = |row: &std::sync::Arc<client::Row>| match &row.kind {
            RowKind::Message(line) => Shown {
                id: line.id.clone(),
                member: line.member.clone().expect("everybody has joined"),
                to: line.whisper.as_ref().map(|to| to.member.clone()),
                text: line.text.clone(),
                reply: line.reply.as_ref().map(|reply| reply.id.clone()),
                revision: line.revision,
                reactions: line.reactions.iter().map(shown_reaction).collect(),
            },
            other => panic!("{other:?} is no message"),
        };
        self.timeline.rows().iter().map(shown).collect()
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Shown {
    id: Option<MessageId>,
    member: MemberId,
    /// Of a whisper.
    to: Option<MemberId>,
    text: String,
    reply: Option<MessageId>,
    revision: Revision,
    /// Each kind, and who.
    reactions: Vec<(String, Vec<MemberId>)>,
}

impl Shown {
    fn is_for(&self, member: &MemberId) -> bool {
        self.to.as_ref().is_none_or(|to| to == member || self.member == *member)
    }
}

fn shown_reaction(reaction: &client::Reaction) -> (String, Vec<MemberId>) {
    (reaction.emoji.as_str().to_owned(), reaction.by.iter().map(|who| who.member.clone()).collect())
}

struct World {
    room: Room,
    readers: Vec<Reader>,
    /// What has to stand in every log in the end.
    expected: Vec<Shown>,
    /// Which of these burn.
    burning: Vec<usize>,
    asked: u32,
}

impl World {
    fn new() -> Self {
        let mut room = room(5, Limits::default());
        for session in 0..SESSIONS {
            room.handle(at(0), join(session, who(session)));
        }
        let reader = |session| {
            let mut timeline = Timeline::new(1_000);
            timeline.joined(&member(who(session)), room.position());
            let member = member(who(session));
            Reader { member, timeline, queue: ResumeQueue::default(), is_connected: true, have: 0, left: None }
        };
        let readers = (0..SESSIONS).map(reader).collect();
        Self { room, readers, expected: Vec::new(), burning: Vec::new(), asked: 1_000 }
    }

    fn reader(&mut self, session: u64) -> &mut Reader {
        &mut self.readers[usize::try_from(session).expect("few")]
    }

    fn handle(&mut self, input: Input) {
        for effect in self.room.handle(at(1), input) {
            match effect {
                Effect::Publish(event) => self.handle(Input::Relay(event)),
                Effect::Reply(SessionKey(session), frame) => self.reader(session).push(&frame),
                Effect::Broadcast(frame) if frame.is_counted() => self.tell(&frame, None),
                Effect::Between(pair, frame) => self.tell(&frame, Some(&pair)),
                Effect::Unseated(SessionKey(session)) => {
                    let member = member(who(session));
                    self.reader(session).left = Some(self.expected(&member));
                }
                Effect::Broadcast(_) | Effect::Seated(_) | Effect::Ended(_) => {}
            }
        }
    }

    /// Tells those inside, or two of them, and writes down what has to be read.
    fn tell(&mut self, frame: &ServerFrame, pair: Option<&[MemberId; 2]>) {
        let hears =
            |reader: &&mut Reader| reader.left.is_none() && pair.is_none_or(|pair| pair.contains(&reader.member));
        self.readers.iter_mut().filter(hears).for_each(|reader| reader.push(frame));
        let (id, member, to, text, reply) = match frame.clone() {
            ServerFrame::Message(message) => (message.id, message.member, None, message.text, message.reply),
            ServerFrame::Whisper(told) => {
                assert!(pair == Some(&[told.member.clone(), told.to.clone()]), "it is told to these two alone");
                (told.id, told.member, Some(told.to), told.text, told.reply)
            }
            ServerFrame::Edited { whisper, .. }
            | ServerFrame::Deleted { whisper, .. }
            | ServerFrame::Reaction { whisper, .. } => return assert_eq!(whisper, pair.is_some()),
            _ => return,
        };
        let (id, revision, reactions) = (Some(id), Revision::Original, Vec::new());
        self.expected.push(Shown { id, member, to, text, reply, revision, reactions });
    }

    /// What has to stand in this member's log.
    fn expected(&self, member: &MemberId) -> Vec<Shown> {
        self.expected.iter().filter(|shown| shown.is_for(member)).cloned().collect()
    }

    /// The message at this place among those that were said, if this session may do something to it.
    fn reached(&self, session: u64, place: usize) -> bool {
        let reader = &self.readers[usize::try_from(session).expect("few")];
        reader.left.is_none() && self.expected.get(place).is_some_and(|shown| shown.is_for(&reader.member))
    }

    fn id_at(&self, place: Option<usize>) -> Option<MessageId> {
        self.expected.get(place?)?.id.clone()
    }

    fn apply(&mut self, op: &Op) {
        self.asked += 1;
        let number = self.asked;
        match *op {
            Op::Send(session, place) => {
                let reply = self.id_at(place);
                self.send(session, number, Refers { reply, ..Refers::default() });
            }
            Op::Burn(session) => {
                let before = self.expected.len();
                self.send(session, number, Refers { timer_s: Some(BURNS_S), ..Refers::default() });
                self.burning.extend((self.expected.len() > before).then_some(before));
            }
            Op::Whisper(session, to, place) => {
                let (text, reply) = (format!("whisper {number}"), self.id_at(place));
                self.write(session, number, &text, Some(to), reply.clone());
                let (session, random, cid, to) = (SessionKey(session), u64::from(number), cid(number), member(to));
                let refers = Refers { reply, ..Refers::default() };
                let text = Text::parse(&text, 5_000).expect("not empty");
                self.handle(Input::Whisper { session, cid, random, to, text, html: None, refers });
            }
            Op::Edit(session, place) => self.change(session, place, number, Some(format!("edit {number}"))),
            Op::Delete(session, place) => self.change(session, place, number, None),
            Op::React(session, place, emoji, on) => self.react(session, place, number, (EMOJI[emoji], on)),
            Op::Drop(session) => self.reader(session).is_connected = false,
            Op::Resume(session) => self.reader(session).resume(),
            Op::Leave(session) => self.handle(Input::Leave { session: SessionKey(session), cid: Some(cid(number)) }),
            Op::Kick(person) => self.handle(Input::Remove { member: member(person), reason: LeaveReason::Kicked }),
            Op::End => self.handle(Input::End(LeaveReason::Deleted)),
        }
    }

    /// As an own page does, before the server has answered.
    fn write(&mut self, session: u64, number: u32, text: &str, to: Option<u8>, reply: Option<MessageId>) {
        let to = to.map(|to| Confidant { member: member(to), name: name(to) });
        let rows = &mut self.reader(session).timeline;
        let key = rows.write(cid(number), name(who(session)), text.to_owned(), to, 0);
        if let Some(reply) = reply {
            rows.answers(key, reply);
        }
    }

    fn send(&mut self, session: u64, number: u32, refers: Refers) {
        let text = format!("text {number}");
        self.write(session, number, &text, None, refers.reply.clone());
        let (session, random) = (SessionKey(session), u64::from(number));
        self.handle(Input::Send { session, cid: cid(number), random, body: body(&text), refers });
    }

    /// Their time is over, for whoever has read them or not: of those that were not deleted before, a line is left.
    fn burn(&mut self) {
        let over = at(1).wall + Limits::default().burn_unread_ms;
        for reader in &mut self.readers {
            reader.timeline.burn(over);
        }
        for place in &self.burning {
            let shown = &mut self.expected[*place];
            if shown.revision != Revision::Deleted {
                (shown.text, shown.revision) = (String::new(), Revision::Burned);
                shown.reactions.clear();
                shown.reply = None;
            }
        }
    }

    fn react(&mut self, session: u64, place: usize, number: u32, (emoji, on): (&str, bool)) {
        let Some(id) = self.expected.get(place).and_then(|shown| shown.id.clone()) else { return };
        let is_reached = self.reached(session, place);
        self.handle(change(session, number, &id, reaction(emoji, on)));
        if !is_reached {
            return;
        }
        let (shown, by) = (&mut self.expected[place], member(who(session)));
        if shown.revision == Revision::Deleted {
            return;
        }
        let kind = shown.reactions.iter().position(|(kind, _)| kind == emoji);
        match (kind, on) {
            (Some(kind), true) if !shown.reactions[kind].1.contains(&by) => shown.reactions[kind].1.push(by),
            (None, true) => shown.reactions.push((emoji.to_owned(), vec![by])),
            (Some(kind), false) => shown.reactions[kind].1.retain(|other| *other != by),
            (Some(_) | None, _) => {}
        }
        shown.reactions.retain(|(_, by)| !by.is_empty());
    }

    /// With words an edit, without a deletion.
    fn change(&mut self, session: u64, place: usize, number: u32, words: Option<String>) {
        let Some(shown) = self.expected.get(place) else { return };
        let (id, is_own) = (shown.id.clone().expect("has one"), shown.member == member(who(session)));
        let is_own = is_own && self.reached(session, place);
        let kind = words.as_ref().map_or(ChangeKind::Delete, |words| says(words));
        if let Some(words) = words.clone() {
            // As an own page does, before the server has answered.
            let rows = &mut self.reader(session).timeline;
            if let Ok((key, ..)) = rows
                .rows()
                .iter()
                .find_map(|row| match &row.kind {
                    RowKind::Message(line) if line.id.as_ref() == Some(&id) => Some(rows.changeable(Some(row.key), 0)),
                    _ => None,
                })
                .unwrap_or(Err(protocol::ErrorCode::UnknownMessage))
            {
                rows.begin_edit(key, cid(number), words);
            }
        }
        self.handle(change(session, number, &id, kind));
        let shown = &mut self.expected[place];
        if is_own && shown.revision != Revision::Deleted {
            let deleted = (String::new(), Revision::Deleted);
            if words.is_none() {
                shown.reactions.clear();
                shown.reply = None;
            }
            (shown.text, shown.revision) = words.map_or(deleted, |words| (words, Revision::Edited));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Also: nobody changes what another has said, and nothing brings back what was deleted.
    #[test]
    fn all_who_were_present_come_to_one_timeline(ops in prop::collection::vec(any_op(), 1..120)) {
        let mut world = World::new();
        for op in &ops {
            world.apply(op);
        }
        for reader in &mut world.readers {
            reader.resume();
            if let Some(expected) = &reader.left {
                prop_assert_eq!(&reader.shows(), expected);
                continue;
            }
            let expected: Vec<Shown> =
                world.expected.iter().filter(|shown| shown.is_for(&reader.member)).cloned().collect();
            prop_assert_eq!(reader.shows(), expected);
            prop_assert_eq!(reader.timeline.position(), Some(world.room.position()));
        }
        world.burn();
        for reader in world.readers.iter().filter(|reader| reader.left.is_none()) {
            prop_assert_eq!(reader.shows(), world.expected(&reader.member));
        }
    }
}
