//! The page `/admin`: forms that post, answered by 303 or by the page that says why not. No script and no program.
//!
//! A cookie of an operator counts only on the site's own pages: each form is refused that another site's page sends.

use app::admin::{Act, AdminPage, Seen, document};
use app::client::RequestError;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use protocol::ErrorCode;
use protocol::admin::{BeginDrain, ChangeSwitches, OperatorCredentials};

use super::desk::Who;
use super::page_forms::{Fields, see};
use super::session::{clear_cookie, cookie_of, set_cookie};
use super::sign_in::sign_in;
use super::{acts, look};
use crate::error::ApiError;
use crate::event_log::AdminAct;
use crate::http::assets::{self, OUTPUT_NAME};
use crate::http::identity::{RequestContext, theme};
use crate::http::origin::Origin;
use crate::http::{pages, problem};
use crate::state::AppState;

/// Beside that of the site, so that nobody else's page is larger by it.
const STYLE: &str = include_str!("../../../style/admin.css");
const STYLE_AT: &str = "/admin/style.css";
/// There is no script at all.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);

/// The page and its forms.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/admin", get(page))
        .route("/admin/sign-in", post(begin))
        .route("/admin/sign-out", post(end))
        .route("/admin/ask", post(ask))
        .route("/admin/do", post(act))
        .route(STYLE_AT, get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .layer(from_fn_with_state(state.clone(), if_open))
}

/// Where there is no operator, every address is one that does not exist.
async fn if_open(State(state): State<AppState>, context: RequestContext, request: Request, next: Next) -> Response {
    if state.desk.is_open().await {
        next.run(request).await
    } else {
        pages::missing(State(state), context, request).await
    }
}

/// Whose cookie came along.
async fn who(state: &AppState, context: &RequestContext, headers: &HeaderMap) -> Option<Who> {
    state.desk.session(cookie_of(headers, context.https, &state.config.sub_path)?, state.clock.wall()).await
}

async fn page(State(state): State<AppState>, context: RequestContext, request: Request) -> Response {
    let headers = request.headers();
    let query = request.uri().query().unwrap_or_default();
    match who(&state, &context, headers).await {
        Some(who) => {
            let done = query.strip_prefix("done=").and_then(Act::parse);
            let seen = seen(&state, &who, done, None, query == "refresh").await;
            shown(&state, StatusCode::OK, AdminPage::Seen(seen), headers)
        }
        None => shown(&state, StatusCode::OK, AdminPage::SignIn { name: String::new(), failure: None }, headers),
    }
}

async fn seen(state: &AppState, who: &Who, done: Option<Act>, failure: Option<ApiError>, refreshes: bool) -> Box<Seen> {
    let (overview, rooms) = (look::overview(state).await, look::rooms(state).await);
    Box::new(Seen {
        operator: who.as_str().to_owned(),
        overview,
        rooms,
        switches: look::switches(state),
        drain: state.drain.view(state.clock.mono()),
        done,
        failure: failure.map(told),
        refreshes,
    })
}

fn told(failure: ApiError) -> RequestError {
    let ApiError { code, retry_after_ms, number } = failure;
    RequestError { code, retry_after_ms, number, unreachable: false }
}

/// `POST /admin/sign-in`.
async fn begin(State(state): State<AppState>, context: RequestContext, headers: HeaderMap, fields: Fields) -> Response {
    if context.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    let typed = OperatorCredentials { name: fields.get("name"), password: fields.get("password") };
    let name = typed.name.clone();
    match sign_in(&state, &context, typed).await {
        Ok(token) => with_cookie(see("/admin"), set_cookie(&token, context.https, &state.config.sub_path)),
        Err(failure) => {
            let page = AdminPage::SignIn { name, failure: Some(told(failure)) };
            shown(&state, status_of(failure.code), page, &headers)
        }
    }
}

/// `POST /admin/sign-out`.
async fn end(State(state): State<AppState>, context: RequestContext, headers: HeaderMap) -> Response {
    if context.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    if let Some(who) = who(&state, &context, &headers).await {
        acts::note(&state, &who, AdminAct::SignOut, acts::About::default());
        if let Some(token) = cookie_of(&headers, context.https, &state.config.sub_path) {
            state.desk.sign_out(token, state.clock.wall());
        }
    }
    with_cookie(see("/admin"), clear_cookie(context.https, &state.config.sub_path))
}

/// `POST /admin/ask`: the question whether something is to be done.
async fn ask(State(state): State<AppState>, context: RequestContext, headers: HeaderMap, fields: Fields) -> Response {
    if context.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    let Some(who) = who(&state, &context, &headers).await else { return signed_out(&state, &headers) };
    match fields.act() {
        Ok((act, about)) => shown(&state, StatusCode::OK, AdminPage::Ask(act, about), &headers),
        Err(failure) => refused(&state, &who, failure, &headers).await,
    }
}

/// `POST /admin/do`: it is to be done.
async fn act(State(state): State<AppState>, context: RequestContext, headers: HeaderMap, fields: Fields) -> Response {
    if context.origin != Origin::Own {
        return problem::problem(ErrorCode::BadOrigin);
    }
    let Some(who) = who(&state, &context, &headers).await else { return signed_out(&state, &headers) };
    let done = match fields.act() {
        Ok((act, about)) => perform(&state, &who, act, about).await.map(|()| act),
        Err(failure) => Err(failure),
    };
    match done {
        Ok(act) => see(&format!("/admin?done={}", act.as_str())),
        Err(failure) => refused(&state, &who, failure, &headers).await,
    }
}

async fn perform(state: &AppState, who: &Who, act: Act, about: String) -> Result<(), ApiError> {
    let switch = |change| acts::change_switches(state, who, change).map(|_| ());
    let none = ChangeSwitches::default();
    match act {
        Act::EndRoom => acts::end_room(state, who, about).await,
        Act::EndLogins => acts::end_logins(state, who, &about).await.map(|_| ()),
        Act::CloseRegistration => switch(ChangeSwitches { registration_closed: Some(true), ..none }),
        Act::OpenRegistration => switch(ChangeSwitches { registration_closed: Some(false), ..none }),
        Act::CloseRooms => switch(ChangeSwitches { rooms_closed: Some(true), ..none }),
        Act::OpenRooms => switch(ChangeSwitches { rooms_closed: Some(false), ..none }),
        Act::Announce if about.trim().is_empty() => Err(ErrorCode::EmptyText.into()),
        Act::Announce => switch(ChangeSwitches { announcement: Some(about), ..none }),
        Act::Unannounce => switch(ChangeSwitches { announcement: Some(String::new()), ..none }),
        Act::Drain => acts::begin_drain(state, who, BeginDrain::default()).map(|_| ()),
        Act::TakeDrainBack => {
            acts::take_drain_back(state, who);
            Ok(())
        }
    }
}

async fn refused(state: &AppState, who: &Who, failure: ApiError, headers: &HeaderMap) -> Response {
    let seen = seen(state, who, None, Some(failure), false).await;
    shown(state, status_of(failure.code), AdminPage::Seen(seen), headers)
}

/// The hour is over, or the file is another.
fn signed_out(state: &AppState, headers: &HeaderMap) -> Response {
    let failure = told(ErrorCode::Unauthorized.into());
    shown(state, StatusCode::UNAUTHORIZED, AdminPage::SignIn { name: String::new(), failure: Some(failure) }, headers)
}

fn shown(state: &AppState, status: StatusCode, page: AdminPage, headers: &HeaderMap) -> Response {
    let site = assets::site();
    let sheets = [format!("/{}/{OUTPUT_NAME}.css", site.package()), STYLE_AT.to_owned()];
    let base = app::Base(state.config.sub_path.as_str().to_owned());
    let html = document(base, page, theme(headers), &sheets);
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], html).into_response()
}

fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

fn status_of(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
