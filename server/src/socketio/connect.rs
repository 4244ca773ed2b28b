//! From a `CONNECT` packet to a session: who it is, and the handlers that hand everything to the connection's task.
//!
//! Handlers are registered before the client hears that it is connected, and by a middleware, because that is the only
//! place before: what a client emits in its `connect` handler is never lost. The library runs handlers as tasks of their
//! own, in no order; so nothing happens in them but a push into the inbox, and that happens before the task begins.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::{ClientFrame, ClientId, ErrorCode, FrameError, Limits};
use serde::Serialize;
use serde_json::Value as Json;
use socketioxide::SendError;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::{FromConnectParts, FromMessageParts, Value};
use socketioxide::socket::Socket;
use tokio_util::sync::CancellationToken;

use super::inbox::{Asked, Slot, inbox};
use super::line::{self, Start};
use super::render::Answer;
use super::switchboard::{Switchboard, Visitor};
use super::wish::Wish;
use super::{packet, render};
use crate::auth::Identity;
use crate::clock;
use crate::error::Failure;
use crate::session::{Dialect, Session};
use crate::state::AppState;

/// When a full inbox has surely been gone through: what the client is told to wait.
const INBOX_WAIT_MS: u64 = 1_000;
/// So many that find the inbox full are a flood: nobody asks for more before a thousand calls are answered.
const TURNED_AWAY_MAX: u32 = 64;

/// The number of an event's acknowledgement, if its emitter passed one. The library's own handle on it can be tried only
/// once, and is lost where the buffer is full at that moment.
struct AckId(Option<i64>);

impl FromMessageParts<LocalAdapter> for AckId {
    type Error = Infallible;

    fn from_message_parts(_: &Arc<Socket>, _: &mut Value, id: &Option<i64>) -> Result<Self, Infallible> {
        Ok(Self(*id))
    }
}

/// The connected socket itself: what the library hands to handlers cannot call acknowledgements by their numbers.
pub(super) struct Client(Arc<Socket>);

impl FromConnectParts<LocalAdapter> for Client {
    type Error = Infallible;

    fn from_connect_parts(socket: &Arc<Socket>, _: &Option<Value>) -> Result<Self, Infallible> {
        Ok(Self(Arc::clone(socket)))
    }
}

/// Calls an acknowledgement; how that ended.
pub(super) fn acknowledge(socket: &Arc<Socket>, id: i64, body: &(impl Serialize + ?Sized)) -> Result<(), SendError> {
    let mut unread = Value::Bytes(bytes::Bytes::new());
    match AckSender::from_message_parts(socket, &mut unread, &Some(id)) {
        Ok(sender) => sender.send(body),
        Err(never) => match never {},
    }
}

/// Why a client is not let in, as `connect_error` says it.
#[derive(Debug)]
pub(super) struct Refused(ErrorCode);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ErrorCode::Unauthorized | ErrorCode::Revoked => f.write_str("Authentication error"),
            other => f.write_str(other.text()),
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self(failure.code)
    }
}

/// What the handler of the connected socket takes over from the middleware.
type Handover = Arc<Mutex<Option<Start>>>;

/// Lets a client in: its session is open and its handlers are in place when this is done.
pub(super) async fn admit(
    state: AppState,
    switchboard: Arc<Switchboard>,
    socket: SocketRef,
    TryData(auth): TryData<Json>,
) -> Result<(), Refused> {
    let auth = auth.unwrap_or_default();
    let visitor = socket.req_parts().extensions.get::<Arc<Visitor>>().cloned().ok_or(Refused(ErrorCode::Internal))?;
    let identity = identify(&state, &auth, &visitor).await?;
    let follows = auth.get("autoJoin").and_then(Json::as_bool).unwrap_or_default();
    let dialect = Dialect::SocketIo { own_id: identity.own_id(), follows };
    let session = state.hub.open_session(&identity, dialect).ok_or(Refused(ErrorCode::TooManyConnections))?;
    let generation = session.connect();
    let (slot, inbox) = inbox();
    let ended = CancellationToken::new();
    let door = Arc::new(Door {
        slot,
        session: Arc::clone(&session),
        limits: state.config.limits.clone(),
        turned_away: AtomicU32::new(0),
    });
    for wish in Wish::ALL {
        let door = Arc::clone(&door);
        let handler = move |TryData(argument): TryData<Json>, AckId(ack): AckId| {
            let read = |cid| wish.frame(argument.as_ref().map_err(|_| ErrorCode::BadFrame), cid);
            door.take(read, ack, true)
        };
        socket.on(wish.name(), handler);
    }
    // What nobody knows is refused and counted; it is no mischief, though, if it comes in measure.
    socket.on_fallback(move |AckId(ack): AckId| {
        door.take(|cid| Err(FrameError { code: ErrorCode::BadFrame, cid: Some(cid) }), ack, false)
    });
    switchboard.connects(socket.id, &visitor);
    let (sid, end, board) = (socket.id, ended.clone(), Arc::clone(&switchboard));
    socket.on_disconnect(move || {
        // In this order: who gives the session up meanwhile sees the end, or is cleared up after.
        end.cancel();
        board.gone(sid);
        ready(())
    });
    let start = Start::new(state, switchboard, visitor, session, generation, inbox, ended);
    let handover: Handover = Arc::new(Mutex::new(Some(start)));
    socket.extensions.insert(handover);
    Ok(())
}

/// Runs the connection of a client that was let in.
pub(super) fn connected(state: &AppState, Client(socket): Client) -> Ready<()> {
    let start = socket.extensions.remove::<Handover>();
    if let Some(start) = start.and_then(|start| start.lock().unwrap_or_else(PoisonError::into_inner).take()) {
        state.tracker.spawn(line::run(start, socket));
    }
    ready(())
}

/// The token in `auth` is there on purpose; else that of the header, or the site's own cookie.
async fn identify(state: &AppState, auth: &Json, visitor: &Visitor) -> Result<Identity, Refused> {
    let told = auth.get("token").and_then(Json::as_str).map(|token| token.trim().trim_start_matches("Bearer "));
    let token = told.filter(|token| !token.is_empty()).or(visitor.token.as_deref());
    let token = token.ok_or(Refused(ErrorCode::Unauthorized))?;
    Ok(state.auth.authenticate(&*state.store, token, clock::now()).await?)
}

/// Where events come in.
struct Door {
    slot: Slot,
    session: Arc<Session>,
    limits: Limits,
    turned_away: AtomicU32,
}

impl Door {
    /// Refusals go through the session's queue, like every answer: there they wait for a place instead of being lost, and
    /// where even that is full the line ends.
    fn take(
        &self,
        read: impl FnOnce(ClientId) -> Result<ClientFrame, FrameError>,
        ack: Option<i64>,
        is_known: bool,
    ) -> Ready<()> {
        let Ok(cid) = ClientId::parse(&clock::random_id()) else {
            return ready(());
        };
        let frame = read(cid.clone());
        if !self.slot.put(Asked { frame, cid, ack, is_known }) {
            let (code, wait) = (ErrorCode::RateLimited, Some(INBOX_WAIT_MS));
            if let Some(id) = ack {
                self.session.push(&packet::acknowledgement(id, &Answer::refused(code, wait)), &self.limits);
            }
            self.session.push(&render::error(code, wait), &self.limits);
            if self.turned_away.fetch_add(1, Ordering::Relaxed) >= TURNED_AWAY_MAX {
                self.session.close(ErrorCode::Flooding);
            }
        }
        ready(())
    }
}
