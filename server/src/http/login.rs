//! How logins begin, go on and end, and the answer that carries a token. Shared by the API and the forms.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chat::Now;
use protocol::api::TokenAnswer;
use protocol::{Device, DisplayName, ErrorCode, Millis, UserKind};

use crate::auth::{Identity, Issued, clear_cookie, set_cookie};
use crate::error::ApiError;
use crate::event_log::{Event, LoginEnd};
use crate::http::identity::RequestContext;
use crate::http::origin::Origin;
use crate::http::tokens;
use crate::rooms::{random_names, succession};
use crate::state::{AppState, State};
use crate::store::{Account, LeaveOutcome, Login, LoginKey, StoreError, User, UserId, WHENEVER};
use realtime::clock::{hour, random};
use realtime::rate_limits::RateLimit;

/// A login that begins now.
fn new_login(device: Option<Device>, now: Millis) -> Login {
    Login { key: LoginKey(random()), created_at: now, last_used_at: hour(now), device }
}

/// Makes a guest.
///
/// # Errors
/// [`protocol::ErrorCode::RateLimited`] beyond what one address may make, or why the store would not keep it.
pub(super) async fn make_guest(
    state: &State,
    context: &RequestContext,
    name: Option<DisplayName>,
) -> Result<Identity, ApiError> {
    let now = context.now.wall;
    // A guest has one login and sees no list of logins, so the device is not stored.
    let (user, login, expires_at) = (UserId(random()), new_login(None, now), now + state.auth.token_ms());
    let key = login.key;
    let guest =
        User { id: user, account: None, created_at: hour(now), expires_at: Some(expires_at), logins: vec![login] };
    let keep = async { Ok::<_, ApiError>(state.store.create_user(guest).await?) };
    state.rate_limits.charge(RateLimit::UsersMade(context.caller()), context.now, keep).await?;
    state.events.record(Event::LoginMade(user, UserKind::Guest));
    let name = name.unwrap_or_else(|| random_names::display_name(random()));
    Ok(Identity { user, login: key, kind: UserKind::Guest, name, username: None, expires_at })
}

/// Makes an account with its first login. A name that is taken is the store's `Conflict`.
pub(super) async fn make_account(
    state: &State,
    account: Account,
    device: Option<Device>,
    now: Millis,
) -> Result<Identity, StoreError> {
    let (user, login) = (UserId(random()), new_login(device, now));
    let identity = of_account(state, user, login.key, &account, now);
    let made = User { id: user, account: Some(account), created_at: hour(now), expires_at: None, logins: vec![login] };
    state.store.create_user(made).await?;
    state.events.record(Event::LoginMade(user, UserKind::Account));
    Ok(identity)
}

/// Turns a guest into an account. Those in their rooms see the account's name from then on.
pub(super) async fn account_of_guest(
    state: &State,
    guest: &Identity,
    account: Account,
    device: Option<Device>,
    now: Millis,
) -> Result<Identity, StoreError> {
    let identity = of_account(state, guest.user, guest.login, &account, now);
    state.store.make_account(guest.user, account, now).await?;
    if let Some(device) = device {
        // The account is made. A failure here only leaves the login without its device in the list, so it is ignored.
        let _ = state.store.name_login(guest.user, guest.login, device, now).await;
    }
    state.hub.rename(guest.user, &identity.name);
    Ok(identity)
}

/// Begins another login of an account whose password was right. The ones that make way for it are disconnected.
///
/// # Errors
/// [`ErrorCode::BadCredentials`] where the account was deleted meanwhile, or its password changed: that ended every
/// login that stood then, and would have ended this one.
pub(super) async fn begin(
    state: &State,
    user: UserId,
    account: &Account,
    device: Option<Device>,
    now: Millis,
) -> Result<Identity, ApiError> {
    let login = new_login(device, now);
    let key = login.key;
    let added = state.store.add_login(user, login, state.config.limits.logins_per_user, now).await;
    let made_way = added.map_err(|error| match error {
        StoreError::NotFound => ErrorCode::BadCredentials.into(),
        StoreError::Conflict | StoreError::Unavailable | StoreError::Failed(_) => ApiError::from(error),
    })?;
    state.events.record(Event::LoginMade(user, UserKind::Account));
    for ended in made_way {
        state.hub.end_login(user, ended);
        state.events.record(Event::LoginEnded(user, LoginEnd::MadeWay));
    }
    let kept = state.store.user(user, now).await?.and_then(|user| user.account);
    if kept.is_none_or(|kept| kept.password_hash != account.password_hash) {
        end(state, user, key).await?;
        return Err(ErrorCode::BadCredentials.into());
    }
    Ok(of_account(state, user, key, account, now))
}

/// An account's identity by one of its logins.
pub(super) fn of_account(state: &State, user: UserId, login: LoginKey, account: &Account, now: Millis) -> Identity {
    Identity {
        user,
        login,
        kind: UserKind::Account,
        name: account.display_name.clone(),
        username: Some(account.username.clone()),
        expires_at: now + state.auth.token_ms(),
    }
}

/// Ends a login with its connections. Returns whether there was one.
pub(super) async fn end(state: &State, user: UserId, login: LoginKey) -> Result<bool, ApiError> {
    let ended = state.store.remove_login(user, login).await?;
    state.hub.end_login(user, login);
    if ended {
        state.events.record(Event::LoginEnded(user, LoginEnd::SignedOut));
    }
    Ok(ended)
}

/// Deletes a user: memberships end, the rooms hear of it, every connection closes.
pub(super) async fn delete_user(state: &State, user: UserId) -> Result<(), ApiError> {
    let kept = state.store.rooms_of(user, WHENEVER).await?;
    for room in kept.iter().filter(|room| room.owner == user) {
        succession::pass_on(state, room.id.into(), user).await;
    }
    let rooms = state.store.delete_user(user).await?;
    for room in kept.iter().filter(|room| rooms.contains(&(room.id, LeaveOutcome::RoomDeleted))) {
        state.rooms.records().note_ended(room.code);
    }
    state.rooms.end_user(user, &rooms).await;
    state.events.record(Event::LoginEnded(user, LoginEnd::Deleted));
    Ok(())
}

/// A guest has signed in as somebody else. Without a room nothing is left of them; with one, they stay a member of it
/// until their end, because an owner who signs in should not delete the room under those inside.
pub(super) async fn leave_guest(state: &State, guest: &Identity, now: Now) -> Result<(), ApiError> {
    if state.rooms.of_user(guest.user, now).await?.is_empty() {
        return delete_user(state, guest.user).await;
    }
    end(state, guest.user, guest.login).await.map(|_| ())
}

/// The answer with a token: in the body for clients, and as a cookie for the site's own pages.
pub(super) async fn session(
    state: &AppState,
    context: &RequestContext,
    status: StatusCode,
    identity: &Identity,
) -> Result<Response, ApiError> {
    let issued = tokens::issue(state, identity, context.now.wall).await?;
    let cookie = cookie(state, context, &issued);
    if cookie.is_some() {
        state.hub.renewed(identity.user, identity.login, issued.expires_at);
    }
    let body =
        TokenAnswer { token: issued.token, expires_at: issued.expires_at, id: identity.own_id(), me: identity.me() };
    Ok(with_cookie((status, Json(body)).into_response(), cookie))
}

/// The cookie for a page of the site. Another program gets its token in the body, and no cookie to be confused by.
pub(super) fn cookie(state: &State, context: &RequestContext, issued: &Issued) -> Option<HeaderValue> {
    match context.origin {
        Origin::Own => Some(set_cookie(issued, context.https, &state.config.sub_path, context.now.wall)),
        Origin::Absent | Origin::Foreign => None,
    }
}

/// Takes the cookie away, if it was the site's own page that asked.
pub(super) fn without_cookie(state: &State, context: &RequestContext, response: Response) -> Response {
    let cookie = match context.origin {
        Origin::Own => Some(clear_cookie(context.https, &state.config.sub_path)),
        Origin::Absent | Origin::Foreign => None,
    };
    with_cookie(response, cookie)
}

/// Adds a cookie to an answer.
pub(super) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
