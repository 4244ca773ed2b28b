//! The forms of the pages for people without scripts, or before these have loaded: they post and are led on by 303.
//!
//! The rules are those of the API; only the format differs. No guest is made for a browser that has not shown that it keeps
//! cookies (`cookie_check`). A form that is refused is answered by the page itself, with the error and with what was typed in
//! its boxes: an address would take it to logs and other pages, and a browser does not fill boxes again on its way back.
//! A form that is none of ours (a field that nobody knows, or one twice) is refused before anything is done.

use std::fmt::Write as _;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts as _, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::api::CreateRoom;
use protocol::{DisplayName, ErrorCode, RoomCode};
use serde::Deserialize;

use crate::auth::Identity;
use crate::error::ApiError;
use crate::http::body::{encoded, media_type, read};
use crate::http::identity::RequestContext;
use crate::http::login;
use crate::http::origin::Origin;
use crate::http::reach::accepts;
use crate::http::typed::{Typed, inside, refuse};
use crate::http::{account, cookie_check, pages, problem, tokens};
use crate::rooms::admission;
use crate::state::AppState;
use realtime::rate_limits::RateLimit;
use realtime::services::Admission;

/// A form-encoded body, with the head of its request.
pub(crate) struct FormBody(Typed, Parts);

impl FromRequest<AppState> for FormBody {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let is_form = media_type(request.headers())
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(problem::problem(ErrorCode::UnsupportedMedia));
        }
        let (parts, body) = request.into_parts();
        let bytes = read(Request::from_parts(parts.clone(), body), state).await.map_err(problem::problem)?;
        let (typed, fits) = match axum::Form::from_request(encoded(bytes), state).await {
            Ok(axum::Form(pairs)) => Typed::fill(pairs),
            Err(_) => (Typed::default(), false),
        };
        if fits { Ok(Self(typed, parts)) } else { Err(not_ours(state, parts, typed).await) }
    }
}

/// The answer to a form that is none of ours. Nothing is looked up for it.
async fn not_ours(state: &AppState, mut parts: Parts, typed: Typed) -> Response {
    let context = RequestContext::from_request_parts(&mut parts, state).await;
    match context {
        Ok(context) if context.origin == Origin::Own => {
            refuse(state, &context, &parts, None, ErrorCode::BadFrame.into(), typed).await
        }
        Ok(_) | Err(_) => problem::problem(ErrorCode::BadFrame),
    }
}

/// `POST /create`: a guest where nobody is signed in, then a room, then into it.
pub(crate) async fn create(
    State(state): State<AppState>,
    context: RequestContext,
    FormBody(typed, head): FormBody,
) -> Response {
    if context.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    if !context.brought_credential() {
        return cookie_check::ask(&state, &context, &head, typed).await;
    }
    let (identity, done) = match somebody(&state, &context, &typed.name).await {
        Ok(identity) => {
            let done = create_as(&state, &context, &identity, &typed).await;
            (Some(identity), done)
        }
        Err(failure) => (None, Err(failure)),
    };
    lead(&state, &context, &head, identity.as_ref(), done, typed).await
}

async fn create_as(
    state: &AppState,
    context: &RequestContext,
    identity: &Identity,
    typed: &Typed,
) -> Result<RoomCode, ApiError> {
    let request = CreateRoom {
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
        sealed: match typed.sealed.trim() {
            "" | "false" => false,
            "on" | "true" => true,
            _ => return Err(ErrorCode::BadFrame.into()),
        },
    };
    Ok(admission::create(state, identity, context.address, request, context.now).await?.code)
}

/// `POST /join`: a guest where nobody is signed in, then the membership, then into the room.
pub(crate) async fn join(
    State(state): State<AppState>,
    context: RequestContext,
    FormBody(typed, head): FormBody,
) -> Response {
    if context.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    if !context.brought_credential() {
        return cookie_check::ask(&state, &context, &head, typed).await;
    }
    let (identity, done) = match somebody(&state, &context, &typed.name).await {
        Ok(identity) => {
            let done = join_as(&state, &context, &identity, &typed).await;
            (Some(identity), done)
        }
        Err(failure) => (None, Err(failure)),
    };
    lead(&state, &context, &head, identity.as_ref(), done, typed).await
}

async fn join_as(
    state: &AppState,
    context: &RequestContext,
    identity: &Identity,
    typed: &Typed,
) -> Result<RoomCode, ApiError> {
    let pin = filled(&typed.pin);
    let invite = filled(&typed.invite);
    let (user, kind, code, pin) = (identity.user, identity.kind, typed.code.as_str(), pin.as_deref());
    let invite = invite.as_deref();
    // Behind the form is a page, which cannot read there.
    let (address, now) = (context.address, context.now);
    let admission = Admission { user, kind, address, code, pin, invite, reads_sealed: false, now };
    let admit = admission::admit(state, admission);
    let admitted = state.rate_limits.charge(RateLimit::Joins(identity.user), context.now, admit).await?;
    Ok(admitted.room.code)
}

/// The box of the forms that lead to a room by its code.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct TypedCode {
    code: Option<String>,
}

/// `GET /join`: to the room of a code or link that was typed. Looks nothing up and makes nobody: the card in front of the
/// room asks for what it needs.
pub(crate) async fn find(typed: Result<Query<TypedCode>, QueryRejection>) -> Response {
    let typed = match typed {
        Ok(Query(TypedCode { code: Some(code) })) => code,
        // Nothing was typed: the address of a form, loaded again.
        Ok(Query(TypedCode { code: None })) => return see("/"),
        Err(_) => String::new(),
    };
    match RoomCode::parse(&typed) {
        Ok(code) => see(&inside(code)),
        Err(error) => see(&format!("/?error={error}&code={}", percent_encoded(&typed))),
    }
}

/// `GET` where forms are posted to: a person has loaded a form's answer again, and finds the page of the form.
pub(crate) async fn find_form(headers: HeaderMap) -> Response {
    if accepts(&headers, "text/html") {
        return see("/");
    }
    let mut refused = problem::problem(ErrorCode::MethodNotAllowed);
    refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    refused
}

/// `POST /leave`: ends the membership, then back to the first page.
pub(crate) async fn leave(
    State(state): State<AppState>,
    context: RequestContext,
    FormBody(typed, _): FormBody,
) -> Response {
    if context.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    let place = match leave_as(&state, &context, &typed).await {
        Ok(()) => "/".to_owned(),
        Err(failure) => format!("/?error={}", failure.code),
    };
    see(&place)
}

async fn leave_as(state: &AppState, context: &RequestContext, typed: &Typed) -> Result<(), ApiError> {
    let user = context.signed_in()?.user;
    let room = admission::find(state, context.caller(), &typed.code, context.now).await?;
    admission::leave(state, user, &room).await.map(|_| ())
}

/// Who posts: the one who is signed in, under the name that was typed, or a guest who is made now.
async fn somebody(state: &AppState, context: &RequestContext, typed: &str) -> Result<Identity, ApiError> {
    let name = filled(typed).map(|name| DisplayName::parse(&name)).transpose()?;
    match (context.known()?, name) {
        (Some(known), Some(name)) => account::renamed(state, context, known, name).await,
        (Some(known), None) => Ok(known.clone()),
        (None, name) => login::make_guest(state, context, name).await,
    }
}

/// Sends the browser into the room, or answers with the form; with the token of who it is now.
async fn lead(
    state: &AppState,
    context: &RequestContext,
    head: &Parts,
    identity: Option<&Identity>,
    done: Result<RoomCode, ApiError>,
    typed: Typed,
) -> Response {
    let (cookie, done) = match identity {
        Some(identity) => match tokens::issue(state, identity, context.now.wall).await {
            Ok(issued) => (login::cookie(state, context, &issued), done),
            Err(failure) => (None, Err(failure)),
        },
        None => (None, done),
    };
    let answer = match done {
        Ok(code) => see(&inside(code)),
        Err(failure) => {
            let known = identity.filter(|_| cookie.is_some());
            refuse(state, context, head, known, failure, typed).await
        }
    };
    login::with_cookie(answer, cookie)
}

fn see(place: &str) -> Response {
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(_) => problem::problem(ErrorCode::Internal),
    }
}

fn filled(typed: &str) -> Option<String> {
    Some(typed).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn percent_encoded(text: &str) -> String {
    let short: String = text.trim().chars().take(pages::ECHOED_CHARS_MAX).collect();
    short.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string does not fail");
        }
        encoded
    })
}

impl std::fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedCode(…)")
    }
}

impl std::fmt::Debug for FormBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormBody(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn only_the_beginning_of_a_long_code_comes_back() {
        assert_eq!(percent_encoded(&"x".repeat(100_000)).len(), 64);
    }
}
