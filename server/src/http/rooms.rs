//! `rooms`: make, look up, join, leave, delete, and the list of one's own.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::api::{CreateRoom, JoinRoom, RoomView};
use protocol::{ErrorCode, LeaveReason};

use crate::error::ApiError;
use crate::http::body::{JsonBody, OptionalBody, PathSegment};
use crate::http::identity::{RequestContext, SignedIn};
use crate::rooms::admission;
use crate::state::AppState;
use crate::store::Left;
use realtime::rate_limits::RateLimit;
use realtime::services::Admission;

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
    let (user, pin) = (identity.user, typed.pin.as_deref());
    // What the asker's clients can read shows when they take a seat.
    let admission =
        Admission { user, address: context.address, code: &code, pin, reads_sealed: true, now: context.now };
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
        Left::NotMember => Err(ErrorCode::NotInRoom.into()),
        Left::Remaining { .. } | Left::RoomDeleted => Ok(StatusCode::NO_CONTENT),
    }
}

/// Ends a room for everybody. Its owner's right.
pub(crate) async fn delete(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
) -> Result<StatusCode, ApiError> {
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    if room.owner != identity.user {
        return Err(ErrorCode::Forbidden.into());
    }
    if !state.store.delete_room(room.id).await? {
        // It was there a moment ago.
        return Err(ErrorCode::RoomEnded.into());
    }
    state.rooms.records().note_ended(room.code);
    state.hub.end_room(room.id.into(), LeaveReason::Deleted);
    Ok(StatusCode::NO_CONTENT)
}
