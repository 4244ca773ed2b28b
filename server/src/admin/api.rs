//! `/api/v1/admin`: what an operator's programs ask for, by a bearer token. No cookie counts here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Json, Router};
use protocol::admin::{
    BeginDrain, ChangeSwitches, Drain, EndedLogins, LiveRooms, NodeOverview, OperatorCredentials, OperatorToken,
    SocketDebug, Switches,
};

use super::sign_in::sign_in;
use super::who::{Operator, if_open};
use super::{acts, look};
use crate::error::ApiError;
use crate::http::body::{JsonBody, OptionalBody, PathSegment};
use crate::http::identity::RequestContext;
use crate::http::problem::method_not_allowed;
use crate::state::AppState;

/// All of it, below its address.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/sign-in", post(begin))
        .route("/overview", get(overview))
        .route("/rooms", get(rooms))
        .route("/socket-debug", get(sockets))
        .route("/rooms/{hash}/end", post(end_room))
        .route("/logins/{id}/end", post(end_logins))
        .route("/switches", get(switches).post(change_switches))
        .route("/drain", get(drain).post(begin_drain).delete(take_drain_back))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), if_open))
}

async fn begin(
    State(state): State<AppState>,
    context: RequestContext,
    JsonBody(typed): JsonBody<OperatorCredentials>,
) -> Result<Json<OperatorToken>, ApiError> {
    sign_in(&state, &context, typed).await.map(Json)
}

async fn overview(State(state): State<AppState>, _: Operator) -> Json<NodeOverview> {
    Json(look::overview(&state).await)
}

async fn rooms(State(state): State<AppState>, _: Operator) -> Json<LiveRooms> {
    Json(look::rooms(&state).await)
}

async fn sockets(State(state): State<AppState>, _: Operator) -> Json<SocketDebug> {
    Json(look::sockets(&state).await)
}

async fn end_room(
    State(state): State<AppState>,
    Operator(who): Operator,
    PathSegment(hash): PathSegment,
) -> Result<StatusCode, ApiError> {
    acts::end_room(&state, &who, hash).await.map(|()| StatusCode::NO_CONTENT)
}

async fn end_logins(
    State(state): State<AppState>,
    Operator(who): Operator,
    PathSegment(id): PathSegment,
) -> Result<Json<EndedLogins>, ApiError> {
    acts::end_logins(&state, &who, &id).await.map(|logins| Json(EndedLogins { logins }))
}

async fn switches(State(state): State<AppState>, _: Operator) -> Json<Switches> {
    Json(look::switches(&state))
}

async fn change_switches(
    State(state): State<AppState>,
    Operator(who): Operator,
    JsonBody(change): JsonBody<ChangeSwitches>,
) -> Result<Json<Switches>, ApiError> {
    acts::change_switches(&state, &who, change).map(Json)
}

async fn drain(State(state): State<AppState>, _: Operator) -> Json<Drain> {
    Json(state.drain.view(state.clock.mono()))
}

async fn begin_drain(
    State(state): State<AppState>,
    Operator(who): Operator,
    OptionalBody(asked): OptionalBody<BeginDrain>,
) -> Result<Json<Drain>, ApiError> {
    acts::begin_drain(&state, &who, asked).map(Json)
}

async fn take_drain_back(State(state): State<AppState>, Operator(who): Operator) -> Json<Drain> {
    Json(acts::take_drain_back(&state, &who))
}
