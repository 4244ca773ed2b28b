//! Every refusal by HTTP has one form: `application/problem+json` with a code of the table.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, Problem};
use realtime::request_id::RequestId;
use serde::Serialize;

use crate::error::ApiError;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The answer that says what went wrong, and when to try again.
pub fn problem(failure: impl Into<ApiError>) -> Response {
    let failure = failure.into();
    answer(failure, &new(failure.code, failure.retry_after_ms).with_number(failure.number))
}

/// And for whoever writes a program: what is wrong with what it sent, beside the table's text.
pub(crate) fn problem_saying(code: ErrorCode, detail: &'static str) -> Response {
    #[derive(Serialize)]
    struct Saying {
        #[serde(flatten)]
        problem: Problem,
        detail: &'static str,
    }
    answer(code.into(), &Saying { problem: new(code, None), detail })
}

fn new(code: ErrorCode, retry_after_ms: Option<u64>) -> Problem {
    let request_id = RequestId::current().map(|id| id.as_str().to_owned());
    Problem { request_id, ..Problem::new(code, retry_after_ms) }
}

fn answer(failure: ApiError, body: &impl Serialize) -> Response {
    let body = protocol::encode(body);
    let status = StatusCode::from_u16(failure.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    if let Some(wait_ms) = failure.retry_after_ms {
        headers.insert(header::RETRY_AFTER, retry_after(wait_ms));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let mut response = (status, headers, body).into_response();
    // For whoever counts refusals.
    response.extensions_mut().insert(failure.code);
    response
}

/// Whole seconds, and never one too few.
pub(super) fn retry_after(wait_ms: u64) -> HeaderValue {
    HeaderValue::from(wait_ms.div_ceil(1_000).max(1))
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        problem(self)
    }
}

/// No such path.
pub(crate) async fn not_found() -> Response {
    problem(ErrorCode::NotFound)
}

/// The path, but not the method. The router adds the header Allow.
pub(crate) async fn method_not_allowed() -> Response {
    problem(ErrorCode::MethodNotAllowed)
}

/// Gives the refusals of the framework (an upgrade without its headers, a path that is not UTF-8) the one form too.
pub(crate) async fn unify(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    if !refused || has_a_form(response.headers()) {
        return response;
    }
    let mut unified = problem(code_of(status));
    let kept = [header::ALLOW, header::UPGRADE, header::CONNECTION, header::SEC_WEBSOCKET_VERSION, header::VARY];
    for name in kept {
        if let Some(value) = response.headers().get(&name) {
            unified.headers_mut().insert(name, value.clone());
        }
    }
    unified
}

fn has_a_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind == PROBLEM_JSON.as_bytes() || kind.starts_with(b"text/html")
}

fn code_of(status: StatusCode) -> ErrorCode {
    match status {
        StatusCode::UNAUTHORIZED => ErrorCode::Unauthorized,
        StatusCode::FORBIDDEN => ErrorCode::Forbidden,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => ErrorCode::HelloTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMedia,
        StatusCode::UPGRADE_REQUIRED => ErrorCode::UnsupportedVersion,
        StatusCode::TOO_MANY_REQUESTS => ErrorCode::RateLimited,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::Overloaded,
        other if other.is_client_error() => ErrorCode::BadFrame,
        _ => ErrorCode::Internal,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::StatusCode;
    use protocol::{ErrorCode, Problem};

    use super::{code_of, problem};
    use crate::error::ApiError;

    #[tokio::test]
    async fn every_code_of_the_table_has_its_answer() {
        for &code in ErrorCode::ALL {
            let response = problem(code);
            assert_eq!(response.status().as_u16(), code.http_status(), "{code}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            assert_eq!(response.headers().contains_key("www-authenticate"), code.http_status() == 401, "{code}");
            assert!(!response.headers().contains_key("retry-after"));
            let body = to_bytes(response.into_body(), 4_096).await.expect("is short");
            let told: Problem = serde_json::from_slice(&body).expect("is a problem");
            assert_eq!(told, Problem::new(code, None));
        }
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
        for (wait_ms, seconds) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2"), (90_000, "90")] {
            let response = problem(ApiError::after(ErrorCode::RateLimited, wait_ms));
            assert_eq!(response.headers()["retry-after"], seconds);
        }
    }

    #[test]
    fn a_bare_status_keeps_its_number_where_the_table_has_it() {
        for number in [401, 403, 404, 405, 408, 413, 415, 426, 429, 503, 400, 500] {
            let status = StatusCode::from_u16(number).expect("is a status");
            assert_eq!(code_of(status).http_status(), number);
        }
        assert_eq!(code_of(StatusCode::IM_A_TEAPOT), ErrorCode::BadFrame);
        assert_eq!(code_of(StatusCode::GATEWAY_TIMEOUT), ErrorCode::Internal);
    }
}
