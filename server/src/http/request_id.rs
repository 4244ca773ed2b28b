//! Every request has an id: in the header `X-Request-Id` of its answer, in the body of a refusal, in each line that is
//! logged on its way, and for as long as the connection lives that it opens. A trusted proxy may have chosen it.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use realtime::request_id::RequestId;

use crate::http::client_address::is_trusted;
use crate::state::AppState;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// Names the request, and tells whoever asks.
pub(crate) async fn name(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let told = is_trusted(peer.ip(), &state.config).then(|| told(request.headers())).flatten();
    let id = told.unwrap_or_else(RequestId::draw);
    let mut response = id.scope(next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(NAME, value);
    }
    response
}

/// What a proxy has chosen: one, and well-formed.
fn told(headers: &HeaderMap) -> Option<RequestId> {
    let mut values = headers.get_all(NAME).iter();
    let one = values.next().filter(|_| values.next().is_none())?;
    RequestId::parse(one.as_bytes())
}
