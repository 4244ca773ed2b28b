//! What Engine.IO says to a request that it cannot take: a number and a sentence, as the reference server has them.

use axum::body::{Body, to_bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// More than any refusal of the library has.
const REFUSAL_BYTES_MAX: usize = 1_024;

/// Those that are ours to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    UnknownSession,
    BadRequest,
    UnsupportedVersion,
}

impl Refusal {
    /// The body of the answer.
    pub(super) fn text(self) -> String {
        let (code, message) = match self {
            Self::UnknownSession => (1, "Session ID unknown"),
            Self::BadRequest => (3, "Bad request"),
            Self::UnsupportedVersion => (5, "Unsupported protocol version"),
        };
        protocol::encode(&Numbered { code, message: message.to_owned() })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        answer(self.text())
    }
}

#[derive(Serialize)]
struct Numbered {
    code: u8,
    message: String,
}

/// As the library writes it: the number is text, which clients that compare it with a number do not expect.
#[derive(Deserialize)]
struct Lettered {
    code: String,
    message: String,
}

fn answer(body: String) -> Response {
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// An answer of the library, its refusals with numbers.
pub(super) async fn numbered(response: Response) -> Response {
    if response.status() != StatusCode::BAD_REQUEST {
        return response;
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, REFUSAL_BYTES_MAX).await.unwrap_or_default();
    let told = serde_json::from_slice::<Lettered>(&body).ok();
    match told.and_then(|Lettered { code, message }| Some(Numbered { code: code.parse().ok()?, message })) {
        Some(refusal) => answer(protocol::encode(&refusal)),
        None => Response::from_parts(head, Body::from(body)),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse as _, Response};

    use super::{Refusal, numbered};

    async fn text(response: Response) -> String {
        let body = to_bytes(response.into_body(), 1_024).await.expect("is in memory");
        String::from_utf8_lossy(&body).into_owned()
    }

    #[tokio::test]
    async fn every_refusal_has_a_number() {
        let of_library = r#"{"code":"1","message":"Session ID unknown"}"#;
        let told = numbered((StatusCode::BAD_REQUEST, of_library).into_response()).await;
        assert_eq!(told.status(), StatusCode::BAD_REQUEST);
        let told = text(told).await;
        assert_eq!(told, text(Refusal::UnknownSession.into_response()).await);
        assert_eq!(told, r#"{"code":1,"message":"Session ID unknown"}"#);
        for other in ["", "{}", r#"{"code":"x","message":""}"#] {
            assert_eq!(text(numbered((StatusCode::BAD_REQUEST, other).into_response()).await).await, other);
        }
        assert_eq!(text(numbered((StatusCode::OK, of_library).into_response()).await).await, of_library);
    }
}
