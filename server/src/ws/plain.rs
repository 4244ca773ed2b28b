//! Plain `WebSockets` of applications: `GET /ws/NAME`, for clients that only hear. An application's file says which channels
//! an address is for; events come as `{"event", "data"}`.
//!
//! Who it is says a bearer token: in the header, in a subprotocol `bearer.TOKEN` (browsers cannot set headers; they also
//! offer `whisperspace.events`, which is what is agreed on), or in the first frame, `{"token"}`. What is said behind that is
//! not listened to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Extension, OriginalUri, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use protocol::ErrorCode;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout};
use websocket::handshake::offered;
use websocket::{CloseCode, Event, WireFrame};

use super::{Socket, Stream, Upgrade, size_limits};
use crate::abortable_stream::StreamHandle;
use crate::apps::client::Person;
use crate::apps::live::Way;
use crate::apps::registry::{App, SignedIn};
use crate::auth::{Credential, credential};
use crate::error::ApiError;
use crate::http::client_address::client_address;
use crate::http::problem::problem;
use crate::pace::FrameRate;
use crate::state::AppState;
use realtime::address::Address;
use realtime::session::Turn;

/// What is agreed on with browsers, which have to offer something beside their token.
const SUBPROTOCOL: &str = "whisperspace.events";
/// In front of a token among the subprotocols.
const BEARER: &str = "bearer.";
/// An empty ping (RFC 6455, 5.5.2).
const PING: Bytes = Bytes::from_static(&[0x89, 0]);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Answers the upgrade, or says why not.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    upgrade: Upgrade,
    Extension(handle): Extension<Arc<StreamHandle>>,
) -> Response {
    let path = uri.path().to_owned();
    if !state.apps.has_plain(&path) {
        return problem(ErrorCode::NotFound).into_response();
    }
    let address = client_address(peer.ip(), &headers, &state.config);
    let sent = credential(&headers, false);
    let in_header = match &sent {
        Ok(Some(Credential::Bearer(token))) => Some(token.as_str()),
        Ok(Some(Credential::Cookie(_)) | None) | Err(_) => None,
    };
    let token = offered(&headers).find_map(|offer| offer.strip_prefix(BEARER)).or(in_header);
    let signed_in = match token.map(|token| sign_in(&state, &path, token)) {
        Some(Err(failure)) => return problem(failure).into_response(),
        Some(Ok(signed_in)) => Some(signed_in),
        None => None,
    };
    if let Err(failure) = state.connections.room(address, &state.config.limits) {
        return problem(failure).into_response();
    }
    handle.count_frames(FrameRate::of_frames(&state.config.limits));
    let limits = size_limits(&state.config.limits);
    upgrade
        .subprotocol(&headers, SUBPROTOCOL)
        .accept(limits, move |socket| run(socket, state, path, address, signed_in))
}

type Known = (Arc<App>, SignedIn);

/// Whose token it is: of an application that has this address.
fn sign_in(state: &AppState, path: &str, token: &str) -> Result<Known, ApiError> {
    let app =
        state.apps.of_token(token).filter(|app| app.loaded().rules.plains().iter().any(|plain| plain.path == path));
    let app = app.ok_or(ErrorCode::Unauthorized)?;
    let bytes_max = state.config.limits.app_token_bytes_max;
    let signed_in = app.authenticate(token, bytes_max, state.clock.wall()).map_err(|_| ErrorCode::Unauthorized)?;
    Ok((app, signed_in))
}

async fn run(mut socket: Box<Socket<Stream>>, state: AppState, path: String, address: Address, known: Option<Known>) {
    let patience = Duration::from_millis(state.config.limits.hello_ms_max);
    let known = match known {
        Some(known) => Ok(known),
        None => timeout(patience, introduced(&mut socket, &state, &path)).await.unwrap_or(Err(ErrorCode::HelloTimeout)),
    };
    let why = match known {
        Ok(known) => hear(&mut socket, &state, &path, address, known).await,
        Err(code) => Some(code),
    };
    if let Some(code) = why {
        socket.clear_unstarted();
        let close_code = CloseCode::new(code.close_code()).unwrap_or(CloseCode::INTERNAL_ERROR);
        socket.close(close_code, code.as_str());
    }
    let _ = timeout(GOODBYE, socket.finish()).await;
}

/// Waits for a frame that says who it is.
async fn introduced(socket: &mut Socket<Stream>, state: &AppState, path: &str) -> Result<Known, ErrorCode> {
    #[derive(Deserialize)]
    struct Hello {
        token: String,
    }
    loop {
        let hello = socket.recv(|event| match event {
            Event::Text(text) => Some(serde_json::from_str::<Hello>(&text).map_err(|_| ErrorCode::BadFrame)),
            Event::Binary(_) | Event::Close(_) => Some(Err(ErrorCode::BadFrame)),
            Event::Ping(_) | Event::Pong(_) => None,
        });
        if let Some(hello) = hello.await.map_err(|_| ErrorCode::ProtocolError)? {
            return sign_in(state, path, &hello?.token).map_err(|failure| failure.code);
        }
    }
}

/// Hears until an end, whose reason is answered where there is somebody to tell.
async fn hear(
    socket: &mut Socket<Stream>,
    state: &AppState,
    path: &str,
    address: Address,
    (app, signed_in): Known,
) -> Option<ErrorCode> {
    let limits = &state.config.limits;
    let _place = match state.connections.enter_user(address, limits) {
        Ok(place) => place,
        Err(failure) => return Some(failure.code),
    };
    let gone = app.gone.clone();
    let person = match Person::connect(app, &signed_in, &state.live, Way::Plain) {
        Ok(person) => person,
        Err(code) => return Some(code),
    };
    let person = Leaving(person);
    let session = &person.0.member.session;
    let generation = session.connect();
    person.0.hear(path);
    let ends_at = Instant::now() + Duration::from_millis(signed_in.ends_at.saturating_sub(state.clock.wall()));
    let every = Duration::from_millis(limits.ping_every_ms);
    let silence = Duration::from_millis(limits.silence_ms_max);
    let (mut heard_at, mut ping_at) = (Instant::now(), Instant::now() + every);
    loop {
        let has_more = match session.turn(generation, false) {
            Some(Turn::Write(frames)) => {
                for frame in frames {
                    socket.queue(WireFrame::text(frame));
                }
                true
            }
            Some(Turn::Close(code)) => return Some(code),
            None => socket.answers(),
        };
        if has_more {
            tokio::select! {
                biased;
                written = socket.flush(|bytes| session.wrote(generation, bytes)) => written.ok()?,
                code = closes(&person.0, generation) => return Some(code),
                () = state.stopping.cancelled() => return Some(ErrorCode::ShuttingDown),
            }
            // What came meanwhile has woken `closes`, and nobody else.
            continue;
        }
        tokio::select! {
            () = session.wake.notified() => {}
            said = socket.recv(|event| matches!(event, Event::Close(_))) => match said {
                Ok(true) | Err(_) => return None,
                Ok(false) => heard_at = Instant::now(),
            },
            () = sleep_until(ping_at.min(ends_at)) => {
                let now = Instant::now();
                if now >= ends_at {
                    return Some(ErrorCode::Unauthorized);
                }
                if now.duration_since(heard_at) >= silence {
                    return Some(ErrorCode::Silence);
                }
                socket.queue(WireFrame::framed(PING));
                ping_at = now + every;
            }
            () = gone.cancelled() => return Some(ErrorCode::Revoked),
            () = state.stopping.cancelled() => return Some(ErrorCode::ShuttingDown),
        }
    }
}

async fn closes(person: &Person, generation: u64) -> ErrorCode {
    let session = &person.member.session;
    loop {
        if let Some(code) = session.wants_close(generation) {
            return code;
        }
        session.wake.notified().await;
    }
}

/// Has everybody told that the connection is over, however it ends.
struct Leaving(Person);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.gone("transport close");
    }
}
