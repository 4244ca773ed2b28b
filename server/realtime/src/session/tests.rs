//! A session and its lines: what is confirmed on one says nothing about another, and what waits is written or told.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chat::SessionKey;
use futures::FutureExt as _;
use proptest::prelude::*;
use protocol::{
    ClientId, DisplayName, ErrorCode, Limits, MemberId, Message, MessageId, RoomCode, Secret, ServerFrame, SessionId,
    UserKind, decode_server,
};

use super::flusher::Flush as _;
use super::for_rooms::RoomsSession;
use super::{Carrier, Confirmed, DirectLine, Flushers, Frame, Generation, TryWrite, Turn};
use crate::dialect::{Ashes, Broadcast, Counted, Dialect, DialectId, Projection, RoomContext};
use crate::identity::Identity;
use crate::identity::{LoginKey, UserId};

/// Frames as they are, as JSON.
struct Json;

fn encode(frame: &ServerFrame) -> Frame {
    let counted = Counted::of(frame);
    Frame::plain(protocol::encode(frame).into(), counted)
}

impl Dialect for Json {
    fn id(&self) -> DialectId {
        DialectId("json")
    }

    fn reads_sealed(&self) -> bool {
        false
    }

    fn reply(&self, _: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame)) {
        push(encode(frame));
    }

    fn projection(&self) -> Box<dyn Projection> {
        Box::new(Self)
    }
}

impl Projection for Json {
    fn broadcast(&mut self, frame: &ServerFrame, _: &RoomContext<'_>) -> Option<Broadcast> {
        Some(Broadcast::Shared(encode(frame)))
    }
}

fn identity() -> Identity {
    Identity {
        user: UserId([1; 16]),
        login: LoginKey([2; 16]),
        kind: UserKind::Guest,
        name: DisplayName::parse("Quiet Heron").expect("is a name"),
        username: None,
        expires_at: 0,
    }
}

fn secret(number: u64) -> Secret {
    Secret::parse(&format!("{number:022}")).expect("22 characters")
}

fn code() -> RoomCode {
    RoomCode::parse("KW7P3MXQ").expect("is a code")
}

fn session() -> RoomsSession {
    let id = SessionId::parse(&"A".repeat(22)).expect("22 characters");
    RoomsSession::of_person(SessionKey(1), id, &Json, identity(), Carrier::Bearer, secret(0))
}

fn message(seq: u64) -> Frame {
    encode(&ServerFrame::Message(Message {
        room: code(),
        seq,
        id: MessageId::parse("m").expect("is an id"),
        cid: ClientId::parse("c").expect("is a cid"),
        member: MemberId::parse(&"M".repeat(22)).expect("22 characters"),
        name: DisplayName::parse("Amber Finch").expect("is a name"),
        at: 0,
        text: "said".to_owned(),
        html: None,
        reply: None,
        mentions: Vec::new(),
        timer: None,
    }))
}

/// Claims the session with the secret of its last line; `None` where the claim does not hold.
fn claim(session: &RoomsSession, number: u64, have: u64, limits: &Limits) -> Option<Generation> {
    let (before, next) = (secret(number), secret(number + 1));
    let claim = (number > 0).then_some((&before, have));
    let welcome = |secret: &Secret, rooms| ServerFrame::Welcome {
        session: session.id.clone(),
        secret: secret.clone(),
        resumed: number > 0,
        rooms,
        me: identity().me(),
        now: 0,
        limits: limits.into(),
    };
    session
        .attach_person(&identity(), Carrier::Bearer, claim, next, limits, welcome)
        .map(|attached| attached.generation)
}

/// The messages and gaps that a line is given to write.
fn given(session: &RoomsSession, line: Generation) -> Vec<ServerFrame> {
    let mut frames = Vec::new();
    while let Some(Turn::Write(batch)) = session.turn(line, false) {
        for bytes in batch {
            session.wrote(line, bytes.len());
            frames.push(decode_server(std::str::from_utf8(&bytes).expect("is JSON")).expect("is a frame"));
        }
    }
    frames.retain(ServerFrame::is_counted);
    frames
}

#[test]
fn what_an_older_line_confirms_says_nothing_about_a_newer_one() {
    let (session, limits) = (session(), Limits::default());
    let first = claim(&session, 0, 0, &limits).expect("begins");
    (1..=3).for_each(|seq| session.push(&message(seq), &limits));
    assert_eq!(given(&session, first).len(), 3);
    // It moves to another line, by the count of before the three, and the numbering begins anew there.
    let second = claim(&session, 1, 0, &limits).expect("comes back");
    // Only now the `pong` of the first line is read.
    assert_eq!(session.confirm(first, 3), Confirmed::Stale);
    assert_eq!(session.confirm(first, 1_000), Confirmed::Stale, "nor is it a mistake of the newer line");
    // The second line breaks before anything of it is read.
    assert!(session.detach(second));
    let third = claim(&session, 2, 0, &limits).expect("comes back");
    assert_eq!(given(&session, third).len(), 3, "nothing was confirmed");
    assert_eq!(session.confirm(third, 4), Confirmed::Never);
    assert_eq!(session.confirm(third, 3), Confirmed::Yes);
}

/// The message with this number, which is over after so long.
fn burning(seq: u64, lasts_ms: u64) -> Frame {
    let said = message(seq);
    let over = String::from_utf8(said.bytes.to_vec()).expect("is JSON").replace("said", "");
    Frame { ashes: Some(Arc::new(Ashes::after(lasts_ms, over.into()))), ..said }
}

#[test]
fn what_is_over_is_resumed_without_its_text_and_without_a_gap() {
    let (session, limits) = (session(), Limits::default());
    let line = claim(&session, 0, 0, &limits).expect("begins");
    assert!(session.detach(line));
    for (seq, lasts_ms) in [(1, 0), (2, 3_600_000), (3, 0)] {
        session.push(&burning(seq, lasts_ms), &limits);
    }
    session.push(&message(4), &limits);
    let back = claim(&session, 1, 0, &limits).expect("comes back");
    let texts: Vec<(u64, String)> = given(&session, back)
        .into_iter()
        .map(|frame| match frame {
            ServerFrame::Message(message) => (message.seq, message.text),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [(1, ""), (2, "said"), (3, ""), (4, "said")].map(|(seq, text)| (seq, text.to_owned()));
    assert_eq!(texts, expected);
    assert_eq!(session.confirm(back, 4), Confirmed::Yes);
}

#[test]
fn last_words_are_written_before_the_end_and_a_slow_reader_gets_none() {
    let limits = Limits::default();
    for (code, words) in [(ErrorCode::Revoked, 1), (ErrorCode::SlowConsumer, 0)] {
        let session = session();
        let line = claim(&session, 0, 0, &limits).expect("begins");
        session.push(&message(1), &limits);
        session.close(code);
        session.push(&message(2), &limits);
        assert_eq!(given(&session, line).len(), words, "{code}");
        assert!(matches!(session.turn(line, false), Some(Turn::Close(said)) if said == code));
    }
}

#[test]
fn a_session_follows_what_it_asked_for_each_room_once_and_no_more_than_it_may_be_in() {
    let (session, limits) = (session(), Limits { rooms_per_session: 2, ..Limits::default() });
    let codes = ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"].map(|code| RoomCode::parse(code).expect("is a code"));
    session.follow(codes[0], &limits);
    assert_eq!(session.take_follows(), [], "it did not ask");
    session.set_follows(true);
    codes.iter().chain(&codes).for_each(|code| session.follow(*code, &limits));
    assert_eq!(session.take_follows(), codes[..2]);
    session.follow(codes[2], &limits);
    session.set_follows(false);
    assert_eq!(session.take_follows(), []);
}

/// A line that takes so many bytes and no more.
#[derive(Default)]
struct Narrow {
    room: AtomicUsize,
    written: Mutex<Vec<u8>>,
}

impl Narrow {
    fn write(&self, bytes: &[u8]) {
        self.written.lock().expect("nobody panics").extend(bytes);
    }
}

impl TryWrite for Narrow {
    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let offered: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
        let taken = offered.len().min(self.room.load(Ordering::Relaxed));
        if taken == 0 && !offered.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.room.fetch_sub(taken, Ordering::Relaxed);
        self.write(&offered[..taken]);
        Ok(taken)
    }
}

/// What a connection does with its turns on a line that takes everything in the end.
fn take_turns(session: &RoomsSession, generation: Generation, direct: &DirectLine, line: &Narrow) -> Option<ErrorCode> {
    while let Some(turn) = session.turn(generation, false) {
        let frames = match turn {
            Turn::Write(frames) => frames,
            Turn::Close(code) => return Some(code),
        };
        write(session, generation, direct, line, frames);
    }
    None
}

fn write(session: &RoomsSession, generation: Generation, direct: &DirectLine, line: &Narrow, frames: VecDeque<Bytes>) {
    for bytes in [direct.take_rest()].into_iter().chain(frames) {
        session.wrote(generation, bytes.len());
        line.write(&bytes);
    }
}

#[tokio::test]
async fn a_connection_that_is_not_needed_is_not_woken() {
    let (session, limits, line) = (Arc::new(session()), Limits::default(), Arc::new(Narrow::default()));
    let generation = claim(&session, 0, 0, &limits).expect("begins");
    let direct = Arc::new(DirectLine::new(Arc::<Narrow>::clone(&line)));
    session.write_directly(generation, Arc::clone(&direct), &Flushers::new(1, Arc::default()));
    assert_eq!(take_turns(&session, generation, &direct, &line), None);
    session.wake.notified().await;
    line.room.store(1_000, Ordering::Relaxed);
    (1..=20).for_each(|seq| {
        session.push(&message(seq), &limits);
        if seq <= 2 {
            session.flush();
            assert!(session.wake.notified().now_or_never().is_none(), "the line took it");
        }
    });
    session.flush();
    assert!(session.wake.notified().now_or_never().is_some(), "the line did not take all");
    session.close(ErrorCode::Revoked);
    assert_eq!(take_turns(&session, generation, &direct, &line), Some(ErrorCode::Revoked));
    let written = line.written.lock().expect("nobody panics");
    assert!((1..=20).all(|seq| contains(&written, &message(seq).bytes)), "last words are written");
}

#[test]
fn a_line_that_is_replaced_is_written_to_by_its_own_connection_alone() {
    let (session, limits, line) = (Arc::new(session()), Limits::default(), Arc::new(Narrow::default()));
    let old = claim(&session, 0, 0, &limits).expect("begins");
    let direct = Arc::new(DirectLine::new(Arc::<Narrow>::clone(&line)));
    session.write_directly(old, Arc::clone(&direct), &Flushers::new(1, Arc::default()));
    take_turns(&session, old, &direct, &line);
    line.room.store(10, Ordering::Relaxed);
    session.push(&message(1), &limits);
    session.flush();
    claim(&session, 1, 0, &limits).expect("comes back");
    line.room.store(1_000, Ordering::Relaxed);
    session.push(&message(2), &limits);
    session.flush();
    assert!(matches!(session.turn(old, false), Some(Turn::Close(ErrorCode::Replaced))));
    session.keep_off(old);
    line.write(&direct.take_rest());
    let written = line.written.lock().expect("nobody panics");
    assert!(written.ends_with(&message(1).bytes), "what has begun is ended, and nothing comes behind it");
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[derive(Debug, Clone)]
enum Op {
    Send,
    /// The next so many frames arrive on the newest line.
    Arrive(usize),
    /// The client says on its newest line what it has there.
    Confirm,
    /// What was said on the oldest line whose words are still under way is read at last.
    ReadLate,
    /// The client opens another line and claims the session, by what it has; its last words are still under way.
    Move,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        5 => Just(Op::Send),
        3 => (0_usize..5).prop_map(Op::Arrive),
        2 => Just(Op::Confirm),
        2 => Just(Op::ReadLate),
        2 => Just(Op::Move),
    ];
    prop::collection::vec(op, 0..120)
}

proptest! {
    /// Whoever of the two writes, and however little the line takes: each byte goes out once and in its order.
    #[test]
    fn a_session_and_its_connection_never_mix_their_frames(
        ops in prop::collection::vec((0_usize..4, 0_usize..700), 0..80),
    ) {
        let (session, limits, line) = (Arc::new(session()), Limits::default(), Arc::new(Narrow::default()));
        let generation = claim(&session, 0, 0, &limits).expect("begins");
        let direct = Arc::new(DirectLine::new(Arc::<Narrow>::clone(&line)));
        session.write_directly(generation, Arc::clone(&direct), &Flushers::new(1, Arc::default()));
        prop_assert_eq!(take_turns(&session, generation, &direct, &line), None);
        let mut expected = line.written.lock().expect("nobody panics").clone();
        for (seq, (op, number)) in (1..).zip(ops.into_iter().chain([(1, 1_000_000), (2, 0)])) {
            match op {
                0 => {
                    session.push(&message(seq), &limits);
                    expected.extend(&message(seq).bytes);
                }
                1 => {
                    line.room.store(number, Ordering::Relaxed);
                    session.flush();
                }
                2 => prop_assert_eq!(take_turns(&session, generation, &direct, &line), None),
                // The transport itself has something to say.
                _ => match session.turn(generation, true) {
                    Some(Turn::Write(frames)) => write(&session, generation, &direct, &line, frames),
                    Some(Turn::Close(_)) | None => prop_assert!(false, "it is to write"),
                },
            }
        }
        prop_assert_eq!(&*line.written.lock().expect("nobody panics"), &expected);
    }

    /// However late the words of older lines are read: each message comes once and in its order, or its gap is told.
    #[test]
    fn nothing_is_lost_by_words_that_are_late(ops in ops(), retention in prop_oneof![Just(0), Just(1_000), Just(262_144)]) {
        let limits = Limits { retention_bytes_max: retention, ..Limits::default() };
        let (session, mut lines) = (session(), 0);
        let mut line = claim(&session, lines, 0, &limits).expect("begins");
        let (mut sent, mut seen, mut have) = (0, 0, 0);
        let mut under_way: VecDeque<ServerFrame> = VecDeque::new();
        let mut late: VecDeque<(Generation, u64)> = VecDeque::new();
        for op in ops.into_iter().chain([Op::Move, Op::Arrive(usize::MAX)]) {
            under_way.extend(given(&session, line));
            match op {
                Op::Send => {
                    sent += 1;
                    session.push(&message(sent), &limits);
                }
                Op::Arrive(count) => {
                    for frame in under_way.drain(..count.min(under_way.len())) {
                        have += 1;
                        match frame {
                            ServerFrame::Message(message) => {
                                prop_assert_eq!(message.seq, seen + 1, "no silent hole, and nothing twice");
                                seen += 1;
                            }
                            ServerFrame::Gap { missed, .. } => seen += missed.expect("so few are known"),
                            other => prop_assert!(false, "{:?}", other),
                        }
                    }
                }
                Op::Confirm => prop_assert_eq!(session.confirm(line, have), Confirmed::Yes),
                Op::ReadLate => {
                    if let Some((line, have)) = late.pop_front() {
                        prop_assert_eq!(session.confirm(line, have), Confirmed::Stale);
                    }
                }
                Op::Move => {
                    late.push_back((line, have));
                    lines += 1;
                    line = claim(&session, lines, have, &limits).expect("so much was sent");
                    under_way = given(&session, line).into();
                    have = 0;
                }
            }
        }
        prop_assert_eq!(seen, sent);
    }
}
