//! The server below a path of its host: brings requests to where they would be without one, and answers back.
//!
//! A proxy may hand paths on as they are or take the path away: both are served, and what a request is for is decided
//! behind this. Every `Location` that leaves is put below the path here, so no handler knows of it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;

use crate::sub_path::SubPath;

/// What is served below a path.
struct Below {
    path: SubPath,
    /// Everything, as if it were at the root.
    site: Router,
    /// For the path without its slash.
    bare: Router,
}

/// `site` below a path: it is `site` itself where there is none. `bare` answers with [`to_first_page`].
pub(crate) fn below(path: &SubPath, site: Router, bare: Router) -> Router {
    if path.is_root() {
        return site;
    }
    Router::new().fallback(lead).with_state(Arc::new(Below { path: path.clone(), site, bare }))
}

/// The first page has one address: relative ones, such as those of the manifest's scope, need its slash.
pub(crate) async fn to_first_page(uri: Uri) -> Response {
    let place = uri.query().map_or_else(|| "/".to_owned(), |query| ["/?", query].concat());
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response(),
        // The query of an address that was read is one.
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn lead(State(below): State<Arc<Below>>, mut request: Request) -> Response {
    let is_bare = below.path.behind(request.uri().path()).is_some_and(str::is_empty);
    if let Some(inner) = inner(&below.path, request.uri()) {
        *request.uri_mut() = inner;
    }
    let router = if is_bare { &below.bare } else { &below.site };
    let mut response = router.clone().oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
    if let Some(place) = response.headers().get(header::LOCATION).and_then(|place| outer(&below.path, place)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// What is asked for, without the path in front of it; `None` where that is not there.
fn inner(path: &SubPath, asked: &Uri) -> Option<Uri> {
    let behind = path.behind(asked.path_and_query()?.as_str())?;
    let behind = if behind.starts_with('/') { behind.to_owned() } else { ["/", behind].concat() };
    let mut parts = asked.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(behind).ok()?);
    Uri::from_parts(parts).ok()
}

/// Where an answer leads, as the browser has to see it. Whole addresses stay as they are.
fn outer(path: &SubPath, place: &HeaderValue) -> Option<HeaderValue> {
    let place = place.to_str().ok().filter(|place| place.starts_with('/'))?;
    HeaderValue::try_from(path.at(place)).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Uri};

    use super::{inner, outer};
    use crate::sub_path::SubPath;

    #[test]
    fn what_is_asked_for_loses_the_path_once() {
        let chat = SubPath::parse("/chat").expect("is one");
        let table = [
            ("/chat", Some("/")),
            ("/chat?x=1", Some("/?x=1")),
            ("/chat/", Some("/")),
            ("/chat/r/KW7P3MXQ?x=1", Some("/r/KW7P3MXQ?x=1")),
            ("/chat/chat/about", Some("/chat/about")),
            ("http://example.org/chat/ws", Some("http://example.org/ws")),
            ("/chatter", None),
            ("/about", None),
            ("/%63hat/about", None),
            ("*", None),
        ];
        for (asked, expected) in table {
            let asked: Uri = asked.parse().expect("is an address");
            assert_eq!(inner(&chat, &asked).map(|uri| uri.to_string()).as_deref(), expected, "{asked}");
        }
    }

    #[test]
    fn where_an_answer_leads_gets_it_back() {
        let chat = SubPath::parse("/chat").expect("is one");
        let table = [
            ("/", Some("/chat/")),
            ("/r/KW7P3MXQ", Some("/chat/r/KW7P3MXQ")),
            ("//evil.example", Some("/chat//evil.example")),
            ("https://chat.example/", None),
        ];
        for (place, expected) in table {
            let led = outer(&chat, &HeaderValue::from_static(place));
            assert_eq!(led.as_ref().map(|place| place.to_str().expect("is text")), expected, "{place}");
        }
    }
}
