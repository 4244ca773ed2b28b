//! The whole client against a pretended server that keeps the protocol's promises, over a line that keeps none.

use proptest::prelude::*;
use protocol::{ClientFrame, ErrorCode, LeaveReason, Limits, MessageId, Position, ServerFrame};

use super::connection::Order;
use super::fixtures::{at, cid, code, dice, info, me, member, member_id, message, name, welcome};
use super::room_state::{Returned, RoomPhase};
use super::row::{Delivery, RowKind};
use super::state::ClientState;

const YOU: u64 = 1;
const OTHER: u64 = 2;

/// A server with one room, whose other member talks when told to.
#[derive(Default)]
struct Server {
    sessions: u64,
    session: Option<u64>,
    seated: bool,
    epoch: u64,
    /// Every message of this epoch, by sender and text.
    relayed: Vec<(u64, String)>,
    acks: Vec<(protocol::ClientId, u64)>,
    /// Counted frames since `welcome`.
    log: Vec<ServerFrame>,
    /// Asks for patience with the next so many messages.
    limited: u32,
    /// Refuses the next join with this.
    refuses: Option<ErrorCode>,
    /// Has not kept the messages that a dropped session did not confirm.
    forgetful: bool,
    out: Vec<ServerFrame>,
    said: Vec<ClientFrame>,
}

impl Server {
    fn emit(&mut self, frame: ServerFrame) {
        if self.session.is_some() {
            if frame.is_counted() {
                self.log.push(frame.clone());
            }
            self.out.push(frame);
        }
    }

    fn seq(&self) -> u64 {
        self.relayed.len() as u64
    }

    fn relay(&mut self, from: u64, cid: protocol::ClientId, text: String) -> u64 {
        self.relayed.push((from, text.clone()));
        let seq = self.seq();
        if self.seated {
            self.emit(ServerFrame::Message(protocol::Message { cid, text, ..message(from, 0, seq) }));
        }
        seq
    }

    fn joined(&mut self, cid: Option<protocol::ClientId>) {
        let position = Position { epoch: self.epoch, seq: self.seq() };
        let members = vec![member(YOU), member(OTHER)];
        self.emit(ServerFrame::Joined { cid, room: info(), you: member_id(YOU), position, count: 2, members });
    }

    fn take(&mut self, frame: ClientFrame) {
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
            ClientFrame::Send { cid, text, .. } => self.send(cid, text),
            ClientFrame::Leave { cid, .. } => {
                self.seated = false;
                self.emit(ServerFrame::Left { cid: Some(cid), room: code(), reason: LeaveReason::Left });
            }
            ClientFrame::Ping { .. } => self.emit(ServerFrame::Pong {}),
            ClientFrame::Typing { .. } | ClientFrame::Status { .. } | ClientFrame::Pong { .. } => {}
        }
    }

    fn hello(&mut self, resume: Option<protocol::Resume>) {
        let goes_on = resume.filter(|resume| self.session.is_some_and(|id| resume.session.as_str() == format!("{id:022}")));
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
        let is_message = |frame: &&ServerFrame| matches!(frame, ServerFrame::Message(_));
        let lost = unconfirmed.iter().filter(is_message).count() as u64;
        if self.forgetful && lost > 0 {
            self.emit(ServerFrame::Gap { room: code(), missed: Some(lost) });
        }
        let forgetful = self.forgetful;
        for frame in unconfirmed.iter().filter(|frame| !(forgetful && is_message(frame))) {
            self.emit(frame.clone());
        }
        if self.seated {
            self.joined(None);
        }
    }

    fn send(&mut self, cid: protocol::ClientId, text: String) {
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
        let id = MessageId::parse("m").expect("a short id");
        self.emit(ServerFrame::Ack { cid, room: code(), seq, id, at: 0 });
    }
}

/// A page, its line, and the server at the other end.
struct World {
    page: ClientState,
    server: Server,
    now: u64,
    dice: Box<dyn FnMut() -> u64>,
    connected: bool,
    /// The line swallows everything in both directions.
    swallows: bool,
    sent: u64,
    heard: u64,
}

impl World {
    fn new() -> Self {
        let limits = Limits { page_messages_max: 10_000, ..Limits::default() };
        Self {
            page: ClientState::new(None, Some(me()), &limits, 0),
            server: Server::default(),
            now: 0,
            dice: Box::new(dice()),
            connected: false,
            swallows: false,
            sent: 0,
            heard: 0,
        }
    }

    fn inside() -> Self {
        let mut world = Self::new();
        world.act(|page, moment| page.enter(moment, code(), None));
        assert_eq!(world.phase(), RoomPhase::Inside);
        world
    }

    fn act<R>(&mut self, act: impl FnOnce(&mut ClientState, &mut super::moment::Moment<'_>) -> R) -> R {
        let result = act(&mut self.page, &mut at(self.now, &mut *self.dice));
        self.run();
        result
    }

    /// Carries frames to and fro until both sides are quiet.
    fn run(&mut self) {
        loop {
            let orders = self.page.take_orders();
            if orders.is_empty() && self.server.out.is_empty() {
                return;
            }
            for order in orders {
                match order {
                    Order::Open => {
                        self.connected = true;
                        self.page.opened(&mut at(self.now, &mut *self.dice));
                    }
                    Order::Close => self.connected = false,
                    Order::Say(frame) if self.connected && !self.swallows => self.server.take(frame),
                    Order::Say(_) | Order::Keep(_) => {}
                }
            }
            for frame in std::mem::take(&mut self.server.out) {
                if self.connected && !self.swallows {
                    self.page.heard(&mut at(self.now, &mut *self.dice), frame);
                }
            }
        }
    }

    fn others_say(&mut self, times: u64) {
        for _ in 0..times {
            self.heard += 1;
            self.server.relay(OTHER, cid(self.heard), format!("theirs {}", self.heard));
        }
        self.run();
    }

    fn say(&mut self) -> Result<(), ErrorCode> {
        let text = format!("own {}", self.sent + 1);
        let said = self.act(|page, moment| page.send(moment, code(), &text));
        self.sent += u64::from(said.is_ok());
        said
    }

    fn cut(&mut self) {
        if std::mem::take(&mut self.connected) {
            self.act(|page, moment| page.closed(moment, 1006));
        }
    }

    /// Time goes on as the page's timer lets it.
    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        let mut ticks = 0;
        while let Some(due) = self.page.deadline(self.now).filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.act(ClientState::tick);
            ticks += 1;
            assert!(ticks < 10 + ms / 10, "the timer spins");
        }
        self.now = end;
    }

    fn room(&self) -> &super::room_state::RoomState {
        self.page.room(code()).expect("the room was entered")
    }

    fn phase(&self) -> RoomPhase {
        self.room().phase()
    }

    /// Messages shown, and how many were told missing (`None` for possibly some).
    fn log(&self) -> (Vec<String>, Option<u64>) {
        let mut missed = Some(0);
        let mut texts = Vec::new();
        for row in self.room().rows() {
            match &row.kind {
                RowKind::Message(line) => texts.push(match line.delivery {
                    Delivery::Sent => line.text.clone(),
                    Delivery::Sending | Delivery::Waiting { .. } => format!("({})", line.text),
                    Delivery::Failed(code) => format!("({} {code})", line.text),
                }),
                RowKind::Missed(more) => missed = missed.zip(*more).map(|(missed, more)| missed + more),
                RowKind::Joins { .. } => {}
            }
        }
        (texts, missed)
    }

    fn last_said(&self) -> &ClientFrame {
        self.server.said.last().expect("something was said")
    }
}

#[test]
fn a_message_is_shown_at_once_and_once() {
    let mut world = World::new();
    world.act(|page, moment| page.enter(moment, code(), None));
    world.swallows = true;
    world.say().expect("a good text");
    assert_eq!(world.log().0, ["(own 1)"]);
    world.cut();
    world.swallows = false;
    world.pass(2_000);
    world.others_say(1);
    assert_eq!(world.log(), (vec!["own 1".to_owned(), "theirs 1".to_owned()], Some(0)));
    assert_eq!(world.room().unsent(), 0);
}

#[test]
fn typing_before_the_line_is_there_is_fine() {
    let mut world = World::new();
    world.swallows = true;
    world.act(|page, moment| page.enter(moment, code(), None));
    world.say().expect("a good text");
    world.swallows = false;
    world.pass(30_000);
    assert_eq!(world.log().0, ["own 1"]);
}

#[test]
fn bad_texts_stay_with_the_person() {
    let mut world = World::inside();
    let mut send = |text: &str| world.act(|page, moment| page.send(moment, code(), text));
    assert_eq!(send(" \n "), Err(ErrorCode::EmptyText));
    assert_eq!(send(&"x".repeat(5_001)), Err(ErrorCode::TextTooLong));
    assert_eq!(send(&"x".repeat(5_000)), Ok(()));
    assert_eq!(world.log().0.len(), 1);
}

#[test]
fn a_short_drop_loses_nothing_and_says_so() {
    let mut world = World::inside();
    world.others_say(2);
    world.cut();
    world.others_say(3);
    assert_eq!(world.room().returned(), None);
    world.pass(2_000);
    assert_eq!(world.log().0.len(), 5);
    assert_eq!(world.room().returned(), Some(Returned::NothingMissed));
    world.pass(12_000);
    assert_eq!(world.room().returned(), None, "it is news for a while only");
}

#[test]
fn after_a_long_drop_the_number_of_missed_messages_is_told_once() {
    let mut world = World::inside();
    world.others_say(2);
    world.cut();
    world.server.session = None;
    world.others_say(3);
    world.pass(2_000);
    assert_eq!(world.room().returned(), Some(Returned::Missed(Some(3))));
    world.others_say(1);
    assert_eq!(world.log(), (vec!["theirs 1".to_owned(), "theirs 2".to_owned(), "theirs 6".to_owned()], Some(3)));
}

#[test]
fn after_a_restart_possibly_some_were_missed() {
    let mut world = World::inside();
    world.others_say(2);
    world.cut();
    world.server = Server { epoch: 9, sessions: 50, ..Server::default() };
    world.pass(2_000);
    world.others_say(1);
    assert_eq!(world.room().returned(), Some(Returned::Missed(None)));
    assert_eq!(world.log().1, None);
    assert_eq!(world.log().0.len(), 3);
}

#[test]
fn a_reload_goes_on_with_the_session_and_shows_no_wrong_hole() {
    let mut world = World::inside();
    world.others_say(3);
    world.page.away(&mut at(world.now, &mut *world.dice));
    let claim = world.page.take_orders().into_iter().find_map(|order| match order {
        Order::Keep(claim) => claim,
        Order::Open | Order::Close | Order::Say(_) => None,
    });
    world.connected = false;
    world.others_say(2);
    world.page = ClientState::new(claim, Some(me()), &Limits::default(), world.now);
    world.act(|page, moment| page.enter(moment, code(), None));
    world.others_say(1);
    let shown = ["theirs 4", "theirs 5", "theirs 6"].map(str::to_owned).to_vec();
    assert_eq!((world.log(), world.phase()), ((shown, Some(0)), RoomPhase::Inside));
    assert_eq!(world.room().returned(), None);
    let joins = world.server.said.iter().filter(|frame| matches!(frame, ClientFrame::Join { .. })).count();
    assert_eq!(joins, 1, "a kept seat is not asked for again");
}

#[test]
fn a_refusal_keeps_what_was_typed_and_can_be_tried_again() {
    let mut world = World::new();
    world.server.refuses = Some(ErrorCode::RoomFull);
    world.swallows = true;
    world.act(|page, moment| page.enter(moment, code(), None));
    world.say().expect("a good text");
    world.swallows = false;
    world.pass(30_000);
    assert!(matches!(world.phase(), RoomPhase::Refused(failure) if failure.code == ErrorCode::RoomFull));
    assert_eq!(world.log().0, ["(own 1 room_full)"]);
    assert_eq!(world.say(), Err(ErrorCode::RoomFull));
    world.act(|page, moment| page.join_again(moment, code(), None));
    let key = world.room().rows()[0].key;
    world.act(|page, moment| page.retry(moment, code(), key));
    assert_eq!((world.phase(), world.log().0), (RoomPhase::Inside, vec!["own 1".to_owned()]));
}

#[test]
fn a_busy_server_is_asked_again_for_the_seat() {
    let mut world = World::new();
    world.server.refuses = Some(ErrorCode::RateLimited);
    world.act(|page, moment| page.enter(moment, code(), None));
    assert_eq!(world.phase(), RoomPhase::Joining);
    world.pass(3_000);
    assert_eq!(world.phase(), RoomPhase::Inside);
}

#[test]
fn hidden_or_idle_is_away_and_looking_is_online() {
    let status = |world: &World| match world.last_said() {
        ClientFrame::Status { state, room } => format!("{state:?} {}", room.is_some()),
        other => format!("{other:?}"),
    };
    let mut world = World::inside();
    world.act(|page, moment| page.visible(moment, false));
    assert_eq!(status(&world), "Away true");
    world.act(|page, moment| page.visible(moment, true));
    assert_eq!(status(&world), "Online true");
    for _ in 0..60 {
        world.pass(10_000);
        world.server.emit(ServerFrame::Ping {});
        world.run();
    }
    world.pass(1);
    let last = |frame: &&ClientFrame| matches!(frame, ClientFrame::Status { .. });
    let before = world.server.said.iter().rfind(last).map(|frame| format!("{frame:?}"));
    assert!(before.is_some());
    assert!(world.act(ClientState::touched), "the person was idle");
    assert_eq!(status(&world), "Online true");
    world.act(|page, moment| page.look_away(moment, code()));
    assert_eq!(status(&world), "Away true");
}

#[test]
fn typing_is_told_at_most_every_two_seconds_and_its_end_once() {
    let mut world = World::inside();
    let count = |world: &World| world.server.said.iter().filter(|frame| matches!(frame, ClientFrame::Typing { .. })).count();
    for _ in 0..10 {
        world.act(|page, moment| page.typing(moment, code(), true));
    }
    assert_eq!(count(&world), 1);
    world.pass(2_000);
    world.act(|page, moment| page.typing(moment, code(), true));
    assert_eq!(count(&world), 2);
    world.say().expect("a good text");
    world.act(|page, moment| page.typing(moment, code(), false));
    assert_eq!(count(&world), 3);
}

#[test]
fn others_who_type_are_named_until_they_speak() {
    let mut world = World::inside();
    world.server.emit(ServerFrame::Typing { room: code(), members: vec![member_id(YOU), member_id(OTHER), member_id(9)] });
    world.run();
    assert_eq!(world.room().typists(), [name("Member 2")]);
    world.others_say(1);
    assert_eq!(world.room().typists(), []);
}

#[test]
fn leaving_without_a_line_is_said_on_the_next_one() {
    let mut world = World::inside();
    world.cut();
    assert!(!world.act(|page, moment| page.leave(moment, code())));
    assert!(world.page.room(code()).is_none());
    world.pass(2_000);
    assert!(matches!(world.last_said(), ClientFrame::Leave { .. }));
    assert!(!world.server.seated);
    assert!(world.page.room(code()).is_none(), "the state that came with the resumed session is not shown again");
}

#[test]
fn fifty_rooms_entered_and_left_leave_nothing_behind() {
    let mut world = World::inside();
    for _ in 0..50 {
        world.others_say(1);
        assert!(world.act(|page, moment| page.leave(moment, code())));
        world.act(|page, moment| page.look_away(moment, code()));
        assert_eq!(world.page.rooms().count(), 0);
        world.act(|page, moment| page.enter(moment, code(), None));
        assert_eq!((world.phase(), world.log()), (RoomPhase::Inside, (Vec::new(), Some(0))));
    }
    let hellos = world.server.said.iter().filter(|frame| matches!(frame, ClientFrame::Hello { .. })).count();
    assert_eq!(hellos, 1);
}

#[test]
fn signing_in_begins_a_new_session_that_joins_again() {
    let mut world = World::inside();
    world.others_say(1);
    world.act(|page, moment| page.sign_in(moment, me()));
    assert_eq!((world.server.sessions, world.phase()), (2, RoomPhase::Inside));
    world.act(ClientState::sign_out);
    assert_eq!(world.phase(), RoomPhase::Ended(LeaveReason::SignedOut));
}

#[derive(Debug, Clone)]
enum Op {
    Say,
    OthersSay(u64),
    Swallow,
    Cut,
    Pass(u64),
    Expire,
    Forget(bool),
    Limit(u32),
    Hide(bool),
    LoseSeat,
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::Say),
        4 => (1_u64..4).prop_map(Op::OthersSay),
        2 => Just(Op::Swallow),
        2 => Just(Op::Cut),
        3 => (0_u64..50_000).prop_map(Op::Pass),
        1 => Just(Op::Expire),
        1 => any::<bool>().prop_map(Op::Forget),
        1 => (0_u32..4).prop_map(Op::Limit),
        1 => any::<bool>().prop_map(Op::Hide),
        1 => Just(Op::LoseSeat),
    ]
}

fn apply(world: &mut World, op: Op) {
    match op {
        // More than a hundred waiting is refused, and stays in the box.
        Op::Say => drop(world.say()),
        Op::OthersSay(times) => world.others_say(times),
        Op::Swallow => world.swallows = true,
        Op::Cut => {
            world.cut();
            world.swallows = false;
        }
        Op::Pass(ms) => world.pass(ms),
        Op::Expire if !world.connected => world.server.session = None,
        Op::Forget(forgets) => world.server.forgetful = forgets,
        Op::Limit(limited) => world.server.limited = limited,
        Op::Hide(hides) => world.act(|page, moment| page.visible(moment, !hides)),
        // Frames of a seat are kept only with the seat.
        Op::LoseSeat if world.connected && !world.swallows => world.server.seated = false,
        Op::Expire | Op::LoseSeat => {}
    }
}

proptest! {
    /// Over any line: all that is said arrives, in order, once; all that is relayed is shown or told missing.
    #[test]
    fn nothing_is_lost_silently_and_nothing_is_shown_twice(ops in proptest::collection::vec(any_op(), 0..60)) {
        let mut world = World::inside();
        for op in ops {
            apply(&mut world, op);
        }
        // The line is good from here on, and the server pings as it should.
        world.cut();
        world.swallows = false;
        for _ in 0..40 {
            world.pass(10_000);
            world.server.emit(ServerFrame::Ping {});
            world.run();
            world.others_say(1);
        }
        let (shown, missed) = world.log();
        let own: Vec<String> = (1..=world.sent).map(|number| format!("own {number}")).collect();
        let shown_own: Vec<String> = shown.iter().filter(|text| text.starts_with("own")).cloned().collect();
        prop_assert_eq!(&shown_own, &own, "own messages: all, once, in the order they were said");
        let mut unique = shown.clone();
        unique.sort();
        unique.dedup();
        prop_assert_eq!(unique.len(), shown.len());
        prop_assert_eq!(world.room().unsent(), 0);
        // In the order of the server, by the last time that a text was relayed.
        let place = |text: &String| world.server.relayed.iter().rposition(|(_, relayed)| relayed == text);
        let places: Vec<Option<usize>> = shown.iter().map(place).collect();
        prop_assert!(places.is_sorted() && places.iter().all(Option::is_some), "{shown:?}");
        prop_assert_eq!(missed.map(|missed| missed + shown.len() as u64), Some(world.server.seq()));
    }
}
