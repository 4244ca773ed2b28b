//! Plain `WebSockets` of applications: `GET /ws/NAME`, for clients that only hear. An application's file says which channels
//! an address is for; events come as `{"event", "data"}`.
//!
//! Who it is says a bearer token: in the header, in a subprotocol `bearer.TOKEN` (browsers cannot set headers; they also
//! offer `whisperspace.events`, which is what is agreed on), or in the first frame, `{"token"}`. What is said behind that is
//! not listened to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Extension, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use protocol::ErrorCode;
use serde::Deserialize;
use tokio::time::timeout;
use websocket::Event;
use websocket::handshake::offered;

use super::transport::Line;
use super::{Socket, Stream, Upgrade, size_limits};
use crate::abortable_stream::StreamHandle;
use crate::apps::client::Person;
use crate::apps::handler::{ChannelsHandler, Deaf};
use crate::apps::live::Way;
use crate::apps::registry::{App, SignedIn};
use crate::apps::sessions::SessionHost;
use crate::auth::{Credential, credential};
use crate::connections::Place;
use crate::error::ApiError;
use crate::http::client_address::client_address;
use crate::http::origin::{Origin, of_application, origin};
use crate::http::problem::problem;
use crate::pace::FrameRate;
use crate::state::AppState;
use crate::transports::Carries;
use realtime::address::Address;
use realtime::attachment::Attachment;
use realtime::connection::Connection;

/// What is agreed on with browsers, which have to offer something beside their token.
const SUBPROTOCOL: &str = "whisperspace.events";
/// In front of a token among the subprotocols.
const BEARER: &str = "bearer.";

/// Answers the upgrade, or says why not.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Upgrade,
    Extension(handle): Extension<Arc<StreamHandle>>,
) -> Response {
    let path = uri.path().to_owned();
    if !state.apps.has_plain(&path) {
        return problem(ErrorCode::NotFound).into_response();
    }
    let address = client_address(peer.ip(), &headers, &state.config);
    let site = origin(peer.ip(), &headers, &state.config);
    let page = of_application(site, &headers, &state.apps);
    if site == Origin::Foreign && page.is_none() {
        return problem(ErrorCode::BadOrigin).into_response();
    }
    let sent = credential(&headers, false, &state.config.sub_path);
    let in_header = match &sent {
        Ok(Some(Credential::Bearer(token))) => Some(token.as_str()),
        Ok(Some(Credential::Cookie(_)) | None) | Err(_) => None,
    };
    let token = offered(&headers).find_map(|offer| offer.strip_prefix(BEARER)).or(in_header);
    let asked = Asked { path, page };
    let signed_in = match token.map(|token| sign_in(&state, &asked, token)) {
        Some(Err(failure)) => return problem(failure).into_response(),
        Some(Ok(signed_in)) => Some(signed_in),
        None => None,
    };
    if state.turns_away() {
        return problem(ErrorCode::ShuttingDown).into_response();
    }
    if let Err(failure) = state.connections.room(address, &state.config.limits) {
        return problem(failure).into_response();
    }
    handle.count_frames(FrameRate::of_frames(&state.config.limits));
    let limits = size_limits(&state.config.limits);
    upgrade
        .subprotocol(&headers, SUBPROTOCOL)
        .accept(limits, move |socket| run(socket, state, asked, address, signed_in))
}

type Known = (Arc<App>, SignedIn);

/// What a connection is for.
struct Asked {
    path: String,
    /// The origin of an application's page, which may connect for that application only.
    page: Option<String>,
}

/// Whose token it is: of an application that has this address.
fn sign_in(state: &AppState, Asked { path, page }: &Asked, token: &str) -> Result<Known, ApiError> {
    let app =
        state.apps.of_token(token).filter(|app| app.loaded().rules.plains().iter().any(|plain| plain.path == *path));
    let app = app.ok_or(ErrorCode::Unauthorized)?;
    if page.as_ref().is_some_and(|page| !app.lists_origin(page)) {
        return Err(ErrorCode::BadOrigin.into());
    }
    let bytes_max = state.config.limits.app_token_bytes_max;
    let signed_in = app.authenticate(token, bytes_max, state.clock.wall()).map_err(|_| ErrorCode::Unauthorized)?;
    Ok((app, signed_in))
}

async fn run(socket: Box<Socket<Stream>>, state: AppState, asked: Asked, address: Address, known: Option<Known>) {
    let patience = Duration::from_millis(state.config.limits.hello_ms_max);
    let mut line = Line { socket, state, says_bye: false };
    let known = if let Some(known) = known {
        Ok(known)
    } else {
        let introduced = introduced(&mut line.socket, &line.state, &asked);
        timeout(patience, introduced).await.unwrap_or(Err(ErrorCode::HelloTimeout))
    };
    let begun = known.and_then(|known| begin(&line.state, &asked.path, address, known));
    match begun {
        Ok((connection, _place)) => {
            let _carried = line.state.transports.carry(Carries::ApplicationWebSocket);
            connection.run(&mut line).await;
        }
        Err(code) => line.end(Bytes::new(), Some(code)).await,
    }
}

/// Has it hear what the address is for.
fn begin(
    state: &AppState,
    path: &str,
    address: Address,
    (app, signed_in): Known,
) -> Result<(Box<Connection<Deaf>>, Place), ErrorCode> {
    let place = state.connections.enter_user(address, &state.config.limits).map_err(|failure| failure.code)?;
    let person = Arc::new(Person::connect(app, &signed_in, &state.live, Way::Plain)?);
    let session = Arc::clone(person.member.session());
    let generation = session.connect();
    let line = Attachment { host: Box::new(SessionHost::new(Arc::clone(&person))), session, generation };
    person.hear(path);
    let handler = Deaf(ChannelsHandler::new(person, &signed_in));
    Ok((Connection::new(line, handler, state.drain.leaving()), place))
}

/// Waits for a frame that says who it is.
async fn introduced(socket: &mut Socket<Stream>, state: &AppState, asked: &Asked) -> Result<Known, ErrorCode> {
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
            return sign_in(state, asked, &hello?.token).map_err(|failure| failure.code);
        }
    }
}
