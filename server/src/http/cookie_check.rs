//! Whether a browser sends cookies back, found out before a form makes a guest.
//!
//! A browser that blocks them would leave a guest behind with each form, and could enter no room as any of them. So a
//! form that comes without a login is sent round once (307 keeps its method and its body), with a login cookie that
//! stands for nobody. If that comes back, a login will; if not, nothing is done, and the page that says so holds what
//! was typed. Nothing is kept here in between: the address says that the browser was asked.

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::ErrorCode;

use crate::auth::asking_cookie;
use crate::http::identity::RequestContext;
use crate::http::login::with_cookie;
use crate::http::problem;
use crate::http::typed::{self, Typed};
use crate::state::AppState;

/// The query of a form that was sent round.
const ASKED: &str = "cookies=asked";

/// The answer to a form that came without a login, before anything is done for it.
pub(super) async fn ask(state: &AppState, context: &RequestContext, head: &Parts, typed: Typed) -> Response {
    let path = head.uri.path();
    let answer = if head.uri.query() == Some(ASKED) {
        typed::refuse(state, context, head, None, ErrorCode::CookiesBlocked.into(), typed).await
    } else {
        match HeaderValue::try_from([path, "?", ASKED].concat()) {
            Ok(place) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response(),
            Err(_) => problem::problem(ErrorCode::Internal),
        }
    };
    // With the refusal as well: whoever allows cookies and loads it again is past it the next time.
    with_cookie(answer, Some(asking_cookie(context.https, &state.config.sub_path)))
}
