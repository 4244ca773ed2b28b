//! The forms of the pages for people without scripts, or before these have loaded: they post and are led on by 303.
//!
//! The rules are those of the API; only the clothes differ. What went wrong comes back as `?error=CODE`.

use std::fmt::Write as _;

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::api::CreateRoom;
use protocol::{DisplayName, ErrorCode, RoomCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::admission;
use crate::auth::Identity;
use crate::error::Failure;
use crate::gates::Gate;
use crate::http::body::{media_type, read};
use crate::http::identity::Asker;
use crate::http::login;
use crate::http::origin::Origin;
use crate::http::{account, problem};
use crate::state::AppState;

/// Characters of a mistyped code that come back to its box, by the form and by the page that is led to.
pub(super) const ECHOED_CHARS_MAX: usize = 64;

/// Every box of the landing page: one form has both buttons.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    name: String,
    code: String,
    room: String,
    pin: String,
    capacity: String,
    lifetime_s: String,
}

/// A form-encoded body.
pub(crate) struct FormBody<T>(T);

impl<T: DeserializeOwned> FromRequest<AppState> for FormBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        let is_form = media_type(request.headers())
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(ErrorCode::UnsupportedMedia.into());
        }
        let bytes = read(request, state).await?;
        let form = axum::Form::<T>::from_request(encoded(bytes), state).await;
        form.map(|axum::Form(typed)| Self(typed)).map_err(|_| ErrorCode::BadFrame.into())
    }
}

/// The body once more, now that it is known to be small.
fn encoded(bytes: Vec<u8>) -> Request {
    let mut request = Request::new(bytes.into());
    *request.method_mut() = axum::http::Method::POST;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    request
}

/// `POST /create`: a guest where nobody is signed in, then a room, then into it.
pub(crate) async fn create(State(state): State<AppState>, asker: Asker, FormBody(typed): FormBody<Typed>) -> Response {
    if asker.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    let (identity, done) = match somebody(&state, &asker, &typed.name).await {
        Ok(identity) => {
            let done = create_as(&state, &asker, &identity, &typed).await;
            (Some(identity), done)
        }
        Err(failure) => (None, Err(failure)),
    };
    let place = match done {
        Ok(code) => inside(code),
        Err(failure) => format!("/?error={}", failure.code),
    };
    lead(&state, &asker, identity.as_ref(), &place).await
}

async fn create_as(state: &AppState, asker: &Asker, identity: &Identity, typed: &Typed) -> Result<RoomCode, Failure> {
    let wish = CreateRoom {
        name: filled(&typed.room),
        pin: filled(&typed.pin),
        capacity: filled(&typed.capacity)
            .map(|number| number.trim().parse())
            .transpose()
            .map_err(|_| ErrorCode::InvalidCapacity)?,
        lifetime_s: filled(&typed.lifetime_s)
            .map(|number| number.trim().parse())
            .transpose()
            .map_err(|_| ErrorCode::InvalidLifetime)?,
    };
    Ok(admission::create(state, identity, asker.address, wish, asker.now).await?.code)
}

/// `POST /join`: a guest where nobody is signed in, then the membership, then into the room.
pub(crate) async fn join(State(state): State<AppState>, asker: Asker, FormBody(typed): FormBody<Typed>) -> Response {
    if asker.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    let (identity, done) = match somebody(&state, &asker, &typed.name).await {
        Ok(identity) => {
            let done = join_as(&state, &asker, &identity, &typed).await;
            (Some(identity), done)
        }
        Err(failure) => (None, Err(failure)),
    };
    let place = match done {
        Ok(code) => inside(code),
        Err(failure) => back_from_join(failure.code, &typed.code),
    };
    lead(&state, &asker, identity.as_ref(), &place).await
}

async fn join_as(state: &AppState, asker: &Asker, identity: &Identity, typed: &Typed) -> Result<RoomCode, Failure> {
    state.gates.take(Gate::Joins(identity.user), asker.now)?;
    let pin = filled(&typed.pin);
    let admitted =
        admission::admit(state, identity.user, asker.address, &typed.code, pin.as_deref(), asker.now).await?;
    Ok(admitted.room.code)
}

/// The card in front of the room tells what is about the room; the first page tells what is about its code.
fn back_from_join(error: ErrorCode, typed: &str) -> String {
    let nowhere = matches!(error, ErrorCode::InvalidCode | ErrorCode::RoomNotFound | ErrorCode::RoomEnded);
    match RoomCode::parse(typed) {
        Ok(code) if !nowhere => format!("{}?error={error}", inside(code)),
        Ok(_) | Err(_) => format!("/?error={error}&code={}", percent_encoded(typed)),
    }
}

/// `POST /leave`: ends the membership, then back to the first page.
pub(crate) async fn leave(State(state): State<AppState>, asker: Asker, FormBody(typed): FormBody<Typed>) -> Response {
    if asker.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    let place = match leave_as(&state, &asker, &typed).await {
        Ok(()) => "/".to_owned(),
        Err(failure) => format!("/?error={}", failure.code),
    };
    see(&place)
}

async fn leave_as(state: &AppState, asker: &Asker, typed: &Typed) -> Result<(), Failure> {
    let user = asker.signed_in()?.user;
    let room = admission::find(state, asker.address, &typed.code, asker.now).await?;
    admission::leave(state, user, room.id).await.map(|_| ())
}

/// Who posts: the one who is signed in, under the name that was typed, or a guest who is made now.
async fn somebody(state: &AppState, asker: &Asker, typed: &str) -> Result<Identity, Failure> {
    let name = filled(typed).map(|name| DisplayName::parse(&name)).transpose()?;
    match (asker.known()?, name) {
        (Some(known), Some(name)) => account::renamed(state, asker, known, name).await,
        (Some(known), None) => Ok(known.clone()),
        (None, name) => login::make_guest(state, asker, name).await,
    }
}

/// Sends the browser on, with the token of who it is now.
async fn lead(state: &AppState, asker: &Asker, identity: Option<&Identity>, place: &str) -> Response {
    let Some(identity) = identity else {
        return see(place);
    };
    match login::issue(state, identity, asker.now).await {
        Ok(issued) => login::with_cookie(see(place), login::cookie(asker, &issued)),
        Err(failure) => see(&format!("/?error={}", failure.code)),
    }
}

fn see(place: &str) -> Response {
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(_) => problem::problem(ErrorCode::Internal),
    }
}

fn inside(code: RoomCode) -> String {
    format!("/r/{}", code.as_str())
}

fn filled(typed: &str) -> Option<String> {
    Some(typed).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn percent_encoded(text: &str) -> String {
    let short: String = text.trim().chars().take(ECHOED_CHARS_MAX).collect();
    short.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string does not fail");
        }
        encoded
    })
}

/// Holds a name and a secret.
impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl<T> std::fmt::Debug for FormBody<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormBody(…)")
    }
}

#[cfg(test)]
mod tests {
    use protocol::ErrorCode;

    use super::{back_from_join, percent_encoded};

    #[test]
    fn a_failed_join_goes_back_to_where_it_can_be_mended() {
        let table = [
            (ErrorCode::WrongPin, "kw7p-3mxq", "/r/KW7P3MXQ?error=wrong_pin"),
            (ErrorCode::PinRequired, "KW7P3MXQ", "/r/KW7P3MXQ?error=pin_required"),
            (ErrorCode::InvalidName, "KW7P3MXQ", "/r/KW7P3MXQ?error=invalid_name"),
            (ErrorCode::RoomNotFound, "KW7P 3MXQ", "/?error=room_not_found&code=KW7P%203MXQ"),
            (ErrorCode::InvalidCode, "a&b=ü\r\nX: y", "/?error=invalid_code&code=a%26b%3D%C3%BC%0D%0AX%3A%20y"),
            (ErrorCode::InvalidName, "//evil.example", "/?error=invalid_name&code=%2F%2Fevil.example"),
        ];
        for (error, typed, place) in table {
            assert_eq!(back_from_join(error, typed), place);
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_code_comes_back() {
        assert_eq!(percent_encoded(&"x".repeat(100_000)).len(), 64);
    }
}
