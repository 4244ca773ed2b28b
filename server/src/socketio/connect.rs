//! From a `CONNECT` packet to a session: who it is, and the handlers that hand everything to the connection's task.
//!
//! Handlers are registered before the client hears that it is connected, and by a middleware, because that is the only
//! place before: what a client emits in its `connect` handler is never lost. The library runs handlers as tasks of their
//! own, in no order; so nothing happens in them but a push into the inbox, and that happens before the task begins.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::{ClientFrame, ClientId, ErrorCode, FrameError};
use serde::Serialize;
use serde_json::Value as Json;
use socketioxide::SendError;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::{FromMessageParts, Value};
use socketioxide::socket::Socket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::line::{self, Start};
use super::render::Answer;
use super::switchboard::{Switchboard, Visitor};
use super::wish::Wish;
use super::{packet, render};
use crate::auth::Identity;
use crate::clock;
use crate::error::Failure;
use crate::session::{Dialect, Frame};
use crate::state::AppState;

/// Events that wait for their connection's task; beyond it they are refused at once.
const INBOX_MAX: usize = 64;
/// When a full inbox has surely been gone through: what the client is told to wait.
const INBOX_WAIT_MS: u64 = 1_000;

/// One event on its way to the connection's task.
pub(super) struct Asked {
    pub(super) frame: Result<ClientFrame, FrameError>,
    pub(super) cid: ClientId,
    pub(super) callback: Callback,
}

/// The acknowledgement of one event, if the client wants one. The library's own can be tried only once, and is lost
/// where the buffer is full at that moment.
#[derive(Clone)]
pub(super) struct Callback {
    socket: Arc<Socket>,
    id: Option<i64>,
}

impl Callback {
    pub(super) const fn is_wanted(&self) -> bool {
        self.id.is_some()
    }

    pub(super) fn call(&self, body: &(impl Serialize + ?Sized)) -> Result<(), SendError> {
        let mut unread = Value::Bytes(bytes::Bytes::new());
        match AckSender::from_message_parts(&self.socket, &mut unread, &self.id) {
            Ok(sender) => sender.send(body),
            Err(never) => match never {},
        }
    }
}

impl FromMessageParts<LocalAdapter> for Callback {
    type Error = Infallible;

    fn from_message_parts(socket: &Arc<Socket>, _: &mut Value, id: &Option<i64>) -> Result<Self, Infallible> {
        Ok(Self { socket: Arc::clone(socket), id: *id })
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
type Slot = Arc<Mutex<Option<Start>>>;

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
    let (asked, inbox) = mpsc::channel(INBOX_MAX);
    let ended = CancellationToken::new();
    for wish in Wish::ALL {
        let asked = asked.clone();
        let handler = move |socket: SocketRef, TryData(argument): TryData<Json>, callback: Callback| {
            take(wish, &socket, argument.ok().as_ref(), callback, &asked)
        };
        socket.on(wish.name(), handler);
    }
    let (sid, end, board) = (socket.id, ended.clone(), Arc::clone(&switchboard));
    socket.on_disconnect(move || {
        // In this order: who gives the session up meanwhile sees the end, or is cleared up after.
        end.cancel();
        board.gone(sid);
        ready(())
    });
    let start = Start::new(state, switchboard, visitor, session, generation, inbox, ended);
    let slot: Slot = Arc::new(Mutex::new(Some(start)));
    socket.extensions.insert(slot);
    Ok(())
}

/// Runs the connection of a client that was let in.
pub(super) fn connected(state: &AppState, socket: SocketRef) -> Ready<()> {
    let start = socket.extensions.remove::<Slot>();
    if let Some(start) = start.and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take()) {
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

fn take(
    wish: Wish,
    socket: &SocketRef,
    argument: Option<&Json>,
    callback: Callback,
    asked: &mpsc::Sender<Asked>,
) -> Ready<()> {
    let Ok(cid) = ClientId::parse(&clock::random_id()) else {
        return ready(());
    };
    let frame = wish.frame(argument, cid.clone());
    if let Err(mpsc::error::TrySendError::Full(refused)) = asked.try_send(Asked { frame, cid, callback }) {
        // Its buffer may be as full as its inbox: then it has no right to an answer either.
        let _ = refused.callback.call(&Answer::refused(ErrorCode::RateLimited, Some(INBOX_WAIT_MS)));
        speak(socket, &render::error(ErrorCode::RateLimited, Some(INBOX_WAIT_MS)));
    }
    ready(())
}

/// Says an event outside of the session's order.
pub(super) fn speak(socket: &SocketRef, frame: &Frame) {
    if let Some(packet::Packet::Event { name, arguments }) = packet::parse(&frame.bytes) {
        let _ = socket.emit(name, &arguments);
    }
}
