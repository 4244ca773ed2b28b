//! Pages: rendered from the app's routes for the one who asks, as a whole, so that their status is true.
//!
//! Reading a page makes nothing: no guest, no membership, no seat.

use std::sync::{Arc, LazyLock};

use app::backend::{Backend, PageContext};
use async_trait::async_trait;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use protocol::api::RoomView;
use protocol::{ErrorCode, Millis, RoomCode};

use crate::address::Address;
use crate::admission;
use crate::http::assets::{self, OUTPUT_NAME};
use crate::http::headers::{page_policy, socket_source};
use crate::http::identity::{Asker, theme};
use crate::http::problem::problem;
use crate::state::AppState;
use crate::store::UserId;

/// How pages name the interface's files.
pub fn options() -> LeptosOptions {
    LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        // Leptos looks for a manifest of split modules under this folder: there is none, and none is to be read.
        .site_root("/dev/null")
        .site_pkg_dir(assets::site().package())
        .build()
}

/// The pages that the app's router knows. Listed once: while leptos does it, no page of the process loads its data.
static PAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
    leptos_axum::generate_route_list(app::App).iter().map(|listed| listed.path().to_owned()).collect()
});

/// Each of them at its address.
pub(crate) fn routes() -> Router<AppState> {
    PAGES.iter().fold(Router::new(), |router, path| router.route(path, get(page)))
}

async fn page(State(state): State<AppState>, asker: Asker, request: Request) -> Response {
    if has_dots(request.uri().path()) {
        return problem(ErrorCode::NotFound);
    }
    render(&state, &asker, request).await
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
    let mut response = render(&state, &asker, request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Whether an address has steps to itself or upwards. Browsers take them out before they ask; the app's router would
/// too, and show another page than the one whose status is told.
fn has_dots(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
}

/// The address without a slash that somebody put behind it. Never one that a browser could read as another host.
fn without_slash(path: &str) -> Option<HeaderValue> {
    let trimmed = path.trim_end_matches('/');
    let is_ours = trimmed != path && trimmed.starts_with('/') && !trimmed.starts_with("//") && !trimmed.contains('\\');
    is_ours.then(|| HeaderValue::try_from(trimmed).ok()).flatten()
}

async fn render(state: &AppState, asker: &Asker, request: Request) -> Response {
    // A page can be read while the database is away; what needs it says so in its place.
    let identity = asker.known().ok().flatten();
    let backend = Arc::new(PageBackend {
        state: state.clone(),
        user: identity.map(|identity| identity.user),
        address: asker.address,
        now: asker.now,
    });
    let context = PageContext { me: identity.map(crate::auth::Identity::me), theme: theme(request.headers()), backend };
    let socket = socket_source(request.headers(), asker.https);
    let provide = move || {
        provide_context(context.clone());
        if let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, page_policy(&nonce, socket.as_deref()));
        }
    };
    let options = state.leptos.clone();
    leptos_axum::render_app_async_with_context(provide, move || app::shell(options.clone()))(request).await
}

/// Answers what a page asks while it is rendered, as the one who reads it may know.
struct PageBackend {
    state: AppState,
    user: Option<UserId>,
    address: Address,
    now: Millis,
}

#[async_trait]
impl Backend for PageBackend {
    async fn room(&self, code: RoomCode) -> Result<RoomView, ErrorCode> {
        admission::look_up(&self.state, self.user, self.address, code.as_str(), self.now)
            .await
            .map_err(|failure| failure.code)
    }
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
