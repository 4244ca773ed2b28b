//! `rooms`: make, look up, join, leave, delete, and the list of one's own.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::api::{CreateRoom, JoinRoom, RoomView};
use protocol::{ErrorCode, LeaveReason};

use crate::admission;
use crate::error::Failure;
use crate::gates::Gate;
use crate::http::body::{JsonBody, OptionalBody, Segment};
use crate::http::identity::{Asker, SignedIn};
use crate::state::AppState;
use crate::store::Left;

/// Makes a room; its maker is a member and owns it.
pub(crate) async fn create(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    JsonBody(wish): JsonBody<CreateRoom>,
) -> Result<Response, Failure> {
    let view = admission::create(&state, &identity, asker.address, wish, asker.now).await?;
    let location = HeaderValue::try_from(format!("/r/{}", view.code.as_str())).map_err(|_| ErrorCode::Internal)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// The rooms that the asker is a member of, oldest membership first.
pub(crate) async fn list(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<RoomView>>, Failure> {
    let rooms = state.store.rooms_of(identity.user, asker.now).await?;
    Ok(Json(rooms.iter().map(|room| admission::view(&state, room, Some(identity.user))).collect()))
}

/// A room as the asker may see it. Needs no login.
pub(crate) async fn look_up(
    State(state): State<AppState>,
    asker: Asker,
    Segment(code): Segment,
) -> Result<Json<RoomView>, Failure> {
    let user = asker.known()?.map(|identity| identity.user);
    admission::look_up(&state, user, asker.address, &code, asker.now).await.map(Json)
}

/// Makes the asker a member. Takes no seat: that is what a socket is for.
pub(crate) async fn join(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    Segment(code): Segment,
    OptionalBody(typed): OptionalBody<JoinRoom>,
) -> Result<Json<RoomView>, Failure> {
    state.gates.take(Gate::Joins(identity.user), asker.now)?;
    let pin = typed.pin.as_deref();
    let admitted = admission::admit(&state, identity.user, asker.address, &code, pin, asker.now).await?;
    Ok(Json(admission::view(&state, &admitted.room, Some(identity.user))))
}

/// Ends the asker's membership, with every seat.
pub(crate) async fn leave(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    Segment(code): Segment,
) -> Result<StatusCode, Failure> {
    let room = admission::find(&state, asker.address, &code, asker.now).await?;
    match admission::leave(&state, identity.user, room.id).await? {
        Left::NotMember => Err(ErrorCode::NotInRoom.into()),
        Left::Remaining { .. } | Left::RoomDeleted => Ok(StatusCode::NO_CONTENT),
    }
}

/// Ends a room for everybody. Its owner's right.
pub(crate) async fn delete(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    Segment(code): Segment,
) -> Result<StatusCode, Failure> {
    let room = admission::find(&state, asker.address, &code, asker.now).await?;
    if room.owner != identity.user {
        return Err(ErrorCode::Forbidden.into());
    }
    if !state.store.delete_room(room.id).await? {
        return Err(ErrorCode::RoomNotFound.into());
    }
    state.hub.end_room(room.id, LeaveReason::Deleted);
    Ok(StatusCode::NO_CONTENT)
}
