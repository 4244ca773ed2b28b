//! `rooms`: make, look up, join, leave, and the list of one's own; what owners and moderators may do.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::api::{BanView, ChangeRole, ChangeRoom, CreateRoom, JoinRoom, PutOut, RoomView};
use protocol::{ErrorCode, MemberId};

use crate::error::ApiError;
use crate::http::body::{JsonBody, OptionalBody, PathPair, PathSegment};
use crate::http::identity::{RequestContext, SignedIn};
use crate::rooms::{admission, powers};
use crate::state::AppState;
use crate::store::LeaveOutcome;
use realtime::identity::Identity;
use realtime::rate_limits::RateLimit;
use realtime::services::{Admission, Asked, Wish};

/// Makes a room; its maker is a member and owns it.
pub(crate) async fn create(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    JsonBody(request): JsonBody<CreateRoom>,
) -> Result<Response, ApiError> {
    let view = admission::create(&state, &identity, context.address, request, context.now).await?;
    let location = HeaderValue::try_from(format!("/r/{}", view.code.as_str())).map_err(|_| ErrorCode::Internal)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// The rooms that the asker is a member of, oldest membership first.
pub(crate) async fn list(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<RoomView>>, ApiError> {
    let rooms = state.rooms.of_user(identity.user, context.now).await?;
    Ok(Json(rooms.iter().map(|room| admission::view(&state, room, Some(identity.user), context.now)).collect()))
}

/// A room as the asker may see it. Needs no login.
pub(crate) async fn look_up(
    State(state): State<AppState>,
    context: RequestContext,
    PathSegment(code): PathSegment,
) -> Result<Json<RoomView>, ApiError> {
    // Where the login cannot be checked, the request fails: it must not get the view of somebody who is not a member.
    context.known()?;
    admission::look_up(&state, context.caller(), &code, context.now).await.map(Json)
}

/// Makes the asker a member. Takes no seat: that is what a socket is for.
pub(crate) async fn join(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    OptionalBody(typed): OptionalBody<JoinRoom>,
) -> Result<Json<RoomView>, ApiError> {
    let (user, kind, pin) = (identity.user, identity.kind, typed.pin.as_deref());
    let invite = typed.invite.as_deref();
    // What the asker's clients can read shows when they take a seat.
    let (address, now) = (context.address, context.now);
    let admission = Admission { user, kind, address, code: &code, pin, invite, reads_sealed: true, now };
    let admit = admission::admit(&state, admission);
    let admitted = state.rate_limits.charge(RateLimit::Joins(identity.user), context.now, admit).await?;
    Ok(Json(admission::view(&state, &admitted.room, Some(identity.user), context.now)))
}

/// Ends the asker's membership, with every seat.
pub(crate) async fn leave(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
) -> Result<StatusCode, ApiError> {
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    match admission::leave(&state, identity.user, &room).await? {
        LeaveOutcome::NotMember => Err(ErrorCode::NotInRoom.into()),
        LeaveOutcome::Remaining { .. } | LeaveOutcome::RoomDeleted => Ok(StatusCode::NO_CONTENT),
    }
}

/// Ends a room for everybody.
pub(crate) async fn delete(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
) -> Result<StatusCode, ApiError> {
    exercise(&state, &context, &identity, &code, Wish::Burn).await
}

/// Changes a room: what its owner or a moderator may, by the field.
pub(crate) async fn change(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    JsonBody(set): JsonBody<ChangeRoom>,
) -> Result<Json<RoomView>, ApiError> {
    exercise(&state, &context, &identity, &code, Wish::Change(set)).await?;
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    Ok(Json(admission::view(&state, &room, Some(identity.user), context.now)))
}

/// Puts somebody out, who may come back.
pub(crate) async fn kick(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    JsonBody(PutOut { member }): JsonBody<PutOut>,
) -> Result<StatusCode, ApiError> {
    exercise(&state, &context, &identity, &code, Wish::Kick(member)).await
}

/// Puts somebody out, who may not come back.
pub(crate) async fn ban(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    JsonBody(PutOut { member }): JsonBody<PutOut>,
) -> Result<StatusCode, ApiError> {
    exercise(&state, &context, &identity, &code, Wish::Ban(member)).await
}

/// Makes somebody a moderator, a member again, or the owner.
pub(crate) async fn role(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    JsonBody(ChangeRole { member, role }): JsonBody<ChangeRole>,
) -> Result<StatusCode, ApiError> {
    exercise(&state, &context, &identity, &code, Wish::Role(member, role)).await
}

/// Who may not come back, for those who may change that.
pub(crate) async fn bans(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
) -> Result<Json<Vec<BanView>>, ApiError> {
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    powers::bans(&state, &room, identity.user).map(Json)
}

/// Lets somebody come back.
pub(crate) async fn unban(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathPair(code, member): PathPair,
) -> Result<StatusCode, ApiError> {
    let member = MemberId::parse(&member).map_err(|_| ErrorCode::NoSuchMember)?;
    exercise(&state, &context, &identity, &code, Wish::Unban(member)).await
}

pub(super) async fn exercise(
    state: &AppState,
    context: &RequestContext,
    identity: &Identity,
    code: &str,
    wish: Wish,
) -> Result<StatusCode, ApiError> {
    let room = admission::find(state, context.caller(), code, context.now).await?;
    let asked = Asked { user: identity.user, by: None, now: context.now };
    let work = powers::exercise(state, room.id.into(), asked, wish);
    state.rate_limits.charge(RateLimit::Powers(identity.user), context.now, work).await?;
    Ok(StatusCode::NO_CONTENT)
}
