//! The HTTP API as the interface calls it. Answers what the server says, or that it was not reached.

use std::sync::atomic::{AtomicBool, Ordering};

use client::RequestError;
use protocol::api::{
    AdmitMember, BanView, ChangeMe, ChangePassword, ChangeRole, ChangeRoom, CreateRoom, Credentials, DeleteMe, DrawQr,
    InviteView, JoinRoom, LoginView, MakeInvite, NewGuest, PutOut, QrView, Register, RoomView, TokenAnswer,
};
use protocol::{ErrorCode, InviteId, LoginId, Me, MemberId, Read, Role, RoomCode, decode, encode};

use crate::browser;

type Answer<T> = Result<T, RequestError>;

/// What an owner or a moderator wants of a room.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// It is to be another.
    Change(ChangeRoom),
    /// Somebody is to go, and may come back.
    Kick(MemberId),
    /// Somebody is to go for good.
    Ban(MemberId),
    /// Somebody who was banned may come back.
    Unban(MemberId),
    /// Somebody who knocks is to be let in, or to go away.
    Admit(MemberId, bool),
    /// Somebody is to be something else.
    Role(MemberId, Role),
    /// It is to end for everybody.
    Burn,
}

/// How long a person waits for an answer.
const ANSWER_MS_MAX: u32 = 20_000;
/// For leaving a room: short, because the socket can tell the server later.
const LEAVE_MS_MAX: u32 = 4_000;

#[cfg(feature = "hydrate")]
use super::fetch::{beside, call as call_within};

#[cfg(not(feature = "hydrate"))]
fn beside(_name: &str, _answer_ms_max: u32) -> impl Future<Output = Option<String>> {
    std::future::ready(None)
}

/// The names of emoji, as `client::emoji` reads them; `None` where they could not be had.
pub(crate) async fn emoji_names() -> Option<String> {
    beside("emoji.txt", ANSWER_MS_MAX).await
}

/// Pages are rendered on the server, not used there.
#[cfg(not(feature = "hydrate"))]
fn call_within(
    _method: &'static str,
    _path: String,
    _body: Option<String>,
    _answer_ms_max: u32,
) -> impl Future<Output = Answer<String>> {
    std::future::ready(Err(RequestError::UNREACHABLE))
}

/// The server gave this page a login, and no answer has shown yet that the browser sends it back.
static IS_UNSEEN: AtomicBool = AtomicBool::new(false);

/// Asks the server. Who is a stranger to it right after they were given a login has a cookie that is lost on the way: that
/// is said, and nobody else is made on this page.
async fn call(method: &'static str, path: String, body: Option<String>) -> Answer<String> {
    let answer = call_within(method, path, body, ANSWER_MS_MAX).await;
    if IS_UNSEEN.load(Ordering::Relaxed) {
        match &answer {
            Ok(_) => IS_UNSEEN.store(false, Ordering::Relaxed),
            Err(failure) if failure.code == ErrorCode::Unauthorized => {
                browser::lose_cookies();
                return Err(RequestError::NO_COOKIES);
            }
            Err(_) => {}
        }
    }
    answer
}

/// Makes a guest, with a name of their own choice or a drawn one.
///
/// # Errors
/// [`ErrorCode::InvalidName`], [`ErrorCode::RateLimited`].
pub(crate) async fn guest(name: Option<String>) -> Answer<Me> {
    session("POST", "guest", encode(&NewGuest { name })).await
}

/// Changes the display name, in every room at once.
///
/// # Errors
/// [`ErrorCode::InvalidName`], [`ErrorCode::Unauthorized`].
pub(crate) async fn rename(name: String) -> Answer<Me> {
    session("PATCH", "me", encode(&ChangeMe { name })).await
}

/// Makes an account; a guest becomes it and keeps the rooms, under the account's name.
///
/// # Errors
/// [`ErrorCode::InvalidUsername`], [`ErrorCode::InvalidPassword`], [`ErrorCode::InvalidName`],
/// [`ErrorCode::UsernameTaken`].
pub(crate) async fn register(wish: Register) -> Answer<Me> {
    session("POST", "register", encode(&wish)).await
}

/// Signs in.
///
/// # Errors
/// [`ErrorCode::BadCredentials`], [`ErrorCode::RateLimited`].
pub(crate) async fn login(credentials: Credentials) -> Answer<Me> {
    session("POST", "login", encode(&credentials)).await
}

/// Has the cookie renewed. An answer that was lost is asked for again; a refusal says that there is nothing to renew.
#[cfg(feature = "hydrate")]
pub(crate) async fn renew() {
    for _ in 0..3 {
        if !done("POST", "me/token".to_owned(), None).await.is_err_and(|failure| failure.unreachable) {
            return;
        }
    }
}

/// Signs out.
///
/// # Errors
/// Only where the server can't be asked.
pub(crate) async fn logout() -> Answer<()> {
    done("POST", "logout".to_owned(), None).await
}

/// Changes the password; every other login ends.
///
/// # Errors
/// [`ErrorCode::BadCredentials`], [`ErrorCode::InvalidPassword`].
pub(crate) async fn change_password(current: String, new: String) -> Answer<Me> {
    session("POST", "me/password", encode(&ChangePassword { current, new })).await
}

/// Deletes the user with all memberships.
///
/// # Errors
/// [`ErrorCode::BadCredentials`] for an account whose password is another.
pub(crate) async fn delete_me(password: Option<String>) -> Answer<()> {
    done("DELETE", "me".to_owned(), Some(encode(&DeleteMe { password }))).await
}

/// The user's logins.
///
/// # Errors
/// [`ErrorCode::Unauthorized`].
pub(crate) async fn logins() -> Answer<Vec<LoginView>> {
    read(&call("GET", "me/logins".to_owned(), None).await?)
}

/// Ends a login and its connections.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(crate) async fn revoke_login(id: LoginId) -> Answer<()> {
    done("DELETE", format!("me/logins/{}", id.as_str()), None).await
}

/// Makes a room; its maker is a member and owns it.
///
/// # Errors
/// What is wrong with a wish, or [`ErrorCode::RateLimited`].
pub(crate) async fn create_room(wish: CreateRoom) -> Answer<RoomView> {
    read(&call("POST", "rooms".to_owned(), Some(encode(&wish))).await?)
}

/// Makes the membership, so that the room can be entered.
///
/// # Errors
/// [`ErrorCode::RoomNotFound`], [`ErrorCode::PinRequired`], [`ErrorCode::WrongPin`], [`ErrorCode::InvalidInvite`],
/// [`ErrorCode::RateLimited`].
pub(crate) async fn join_room(code: RoomCode, pin: Option<String>, invite: Option<String>) -> Answer<RoomView> {
    read(&call("POST", room_path(code, "/join"), Some(encode(&JoinRoom { pin, invite }))).await?)
}

/// Knocks, and waits for a while: the room, when one was let in; `None` when nobody has answered yet.
///
/// # Errors
/// As [`join_room`], and [`ErrorCode::NotLetIn`], [`ErrorCode::TooManyKnocks`].
pub(crate) async fn knock(code: RoomCode, wish: JoinRoom) -> Answer<Option<RoomView>> {
    let answer = call("POST", room_path(code, "/knock"), Some(encode(&wish))).await?;
    if answer.is_empty() { Ok(None) } else { read(&answer).map(Some) }
}

/// Waits no more.
///
/// # Errors
/// [`ErrorCode::RoomNotFound`].
pub(crate) async fn withdraw_knock(code: RoomCode) -> Answer<()> {
    done("DELETE", room_path(code, "/knock"), None).await
}

/// Who may not come back.
///
/// # Errors
/// [`ErrorCode::Forbidden`].
pub(crate) async fn bans(code: RoomCode) -> Answer<Vec<BanView>> {
    read(&call("GET", room_path(code, "/bans"), None).await?)
}

/// Makes an invite; only this answer has its token.
///
/// # Errors
/// [`ErrorCode::Forbidden`], [`ErrorCode::TooManyInvites`], [`ErrorCode::RateLimited`].
pub(crate) async fn make_invite(code: RoomCode, wish: MakeInvite) -> Answer<InviteView> {
    read(&call("POST", room_path(code, "/invites"), Some(encode(&wish))).await?)
}

/// The invites in force.
///
/// # Errors
/// [`ErrorCode::Forbidden`].
pub(crate) async fn invites(code: RoomCode) -> Answer<Vec<InviteView>> {
    read(&call("GET", room_path(code, "/invites"), None).await?)
}

/// Takes an invite back.
///
/// # Errors
/// [`ErrorCode::Forbidden`], [`ErrorCode::InvalidInvite`].
pub(crate) async fn revoke_invite(code: RoomCode, id: InviteId) -> Answer<()> {
    done("DELETE", room_path(code, &["/invites/", id.as_str()].concat()), None).await
}

/// Draws a link as a QR code.
///
/// # Errors
/// [`ErrorCode::TooLarge`], [`ErrorCode::RateLimited`].
pub(crate) async fn draw_qr(text: String) -> Answer<QrView> {
    read(&call("POST", "qr".to_owned(), Some(encode(&DrawQr { text }))).await?)
}

/// Ends the membership.
///
/// # Errors
/// [`ErrorCode::RoomNotFound`].
pub(crate) async fn leave_room(code: RoomCode) -> Answer<()> {
    call_within("POST", room_path(code, "/leave"), None, LEAVE_MS_MAX).await.map(drop)
}

/// Ends a room for everybody in it; its owner's right.
///
/// # Errors
/// [`ErrorCode::Forbidden`], [`ErrorCode::RoomNotFound`].
pub(crate) async fn end_room(code: RoomCode) -> Answer<()> {
    done("DELETE", room_path(code, ""), None).await
}

/// Does what an owner or a moderator wants. Those inside, this page too, are told what has changed by the socket.
///
/// # Errors
/// [`ErrorCode::Forbidden`], [`ErrorCode::NoSuchMember`], what is wrong with a wish, [`ErrorCode::RateLimited`].
pub(super) async fn exercise(code: RoomCode, wish: Wish) -> Answer<()> {
    let (method, action, body) = match wish {
        Wish::Change(set) => ("PATCH", "", encode(&set)),
        Wish::Kick(member) => ("POST", "/kick", encode(&PutOut { member })),
        Wish::Ban(member) => ("POST", "/ban", encode(&PutOut { member })),
        Wish::Unban(member) => {
            return done("DELETE", room_path(code, &["/bans/", member.as_str()].concat()), None).await;
        }
        Wish::Admit(member, on) => ("POST", "/admit", encode(&AdmitMember { member, on })),
        Wish::Role(member, role) => ("POST", "/role", encode(&ChangeRole { member, role })),
        Wish::Burn => return end_room(code).await,
    };
    done(method, room_path(code, action), Some(body)).await
}

/// The rooms that this person is a member of.
///
/// # Errors
/// [`ErrorCode::Unauthorized`].
pub(crate) async fn my_rooms() -> Answer<Vec<RoomView>> {
    read(&call("GET", "rooms".to_owned(), None).await?)
}

async fn session(method: &'static str, path: &'static str, body: String) -> Answer<Me> {
    if !browser::keeps_cookies() {
        return Err(RequestError::NO_COOKIES);
    }
    let session: TokenAnswer = read(&call(method, path.to_owned(), Some(body)).await?)?;
    if method == "POST" {
        IS_UNSEEN.store(true, Ordering::Relaxed);
    }
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
fn read<T: Read>(body: &str) -> Answer<T> {
    decode(body).map_err(|_| RequestError::of(ErrorCode::Internal))
}
