//! The native transport: `GET /ws`.
//!
//! `mod.rs` decides who may open one, `upgrade.rs` makes a socket of the request, `socket.rs` reads and writes it,
//! `hello.rs` asks who it is, `connection.rs` runs it on the core's loop, to which `transport.rs` fits the socket.

mod caller;
mod channels;
mod connection;
mod dialect;
mod hello;
pub(crate) mod plain;
mod socket;
mod transport;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use protocol::{ErrorCode, Limits, SUBPROTOCOL};
use serde::Deserialize;
use websocket::SizeLimits;
use websocket::handshake::offered;

use self::caller::Caller;
pub use self::dialect::Native;
pub(crate) use self::socket::FRAMES_OF_ONE_WRITE;
pub use self::socket::{ReadError, Socket};
pub use self::upgrade::{Stream, Upgrade};
pub use crate::abortable_stream::AbortableStream;

use crate::abortable_stream::StreamHandle;
use crate::auth::{Credential, credential};
use crate::error::ApiError;
use crate::http::client_address::{client_address, is_https};
use crate::http::origin::{Origin, login, of_application, origin};
use crate::http::problem::problem;
use crate::pace::FrameRate;
use crate::state::AppState;

/// What the address says.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// The application that it is for; rooms, where it names none.
    app: Option<String>,
}

/// Answers the upgrade, or says why not.
pub(crate) async fn upgrade(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    upgrade: Upgrade,
    // Behind the upgrade: what is none is the asker's mistake, line or no line.
    Extension(handle): Extension<Arc<StreamHandle>>,
) -> Response {
    match admit(&state, peer, &headers).await {
        Ok((caller, place)) => {
            let limits = &state.config.limits;
            handle.count_frames(FrameRate::of_frames(limits));
            upgrade.subprotocol(&headers, SUBPROTOCOL).accept(size_limits(limits), move |socket| async move {
                connection::run(socket, state, Caller { app: asked.app, ..caller }).await;
                drop(place);
            })
        }
        Err(failure) => problem(failure).into_response(),
    }
}

/// A message may come in one frame: both have the same limit.
#[must_use]
pub fn size_limits(limits: &Limits) -> SizeLimits {
    let bytes_max = u64::from(limits.frame_bytes_max);
    SizeLimits { frame_bytes_max: bytes_max, message_bytes_max: bytes_max }
}

type Admitted = (Caller, crate::connections::Place);

async fn admit(state: &AppState, peer: SocketAddr, headers: &HeaderMap) -> Result<Admitted, ApiError> {
    if state.turns_away() {
        return Err(ErrorCode::ShuttingDown.into());
    }
    if offers_another_version(headers) {
        return Err(ErrorCode::UnsupportedVersion.into());
    }
    let https = is_https(peer.ip(), headers, &state.config);
    let site = origin(peer.ip(), headers, &state.config);
    let page = of_application(site, headers, &state.apps);
    let site = if page.is_some() { Origin::Absent } else { site };
    let credential = login(site, credential(headers, https, &state.config.sub_path))?;
    let address = client_address(peer.ip(), headers, &state.config);
    let place = match (state.connections.enter(address, &state.config.limits), &credential) {
        (Err(failure), Ok(Some(Credential::Bearer(token) | Credential::Cookie(token))))
            if failure.code == ErrorCode::TooManyConnections =>
        {
            // Strangers behind the same address may have taken its places. Only now is it worth asking who this is.
            state.auth.authenticate(&*state.store, token, state.clock.wall()).await.map_err(|_| failure)?;
            state.connections.enter_user(address, &state.config.limits)?
        }
        (place, _) => place?,
    };
    Ok((Caller { credential, address, app: None, page }, place))
}

/// A client that offers no subprotocol gets this one; one that offers only others is told.
fn offers_another_version(headers: &HeaderMap) -> bool {
    let mut offers = offered(headers).peekable();
    offers.peek().is_some() && !offers.any(|offer| offer == SUBPROTOCOL)
}
