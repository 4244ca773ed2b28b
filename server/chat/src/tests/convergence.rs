//! A room, its members' queues, and the clients' own timelines behind lines that drop: whatever is said and changed in
//! whatever order, all who were present come to one timeline.

use client::timeline::Timeline;
use client::{Reactor, Revision, RowKind};
use proptest::prelude::*;
use protocol::{Limits, MemberId, MessageId, Refers, ServerFrame};

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

fn who(session: u64) -> u8 {
    u8::try_from(session.min(2)).expect("few")
}

#[derive(Debug, Clone)]
enum Op {
    Send(u64),
    /// It burns.
    Burn(u64),
    /// The message by its place among those that were said, whoever said it.
    Edit(u64, usize),
    Delete(u64, usize),
    React(u64, usize, usize, bool),
    Drop(u64),
    Resume(u64),
}

fn any_op() -> impl Strategy<Value = Op> {
    let session = 0..SESSIONS;
    prop_oneof![
        4 => session.clone().prop_map(Op::Send),
        2 => session.clone().prop_map(Op::Burn),
        4 => (session.clone(), 0_usize..12).prop_map(|(session, place)| Op::Edit(session, place)),
        2 => (session.clone(), 0_usize..12).prop_map(|(session, place)| Op::Delete(session, place)),
        4 => (session.clone(), 0_usize..12, 0..EMOJI.len(), any::<bool>())
            .prop_map(|(session, place, emoji, on)| Op::React(session, place, emoji, on)),
        2 => session.clone().prop_map(Op::Drop),
        2 => session.prop_map(Op::Resume),
    ]
}

/// One client and its line.
struct Reader {
    timeline: Timeline,
    queue: ResumeQueue<ServerFrame>,
    is_connected: bool,
    /// Counted frames that arrived since the count began.
    have: u64,
}

impl Reader {
    fn hear(&mut self, frame: ServerFrame) {
        self.have += 1;
        match frame {
            ServerFrame::Message(message) => self.timeline.message(message),
            ServerFrame::Edited { id, text, html, .. } => self.timeline.edited(&id, text, html),
            ServerFrame::Deleted { id, .. } => self.timeline.deleted(&id),
            ServerFrame::Reaction { id, member, name, emoji, on, .. } => {
                self.timeline.reacted(&id, &emoji, Reactor { member, name }, on);
            }
            ServerFrame::Ack { cid, seq, id, at, .. } => {
                self.timeline.acknowledged(&cid, seq, id, at);
                self.timeline.edit_taken(&cid);
            }
            ServerFrame::Error { cid: Some(cid), .. } => self.timeline.discard(&cid),
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
                text: line.text.clone(),
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
    text: String,
    revision: Revision,
    /// Each kind, and who.
    reactions: Vec<(String, Vec<MemberId>)>,
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
            Reader { timeline, queue: ResumeQueue::default(), is_connected: true, have: 0 }
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
                Effect::Broadcast(frame) if frame.is_counted() => {
                    for reader in &mut self.readers {
                        reader.push(&frame);
                    }
                    if let ServerFrame::Message(message) = frame {
                        let (id, member, text) = (Some(message.id), message.member, message.text);
                        self.expected.push(Shown {
                            id,
                            member,
                            text,
                            revision: Revision::Original,
                            reactions: Vec::new(),
                        });
                    }
                }
                Effect::Broadcast(_) | Effect::Seated(_) | Effect::Unseated(_) | Effect::Ended(_) => {}
            }
        }
    }

    fn apply(&mut self, op: &Op) {
        self.asked += 1;
        let number = self.asked;
        match *op {
            Op::Send(session) => self.send(session, number, None),
            Op::Burn(session) => {
                self.send(session, number, Some(BURNS_S));
                self.burning.extend(self.expected.len().checked_sub(1));
            }
            Op::Edit(session, place) => self.change(session, place, number, Some(format!("edit {number}"))),
            Op::Delete(session, place) => self.change(session, place, number, None),
            Op::React(session, place, emoji, on) => self.react(session, place, number, (EMOJI[emoji], on)),
            Op::Drop(session) => self.reader(session).is_connected = false,
            Op::Resume(session) => self.reader(session).resume(),
        }
    }

    fn send(&mut self, session: u64, number: u32, timer_s: Option<u64>) {
        let text = format!("text {number}");
        self.reader(session).timeline.write(cid(number), name(who(session)), text.clone(), 0);
        let (session, random) = (SessionKey(session), u64::from(number));
        let refers = Refers { timer_s, ..Refers::default() };
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
            }
        }
    }

    fn react(&mut self, session: u64, place: usize, number: u32, (emoji, on): (&str, bool)) {
        let Some(id) = self.expected.get(place).and_then(|shown| shown.id.clone()) else { return };
        self.handle(change(session, number, &id, reaction(emoji, on)));
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
            prop_assert_eq!(reader.shows(), world.expected.clone());
            prop_assert_eq!(reader.timeline.position(), Some(world.room.position()));
        }
        world.burn();
        for reader in &world.readers {
            prop_assert_eq!(reader.shows(), world.expected.clone());
        }
    }
}
