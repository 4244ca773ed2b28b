//! From a `CONNECT` packet to a session of the hub: what a client asks for, and who it is.

use std::sync::Arc;
use std::time::Instant;

use protocol::ErrorCode;
use serde_json::Value;
use socketio::packet::MAIN;
use socketio::{Closed, EngineSession, Fault, Incoming, Namespaces, Packet};

use super::projection::SocketIo;
use super::registry::Handle;
use crate::auth::{Credential, Identity};
use crate::connections::Place;
use crate::error::ApiError;
use crate::event_log::{Event, Via};
use crate::state::AppState;
use realtime::attachment::Attachment;
use realtime::session::{Carrier, Liveness};
use realtime::{following, renewal};

/// A client that was let in: its hold on its session, and its place among all.
pub(super) struct Admitted {
    pub(super) line: Attachment,
    pub(super) place: Place,
}

/// Lets a client in. `polls`: it came by polling.
///
/// # Errors
/// Why not, as `connect_error` says it.
pub(super) async fn admit(
    state: AppState,
    handle: Arc<Handle>,
    auth: Value,
    polls: bool,
) -> Result<Admitted, &'static str> {
    enter(&state, &handle, &auth, polls).await.map_err(|failure| {
        state.hub.counts().refusals.add(failure.code);
        state.events.record(Event::Refused(Via::SocketIo, failure.code));
        match failure.code {
            ErrorCode::Unauthorized | ErrorCode::Revoked => "Authentication error",
            other => other.text(),
        }
    })
}

async fn enter(state: &AppState, handle: &Handle, auth: &Value, polls: bool) -> Result<Admitted, ApiError> {
    let (identity, carrier) = identify(state, handle, auth).await?;
    let place = state.connections.enter_user(handle.address, &state.config.limits)?;
    let session = state.hub.open_session(&identity, carrier, &SocketIo).ok_or(ErrorCode::TooManyConnections)?;
    if polls {
        session.set_liveness(Arc::clone(&handle.polls) as Arc<dyn Liveness>);
    }
    let services = state.services();
    // From here on the line is given back, whatever happens.
    let host = Box::new(state.hub.clone());
    let line = Attachment { host, session: Arc::clone(&session), generation: session.connect() };
    renewal::confirm(&*services, &session).await?;
    if auth.get("autoJoin").and_then(Value::as_bool).unwrap_or_default() {
        following::begin(&*services, &session).await?;
    }
    renewal::tell_if_due(&*services, &session);
    Ok(Admitted { line, place })
}

/// The token in `auth` is there on purpose; else that of the header, or the site's own cookie.
async fn identify(state: &AppState, handle: &Handle, auth: &Value) -> Result<(Identity, Carrier), ApiError> {
    // A page of an application has nothing to do with rooms.
    if handle.page.is_some() {
        return Err(ErrorCode::BadOrigin.into());
    }
    let told = auth.get("token").and_then(Value::as_str).map(|token| token.trim().trim_start_matches("Bearer "));
    let (token, carrier) = match (told.filter(|token| !token.is_empty()), &handle.credential) {
        (Some(token), _) => (token, Carrier::Bearer),
        (None, Ok(Some(Credential::Bearer(token)))) => (token.as_str(), Carrier::Bearer),
        (None, Ok(Some(Credential::Cookie(token)))) => (token.as_str(), Carrier::Cookie),
        (None, Ok(None)) => return Err(ErrorCode::Unauthorized.into()),
        (None, Err(code)) => return Err((*code).into()),
    };
    Ok((state.auth.authenticate(&*state.store, token, state.clock.wall()).await?, carrier))
}

/// What a packet says; a client that speaks another language is closed.
pub(super) fn incoming<'a>(
    namespaces: &mut Namespaces,
    session: &mut EngineSession,
    packet: Packet<'a>,
    now: Instant,
) -> Option<Incoming<'a>> {
    namespaces.receive(packet, now).unwrap_or_else(|Fault| {
        session.close(Closed::Malformed);
        None
    })
}

/// What somebody says of itself who asks for the main namespace. There is no other, and so it is told.
pub(super) fn auth(namespaces: &mut Namespaces, session: &mut EngineSession, incoming: &Incoming<'_>) -> Option<Value> {
    match incoming {
        Incoming::Connect { namespace: MAIN, auth } => {
            Some(auth.and_then(|auth| serde_json::from_str(auth.get()).ok()).unwrap_or_default())
        }
        Incoming::Connect { namespace, .. } => {
            if let Some(refused) = namespaces.refuse(namespace, "Invalid namespace") {
                session.send(refused);
            }
            None
        }
        // Of nobody who is inside.
        Incoming::Disconnect { .. } | Incoming::Event(_) | Incoming::Attached(_) | Incoming::Acknowledgement { .. } => {
            None
        }
    }
}
