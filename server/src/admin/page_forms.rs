//! What an operator's forms send.

use app::admin::Act;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::ErrorCode;

use crate::error::ApiError;
use crate::http::body::{encoded, media_type, read};
use crate::http::problem::problem;
use crate::state::AppState;

/// Boxes with their content. A name that is there twice counts once.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// What is in a box; nothing where there is none.
    pub(super) fn get(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// What is to be done, and what it is about.
    pub(super) fn act(&self) -> Result<(Act, String), ApiError> {
        let act = Act::parse(&self.get("act")).ok_or(ErrorCode::BadFrame)?;
        Ok((act, self.get("about").trim().to_owned()))
    }
}

impl FromRequest<AppState> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let is_form = media_type(request.headers())
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(problem(ErrorCode::UnsupportedMedia));
        }
        let bytes = read(request, state).await.map_err(problem)?;
        match axum::Form::from_request(encoded(bytes), state).await {
            Ok(axum::Form(pairs)) => Ok(Self(pairs)),
            Err(_) => Err(problem(ErrorCode::BadFrame)),
        }
    }
}

/// Leads on.
pub(super) fn see(place: &str) -> Response {
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(_) => problem(ErrorCode::Internal),
    }
}

/// Holds a secret.
impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fields(…)")
    }
}
