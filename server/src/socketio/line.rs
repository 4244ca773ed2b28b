//! One client, one task: it takes events in their order and hands the library what the session's queue holds.
//!
//! The library takes a packet or says that its buffer is full. So packets wait in the session's own queue, which is
//! bounded in bytes like that of any session, and a client that does not take them is closed by the same rule.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use protocol::{ClientFrame, ErrorCode, Limits, RoomCode};
use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::connect::acknowledge;
use super::door::lost;
use super::flow::Flow;
use super::inbox::{Asked, Inbox};
use super::packet::{self, Packet};
use super::render;
use super::switchboard::{Switchboard, Visitor};
use crate::clock;
use crate::requests::{Next, Requests};
use crate::session::{Dialect, Frame, Generation, Session, Turn};
use crate::state::AppState;

/// How often it is looked whether a client is too slow, or a full buffer has room again.
const RETRY: Duration = Duration::from_millis(20);
/// Calls that wait while their answers are too many for the client: then it is not the line that is slow.
const FLOOD_CALLS: usize = 128;
/// Acknowledgements that are waited for at once; beyond it nothing more is taken until some were called.
const ACKS_MAX: usize = 1_024;
/// How often a connected guest's end is moved.
const RENEW_EVERY: Duration = Duration::from_hours(1);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// What the library has in hand is done in so much time.
const SETTLE: Duration = Duration::from_millis(50);
/// Close codes from here on mean: do not connect again.
const NO_RETURN: u16 = 4500;

/// Everything that a connection's task begins with. Dropped without one, it gives the session's line back.
pub(super) struct Start {
    line: Line,
    switchboard: Arc<Switchboard>,
    visitor: Arc<Visitor>,
    inbox: Inbox,
    /// The library has lost the client.
    ended: CancellationToken,
}

struct Line {
    state: AppState,
    session: Arc<Session>,
    generation: Generation,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.hub.dropped(&self.session, self.generation);
    }
}

impl Start {
    pub(super) const fn new(
        state: AppState,
        switchboard: Arc<Switchboard>,
        visitor: Arc<Visitor>,
        session: Arc<Session>,
        generation: Generation,
        inbox: Inbox,
        ended: CancellationToken,
    ) -> Self {
        Self { line: Line { state, session, generation }, switchboard, visitor, inbox, ended }
    }
}

/// Runs one client's connection to its end.
pub(super) async fn run(start: Start, socket: Arc<Socket>) {
    let Start { line, switchboard, visitor, inbox, ended } = start;
    let requests = Requests::new(line.state.clone(), Arc::clone(&line.session), visitor.address);
    let mut connection = Connection {
        line,
        switchboard: Arc::clone(&switchboard),
        requests,
        socket: socket.clone(),
        inbox,
        ended: ended.clone(),
        backlog: VecDeque::new(),
        flow: Flow::new(Arc::clone(&visitor.passed)),
        blocked_since: None,
        acks: HashMap::new(),
        follows: VecDeque::new(),
        follow_at: Instant::now(),
        renew_at: Instant::now() + RENEW_EVERY,
    };
    let End::Close(code) = connection.serve().await else {
        return;
    };
    drop(connection);
    goodbye(code, socket, &switchboard, &visitor, &ended).await;
}

/// Says an event outside of the session's order.
fn speak(socket: &Socket, frame: &Frame) -> Result<(), SendError> {
    match packet::parse(&frame.bytes) {
        Some(Packet::Event { name, arguments }) => socket.emit(name, &arguments),
        Some(Packet::Answer { .. } | Packet::Acknowledgement { .. } | Packet::Follow { .. }) | None => Ok(()),
    }
}

/// Tries until there is a place in the library's buffer, or the time for a goodbye is over.
async fn insist(mut say: impl FnMut() -> Result<(), SendError>) {
    let trying = async {
        while let Err(SendError::Socket(SocketError::InternalChannelFull)) = say() {
            sleep(RETRY).await;
        }
    };
    let _ = timeout(GOODBYE, trying).await;
}

/// Tells why, then ends the line so that the client knows whether to come back.
async fn goodbye(
    code: ErrorCode,
    socket: Arc<Socket>,
    switchboard: &Switchboard,
    visitor: &Visitor,
    ended: &CancellationToken,
) {
    let sid = socket.id;
    let why = render::error(code, None);
    if code.close_code() >= NO_RETURN {
        // A client that floods has filled the buffer with its refusals: without the packet it would come back.
        switchboard.dismiss(sid, visitor);
        // What it has read already goes through to the end: an event for a socket that is gone would end the line.
        let _ = timeout(GOODBYE, switchboard.quiet(sid)).await;
        sleep(SETTLE).await;
        insist(|| speak(&socket, &why)).await;
        insist(|| socket.clone().disconnect().map_err(SendError::Socket)).await;
        // The client closes the line itself when it has read that.
        sleep(GOODBYE).await;
    } else {
        let _ = speak(&socket, &why);
        drop(socket);
        // What is on its way gets a moment: a lost line loses it.
        let _ = timeout(SETTLE, ended.cancelled()).await;
    }
    switchboard.hang_up(sid, visitor);
    if ended.is_cancelled() {
        // The library had forgotten it already, and says so only once.
        switchboard.gone(sid);
    }
}

/// How a connection ends.
enum End {
    /// The client is gone.
    Gone,
    Close(ErrorCode),
}

struct Connection {
    line: Line,
    switchboard: Arc<Switchboard>,
    requests: Requests,
    socket: Arc<Socket>,
    inbox: Inbox,
    ended: CancellationToken,
    /// Taken from the session's queue, not yet taken by the library.
    backlog: VecDeque<Bytes>,
    flow: Flow,
    blocked_since: Option<Instant>,
    /// The requests that are not answered yet, and the numbers that their answers go to.
    acks: HashMap<String, i64>,
    /// Rooms to enter without being asked.
    follows: VecDeque<RoomCode>,
    /// Not before.
    follow_at: Instant,
    renew_at: Instant,
}

impl Connection {
    async fn serve(&mut self) -> End {
        if let Dialect::SocketIo { follows: true, .. } = self.line.session.dialect
            && let Err(code) = self.recall_rooms().await
        {
            return End::Close(code);
        }
        match self.work().await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    /// The rooms that the person is a member of.
    async fn recall_rooms(&mut self) -> Result<(), ErrorCode> {
        let (state, user) = (&self.line.state, self.line.session.identity().user);
        let rooms = state.store.rooms_of(user, clock::now()).await.map_err(|error| {
            let failure = crate::error::Failure::from(error);
            failure.code
        })?;
        self.follows.extend(rooms.into_iter().map(|room| room.code));
        Ok(())
    }

    async fn work(&mut self) -> Result<std::convert::Infallible, End> {
        let mut waiting: Option<BoxFuture<'static, ()>> = None;
        let stopping = self.line.state.stopping.clone();
        let (board, sid) = (Arc::clone(&self.switchboard), self.socket.id);
        let passed = self.flow.passed();
        let lost = lost(&board, sid);
        tokio::pin!(lost);
        loop {
            self.speak()?;
            if waiting.is_none() {
                waiting = self.follow();
            }
            let is_blocked = self.blocked_since.is_some();
            tokio::select! {
                () = self.line.session.wake.notified() => {}
                () = passed.rung(), if is_blocked => {}
                () = sleep(RETRY), if is_blocked => {}
                () = async { if let Some(waiting) = &mut waiting { waiting.await } }, if waiting.is_some() => {
                    waiting = None;
                }
                asked = self.inbox.take(), if waiting.is_none() && self.acks.len() < ACKS_MAX => {
                    waiting = self.take(asked.ok_or(End::Gone)?)?;
                }
                () = sleep_until(self.follow_at), if waiting.is_none() && !self.follows.is_empty() => {}
                () = self.ended.cancelled() => return Err(End::Gone),
                () = &mut lost => return Err(End::Gone),
                () = stopping.cancelled() => return Err(End::Close(ErrorCode::ShuttingDown)),
                () = sleep_until(self.renew_at) => self.keep_guest(),
            }
        }
    }

    fn take(&mut self, asked: Asked) -> Result<Option<BoxFuture<'static, ()>>, End> {
        let Asked { frame, cid, ack, is_known } = asked;
        if let Some(id) = ack {
            self.acks.insert(cid.as_str().to_owned(), id);
        }
        let next = match frame {
            // The room does not answer a signal: that it was taken is all there is to say.
            Ok(ClientFrame::Typing { room, on }) if ack.is_some() => {
                let refused = self.requests.signal(&cid, &room, on).err();
                refused.unwrap_or_else(|| {
                    self.line.session.push(&packet::answer(&cid, &render::Answer::taken()), self.limits());
                    Next::Read
                })
            }
            // Clients may know more events than this server: hundreds of them over days are no flood.
            Err(_) if !is_known => self.requests.unknown(cid),
            frame => self.requests.take_decoded(frame),
        };
        match next {
            Next::Read => Ok(None),
            Next::Wait(future) => Ok(Some(future)),
            Next::Close(code) => Err(End::Close(code)),
        }
    }

    /// The next room to enter without being asked, if it may be entered now.
    fn follow(&mut self) -> Option<BoxFuture<'static, ()>> {
        while self.follow_at <= Instant::now() {
            match self.requests.follow(*self.follows.front()?) {
                Ok(entering) => {
                    self.follows.pop_front();
                    if entering.is_some() {
                        return entering;
                    }
                }
                Err(wait_ms) => self.follow_at = Instant::now() + Duration::from_millis(wait_ms),
            }
        }
        None
    }

    /// Hands over what waits, as far as the library takes it and the client took what was before.
    fn speak(&mut self) -> Result<(), End> {
        loop {
            if let Some(code) = self.line.session.wants_close(self.line.generation) {
                return Err(self.close(code));
            }
            let transport = self.socket.transport_type();
            while let Some(line) = self.backlog.pop_front() {
                let full = Err(SendError::Socket(SocketError::InternalChannelFull));
                match if self.flow.has_room(transport) { self.hand_over(&line) } else { full } {
                    Ok(()) | Err(SendError::Serialize(_)) => self.blocked_since = None,
                    Err(SendError::Socket(SocketError::Closed)) => return Err(End::Gone),
                    Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                        self.backlog.push_front(line);
                        let limit = Duration::from_millis(self.limits().unwritten_ms_max);
                        let slow = self.blocked_since.get_or_insert_with(Instant::now).elapsed() >= limit;
                        return if slow { Err(self.close(ErrorCode::SlowConsumer)) } else { Ok(()) };
                    }
                }
            }
            match self.line.session.turn(self.line.generation) {
                None => return Ok(()),
                Some(Turn::Write(lines)) => self.backlog = lines,
                Some(Turn::Close(code)) => return Err(self.close(code)),
            }
        }
    }

    /// Who asks faster than it reads floods; a client that only reads slowly is one that may come back.
    fn close(&self, code: ErrorCode) -> End {
        let floods = code == ErrorCode::SlowConsumer && self.inbox.len() > FLOOD_CALLS;
        End::Close(if floods { ErrorCode::Flooding } else { code })
    }

    fn hand_over(&mut self, line: &[u8]) -> Result<(), SendError> {
        let transport = self.socket.transport_type();
        match packet::parse(line) {
            Some(Packet::Event { name, arguments }) => {
                self.socket.emit(name, &arguments)?;
                self.flow.hand(arguments.wire_len(name), transport);
            }
            Some(Packet::Answer { cid, body }) => {
                if let Some(id) = self.acks.get(cid).copied() {
                    acknowledge(&self.socket, id, body)?;
                    self.flow.hand(packet::acknowledgement_len(id, body), transport);
                    self.acks.remove(cid);
                }
            }
            Some(Packet::Acknowledgement { id, body }) => {
                acknowledge(&self.socket, id, body)?;
                self.flow.hand(packet::acknowledgement_len(id, body), transport);
            }
            Some(Packet::Follow { code }) => {
                self.follows.extend(RoomCode::parse(code).ok().filter(|code| !self.follows.contains(code)));
            }
            None => {}
        }
        Ok(())
    }

    fn limits(&self) -> &Limits {
        &self.line.state.config.limits
    }

    /// A guest who stays connected stays a guest.
    fn keep_guest(&mut self) {
        self.renew_at = Instant::now() + RENEW_EVERY;
        let (state, user) = (self.line.state.clone(), self.line.session.identity().user);
        self.line.state.tracker.spawn(async move {
            let now = clock::now();
            if let Err(error) = state.store.extend_guest(user, now + crate::auth::TOKEN_MS, now).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a guest could not be kept");
            }
        });
    }
}
