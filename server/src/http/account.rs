//! `guest`, `register`, `login`, `logout` and `me`: making, changing and deleting users, signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::api::{ChangeMe, Credentials, DeleteMe, NewGuest, Profile, Register};
use protocol::{Device, DisplayName, ErrorCode, Password, UserKind, Username};

use crate::auth::Identity;
use crate::error::ApiError;
use crate::http::body::{JsonBody, OptionalBody};
use crate::http::identity::{RequestContext, SignedIn};
use crate::http::login;
use crate::rooms::random_names;
use crate::state::AppState;
use crate::store::{Account, AccountChange, StoreError, UserId};
use realtime::rate_limits::{NameKey, RateLimit};

/// Makes a guest. Somebody who is signed in keeps their user: a page that asks twice does not lose its rooms.
pub(crate) async fn guest(
    State(state): State<AppState>,
    context: RequestContext,
    OptionalBody(request): OptionalBody<NewGuest>,
) -> Result<Response, ApiError> {
    let name = request.name.as_deref().map(DisplayName::parse).transpose()?;
    if let Some(known) = context.known()? {
        let identity = match name {
            Some(name) => renamed(&state, &context, known, name).await?,
            None => known.clone(),
        };
        return login::session(&state, &context, StatusCode::OK, &identity).await;
    }
    let identity = login::make_guest(&state, &context, name).await?;
    login::session(&state, &context, StatusCode::CREATED, &identity).await
}

/// Makes an account. A guest becomes it and keeps the rooms, but not the name: an account's is stored, and nobody was
/// asked whether a guest's may be.
pub(crate) async fn register(
    State(state): State<AppState>,
    context: RequestContext,
    JsonBody(request): JsonBody<Register>,
) -> Result<Response, ApiError> {
    if state.hub.orders().registration_closed {
        return Err(ErrorCode::Closed.into());
    }
    let username = Username::parse(&request.username)?;
    let password = Password::parse(&request.password)?;
    let chosen = request.name.as_deref().map(DisplayName::parse).transpose()?;
    let device = request.device.as_deref().map(Device::parse).transpose()?;
    let known = context.known()?;
    let display_name = chosen.unwrap_or_else(|| random_names::display_name(realtime::clock::random()));
    let make = async {
        let password_hash = state.auth.hash(password.as_bytes().to_vec()).await?;
        let account = Account { username, password_hash, display_name };
        let made = match known.filter(|known| known.kind == UserKind::Guest) {
            Some(guest) => login::account_of_guest(&state, guest, account, device, context.now.wall).await,
            None => login::make_account(&state, account, device, context.now.wall).await,
        };
        made.map_err(|error| match error {
            StoreError::Conflict => ErrorCode::UsernameTaken.into(),
            // The guest ended while their password was hashed.
            StoreError::NotFound => ErrorCode::Unauthorized.into(),
            StoreError::Unavailable | StoreError::Failed(_) => ApiError::from(error),
        })
    };
    let identity = state.rate_limits.charge(RateLimit::UsersMade(context.caller()), context.now, make).await?;
    if let Some(other) = known.filter(|known| known.user != identity.user) {
        login::end(&state, other.user, other.login).await?;
    }
    login::session(&state, &context, StatusCode::CREATED, &identity).await
}

/// Signs in. An unknown user and a wrong password get the same answer after the same time.
pub(crate) async fn login(
    State(state): State<AppState>,
    context: RequestContext,
    JsonBody(typed): JsonBody<Credentials>,
) -> Result<Response, ApiError> {
    let known = context.known()?;
    let device = typed.device.as_deref().map(Device::parse).transpose()?;
    let (user, account) = known_by(&state, &context, typed).await?;
    let identity = login::begin(&state, user, &account, device, context.now.wall).await?;
    if let Some(other) = known {
        match other.kind {
            UserKind::Guest => login::leave_guest(&state, other, context.now).await?,
            UserKind::Account => {
                login::end(&state, other.user, other.login).await?;
            }
        }
    }
    login::session(&state, &context, StatusCode::OK, &identity).await
}

/// The account of a name and its password.
async fn known_by(
    state: &AppState,
    context: &RequestContext,
    typed: Credentials,
) -> Result<(UserId, Account), ApiError> {
    let Some(username) = Username::known(&typed.username) else {
        // No account can have this name. A hash is compared all the same and the try is counted, so that neither time
        // nor limits tell which names exist.
        let key = state.keys.name_key(&typed.username);
        check_password(state, context, key, false, typed.password, None).await?;
        return Err(ErrorCode::BadCredentials.into());
    };
    let found = state.store.user_by_name(&username).await?.and_then(|user| Some((user.id, user.account?)));
    let phc = found.as_ref().map(|(_, account)| account.password_hash.as_str());
    let own = context.known()?.is_some_and(|known| found.as_ref().is_some_and(|(user, _)| *user == known.user));
    let key = state.keys.name_key(&username.folded());
    let right = check_password(state, context, key, own, typed.password, phc).await?;
    found.filter(|_| right).ok_or_else(|| ErrorCode::BadCredentials.into())
}

/// Signs out. A guest cannot come back, so nothing is kept of them.
pub(crate) async fn logout(State(state): State<AppState>, context: RequestContext) -> Result<Response, ApiError> {
    if let Some(known) = context.known()? {
        match known.kind {
            UserKind::Guest => login::delete_user(&state, known.user).await?,
            UserKind::Account => {
                login::end(&state, known.user, known.login).await?;
            }
        }
    }
    Ok(login::without_cookie(&state, &context, StatusCode::NO_CONTENT.into_response()))
}

/// Who asks.
pub(crate) async fn me(SignedIn(identity): SignedIn) -> Json<Profile> {
    Json(Profile { id: identity.own_id(), me: identity.me() })
}

/// Changes the display name, in every room at once.
pub(crate) async fn rename(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    JsonBody(request): JsonBody<ChangeMe>,
) -> Result<Response, ApiError> {
    let name = DisplayName::parse(&request.name)?;
    let identity = renamed(&state, &context, &identity, name).await?;
    login::session(&state, &context, StatusCode::OK, &identity).await
}

/// The same person under another name. An account's choice is kept; a guest's lives in the token.
pub(super) async fn renamed(
    state: &AppState,
    context: &RequestContext,
    identity: &Identity,
    name: DisplayName,
) -> Result<Identity, ApiError> {
    if name == identity.name {
        return Ok(identity.clone());
    }
    let keep = async {
        match identity.kind {
            UserKind::Guest => Ok::<_, ApiError>(()),
            UserKind::Account => {
                let change = AccountChange::DisplayName(name.clone());
                Ok(state.store.change_account(identity.user, change).await?)
            }
        }
    };
    state.rate_limits.charge(RateLimit::Renames(identity.user), context.now, keep).await?;
    state.hub.rename(identity.user, &name);
    Ok(Identity { name, ..identity.clone() })
}

/// Deletes the user with all memberships. An account's password is asked for, so that a borrowed tab cannot do it.
pub(crate) async fn delete_me(
    State(state): State<AppState>,
    context: RequestContext,
    SignedIn(identity): SignedIn,
    OptionalBody(typed): OptionalBody<DeleteMe>,
) -> Result<Response, ApiError> {
    if identity.kind == UserKind::Account {
        confirm_password(&state, &context, &identity, typed.password.unwrap_or_default()).await?;
    }
    login::delete_user(&state, identity.user).await?;
    Ok(login::without_cookie(&state, &context, StatusCode::NO_CONTENT.into_response()))
}

/// Checks the password of somebody who is signed in.
pub(super) async fn confirm_password(
    state: &AppState,
    context: &RequestContext,
    identity: &Identity,
    typed: String,
) -> Result<(), ApiError> {
    let account = state.store.user(identity.user, context.now.wall).await?.and_then(|user| user.account);
    let account = account.ok_or(ErrorCode::Forbidden)?;
    let key = state.keys.name_key(&account.username.folded());
    let right = check_password(state, context, key, true, typed, Some(&account.password_hash)).await?;
    if right { Ok(()) } else { Err(ErrorCode::BadCredentials.into()) }
}

/// Checks a password and counts what fails. Tries count before they are checked, so that many at once count too. `own`:
/// who asks is signed in to the account.
async fn check_password(
    state: &AppState,
    context: &RequestContext,
    key: NameKey,
    own: bool,
    typed: String,
    phc: Option<&str>,
) -> Result<bool, ApiError> {
    let attempt = state.rate_limits.try_password(key, own, context.caller(), context.now)?;
    let attempt = state.rate_limits.turn(attempt, &state.clock).await?;
    let right = state.auth.verify(Password::tried(&typed).tries(), phc).await;
    match right {
        Ok(true) => state.rate_limits.succeeded(attempt, state.clock.now()),
        Ok(false) => state.rate_limits.failed(attempt),
        Err(_) => state.rate_limits.withdrawn(attempt, state.clock.now()),
    }
    right
}
