//! JSON bodies: of the right type, not too large, not too slow, and strict in every field.

use std::time::Duration;

use axum::body::{BodyDataStream, HttpBody as _};
use axum::extract::{FromRequest, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use futures::StreamExt as _;
use protocol::ErrorCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::error::ApiError;
use crate::state::AppState;

/// How much of a body that is too large is read on, so that its sender hears why.
const DISCARDED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// And for how long.
const LINGER: Duration = Duration::from_secs(2);

/// A body that has to be there.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A body that may be absent: then it is the default.
#[derive(Debug)]
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ErrorCode::UnsupportedMedia.into());
        }
        parse(&read(request, state).await?).map(Self)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<AppState> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = read(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            return Err(ErrorCode::UnsupportedMedia.into());
        }
        parse(&bytes).map(Self)
    }
}

/// Reads a body within the limits of size and time.
pub(crate) async fn read(request: Request, state: &AppState) -> Result<Vec<u8>, ApiError> {
    read_up_to(state.config.limits.body_bytes_max, request, state).await
}

/// A JSON body of another size, for those who read it themselves.
pub(crate) async fn read_json(bytes_max: u32, request: Request, state: &AppState) -> Result<Vec<u8>, ApiError> {
    if !is_json(request.headers()) {
        return Err(ErrorCode::UnsupportedMedia.into());
    }
    read_up_to(bytes_max, request, state).await
}

async fn read_up_to(bytes_max: u32, request: Request, state: &AppState) -> Result<Vec<u8>, ApiError> {
    let limits = &state.config.limits;
    let announced = request.body().size_hint().lower() > u64::from(bytes_max);
    let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let waits_for_leave = request.headers().contains_key(header::EXPECT);
    let mut chunks = request.into_body().into_data_stream();
    let patience = Duration::from_millis(limits.headers_ms_max);
    let read =
        if announced { Ok(Err(ErrorCode::TooLarge)) } else { timeout(patience, gather(&mut chunks, bytes_max)).await };
    match read {
        Ok(Err(ErrorCode::TooLarge)) if !waits_for_leave => {
            // What comes meanwhile is thrown away: closing on it would reset the line, and the answer with it.
            let _ = timeout(LINGER, discard(&mut chunks)).await;
            Err(ErrorCode::TooLarge.into())
        }
        Ok(read) => read.map_err(ApiError::from),
        Err(_) => Err(ErrorCode::HelloTimeout.into()),
    }
}

async fn gather(chunks: &mut BodyDataStream, bytes_max: usize) -> Result<Vec<u8>, ErrorCode> {
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ErrorCode::BadFrame)?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(ErrorCode::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn discard(chunks: &mut BodyDataStream) {
    let mut left = DISCARDED_BYTES_MAX;
    while let Some(Ok(chunk)) = chunks.next().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // serde would also take the fields as a list, in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ErrorCode::BadFrame.into());
    }
    serde_json::from_slice(bytes).map_err(|_| ErrorCode::BadFrame.into())
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
}

/// A form's body once more, now that it is known to be small.
pub(crate) fn encoded(bytes: Vec<u8>) -> Request {
    let mut request = Request::new(bytes.into());
    *request.method_mut() = Method::POST;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    request
}

/// The type of a body, without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

/// The two variable parts of an address, as they were typed.
pub(crate) struct PathPair(pub(crate) String, pub(crate) String);

impl axum::extract::FromRequestParts<AppState> for PathPair {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        type Pair = Path<(String, String)>;
        let path = <Pair as axum::extract::FromRequestParts<AppState>>::from_request_parts(parts, state).await;
        path.map(|Path((first, second))| Self(first, second)).map_err(|_| ErrorCode::NotFound.into())
    }
}

/// The one variable part of an address, as it was typed. What is not UTF-8 names nothing.
#[derive(Debug)]
pub(crate) struct PathSegment(pub(crate) String);

impl axum::extract::FromRequestParts<AppState> for PathSegment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let path = <Path<String> as axum::extract::FromRequestParts<AppState>>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| ErrorCode::NotFound.into())
    }
}
