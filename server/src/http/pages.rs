//! Pages: which one an address is, its status, and its rendering for the one who asks, as a whole.
//!
//! Reading a page makes nothing: no guest, no membership, no seat.

use app::boot::{Boot, Page};
use app::client::Failure as Shown;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use protocol::ErrorCode;
use serde::Deserialize;
use tower_http::compression::CompressionLayer;

use crate::admission;
use crate::http::assets::{self, OUTPUT_NAME};
use crate::http::forms::ECHOED_CHARS_MAX;
use crate::http::headers::{page_policy, socket_source};
use crate::http::identity::{Asker, theme};
use crate::http::problem::problem;
use crate::state::AppState;

/// How pages name the interface's files. From here on pages can be rendered: leptos is told to spawn what they wait for
/// on the server's own runtime.
pub fn options() -> LeptosOptions {
    // An error says that it was told before: by another server in this process, on the same kind of runtime.
    let _ = any_spawner::Executor::init_tokio();
    LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        // Leptos looks for a manifest of split modules under this folder: there is none, and none is to be read.
        .site_root("/dev/null")
        .site_pkg_dir(assets::site().package())
        .build()
}

/// Every page at its address.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(async |state, asker, request| page(state, asker, Page::Landing, request).await))
        .route("/account", get(async |state, asker, request| page(state, asker, Page::Account, request).await))
        .route("/about", get(async |state, asker, request| page(state, asker, Page::About, request).await))
        .route("/r/{code}", get(room))
        .layer(CompressionLayer::new().gzip(true))
        .layer(from_fn(unless_it_echoes))
}

/// A page whose address carries what it will show is sent as it is: compressed, the length of chosen words beside a name
/// would tell whether they are alike.
async fn unless_it_echoes(mut request: Request, next: Next) -> Response {
    if request.uri().query().is_some() {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

async fn page(State(state): State<AppState>, asker: Asker, page: Page, request: Request) -> Response {
    render(&state, &asker, page, request).await
}

/// The room as its reader may see it; where there is none, a page that says so with the status that is true.
async fn room(
    State(state): State<AppState>,
    asker: Asker,
    code: Result<Path<String>, axum::extract::rejection::PathRejection>,
    request: Request,
) -> Response {
    if has_dots(request.uri().path()) {
        return problem(ErrorCode::NotFound);
    }
    // What is no text is no code either.
    let code = code.map(|Path(code)| code).unwrap_or_default();
    // A page can be read while the database is away; what needs it says so in its place.
    let user = asker.known().ok().flatten().map(|identity| identity.user);
    match admission::look_up(&state, user, asker.address, &code, asker.now).await {
        Ok(view) => render(&state, &asker, Page::Room(view), request).await,
        Err(failure) => {
            let code = if failure.code == ErrorCode::InvalidCode { ErrorCode::RoomNotFound } else { failure.code };
            let shown = Shown { code, retry_after_ms: failure.retry_after_ms, unreachable: false };
            let mut response = render(&state, &asker, Page::NoRoom(shown), request).await;
            let status = StatusCode::from_u16(code.http_status());
            *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            response
        }
    }
}

/// Every other address: a page that says so, for whoever reads pages.
pub(crate) async fn missing(State(state): State<AppState>, asker: Asker, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    // `GET *` is well-formed HTTP and no address of a page.
    if !reads || !request.uri().path().starts_with('/') || has_dots(request.uri().path()) {
        return problem(ErrorCode::NotFound);
    }
    if let Some(place) = without_slash(request.uri().path()) {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response();
    }
    let mut response = render(&state, &asker, Page::NotFound, request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Whether an address has steps to itself or upwards. Browsers take them out before they ask.
fn has_dots(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
}

/// The address without a slash that somebody put behind it. Never one that a browser could read as another host.
fn without_slash(path: &str) -> Option<HeaderValue> {
    let trimmed = path.trim_end_matches('/');
    let is_ours = trimmed != path && trimmed.starts_with('/') && !trimmed.starts_with("//") && !trimmed.contains('\\');
    is_ours.then(|| HeaderValue::try_from(trimmed).ok()).flatten()
}

/// What a form that was posted without scripts came back with.
#[derive(Deserialize, Default)]
#[serde(default)]
struct CameBack {
    error: String,
    code: Option<String>,
}

async fn render(state: &AppState, asker: &Asker, page: Page, request: Request) -> Response {
    let Query(came_back): Query<CameBack> = Query::try_from_uri(request.uri()).unwrap_or_default();
    let boot = Boot {
        page,
        me: asker.known().ok().flatten().map(crate::auth::Identity::me),
        theme: theme(request.headers()),
        error: ErrorCode::ALL.iter().copied().find(|code| code.as_str() == came_back.error),
        typed_code: came_back.code.map(|code| code.chars().take(ECHOED_CHARS_MAX).collect()),
    };
    let socket = socket_source(request.headers(), asker.https);
    let provide = move || {
        if let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, page_policy(&nonce, socket.as_deref()));
        }
    };
    let mut options = state.leptos.clone();
    options.output_name = assets::site().program(boot.page.program()).into();
    let stylesheet = format!("/{}/{OUTPUT_NAME}.css", options.site_pkg_dir);
    let shell = move || app::shell(options.clone(), stylesheet.clone(), boot.clone());
    leptos_axum::render_app_async_with_context(provide, shell)(request).await
}

#[cfg(test)]
mod tests {
    use super::{has_dots, without_slash};

    #[test]
    fn steps_upwards_are_seen_in_every_spelling() {
        for path in ["/..", "/r/..", "/r/.", "/r/%2e%2E", "/r/.%2e/x", "/./"] {
            assert!(has_dots(path), "{path}");
        }
        for path in ["/", "/r/...", "/r/a..b", "/.well-known", "/r/%2e%2e%2e", "/favicon.svg"] {
            assert!(!has_dots(path), "{path}");
        }
    }

    #[test]
    fn a_slash_too_many_leads_to_the_page_and_nowhere_else() {
        let table = [
            ("/about/", Some("/about")),
            ("/r/KW7P3MXQ/", Some("/r/KW7P3MXQ")),
            ("/about//", Some("/about")),
            ("/about", None),
            ("/", None),
            ("//", None),
            ("//evil.example/", None),
            ("/\\evil.example/", None),
        ];
        for (path, place) in table {
            let led = without_slash(path);
            assert_eq!(led.as_ref().map(|value| value.to_str().expect("is text")), place, "{path}");
        }
    }
}
