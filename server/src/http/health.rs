//! For load balancers and supervisors: whether the process is alive, and whether it can serve people.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use protocol::ErrorCode;

use crate::connections;
use crate::http::problem::{problem, problem_saying};
use crate::state::AppState;

/// Only whoever does not look at the certificate hears it.
const NO_CERTIFICATE: &str = "There is no certificate that holds yet (--acme): the server's log says why.";

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: it also reaches its database and can write to it, has memory for
/// newcomers and a certificate that holds, and does not send its people elsewhere.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    if state.turns_away() {
        return problem(ErrorCode::ShuttingDown);
    }
    if state.connections.is_closed() {
        return problem(connections::full(ErrorCode::Overloaded));
    }
    if state.tls.as_ref().is_some_and(|tls| !tls.is_ready(state.clock.wall())) {
        return problem_saying(ErrorCode::Unavailable, NO_CERTIFICATE);
    }
    match state.readiness.check(&*state.store).await {
        Ok(()) => "ready\n".into_response(),
        Err(failure) => problem(failure),
    }
}
