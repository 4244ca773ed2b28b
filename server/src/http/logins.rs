//! The logins of an account, listed and revoked, and the password that all of them hang on.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::api::{ChangePassword, LoginView};
use protocol::{ErrorCode, LoginId, UserKind};

use crate::clock::{base64url, from_base64url};
use crate::error::Failure;
use crate::http::account::{confirm_password, new_password};
use crate::http::body::{JsonBody, Segment};
use crate::http::identity::{Asker, SignedIn};
use crate::http::login;
use crate::state::AppState;
use crate::store::{AccountChange, LoginKey};

/// Changes the password. Every other login ends, with its connections.
pub(crate) async fn change_password(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    JsonBody(typed): JsonBody<ChangePassword>,
) -> Result<Response, Failure> {
    if identity.kind == UserKind::Guest {
        return Err(ErrorCode::Forbidden.into());
    }
    let password = new_password(&typed.new)?;
    confirm_password(&state, &asker, &identity, typed.current).await?;
    let hash = state.auth.hash(password).await?;
    state.store.change_account(identity.user, AccountChange::PasswordHash(hash)).await?;
    for ended in state.store.remove_logins_except(identity.user, Some(identity.login)).await? {
        state.hub.end_login(ended);
    }
    login::session(&state, &asker, StatusCode::OK, &identity).await
}

/// The logins of the one who asks, oldest first.
pub(crate) async fn list_logins(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<LoginView>>, Failure> {
    let user = state.store.user(identity.user, asker.now).await?.ok_or(ErrorCode::Unauthorized)?;
    let views = user.logins.iter().map(|login| LoginView {
        id: login_id(login.key),
        created_at: login.created_at,
        last_used_at: login.last_used_at,
        current: login.key == identity.login,
    });
    Ok(Json(views.collect()))
}

/// Ends a login of the one who asks, with its connections.
pub(crate) async fn revoke_login(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    Segment(id): Segment,
) -> Result<Response, Failure> {
    let key = from_base64url(&id).map(LoginKey).ok_or(ErrorCode::NotFound)?;
    if !login::end(&state, identity.user, key).await? {
        return Err(ErrorCode::NotFound.into());
    }
    let done = StatusCode::NO_CONTENT.into_response();
    Ok(if key == identity.login { login::without_cookie(&asker, done) } else { done })
}

fn login_id(key: LoginKey) -> LoginId {
    LoginId::parse(&base64url(&key.0)).expect("22 characters of base64url are a login's id")
}
