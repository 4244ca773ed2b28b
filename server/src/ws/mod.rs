//! The native transport: `GET /ws`. The only module that knows axum's WebSocket.
//!
//! `mod.rs` decides who may open one, `hello.rs` who it is, `connection.rs` runs it.

mod connection;
mod hello;

use std::net::SocketAddr;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use protocol::{ErrorCode, Limits, SUBPROTOCOL};

use crate::auth::{Credential, credential};
use crate::error::Failure;
use crate::http::client_address::{client_address, is_https};
use crate::http::origin::{Origin, origin};
use crate::http::problem::problem;
use crate::state::AppState;

/// tungstenite zeroes and holds the whole of it for each connection: 128 KiB by default.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Frames are gathered up to here before they go to the socket; 0 would write each by itself.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// Beyond the largest batch that a session hands over, or tungstenite fails the connection.
const WRITE_BUFFER_BYTES_MAX: usize = 512 * 1024;

/// Answers the upgrade, or says why not.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    match admit(&state, peer, &headers) {
        Ok((credential, place, address)) => {
            let limits = &state.config.limits;
            sized(upgrade, limits).protocols([SUBPROTOCOL]).on_upgrade(move |socket| async move {
                connection::run(socket, state, credential, address).await;
                drop(place);
            })
        }
        Err(failure) => problem(failure).into_response(),
    }
}

fn sized(upgrade: WebSocketUpgrade, limits: &Limits) -> WebSocketUpgrade {
    let frame_bytes_max = usize::try_from(limits.frame_bytes_max).unwrap_or(usize::MAX);
    let unwritten = usize::try_from(limits.unwritten_bytes_max).unwrap_or(usize::MAX);
    let retention = usize::try_from(limits.retention_bytes_max).unwrap_or(usize::MAX);
    let batch_max = unwritten.saturating_add(retention).saturating_add(frame_bytes_max * 2);
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX.max(batch_max))
        .max_message_size(frame_bytes_max)
        .max_frame_size(frame_bytes_max)
}

type Admitted = (Option<String>, crate::connections::Place, crate::address::Address);

fn admit(state: &AppState, peer: SocketAddr, headers: &HeaderMap) -> Result<Admitted, Failure> {
    if state.stopping.is_cancelled() {
        return Err(ErrorCode::ShuttingDown.into());
    }
    if offers_another_version(headers) {
        return Err(ErrorCode::UnsupportedVersion.into());
    }
    let https = is_https(peer.ip(), headers, &state.config);
    let token = match (origin(peer.ip(), headers, &state.config), credential(headers, https)) {
        // A page cannot set this header on a socket: whoever sends it is a program that holds the token.
        (_, Some(Credential::Bearer(token))) | (Origin::Own, Some(Credential::Cookie(token))) => Some(token),
        // Without an Origin the cookie proves nothing; the token may still come in `hello`.
        (Origin::Own | Origin::Absent, _) => None,
        (Origin::Foreign, _) => return Err(ErrorCode::BadOrigin.into()),
    };
    let address = client_address(peer.ip(), headers, &state.config);
    let place = state.connections.enter(address, &state.config.limits)?;
    Ok((token, place, address))
}

/// A client that offers no subprotocol gets this one; one that offers only others is told.
fn offers_another_version(headers: &HeaderMap) -> bool {
    let offers: Vec<_> =
        headers.get_all("sec-websocket-protocol").iter().filter_map(|value| value.to_str().ok()).collect();
    !offers.is_empty() && !offers.iter().flat_map(|value| value.split(',')).any(|offer| offer.trim() == SUBPROTOCOL)
}
