//! `rooms/CODE/knock`: waiting in front of a room until somebody inside says yes or no, one request after the other; and
//! what those inside answer.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use protocol::api::{AdmitMember, JoinRoom};

use crate::error::ApiError;
use crate::http::body::{JsonBody, OptionalBody, PathSegment};
use crate::http::identity::{RequestContext, SignedIn};
use crate::http::rooms::exercise;
use crate::rooms::admission::{self, Knocked};
use crate::state::AppState;
use realtime::channel::Verdict;
use realtime::rate_limits::RateLimit;
use realtime::services::{Admission, Wish};

/// Knocks, and waits for a while: 200 with the room when the asker is a member, 202 when nobody has answered yet. The knock
/// stands for some seconds more, so that the next request finds it; a request that ends earlier takes it along.
pub(crate) async fn knock(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    OptionalBody(typed): OptionalBody<JoinRoom>,
) -> Result<Response, ApiError> {
    let (user, kind, pin, invite) = (identity.user, identity.kind, typed.pin.as_deref(), typed.invite.as_deref());
    let (address, now) = (context.address, context.now);
    let admission = Admission { user, kind, address, code: &code, pin, invite, reads_sealed: true, now };
    let asking = admission::knock(&state, admission, identity.name.clone());
    let mut knock = match state.rate_limits.charge(RateLimit::Joins(user), now, asking).await? {
        Knocked::Admitted(admitted) => {
            return Ok(Json(admission::view(&state, &admitted.room, Some(user), now)).into_response());
        }
        Knocked::Waits(knock) => knock,
    };
    let limits = &state.config.limits;
    let wait = Duration::from_millis(limits.knock_wait_ms);
    let Ok(verdict) = tokio::time::timeout(wait, knock.answered()).await else {
        let kept = Duration::from_millis(limits.knock_kept_ms);
        drop(state.hub.spawn(async move {
            // An answer that comes meanwhile is found in the records, or by the next knock.
            let _ = tokio::time::timeout(kept, knock.answered()).await;
        }));
        return Ok(StatusCode::ACCEPTED.into_response());
    };
    if let Some(code) = verdict.refusal() {
        return Err(code.into());
    }
    let room = admission::find(&state, context.caller(), &code, now).await?;
    Ok(Json(admission::view(&state, &room, Some(user), now)).into_response())
}

/// Waits no more.
pub(crate) async fn withdraw(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
) -> Result<StatusCode, ApiError> {
    let room = admission::find(&state, context.caller(), &code, context.now).await?;
    let live = state.rooms.live(&room);
    let member = state.keys.member_id(live.id, identity.user);
    realtime::knock::answer(&state.hub, &live, &member, Verdict::Withdrawn);
    Ok(StatusCode::NO_CONTENT)
}

/// Lets in whoever knocks, or sends them away.
pub(crate) async fn admit(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(code): PathSegment,
    JsonBody(AdmitMember { member, on }): JsonBody<AdmitMember>,
) -> Result<StatusCode, ApiError> {
    exercise(&state, &context, &identity, &code, Wish::Admit(member, on)).await
}
