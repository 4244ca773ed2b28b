//! `guest`, `register`, `login`, `logout` and `me`: becoming somebody, and stopping to be.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::api::{ChangeMe, Credentials, DeleteMe, NewGuest, Profile};
use protocol::names::PASSWORD_CHARS;
use protocol::{DisplayName, ErrorCode, UserKind, Username};

use crate::auth::Identity;
use crate::error::Failure;
use crate::gates::{Gate, Target};
use crate::http::body::{JsonBody, OptionalBody};
use crate::http::identity::{Asker, SignedIn};
use crate::http::login;
use crate::names;
use crate::state::AppState;
use crate::store::{Account, AccountChange, StoreError, UserId};

/// Makes a guest. Who is somebody already stays who they are: a page that asks twice does not lose its rooms.
pub(crate) async fn guest(
    State(state): State<AppState>,
    asker: Asker,
    OptionalBody(wish): OptionalBody<NewGuest>,
) -> Result<Response, Failure> {
    let name = wish.name.as_deref().map(DisplayName::parse).transpose()?;
    if let Some(known) = asker.known()? {
        let identity = match name {
            Some(name) => renamed(&state, &asker, known, name).await?,
            None => known.clone(),
        };
        return login::session(&state, &asker, StatusCode::OK, &identity).await;
    }
    let identity = login::make_guest(&state, &asker, name).await?;
    login::session(&state, &asker, StatusCode::CREATED, &identity).await
}

/// Makes an account. A guest becomes it and keeps the rooms.
pub(crate) async fn register(
    State(state): State<AppState>,
    asker: Asker,
    JsonBody(wish): JsonBody<Credentials>,
) -> Result<Response, Failure> {
    let username = Username::parse(&wish.username)?;
    let password = new_password(&wish.password)?;
    let known = asker.known()?;
    state.gates.take(Gate::UsersMade(asker.address), asker.now)?;
    let guest = known.filter(|known| known.kind == UserKind::Guest);
    let display_name = guest.map_or_else(|| names::display_name(crate::clock::random()), |guest| guest.name.clone());
    let account = Account { username, password_hash: state.auth.hash(password).await?, display_name };
    let made = match guest {
        Some(guest) => {
            let identity = login::of_account(guest.user, guest.login, &account, asker.now);
            state.store.make_account(guest.user, account, asker.now).await.map(|()| identity)
        }
        None => login::make_account(&state, account, asker.now).await,
    };
    let identity = made.map_err(|error| match error {
        StoreError::Conflict => ErrorCode::UsernameTaken.into(),
        // The guest ended while their password was hashed.
        StoreError::NotFound => ErrorCode::Unauthorized.into(),
        StoreError::Unavailable | StoreError::Failed(_) => Failure::from(error),
    })?;
    if let Some(other) = known.filter(|known| known.user != identity.user) {
        login::end(&state, other.user, other.login).await?;
    }
    login::session(&state, &asker, StatusCode::CREATED, &identity).await
}

/// Signs in. Unknown user and wrong password are one answer, in one time.
pub(crate) async fn login(
    State(state): State<AppState>,
    asker: Asker,
    JsonBody(typed): JsonBody<Credentials>,
) -> Result<Response, Failure> {
    let known = asker.known()?;
    let (user, account) = known_by(&state, &asker, typed).await?;
    let identity = login::begin(&state, user, &account, asker.now).await?;
    if let Some(other) = known {
        match other.kind {
            UserKind::Guest => login::leave_guest(&state, other, asker.now).await?,
            UserKind::Account => {
                login::end(&state, other.user, other.login).await?;
            }
        }
    }
    login::session(&state, &asker, StatusCode::OK, &identity).await
}

/// The account of a name and its password.
async fn known_by(state: &AppState, asker: &Asker, typed: Credentials) -> Result<(UserId, Account), Failure> {
    let Ok(username) = Username::parse(&typed.username) else {
        // No account can have this name; that takes as long to find out as anything else.
        state.gates.check(Gate::SignInsFrom(asker.address), asker.now)?;
        state.auth.verify(typed.password.into_bytes(), None).await?;
        // Beyond the limit it is the next try that is refused.
        let _ = state.gates.take(Gate::SignInsFrom(asker.address), asker.now);
        return Err(ErrorCode::BadCredentials.into());
    };
    let found = state.store.user_by_name(&username).await?.and_then(|user| Some((user.id, user.account?)));
    let phc = found.as_ref().map(|(_, account)| account.password_hash.as_str());
    let right = check_password(state, asker, &username, typed.password, phc).await?;
    found.filter(|_| right).ok_or_else(|| ErrorCode::BadCredentials.into())
}

/// Signs out. A guest cannot come back, so nothing is kept of them.
pub(crate) async fn logout(State(state): State<AppState>, asker: Asker) -> Result<Response, Failure> {
    if let Some(known) = asker.known()? {
        match known.kind {
            UserKind::Guest => login::delete_user(&state, known.user, asker.now).await?,
            UserKind::Account => {
                login::end(&state, known.user, known.login).await?;
            }
        }
    }
    Ok(login::without_cookie(&asker, StatusCode::NO_CONTENT.into_response()))
}

/// Who asks.
pub(crate) async fn me(SignedIn(identity): SignedIn) -> Json<Profile> {
    Json(Profile { id: identity.own_id(), me: identity.me() })
}

/// Changes the display name, in every room at once.
pub(crate) async fn rename(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    JsonBody(wish): JsonBody<ChangeMe>,
) -> Result<Response, Failure> {
    let name = DisplayName::parse(&wish.name)?;
    let identity = renamed(&state, &asker, &identity, name).await?;
    login::session(&state, &asker, StatusCode::OK, &identity).await
}

/// The same person under another name. An account's choice is kept; a guest's lives in the token.
pub(super) async fn renamed(
    state: &AppState,
    asker: &Asker,
    identity: &Identity,
    name: DisplayName,
) -> Result<Identity, Failure> {
    if name == identity.name {
        return Ok(identity.clone());
    }
    state.gates.take(Gate::Renames(identity.user), asker.now)?;
    match identity.kind {
        UserKind::Guest => {}
        UserKind::Account => {
            let change = AccountChange::DisplayName(name.clone());
            state.store.change_account(identity.user, change).await?;
        }
    }
    state.hub.rename(identity.user, &name);
    Ok(Identity { name, ..identity.clone() })
}

/// Deletes the user with all memberships. An account's password is asked for, so that a borrowed tab cannot do it.
pub(crate) async fn delete_me(
    State(state): State<AppState>,
    asker: Asker,
    SignedIn(identity): SignedIn,
    OptionalBody(typed): OptionalBody<DeleteMe>,
) -> Result<Response, Failure> {
    if identity.kind == UserKind::Account {
        confirm_password(&state, &asker, &identity, typed.password.unwrap_or_default()).await?;
    }
    login::delete_user(&state, identity.user, asker.now).await?;
    Ok(login::without_cookie(&asker, StatusCode::NO_CONTENT.into_response()))
}

/// A password that may be chosen.
pub(super) fn new_password(typed: &str) -> Result<Vec<u8>, ErrorCode> {
    let fits = PASSWORD_CHARS.contains(&typed.chars().count());
    if fits { Ok(typed.as_bytes().to_vec()) } else { Err(ErrorCode::InvalidPassword) }
}

/// Checks the password of somebody who is signed in.
pub(super) async fn confirm_password(
    state: &AppState,
    asker: &Asker,
    identity: &Identity,
    typed: String,
) -> Result<(), Failure> {
    let account = state.store.user(identity.user, asker.now).await?.and_then(|user| user.account);
    let account = account.ok_or(ErrorCode::Forbidden)?;
    let right = check_password(state, asker, &account.username, typed, Some(&account.password_hash)).await?;
    if right { Ok(()) } else { Err(ErrorCode::BadCredentials.into()) }
}

/// Checks a password and counts what fails. Tries count before they are checked, so that many at once count too.
async fn check_password(
    state: &AppState,
    asker: &Asker,
    username: &Username,
    typed: String,
    phc: Option<&str>,
) -> Result<bool, Failure> {
    let (key, address, now) = (state.gates.name_key(username), asker.address, asker.now);
    state.gates.check(Gate::SignInsFrom(address), now)?;
    state.gates.take(Gate::SignIns(key, address), now)?;
    tokio::time::sleep(state.gates.slowed(Target::Account(key), now)).await;
    let right = state.auth.verify(typed.into_bytes(), phc).await?;
    if right {
        state.gates.signed_in(key, address);
    } else {
        // The try itself has been answered by then: beyond the limit it is the next one that is refused.
        let _ = state.gates.take(Gate::SignInsFrom(address), now);
    }
    Ok(right)
}
