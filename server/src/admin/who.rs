//! Who asks below `/api/v1/admin`, and whether it is there at all.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use protocol::ErrorCode;

use super::desk::Who;
use crate::auth::sole_bearer;
use crate::error::ApiError;
use crate::http::problem::problem;
use crate::state::AppState;

/// An operator, by a bearer token: the one of the file, or that of a session.
pub(super) struct Operator(pub(super) Who);

impl FromRequestParts<AppState> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let token = sole_bearer(&parts.headers).ok_or(ErrorCode::Unauthorized)?;
        state.desk.bearer(token, state.clock.wall()).await.map(Self).ok_or_else(|| ErrorCode::Unauthorized.into())
    }
}

/// Answers for what is not there, where there is no operator.
pub(super) async fn if_open(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if state.desk.is_open().await { next.run(request).await } else { problem(ErrorCode::NotFound) }
}
