//! Pages: which one an address is, its status, and its rendering for the one who asks, as a whole.
//!
//! Reading a page makes nothing: no guest, no membership, no seat.

use app::boot::{Boot, Bounds, Page, Posted, Program};
use app::client::RequestError as Shown;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use protocol::{ErrorCode, Me, RoomCode};
use serde::Deserialize;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::auth::Identity;
use crate::error::ApiError;
use crate::http::assets::{self, OUTPUT_NAME};
use crate::http::headers::{page_policy, socket_source};
use crate::http::identity::{RequestContext, theme};
use crate::http::problem::{problem, retry_after};
use crate::http::reach::accepts;
use crate::rooms::admission;
use crate::state::AppState;

/// Characters of a mistyped code that come back to its box, by the form and by the page that is led to.
pub(super) const ECHOED_CHARS_MAX: usize = 64;

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
        .route("/", get(async |state, context, request| page(state, context, Page::Landing, request).await))
        .route("/account", get(async |state, context, request| page(state, context, Page::Account, request).await))
        .route("/about", get(async |state, context, request| page(state, context, Page::About, request).await))
        .route("/r/{code}", get(room))
        .route("/R/{code}", get(in_capitals))
        // A room of 12.0 KB is 4.0 KB by Brotli at 6, and 4.3 at the default of 4.
        .layer(CompressionLayer::new().br(true).gzip(true).quality(CompressionLevel::Precise(6)))
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

async fn page(State(state): State<AppState>, context: RequestContext, page: Page, request: Request) -> Response {
    let told = Told::of(request.uri(), &context);
    render(&state, &context, page, request, told).await
}

/// `/R/CODE`: codes for cameras hold addresses in capitals, which take less room there.
async fn in_capitals(code: Result<Path<String>, axum::extract::rejection::PathRejection>, uri: Uri) -> Response {
    let typed = code.map(|Path(code)| code).unwrap_or_default();
    let place = match RoomCode::parse(&typed) {
        Ok(code) => format!("/r/{}", code.as_str()),
        Err(_) => uri.path().replacen("/R/", "/r/", 1),
    };
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response(),
        Err(_) => problem(ErrorCode::NotFound),
    }
}

/// The page that answers a form which was refused: why, and what was typed in its boxes. `identity` is who was made for
/// it. Not compressed, as no answer to a form is: its length would tell something of what is echoed.
pub(super) async fn refused(
    state: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    page: Page,
    identity: Option<&Identity>,
    failure: ApiError,
    posted: Posted,
) -> Response {
    let mut request = Request::default();
    *request.headers_mut() = headers.clone();
    let told = Told { me: me(context, identity), error: Some(shown(failure)), posted: Some(posted) };
    let mut response = render(state, context, page, request, told).await;
    *response.status_mut() = status_of(failure.code);
    if let Some(wait_ms) = failure.retry_after_ms {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after(wait_ms));
    }
    response
}

/// A failure, as pages tell it.
fn shown(failure: ApiError) -> Shown {
    let ApiError { code, retry_after_ms, number } = failure;
    Shown { code, retry_after_ms, number, unreachable: false }
}

fn me(context: &RequestContext, identity: Option<&Identity>) -> Option<Me> {
    identity.or_else(|| context.known().ok().flatten()).map(Identity::me)
}

fn status_of(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The room as its reader may see it; where there is none, a page that says so with the status that is true.
async fn room(
    State(state): State<AppState>,
    context: RequestContext,
    code: Result<Path<String>, axum::extract::rejection::PathRejection>,
    request: Request,
) -> Response {
    if has_dots(request.uri().path()) {
        return problem(ErrorCode::NotFound);
    }
    // What is no text is no code either.
    let code = code.map(|Path(code)| code).unwrap_or_default();
    // A page can be read while the database is away; what needs it says so in its place. What does not ask for a page (a
    // script of another site over plain http, or a program) is counted apart, so as to lock nobody out of their pages.
    let headers = request.headers();
    let is_no_reader = headers.contains_key(header::ACCEPT) && !accepts(headers, "text/html");
    let mut caller = context.caller();
    caller.followed |= is_no_reader;
    match admission::look_up(&state, caller, &code, context.now).await {
        // This interface encrypts nothing yet: it could show nothing of such a room but that it is there.
        Ok(view) if view.sealed => {
            let told = Told::of(request.uri(), &context);
            render(&state, &context, Page::NoRoom(Shown::of(ErrorCode::SealedRoom)), request, told).await
        }
        Ok(view) => {
            let told = Told::of(request.uri(), &context);
            render(&state, &context, Page::Room(view), request, told).await
        }
        Err(failure) => {
            let code = if failure.code == ErrorCode::InvalidCode { ErrorCode::RoomNotFound } else { failure.code };
            let shown = Shown { code, retry_after_ms: failure.retry_after_ms, number: None, unreachable: false };
            let told = Told::of(request.uri(), &context);
            let mut response = render(&state, &context, Page::NoRoom(shown), request, told).await;
            *response.status_mut() = status_of(code);
            response
        }
    }
}

/// Every other address: a page that says so, for whoever reads pages.
pub(crate) async fn missing(State(state): State<AppState>, context: RequestContext, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    // `GET *` is well-formed HTTP and no address of a page.
    if !reads || !request.uri().path().starts_with('/') || has_dots(request.uri().path()) {
        return problem(ErrorCode::NotFound);
    }
    if let Some(place) = without_slash(request.uri().path()) {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response();
    }
    let told = Told::of(request.uri(), &context);
    let mut response = render(&state, &context, Page::NotFound, request, told).await;
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

/// What an address may say of the form that led to it: one by GET, or one with nothing typed in it.
#[derive(Deserialize, Default)]
#[serde(default)]
struct CameBack {
    error: String,
    code: Option<String>,
}

/// What a page has to say beside what it is.
struct Told {
    me: Option<Me>,
    error: Option<Shown>,
    posted: Option<Posted>,
}

impl Told {
    /// What a form came back with, or why the one who reads it is signed out.
    fn of(address: &Uri, context: &RequestContext) -> Self {
        let Query(came_back): Query<CameBack> = Query::try_from_uri(address).unwrap_or_default();
        let told = ErrorCode::ALL.iter().copied().find(|code| code.as_str() == came_back.error);
        let signed_out =
            || context.known().err().map(|failure| failure.code).filter(|code| *code == ErrorCode::TwoLogins);
        let posted = came_back.code.map(|code| {
            let code = code.chars().take(ECHOED_CHARS_MAX).collect();
            Posted { place: None, boxes: vec![("code", code)] }
        });
        Self { me: me(context, None), error: told.or_else(signed_out).map(Shown::of), posted }
    }
}

async fn render(state: &AppState, context: &RequestContext, page: Page, request: Request, told: Told) -> Response {
    let Told { me, error, posted } = told;
    let boot = Boot {
        page,
        me,
        theme: theme(request.headers()),
        now: context.now.wall,
        error,
        bounds: Bounds::from(&state.config.limits),
    };
    let socket = socket_source(state.config.public_url.as_deref(), request.headers(), context.https);
    let provide = move || {
        if let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, page_policy(&nonce, socket.as_deref()));
        }
    };
    let mut options = state.leptos.clone();
    options.output_name = assets::site().program(boot.page.program()).into();
    let stylesheet = format!("/{}/{OUTPUT_NAME}.css", options.site_pkg_dir);
    let base = app::Base(state.config.sub_path.as_str().to_owned());
    let ahead = program_ahead(assets::site(), boot.page.program());
    let is_for_anybody =
        boot.me.is_none() && boot.error.is_none() && request.uri().query().is_none() && boot.page.may_be_listed();
    let shell = move || {
        let (options, stylesheet, ahead) = (options.clone(), stylesheet.clone(), ahead.clone());
        app::shell(base.clone(), options, stylesheet, ahead, boot.clone(), posted.clone())
    };
    let mut response = leptos_axum::render_app_async_with_context(provide, shell)(request).await;
    if is_for_anybody {
        // `no-store` would also keep the page out of the memory to which the browser's way back leads.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    response
}

/// The files of the room's program, on pages of the other one: from most of them the next step is into a room.
fn program_ahead(site: &assets::Site, shown: Program) -> Vec<String> {
    let room = site.program(Program::Room);
    if shown == Program::Room || room == site.program(shown) {
        return Vec::new();
    }
    ["js", "wasm"].map(|ending| format!("/{}/{room}.{ending}", site.package())).to_vec()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use app::boot::Program;

    use super::{has_dots, program_ahead, without_slash};
    use crate::http::assets::Site;

    #[test]
    fn the_rooms_program_is_fetched_ahead_where_it_is_another() {
        let site = |names: &[&str]| {
            let files = names.iter().map(|name| ((*name).to_owned(), Cow::Borrowed(&b"0a1b"[..])));
            Site::new(files)
        };
        let release = site(&["pkg/HASH", "pkg/room.js", "pkg/room.wasm", "pkg/site.js", "pkg/site.wasm"]);
        assert_eq!(program_ahead(&release, Program::Site), ["/pkg/0a1b/room.js", "/pkg/0a1b/room.wasm"]);
        assert!(program_ahead(&release, Program::Room).is_empty(), "a room has it");
        assert!(program_ahead(&site(&["pkg/HASH", "pkg/whisperspace.js"]), Program::Site).is_empty(), "one for all");
    }

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
