//! Every request below `/socket.io`: who may open a session and as whom; the rest is the library's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use protocol::ErrorCode;
use socketioxide::service::SocketIoService;
use socketioxide::socket::Sid;
use tokio::time::timeout;

use super::engine::{Brings, Engine, GoesOver, Query};
use super::flow::SEPARATOR_BYTES;
use super::refusal::Refusal;
use super::switchboard::{Switchboard, Visitor};
use crate::auth::{Credential, credential};
use crate::cord::Cord;
use crate::error::Failure;
use crate::http::client_address::{client_address, is_https};
use crate::http::origin::{Origin, origin};
use crate::http::problem::problem;
use crate::state::AppState;

/// What is behind the door.
pub(super) type Behind = Engine<SocketIoService<engineioxide::service::NotFoundService>>;

/// Lets a request in, or says why not.
pub(super) async fn enter(
    State(state): State<AppState>,
    Extension(engine): Extension<Behind>,
    Extension(switchboard): Extension<Arc<Switchboard>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    if state.stopping.is_cancelled() {
        return problem(ErrorCode::ShuttingDown);
    }
    let query = Query::parse(request.uri().query().unwrap_or_default());
    match query.version {
        Some(4) => {}
        Some(3) if state.config.socketio_eio3 => {}
        Some(_) | None => return Refusal::UnsupportedVersion.into_response(),
    }
    let sid = match query.sid.as_deref().map(str::parse::<Sid>) {
        None => None,
        Some(Ok(sid)) if !switchboard.is_lost(sid) => Some(sid),
        Some(Ok(_) | Err(_)) => return Refusal::UnknownSession.into_response(),
    };
    let cord = request.extensions().get::<Arc<Cord>>().filter(|_| query.websocket).cloned();
    if let Some(cord) = &cord {
        cord.watch(state.config.limits.unwritten_ms_max);
    }
    if sid.is_none() {
        match admit(&state, peer, request.headers(), cord.clone()) {
            Ok(visitor) => {
                let visitor = Arc::new(visitor);
                switchboard.arrived(&visitor);
                request.extensions_mut().insert(visitor);
            }
            Err(failure) => return problem(failure),
        }
    }
    // A body that does not come holds a request up, and with it a connection; a poll is held up on purpose.
    let patience =
        (request.method() == Method::POST).then(|| Duration::from_millis(state.config.limits.headers_ms_max));
    let serving = async {
        let serving = pass_on(&state, &engine, &switchboard, sid, request);
        match patience {
            Some(patience) => timeout(patience, serving).await.unwrap_or_else(|_| problem(ErrorCode::HelloTimeout)),
            None => serving.await,
        }
    };
    let given_up = async {
        match sid {
            Some(sid) => lost(&switchboard, sid).await,
            None => std::future::pending().await,
        }
    };
    let response = tokio::select! {
        response = serving => response,
        () = state.stopping.cancelled() => problem(ErrorCode::ShuttingDown),
        () = given_up => Refusal::UnknownSession.into_response(),
    };
    if let Some(sid) = sid {
        account(&switchboard, sid, cord.as_ref(), &response);
    }
    response
}

/// Notes what an answer means for its session.
fn account(switchboard: &Switchboard, sid: Sid, cord: Option<&Arc<Cord>>, response: &Response) {
    if let (Some(cord), Some(GoesOver)) = (cord, response.extensions().get()) {
        // Only now: the line of an upgrade that was refused is not the session's.
        switchboard.upgrades(sid, cord);
    }
    if let Some(brings) = response.extensions().get::<Brings>() {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        switchboard.polled(sid, count(brings.bytes).saturating_add(SEPARATOR_BYTES), count(brings.packets));
    }
}

/// To the library, except for what nobody hears any more.
async fn pass_on(
    state: &AppState,
    engine: &Behind,
    switchboard: &Switchboard,
    sid: Option<Sid>,
    request: Request,
) -> Response {
    let Some(sid) = sid.filter(|_| request.method() == Method::POST) else {
        return engine.serve(request).await;
    };
    if let Some(_post) = switchboard.post(sid) {
        return engine.serve(request).await;
    }
    let bytes_max = usize::try_from(state.config.limits.frame_bytes_max).unwrap_or(usize::MAX);
    match to_bytes(request.into_body(), bytes_max).await {
        Ok(_) => "ok".into_response(),
        Err(_) => Refusal::BadRequest.into_response(),
    }
}

/// Resolves when a session was given up.
pub(super) async fn lost(switchboard: &Switchboard, sid: Sid) {
    loop {
        let told = switchboard.given_up.notified();
        if switchboard.is_lost(sid) {
            return;
        }
        told.await;
    }
}

fn admit(state: &AppState, peer: SocketAddr, headers: &HeaderMap, cord: Option<Arc<Cord>>) -> Result<Visitor, Failure> {
    let https = is_https(peer.ip(), headers, &state.config);
    let token = match (site(state, peer, headers), credential(headers, https)) {
        (_, Some(Credential::Bearer(token))) | (Origin::Own, Some(Credential::Cookie(token))) => Some(token),
        // The token may still come in `auth`.
        (Origin::Own | Origin::Absent, _) => None,
        (Origin::Foreign, _) => return Err(ErrorCode::BadOrigin.into()),
    };
    let address = client_address(peer.ip(), headers, &state.config);
    let place = state.connections.enter(address, &state.config.limits)?;
    Ok(Visitor::new(address, token, cord, place))
}

/// Which site's page asks. Browsers send no Origin with a GET to the page's own site, and a session begins with one:
/// there what only a browser can write says the same.
fn site(state: &AppState, peer: SocketAddr, headers: &HeaderMap) -> Origin {
    let told = origin(peer.ip(), headers, &state.config);
    if told != Origin::Absent {
        return told;
    }
    if headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin") {
        return Origin::Own;
    }
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok());
    let Some(from) = referer.and_then(|referer| {
        let host = referer.find("://")? + 3;
        let end = referer.get(host..)?.find('/').map_or(referer.len(), |at| host + at);
        HeaderValue::from_str(referer.get(..end)?).ok()
    }) else {
        return Origin::Absent;
    };
    let mut headers = headers.clone();
    headers.insert(header::ORIGIN, from);
    match origin(peer.ip(), &headers, &state.config) {
        Origin::Own => Origin::Own,
        Origin::Absent | Origin::Foreign => Origin::Absent,
    }
}
