//! How logins begin, go on and end, and the answer that carries a token. Shared by the API and the forms.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::api::Session;
use protocol::{DisplayName, LeaveReason, Millis, UserKind};

use crate::auth::{Identity, Issued, TOKEN_MS, clear_cookie, set_cookie};
use crate::clock::{hour, random};
use crate::error::Failure;
use crate::gates::Gate;
use crate::http::identity::Asker;
use crate::http::origin::Origin;
use crate::names;
use crate::state::{AppState, State};
use crate::store::{Account, Login, LoginKey, User, UserId};

/// A login that begins now.
fn new_login(now: Millis) -> Login {
    Login { key: LoginKey(random()), created_at: now, last_used_at: hour(now) }
}

/// Makes a guest.
///
/// # Errors
/// [`protocol::ErrorCode::RateLimited`] beyond what one address may make, or why the store would not keep it.
pub(super) async fn make_guest(state: &State, asker: &Asker, name: Option<DisplayName>) -> Result<Identity, Failure> {
    let now = asker.now;
    state.gates.take(Gate::UsersMade(asker.address), now)?;
    let (user, login, expires_at) = (UserId(random()), new_login(now), now + TOKEN_MS);
    let key = login.key;
    let guest =
        User { id: user, account: None, created_at: hour(now), expires_at: Some(expires_at), logins: vec![login] };
    state.store.create_user(guest).await?;
    let name = name.unwrap_or_else(|| names::display_name(random()));
    Ok(Identity { user, login: key, kind: UserKind::Guest, name, username: None, expires_at })
}

/// Makes an account with its first login. A name that is taken is the store's `Conflict`.
pub(super) async fn make_account(
    state: &State,
    account: Account,
    now: Millis,
) -> Result<Identity, crate::store::StoreError> {
    let (user, login) = (UserId(random()), new_login(now));
    let identity = of_account(user, login.key, &account, now);
    let made = User { id: user, account: Some(account), created_at: hour(now), expires_at: None, logins: vec![login] };
    state.store.create_user(made).await?;
    Ok(identity)
}

/// Begins another login of an account. The ones that make way for it are disconnected.
pub(super) async fn begin(state: &State, user: UserId, account: &Account, now: Millis) -> Result<Identity, Failure> {
    let login = new_login(now);
    for ended in state.store.add_login(user, login, state.config.limits.logins_per_user, now).await? {
        state.hub.end_login(ended);
    }
    Ok(of_account(user, login.key, account, now))
}

/// An account's identity by one of its logins.
pub(super) fn of_account(user: UserId, login: LoginKey, account: &Account, now: Millis) -> Identity {
    Identity {
        user,
        login,
        kind: UserKind::Account,
        name: account.display_name.clone(),
        username: Some(account.username.clone()),
        expires_at: now + TOKEN_MS,
    }
}

/// Ends a login with its connections. Answers whether there was one.
pub(super) async fn end(state: &State, user: UserId, login: LoginKey) -> Result<bool, Failure> {
    let ended = state.store.remove_login(user, login).await?;
    state.hub.end_login(login);
    Ok(ended)
}

/// Deletes a user: memberships end, the rooms hear of it, every connection closes.
pub(super) async fn delete_user(state: &State, user: UserId, now: Millis) -> Result<(), Failure> {
    let logins = state.store.user(user, now).await?.map(|user| user.logins).unwrap_or_default();
    for (room, outcome) in state.store.delete_user(user).await? {
        state.hub.left(room, user, &outcome, LeaveReason::SignedOut);
    }
    for login in logins {
        state.hub.end_login(login.key);
    }
    Ok(())
}

/// A guest has signed in as somebody else. Without a room nothing is left of them; with one, they stay a member of it
/// until their end, because an owner who signs in should not delete the room under those inside.
pub(super) async fn leave_guest(state: &State, guest: &Identity, now: Millis) -> Result<(), Failure> {
    if state.store.rooms_of(guest.user, now).await?.is_empty() {
        return delete_user(state, guest.user, now).await;
    }
    end(state, guest.user, guest.login).await.map(|_| ())
}

/// A new token for a login; the end of a guest moves with it.
pub(super) async fn issue(state: &State, identity: &Identity, now: Millis) -> Result<Issued, Failure> {
    let issued = state.auth.issue(identity.user, identity.login, identity.kind, &identity.name, now);
    // One who was made just now is kept for as long already.
    let is_longer = identity.expires_at != now + TOKEN_MS;
    if identity.kind == UserKind::Guest && is_longer {
        state.store.extend_guest(identity.user, now + TOKEN_MS, now).await?;
    }
    Ok(issued)
}

/// The answer with a token: in the body for clients, and as a cookie for the site's own pages.
pub(super) async fn session(
    state: &AppState,
    asker: &Asker,
    status: StatusCode,
    identity: &Identity,
) -> Result<Response, Failure> {
    let issued = issue(state, identity, asker.now).await?;
    let cookie = cookie(asker, &issued);
    let body = Session { token: issued.token, expires_at: issued.expires_at, id: identity.own_id(), me: identity.me() };
    Ok(with_cookie((status, Json(body)).into_response(), cookie))
}

/// The cookie for a page of the site. Another program gets its token in the body, and no cookie to be confused by.
pub(super) fn cookie(asker: &Asker, issued: &Issued) -> Option<HeaderValue> {
    match asker.origin {
        Origin::Own => Some(set_cookie(issued, asker.https, asker.now)),
        Origin::Absent | Origin::Foreign => None,
    }
}

/// Takes the cookie away, if it was the site's own page that asked.
pub(super) fn without_cookie(asker: &Asker, response: Response) -> Response {
    let cookie = match asker.origin {
        Origin::Own => Some(clear_cookie(asker.https)),
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
