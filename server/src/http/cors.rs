//! Pages of the origins that the operator lists may call the API and read its answers. All others may not: browsers
//! refuse them where the headers are missing.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::config::Config;
use crate::http::origin::told;
use crate::state::AppState;

const ALLOWED: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PATCH, DELETE"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];

/// Tells browsers that a listed origin may ask; answers their question beforehand.
pub(crate) async fn share(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let listed = listed(request.headers(), &state.config);
    // Pages of an application may connect with its tokens, and with nothing that a browser adds by itself.
    let of_application = listed.is_none().then(|| of_application(&request, &state)).flatten();
    let (listed, with_cookies) = (listed.clone().or(of_application), listed.is_some());
    let asks_beforehand =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (&listed, asks_beforehand) {
        (Some(_), true) => {
            let headers = ALLOWED.map(|(name, value)| (name, HeaderValue::from_static(value)));
            (StatusCode::NO_CONTENT, headers).into_response()
        }
        (Some(_), false) | (None, _) => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = listed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if with_cookies {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("location, retry-after, x-request-id"),
        );
    }
    response
}

fn of_application(request: &Request, state: &AppState) -> Option<HeaderValue> {
    let path = request.uri().path();
    let headers = request.headers();
    // Socket.IO says in its packets which application is meant; there it is looked at again.
    let may_ask = |told: &String| match path.strip_prefix("/api/v1/apps/") {
        Some(rest) => state.apps.lists_origin_of(rest.split('/').next().unwrap_or_default(), told),
        None => path.starts_with("/socket.io") && state.apps.lists_origin(told),
    };
    told(headers).filter(may_ask).and_then(|_| headers.get(header::ORIGIN).cloned())
}

fn listed(headers: &HeaderMap, config: &Config) -> Option<HeaderValue> {
    // Only listed origins get the headers: the site's own pages do not need them.
    told(headers).filter(|told| config.lists(told)).and_then(|_| headers.get(header::ORIGIN).cloned())
}
