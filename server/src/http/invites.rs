//! `rooms/CODE/invites`: links that let in, for those who may make some; and the QR code of a link, for anybody who is
//! signed in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use protocol::ErrorCode;
use protocol::api::{DrawQr, InviteView, MakeInvite, QrView};

use crate::error::ApiError;
use crate::http::body::{JsonBody, OptionalBody, PathPair, PathSegment};
use crate::http::identity::{RequestContext, SignedIn};
use crate::qr;
use crate::rooms::{admission, invites};
use crate::state::AppState;
use realtime::rate_limits::RateLimit;

/// Makes one. The answer has its token, which is told to nobody else and not again.
pub(crate) async fn make(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    OptionalBody(wish): OptionalBody<MakeInvite>,
) -> Result<Response, ApiError> {
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    state.rate_limits.take(RateLimit::Powers(identity.user), context.now)?;
    let view = invites::make(&state, &room, identity.user, wish, context.now).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Those in force, oldest first.
pub(crate) async fn list(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
) -> Result<Json<Vec<InviteView>>, ApiError> {
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    invites::list(&state, &room, identity.user, context.now).await.map(Json)
}

/// Takes one back.
pub(crate) async fn revoke(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathPair(code, id): PathPair,
) -> Result<StatusCode, ApiError> {
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    state.rate_limits.take(RateLimit::Powers(identity.user), context.now)?;
    invites::revoke(&state, &room, identity.user, &id, context.now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Draws the QR code of a link. By a POST: an invite's token is no part of an address, which proxies write down.
pub(crate) async fn draw(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    JsonBody(DrawQr { text }): JsonBody<DrawQr>,
) -> Result<Json<QrView>, ApiError> {
    state.rate_limits.take(RateLimit::Powers(identity.user), context.now)?;
    let chars_max = usize::try_from(state.config.limits.qr_bytes_max).unwrap_or(usize::MAX);
    if text.len() > chars_max {
        return Err(ErrorCode::TooLarge.into());
    }
    qr::draw(&text).map(Json).ok_or_else(|| ErrorCode::TooLarge.into())
}
