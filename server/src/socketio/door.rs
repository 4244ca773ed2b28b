//! Who may open a session below `/socket.io`, and as whom.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use protocol::ErrorCode;

use super::newcomer::Newcomer;
use super::registry::Caller;
use super::service::Service;
use crate::auth::credential;
use crate::error::ApiError;
use crate::http::client_address::{client_address, is_https};
use crate::http::origin::{Origin, is_own, login, of_application, origin, referer};
use crate::http::problem::problem;
use crate::http::reach::{Reach, reach};
use crate::state::AppState;

/// Takes a request, or says why not.
pub(super) async fn enter(
    State(state): State<AppState>,
    Extension(service): Extension<Service>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    if state.stopping.is_cancelled() {
        return problem(ErrorCode::ShuttingDown);
    }
    let admit = |headers: &HeaderMap| admit(&state, peer, headers);
    service.serve(request, admit, |session| Newcomer::new(state.clone(), Arc::clone(session))).await
}

fn admit(state: &AppState, peer: SocketAddr, headers: &HeaderMap) -> Result<Caller, ApiError> {
    // Sessions that are there go on until they are told to go.
    if state.drain.turns_away() {
        return Err(ErrorCode::ShuttingDown.into());
    }
    let https = is_https(peer.ip(), headers, &state.config);
    let site = site(state, peer, headers);
    let page = of_application(site, headers, &state.apps);
    let site = if page.is_some() { Origin::Absent } else { site };
    let credential = login(site, credential(headers, https, &state.config.sub_path))?;
    let address = client_address(peer.ip(), headers, &state.config);
    // The place is taken by whoever says who it is, so by somebody with a login; that there is none can be said now.
    state.connections.room(address, &state.config.limits)?;
    Ok(Caller { address, credential, page })
}

/// Which site's page asks. Browsers send no Origin with a GET to the page's own site, and a session begins with one:
/// there what only a browser can write says the same. It also says what another site embeds, which opens nothing: a
/// hundred images would take every place of their reader's address.
fn site(state: &AppState, peer: SocketAddr, headers: &HeaderMap) -> Origin {
    let told = origin(peer.ip(), headers, &state.config);
    if told != Origin::Absent {
        return told;
    }
    match reach(told, peer.ip(), headers, &state.config) {
        Reach::Followed | Reach::Embedded => return Origin::Foreign,
        Reach::Direct => {}
    }
    let same = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if same || referer(headers).is_some_and(|page| is_own(&page, peer.ip(), headers, &state.config)) {
        Origin::Own
    } else {
        Origin::Absent
    }
}
