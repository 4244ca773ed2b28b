//! What an application's backend may ask for by HTTP, with one of its API keys; and what its administrators may look at.
//!
//! Parses, and hands on to those who keep the channels. Decides nothing about who may hear what: a backend may tell
//! anybody of its own application anything, and nobody of another.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use channels::{AppUser, ChannelName};
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::handle::{Busy, Full, Live as _, LiveChannel, Overview, Present};
use super::publication::{Count, Fault, Publication, Target, Written};
use super::registry::App;
use super::sse;
use crate::auth::sole_bearer;
use crate::error::ApiError;
use crate::http::body::{JsonBody, read_json};
use crate::http::cors::share;
use crate::http::problem::{method_not_allowed, problem_saying};
use crate::state::AppState;

/// Publications of a batch between two pauses.
const TOLD_AT_ONCE: usize = 16;
/// Told of a publication that found no place.
const BUSY: Fault = "too much is told at this moment: try this one again in a second";
/// Whose role may see who is where.
const ADMIN: &str = "admin";

/// All addresses.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    // Pages read it, of other sites too: those ask beforehand whether they may.
    let stream = Router::new()
        .route("/api/v1/apps/{app}/events", get(sse::events))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), share));
    Router::new()
        .merge(stream)
        .route("/api/v1/apps/{app}/publish", post(publish))
        .route("/api/v1/apps/{app}/subscribe", post(subscribe))
        .route("/api/v1/apps/{app}/unsubscribe", post(unsubscribe))
        .route("/api/v1/apps/{app}/disconnect", post(disconnect))
        .route("/api/v1/apps/{app}/presence", get(presence))
        .route("/api/v1/apps/{app}/count", get(count))
        .route("/api/v1/apps/{app}/channels", get(channels))
        .route("/api/v1/apps/{app}/debug", get(debug))
        .route("/api/messages/admin/socket-debug", get(debug_of_admin))
}

/// The application of the path, asked by its backend.
struct Keyed(Arc<App>);

impl FromRequestParts<AppState> for Keyed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| ErrorCode::NotFound)?;
        let key = sole_bearer(&parts.headers).ok_or(ErrorCode::Unauthorized)?;
        // Which applications there are is nobody's business: an unknown one is answered as a wrong key.
        let app = state.apps.find_by_name(&name).filter(|app| app.loaded().has_api_key(key));
        app.map(Self).ok_or_else(|| ErrorCode::Unauthorized.into())
    }
}

/// What became of one publication.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Outcome {
    /// It was handed to so many connections.
    Told {
        /// How many.
        connections: usize,
    },
    /// One of this `id` was told within the last minute.
    Repeated {
        /// Always true.
        repeated: bool,
    },
    /// It is none.
    Wrong {
        /// Why.
        error: Fault,
    },
}

/// What may be published, for the description: `publish` reads one after the other, so that one that is wrong keeps no other
/// from being told.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes what is read in parts")]
#[serde(untagged)]
pub(crate) enum Publish {
    One(Written),
    Batch(Batch),
}

/// Several at once.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes what is read in parts")]
pub(crate) struct Batch {
    /// Each of them.
    #[schema(max_items = 1_000)]
    batch: Vec<Written>,
}

/// What is answered.
#[derive(Serialize, ToSchema)]
#[expect(dead_code, reason = "describes what is written in parts")]
#[serde(untagged)]
pub(crate) enum Published {
    One(Outcome),
    Batch(Vec<Outcome>),
}

#[derive(Deserialize)]
struct MaybeBatch {
    batch: Option<Vec<Box<RawValue>>>,
}

async fn publish(State(state): State<AppState>, Keyed(app): Keyed, request: Request) -> Result<Response, ApiError> {
    let limits = &state.config.limits;
    let body = read_json(limits.app_body_bytes_max, request, &state).await?;
    let body = std::str::from_utf8(&body).map_err(|_| ErrorCode::BadFrame)?;
    let MaybeBatch { batch } = serde_json::from_str(body).map_err(|_| ErrorCode::BadFrame)?;
    let Some(batch) = batch.filter(|_| is_object(body)) else {
        return Ok(match tell(&state, &app, body) {
            Outcome::Wrong { error: BUSY } => return Err(ErrorCode::Overloaded.into()),
            Outcome::Wrong { error } => problem_saying(ErrorCode::BadFrame, error),
            told @ (Outcome::Told { .. } | Outcome::Repeated { .. }) => Json(told).into_response(),
        });
    };
    if batch.len() > usize::try_from(limits.app_batch_max).unwrap_or(usize::MAX) {
        return Err(ErrorCode::TooLarge.into());
    }
    let mut outcomes = Vec::with_capacity(batch.len());
    for written in &batch {
        outcomes.push(tell(&state, &app, written.get()));
        if outcomes.len() % TOLD_AT_ONCE == 0 {
            // A thousand publications to thousands each would keep everybody else on this processor waiting.
            tokio::task::yield_now().await;
        }
    }
    Ok(Json(outcomes).into_response())
}

/// serde would also take the fields as a list, in their order.
fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{')
}

fn tell(state: &AppState, app: &Arc<App>, written: &str) -> Outcome {
    match read(app, written) {
        Err(error) => Outcome::Wrong { error },
        Ok((_, Some(id))) if !state.apps.is_first(app, &id, state.clock.mono()) => Outcome::Repeated { repeated: true },
        Ok((publication, id)) => publish_one(state, app, &publication, id),
    }
}

fn publish_one(state: &AppState, app: &Arc<App>, publication: &Publication, id: Option<String>) -> Outcome {
    let delivered = state.live.publish(app, publication, id.clone());
    if let (Err(Busy), Some(id)) = (delivered, &id) {
        // Whoever sends it again has it told.
        state.apps.forget_id(app, id);
    }
    delivered.map_or(Outcome::Wrong { error: BUSY }, |delivered| Outcome::Told { connections: delivered.connections })
}

fn read(app: &App, written: &str) -> Result<(Publication, Option<String>), Fault> {
    const FORM: Fault = "one of channel, channels, user, users; event; and data, namespace, id as far as needed";
    if !is_object(written) {
        return Err(FORM);
    }
    let written: Written = serde_json::from_str(written).map_err(|_| FORM)?;
    let id = written.id()?.map(str::to_owned);
    let publication = written.parse()?;
    let rules = &app.loaded().rules;
    if publication.except_caller {
        return Err("except_caller is for answers to calls: there is no caller here");
    }
    if publication.namespace.as_ref().is_some_and(|namespace| rules.namespace(namespace.as_str()).is_none()) {
        return Err("the application has no such namespace");
    }
    match &publication.target {
        Target::Channels(names) if names.iter().any(|name| rules.channel(name.as_str()).is_none()) => {
            Err("no pattern of the application fits that channel")
        }
        Target::Channels(_) | Target::Users(_) => Ok((publication, id)),
    }
}

/// Somebody and a channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Membership {
    /// The application's id of the user.
    user: String,
    /// The channel's name.
    channel: String,
}

/// Somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneUser {
    /// The application's id of the user.
    user: String,
}

#[derive(Deserialize)]
struct OneChannel {
    channel: String,
}

/// Connections, counted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Connections {
    /// How many.
    connections: usize,
}

impl Membership {
    fn parse(&self, app: &App) -> Result<(AppUser, ChannelName), ApiError> {
        Ok((user(&self.user)?, channel(app, &self.channel)?))
    }
}

fn user(text: &str) -> Result<AppUser, ApiError> {
    AppUser::parse(text).ok_or_else(|| ErrorCode::BadFrame.into())
}

/// One that a pattern fits: others do not exist.
fn channel(app: &App, text: &str) -> Result<ChannelName, ApiError> {
    let known = app.loaded().rules.channel(text).map(|channel| channel.name);
    known.ok_or_else(|| ErrorCode::NotFound.into())
}

async fn subscribe(
    State(state): State<AppState>,
    Keyed(app): Keyed,
    JsonBody(asked): JsonBody<Membership>,
) -> Result<Json<Connections>, ApiError> {
    let (user, channel) = asked.parse(&app)?;
    forget(&app, &user);
    let entered = state.live.subscribe(&app, &user, &channel).map_err(|full| match full {
        Full::Members => ErrorCode::RoomFull,
        Full::Subscriptions | Full::Channels => ErrorCode::TooManyRooms,
        Full::Nodes => ErrorCode::Overloaded,
        Full::PutOut => ErrorCode::Forbidden,
    })?;
    Ok(Json(Connections { connections: entered }))
}

async fn unsubscribe(
    State(state): State<AppState>,
    Keyed(app): Keyed,
    JsonBody(asked): JsonBody<Membership>,
) -> Result<Json<Connections>, ApiError> {
    let (user, channel) = asked.parse(&app)?;
    forget(&app, &user);
    let left = state.live.unsubscribe(&app, &user, &channel).map_err(|Busy| ErrorCode::Overloaded)?;
    Ok(Json(Connections { connections: left }))
}

async fn disconnect(
    State(state): State<AppState>,
    Keyed(app): Keyed,
    JsonBody(asked): JsonBody<OneUser>,
) -> Result<Json<Connections>, ApiError> {
    let user = user(&asked.user)?;
    forget(&app, &user);
    let ended = state.live.disconnect(&app, &user).map_err(|Busy| ErrorCode::Overloaded)?;
    Ok(Json(Connections { connections: ended }))
}

/// What the backend said before of this user may be another thing now.
fn forget(app: &App, user: &AppUser) {
    if let Some(backend) = &app.loaded().backend {
        backend.forget(user);
    }
}

/// Who is in a channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct Presence {
    /// Each user.
    users: Vec<Present>,
}

async fn presence(
    State(state): State<AppState>,
    Keyed(app): Keyed,
    Query(asked): Query<OneChannel>,
) -> Result<Json<Presence>, ApiError> {
    let channel = channel(&app, &asked.channel)?;
    Ok(Json(Presence { users: state.live.presence(&app, &channel) }))
}

async fn count(
    State(state): State<AppState>,
    Keyed(app): Keyed,
    Query(asked): Query<OneChannel>,
) -> Result<Json<Count>, ApiError> {
    let channel = channel(&app, &asked.channel)?;
    Ok(Json(state.live.count(&app, &channel)))
}

/// Every channel with somebody in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Channels {
    /// Each of them.
    channels: Vec<ChannelView>,
}

/// One channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelView {
    /// Its name.
    channel: String,
    /// Who is in it.
    #[serde(flatten)]
    count: Count,
}

async fn channels(State(state): State<AppState>, Keyed(app): Keyed) -> Json<Channels> {
    let view = |LiveChannel { name, count }: LiveChannel| ChannelView { channel: name.as_str().to_owned(), count };
    Json(Channels { channels: state.live.channels(&app).into_iter().map(view).collect() })
}

async fn debug(State(state): State<AppState>, Keyed(app): Keyed) -> Json<Overview> {
    Json(state.live.overview(&app))
}

/// The same for a person: with the token of somebody who is an administrator of that application.
async fn debug_of_admin(State(state): State<AppState>, headers: HeaderMap) -> Result<Json<Overview>, ApiError> {
    let token = sole_bearer(&headers).ok_or(ErrorCode::Unauthorized)?;
    let app = state.apps.of_token(token).ok_or(ErrorCode::Unauthorized)?;
    let bytes_max = state.config.limits.app_token_bytes_max;
    let signed_in = app.authenticate(token, bytes_max, state.clock.wall()).map_err(|_| ErrorCode::Unauthorized)?;
    if signed_in.client.role.as_deref() != Some(ADMIN) {
        return Err(ErrorCode::Forbidden.into());
    }
    Ok(Json(state.live.overview(&app)))
}
