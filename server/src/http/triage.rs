//! A line beyond those of its address: kept where its first request comes from somebody with a login, or else closed
//! with the refusal. Decides about the line only: what the request may do is decided behind it, as on any other line.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use tower::ServiceExt as _;

use crate::auth::{Credential, credential};
use crate::connections::Waiting;
use crate::http::client_address::is_https;
use crate::state::AppState;

/// What such a line may be led to.
pub(crate) struct Triage {
    pub(crate) state: AppState,
    /// Everything.
    pub(crate) site: Router,
    /// Health, and why there is no more.
    pub(crate) refusals: Router,
}

/// Leads a request to one of the two.
pub(crate) async fn triage(
    State(triage): State<Arc<Triage>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(waiting): Extension<Waiting>,
    request: Request,
) -> Response {
    if waiting.is_kept() || is_kept(&triage.state, peer, &waiting, request.headers()).await {
        return answer(&triage.site, request).await;
    }
    let mut response = answer(&triage.refusals, request).await;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether the request carries a valid login whose user may have another connection. The token's signature is checked
/// before the store is asked.
async fn is_kept(state: &AppState, peer: SocketAddr, waiting: &Waiting, headers: &HeaderMap) -> bool {
    let Ok(Some(Credential::Bearer(token) | Credential::Cookie(token))) =
        credential(headers, is_https(peer.ip(), headers, &state.config), &state.config.sub_path)
    else {
        return false;
    };
    let known = state.auth.authenticate(&*state.store, &token, state.clock.wall()).await;
    known.is_ok_and(|identity| waiting.keep(identity.user, &state.config.limits))
}

async fn answer(router: &Router, request: Request) -> Response {
    router.clone().oneshot(request).await.unwrap_or_else(|never: Infallible| match never {})
}
