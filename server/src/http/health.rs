//! For whoever watches over the process: is it alive, and may it be sent people.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use protocol::ErrorCode;
use tokio::time::timeout;

use crate::error::Failure;
use crate::http::problem::problem;
use crate::state::AppState;

/// A database that takes longer for nothing is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: it also reaches its database, and is not about to stop.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    if state.stopping.is_cancelled() {
        return problem(ErrorCode::ShuttingDown);
    }
    match timeout(PATIENCE, state.store.ping()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => problem(Failure::from(error)),
        Err(_) => problem(ErrorCode::Unavailable),
    }
}
