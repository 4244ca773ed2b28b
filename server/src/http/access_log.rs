//! One line for each request at the level `debug`, without anything that a person chose: the matched route, never the
//! path. Like every line it has the request's id. Also where a panic in a handler becomes an answer, and where refusals are counted.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use protocol::ErrorCode;

use crate::event_log::{Event, Via};
use crate::http::problem::problem;
use crate::state::AppState;

/// Runs the request, counts and logs what became of it.
pub(crate) async fn access_log(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let method = name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    // The panic hook has told the operator where it was.
    let response =
        AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| problem(ErrorCode::Internal));
    if let Some(&code) = response.extensions().get::<ErrorCode>() {
        state.hub.counts().refusals.add(code);
        state.events.record(Event::Refused(Via::Http, code));
    }
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let (status, millis) = (response.status().as_u16(), began.elapsed().as_millis());
    tracing::debug!(method, route, status, millis, "answered");
    response
}

/// A method is free text too.
fn name(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(known, _)| known == method).map_or("other", |(_, name)| name)
}
