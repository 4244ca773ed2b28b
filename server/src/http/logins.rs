//! The logins of an account, listed, revoked and given their next tokens, and the account's password.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::api::{ChangePassword, LoginView};
use protocol::{Device, ErrorCode, LoginId, Password, UserKind};

use crate::error::ApiError;
use crate::event_log::{Event, LoginEnd};
use crate::http::account::confirm_password;
use crate::http::body::{JsonBody, PathSegment};
use crate::http::identity::{RequestContext, SignedIn};
use crate::http::login;
use crate::state::AppState;
use crate::store::{AccountChange, LoginKey};
use realtime::clock::{base64url, from_base64url};

/// Changes the password. Every other login ends, with its connections.
pub(crate) async fn change_password(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    JsonBody(typed): JsonBody<ChangePassword>,
) -> Result<Response, ApiError> {
    if identity.kind == UserKind::Guest {
        return Err(ErrorCode::Forbidden.into());
    }
    let password = Password::parse(&typed.new)?;
    confirm_password(&state, &context, &identity, typed.current).await?;
    let hash = state.auth.hash(password.as_bytes().to_vec()).await?;
    // Checking and hashing take a while, and the login may have been ended meanwhile.
    if !state.auth.stands(&*state.store, &identity, context.now.wall).await? {
        return Err(ErrorCode::Revoked.into());
    }
    state.store.change_account(identity.user, AccountChange::PasswordHash(hash)).await?;
    for ended in state.store.remove_logins_except(identity.user, Some(identity.login)).await? {
        state.hub.end_login(identity.user, ended);
        state.events.record(Event::LoginEnded(identity.user, LoginEnd::PasswordChanged));
    }
    login::session(&state, &context, StatusCode::OK, &identity).await
}

/// The next token of somebody who is signed in. Never makes a user, unlike `POST /api/v1/guest`.
pub(crate) async fn renew(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
) -> Result<Response, ApiError> {
    login::session(&state, &context, StatusCode::OK, &identity).await
}

/// The logins of the one who asks, oldest first.
pub(crate) async fn list_logins(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<LoginView>>, ApiError> {
    let user = state.store.user(identity.user, context.now.wall).await?.ok_or(ErrorCode::Unauthorized)?;
    let views = user.logins.iter().map(|login| LoginView {
        id: login_id(login.key),
        created_at: login.created_at,
        last_used_at: login.last_used_at,
        current: login.key == identity.login,
        device: login.device.map(Device::words),
    });
    Ok(Json(views.collect()))
}

/// Ends a login of the one who asks, with its connections.
pub(crate) async fn revoke_login(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    PathSegment(id): PathSegment,
) -> Result<Response, ApiError> {
    let key = from_base64url(&id).map(LoginKey).ok_or(ErrorCode::NotFound)?;
    if !login::end(&state, identity.user, key).await? {
        return Err(ErrorCode::NotFound.into());
    }
    let done = StatusCode::NO_CONTENT.into_response();
    Ok(if key == identity.login { login::without_cookie(&state, &context, done) } else { done })
}

fn login_id(key: LoginKey) -> LoginId {
    LoginId::parse(&base64url(&key.0)).expect("22 characters of base64url are a login's id")
}
