//! For load balancers and supervisors: whether the process is alive, and whether it can serve people.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use protocol::ErrorCode;

use crate::connections;
use crate::http::problem::problem;
use crate::state::AppState;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: it also reaches its database and can write to it, has memory for
/// newcomers, and does not send its people elsewhere.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    if state.turns_away() {
        return problem(ErrorCode::ShuttingDown);
    }
    if state.connections.is_closed() {
        return problem(connections::full(ErrorCode::Overloaded));
    }
    match state.readiness.check(&*state.store).await {
        Ok(()) => "ready\n".into_response(),
        Err(failure) => problem(failure),
    }
}
