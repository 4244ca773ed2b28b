//! A person as a client that is made well: one message under way at a time and asked for again under the same name where
//! the answer is missing, a lost line claimed again, and where that fails the room entered anew with what was seen last.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::{
    ClientFrame, ClientId, ErrorCode, Position, Refers, Resume, Secret, SendBody, SendMessage, ServerFrame, SessionId,
};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::record::{Heard, Said, Shared};
use crate::harness::{Heard as FromWire, PATIENCE, Wire, frame};

/// Between two messages of one person, where answers do not take longer.
const SPEAKS_EVERY: Duration = Duration::from_millis(60);
/// An answer that took this long is asked for again.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Before somebody whose line was lost tries again.
const BACK_OFF: Duration = Duration::from_millis(50);
/// As clients do, so that a session does not keep for them what they have.
const CONFIRMS_EVERY: u64 = 64;

/// Where each node is now; none where it is dead.
pub(super) type Addresses = Arc<Mutex<Vec<Option<SocketAddr>>>>;

#[derive(Debug, Clone, Copy, Default)]
struct Orders {
    speaks: bool,
    /// Each more ends the line.
    cuts: u64,
}

/// Lives by itself until dropped.
pub(super) struct Person {
    pub(super) number: usize,
    pub(super) moves: bool,
    pub(super) record: Shared,
    orders: watch::Sender<Orders>,
    task: JoinHandle<()>,
}

/// Whoever is to become a person.
pub(super) struct Newcomer {
    pub(super) number: usize,
    /// The node where they begin.
    pub(super) home: usize,
    /// Goes to another node where theirs is not there, as a proxy would have it.
    pub(super) moves: bool,
    pub(super) token: String,
    pub(super) code: String,
    pub(super) at: Addresses,
}

impl Person {
    pub(super) fn begin(newcomer: Newcomer) -> Self {
        let Newcomer { number, home, moves, .. } = newcomer;
        let (orders, heeds) = watch::channel(Orders::default());
        let record = Shared::default();
        let life =
            Life { node: home, newcomer, record: record.clone(), orders: heeds, flight: None, since: None, asked: 0 };
        Self { number, moves, record, orders, task: tokio::spawn(life.live()) }
    }

    pub(super) fn speak(&self, speaks: bool) {
        self.orders.send_modify(|orders| orders.speaks = speaks);
    }

    pub(super) fn cut(&self) {
        self.orders.send_modify(|orders| orders.cuts += 1);
    }

    /// A person who panicked has something to tell.
    pub(super) fn is_well(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The message under way.
struct Flight {
    number: u64,
    cid: ClientId,
    /// When, and by which session, it was asked for last.
    asked: Option<(Instant, SessionId)>,
    is_due: Instant,
}

struct Life {
    newcomer: Newcomer,
    node: usize,
    record: Shared,
    orders: watch::Receiver<Orders>,
    flight: Option<Flight>,
    since: Option<Position>,
    asked: u64,
}

struct Line {
    wire: Wire,
    session: SessionId,
    secret: Secret,
    began: Instant,
    have: u64,
    confirmed: u64,
    /// The join that is waited for.
    joining: Option<ClientId>,
    is_inside: bool,
}

/// What is left of a line.
enum End {
    Lost(Resume),
    Over,
}

impl Life {
    async fn live(mut self) {
        let mut resume = None;
        loop {
            let line = self.connect(resume.take()).await;
            if let End::Lost(lost) = self.talk(line).await {
                resume = Some(lost);
            }
            self.record.lock().node = None;
        }
    }

    async fn connect(&mut self, resume: Option<Resume>) -> Line {
        loop {
            let at = self.newcomer.at.lock().expect("nobody panics in here")[self.node];
            if let Some(at) = at
                && let Some(line) = self.hello(at, resume.clone()).await
            {
                return line;
            }
            if self.newcomer.moves {
                let nodes = self.newcomer.at.lock().expect("nobody panics in here").len();
                self.node = (self.node + 1) % nodes;
            }
            sleep(BACK_OFF).await;
        }
    }

    async fn hello(&mut self, at: SocketAddr, resume: Option<Resume>) -> Option<Line> {
        let stream = TcpStream::connect(at).await.ok()?;
        let (mut wire, _) = Wire::attempt(stream, &format!("ws://{at}/ws"), &[]).await.ok()?;
        let token = Some(self.newcomer.token.clone());
        if !wire.try_text(&frame(&ClientFrame::Hello { token, resume, follow: false })).await {
            return None;
        }
        let welcome = tokio::time::timeout(PATIENCE, wire.next_ever()).await.ok()?;
        let FromWire::Frame(ServerFrame::Welcome { session, secret, resumed, .. }) = welcome else { return None };
        self.record.lock().node = Some(self.node);
        let mut line = Line {
            wire,
            session,
            secret,
            began: Instant::now(),
            have: 0,
            confirmed: 0,
            joining: None,
            is_inside: false,
        };
        if resumed {
            self.record.lock().heard.push(Heard::Returned);
        } else {
            let cid = self.cid();
            line.joining = Some(cid.clone());
            let join =
                ClientFrame::Join { cid, code: self.newcomer.code.clone(), pin: None, invite: None, since: self.since };
            line.wire.try_text(&frame(&join)).await.then_some(())?;
        }
        Some(line)
    }

    fn cid(&mut self) -> ClientId {
        self.asked += 1;
        ClientId::parse(&format!("p{}-{}", self.newcomer.number, self.asked)).expect("is a cid")
    }

    async fn talk(&mut self, mut line: Line) -> End {
        let cuts = self.orders.borrow().cuts;
        let mut beat = interval(SPEAKS_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                heard = line.wire.next_ever() => {
                    let FromWire::Frame(heard) = heard else { return End::Lost(line.resume()) };
                    if !self.hear(&mut line, heard) {
                        return End::Over;
                    }
                    if !line.confirm().await {
                        return End::Lost(line.resume());
                    }
                }
                _ = beat.tick() => {
                    if self.orders.borrow().cuts != cuts || !self.say(&mut line).await {
                        return End::Lost(line.resume());
                    }
                }
            }
        }
    }

    /// Answers whether the line is good for anything.
    fn hear(&mut self, line: &mut Line, heard: ServerFrame) -> bool {
        line.have += u64::from(heard.is_counted());
        line.wire.texts.clear();
        let mut record = self.record.lock();
        match heard {
            ServerFrame::Joined { cid, you, position, members, .. } => {
                record.you = Some(you);
                record.inside = members.into_iter().map(|member| member.id).collect();
                if cid.is_some() && cid == line.joining {
                    record.heard.push(Heard::Entered);
                    self.since = Some(Position { changes: None, ..position });
                }
                line.is_inside = true;
            }
            ServerFrame::Message(message) => {
                let (Some(said), Some(since)) = (Said::parse(&message.text), &mut self.since) else {
                    panic!("a message that nobody has said, or outside of the room")
                };
                since.seq = message.seq;
                let latest = record.latest.entry(said.by).or_default();
                *latest = said.number.max(*latest);
                let (epoch, seq, id) = (since.epoch, message.seq, message.id);
                record.heard.push(Heard::Message { epoch, seq, id, said });
            }
            ServerFrame::Gap { missed, .. } => record.heard.push(Heard::Gap(missed)),
            ServerFrame::Presence { joined, left, .. } => {
                record.inside.extend(joined.into_iter().map(|member| member.id));
                record.inside.retain(|member| !left.contains(member));
            }
            ServerFrame::Ack { cid, .. } => {
                if let Some(flight) = self.flight.take_if(|flight| flight.cid == cid) {
                    record.acked = flight.number;
                    record.heard.push(Heard::Acked(flight.number));
                }
            }
            ServerFrame::Error { code, cid, retry_after_ms, .. } => {
                let flight = self.flight.as_mut().filter(|flight| Some(&flight.cid) == cid.as_ref());
                let passes = matches!(code, ErrorCode::Overloaded | ErrorCode::Unavailable);
                if !passes {
                    record.refused.push(code);
                }
                let Some(flight) = flight else { return false };
                flight.asked = None;
                flight.is_due = Instant::now() + Duration::from_millis(retry_after_ms.unwrap_or_default());
            }
            ServerFrame::Left { .. } => return false,
            _ => {}
        }
        true
    }

    /// Goes on with what is under way, or begins something. False where the line does not take it.
    async fn say(&mut self, line: &mut Line) -> bool {
        if !line.is_inside {
            return true;
        }
        let now = Instant::now();
        if self.flight.is_none() && self.orders.borrow().speaks {
            let number = self.record.lock().begun + 1;
            self.record.lock().begun = number;
            self.flight = Some(Flight { number, cid: self.cid(), asked: None, is_due: now });
        }
        let Some(flight) = &mut self.flight else { return true };
        let is_asked = flight.asked.as_ref().is_some_and(|(at, _)| at.elapsed() < ANSWER_MAX && *at >= line.began);
        if is_asked || flight.is_due > now {
            return true;
        }
        if flight.asked.as_ref().is_some_and(|(_, by)| *by != line.session) {
            self.record.lock().again.insert(flight.number);
        }
        flight.asked = Some((now, line.session.clone()));
        let said = Said { by: self.newcomer.number, number: flight.number };
        let send = SendMessage {
            cid: flight.cid.clone(),
            room: self.newcomer.code.clone(),
            body: SendBody::Text(said.text()),
            refers: Refers::default(),
        };
        line.wire.try_text(&frame(&ClientFrame::Send(send))).await
    }
}

impl Line {
    fn resume(&self) -> Resume {
        Resume { session: self.session.clone(), secret: self.secret.clone(), have: self.have }
    }

    async fn confirm(&mut self) -> bool {
        if self.have == self.confirmed || !self.have.is_multiple_of(CONFIRMS_EVERY) {
            return true;
        }
        self.confirmed = self.have;
        self.wire.try_text(&frame(&ClientFrame::Pong { have: self.have })).await
    }
}
