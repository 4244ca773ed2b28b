//! The HTTP API as the interface calls it. Answers what the server says, or that it was not reached.

use protocol::api::{
    ChangeMe, ChangePassword, CreateRoom, Credentials, DeleteMe, JoinRoom, LoginView, NewGuest, RoomView, Session,
};
use protocol::{ErrorCode, LoginId, Me, RoomCode, decode, encode};
use serde::de::DeserializeOwned;

use super::Failure;

type Answer<T> = Result<T, Failure>;

/// How long a person waits for an answer.
const ANSWER_MS_MAX: u32 = 20_000;
/// Who leaves does not wait long: the line can say it later.
const LEAVE_MS_MAX: u32 = 4_000;

#[cfg(feature = "hydrate")]
use super::fetch::call as call_within;

/// Pages are rendered on the server, not used there.
#[cfg(not(feature = "hydrate"))]
fn call_within(
    _method: &'static str,
    _path: String,
    _body: Option<String>,
    _answer_ms_max: u32,
) -> impl Future<Output = Answer<String>> {
    std::future::ready(Err(Failure::UNREACHABLE))
}

fn call(method: &'static str, path: String, body: Option<String>) -> impl Future<Output = Answer<String>> {
    call_within(method, path, body, ANSWER_MS_MAX)
}

/// Makes a guest, with a name of their own choice or a drawn one.
///
/// # Errors
/// [`ErrorCode::InvalidName`], [`ErrorCode::RateLimited`].
pub async fn guest(name: Option<String>) -> Answer<Me> {
    session("POST", "guest", encode(&NewGuest { name })).await
}

/// Changes the display name, in every room at once.
///
/// # Errors
/// [`ErrorCode::InvalidName`], [`ErrorCode::Unauthorized`].
pub async fn rename(name: String) -> Answer<Me> {
    session("PATCH", "me", encode(&ChangeMe { name })).await
}

/// Makes an account; a guest becomes it and keeps the rooms.
///
/// # Errors
/// [`ErrorCode::InvalidUsername`], [`ErrorCode::InvalidPassword`], [`ErrorCode::UsernameTaken`].
pub async fn register(username: String, password: String) -> Answer<Me> {
    session("POST", "register", encode(&Credentials { username, password })).await
}

/// Signs in.
///
/// # Errors
/// [`ErrorCode::BadCredentials`], [`ErrorCode::RateLimited`].
pub async fn login(username: String, password: String) -> Answer<Me> {
    session("POST", "login", encode(&Credentials { username, password })).await
}

/// Signs out.
///
/// # Errors
/// Only where the server can't be asked.
pub async fn logout() -> Answer<()> {
    done("POST", "logout".to_owned(), None).await
}

/// Changes the password; every other login ends.
///
/// # Errors
/// [`ErrorCode::BadCredentials`], [`ErrorCode::InvalidPassword`].
pub async fn change_password(current: String, new: String) -> Answer<Me> {
    session("POST", "me/password", encode(&ChangePassword { current, new })).await
}

/// Deletes the user with all memberships.
///
/// # Errors
/// [`ErrorCode::BadCredentials`] for an account whose password is another.
pub async fn delete_me(password: Option<String>) -> Answer<()> {
    done("DELETE", "me".to_owned(), Some(encode(&DeleteMe { password }))).await
}

/// The user's logins.
///
/// # Errors
/// [`ErrorCode::Unauthorized`].
pub async fn logins() -> Answer<Vec<LoginView>> {
    read(&call("GET", "me/logins".to_owned(), None).await?)
}

/// Ends a login and its connections.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub async fn revoke_login(id: LoginId) -> Answer<()> {
    done("DELETE", format!("me/logins/{}", id.as_str()), None).await
}

/// Makes a room; its maker is a member and owns it.
///
/// # Errors
/// What is wrong with a wish, or [`ErrorCode::RateLimited`].
pub async fn create_room(wish: CreateRoom) -> Answer<RoomView> {
    read(&call("POST", "rooms".to_owned(), Some(encode(&wish))).await?)
}

/// Makes the membership, so that the room can be entered.
///
/// # Errors
/// [`ErrorCode::RoomNotFound`], [`ErrorCode::PinRequired`], [`ErrorCode::WrongPin`], [`ErrorCode::RateLimited`].
pub async fn join_room(code: RoomCode, pin: Option<String>) -> Answer<RoomView> {
    read(&call("POST", room_path(code, "/join"), Some(encode(&JoinRoom { pin }))).await?)
}

/// Ends the membership.
///
/// # Errors
/// [`ErrorCode::RoomNotFound`].
pub async fn leave_room(code: RoomCode) -> Answer<()> {
    call_within("POST", room_path(code, "/leave"), None, LEAVE_MS_MAX).await.map(drop)
}

/// The rooms that this person is a member of.
///
/// # Errors
/// [`ErrorCode::Unauthorized`].
pub async fn my_rooms() -> Answer<Vec<RoomView>> {
    read(&call("GET", "rooms".to_owned(), None).await?)
}

async fn session(method: &'static str, path: &'static str, body: String) -> Answer<Me> {
    let session: Session = read(&call(method, path.to_owned(), Some(body)).await?)?;
    // The token stays unread: the browser carries it as a cookie that scripts can't see.
    Ok(session.me)
}

async fn done(method: &'static str, path: String, body: Option<String>) -> Answer<()> {
    call(method, path, body).await.map(drop)
}

fn room_path(code: RoomCode, action: &str) -> String {
    format!("rooms/{}{action}", code.as_str())
}

/// An answer that can't be read is a fault of the server, not of the person.
fn read<T: DeserializeOwned>(body: &str) -> Answer<T> {
    decode(body).map_err(|_| Failure::of(ErrorCode::Internal))
}
