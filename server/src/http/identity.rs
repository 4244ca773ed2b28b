//! Who asks: found once for each request, before its handler, and renewed behind it.
//!
//! The one place that decides whether a cookie counts: with the site's own Origin always, without an Origin for
//! reading only, from another site never. A bearer token always counts, because nobody sends it by accident.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use protocol::{ErrorCode, Millis};

use crate::address::Address;
use crate::auth::{Credential, Identity, credential};
use crate::clock;
use crate::error::Failure;
use crate::http::client_address::{client_address, is_https};
use crate::http::login;
use crate::http::origin::{Origin, origin};
use crate::http::problem::problem;
use crate::state::AppState;

/// Everything a handler knows about the one who asks.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Counted by the gates.
    pub address: Address,
    /// Whether they came by https.
    pub https: bool,
    /// Which site's page asks.
    pub origin: Origin,
    /// When the request came.
    pub now: Millis,
    identity: Result<Option<Identity>, Failure>,
}

impl Asker {
    /// Who asks, if they are signed in. A token that ended counts as none.
    ///
    /// # Errors
    /// Why it cannot be told, such as [`ErrorCode::Unavailable`].
    pub fn known(&self) -> Result<Option<&Identity>, Failure> {
        match &self.identity {
            Ok(identity) => Ok(identity.as_ref()),
            Err(failure) if is_ended(*failure) => Ok(None),
            Err(failure) => Err(*failure),
        }
    }

    /// Who asks, where only somebody signed in may.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthorized`], [`ErrorCode::Revoked`], or why it cannot be told.
    pub fn signed_in(&self) -> Result<&Identity, Failure> {
        match &self.identity {
            Ok(Some(identity)) => Ok(identity),
            Ok(None) => Err(ErrorCode::Unauthorized.into()),
            Err(failure) => Err(*failure),
        }
    }
}

const fn is_ended(failure: Failure) -> bool {
    matches!(failure.code, ErrorCode::Unauthorized | ErrorCode::Revoked)
}

/// Finds out who asks and hands it to the handler; gives a browser a new token when its old one is due.
pub async fn identify(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let https = is_https(peer.ip(), headers, &state.config);
    let origin = origin(peer.ip(), headers, &state.config);
    let credential = match permitted(origin, credential(headers, https), request.method()) {
        Ok(credential) => credential,
        Err(code) => return problem(code),
    };
    let now = clock::now();
    let by_cookie = matches!(credential, Some(Credential::Cookie(_)));
    let identity = match credential {
        None => Ok(None),
        Some(Credential::Cookie(token) | Credential::Bearer(token)) => {
            state.auth.authenticate(&*state.store, &token, now).await.map(Some)
        }
    };
    let due = identity.as_ref().ok().and_then(Option::as_ref).filter(|found| by_cookie && found.is_due(now)).cloned();
    let address = client_address(peer.ip(), headers, &state.config);
    request.extensions_mut().insert(Asker { address, https, origin, now, identity });
    let mut response = next.run(request).await;
    if let Some(identity) = due {
        renew(&state, &identity, https, now, &mut response).await;
    }
    response
}

/// The credential that counts, or the refusal of an unsafe request that only a cookie speaks for.
fn permitted(origin: Origin, credential: Option<Credential>, method: &Method) -> Result<Option<Credential>, ErrorCode> {
    match (credential, origin) {
        (Some(bearer @ Credential::Bearer(_)), _) => Ok(Some(bearer)),
        (None, Origin::Own | Origin::Absent) => Ok(None),
        (Some(cookie @ Credential::Cookie(_)), Origin::Own) => Ok(Some(cookie)),
        (Some(cookie @ Credential::Cookie(_)), Origin::Absent) if method.is_safe() => Ok(Some(cookie)),
        (Some(Credential::Cookie(_)) | None, Origin::Foreign) if method.is_safe() => Ok(None),
        (Some(Credential::Cookie(_)), Origin::Absent) | (Some(Credential::Cookie(_)) | None, Origin::Foreign) => {
            Err(ErrorCode::BadOrigin)
        }
    }
}

/// Adds a new token, unless the request failed or changed the login itself.
async fn renew(state: &AppState, identity: &Identity, https: bool, now: Millis, response: &mut Response) {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed || response.headers().contains_key(header::SET_COOKIE) {
        return;
    }
    // A store that is away is no reason to fail a request that succeeded: the next one renews.
    if let Ok(issued) = login::issue(state, identity, now).await {
        response.headers_mut().insert(header::SET_COOKIE, crate::auth::set_cookie(&issued, https, now));
    }
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // Absent only where a route was mounted outside of `identify`.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ErrorCode::Internal.into())
    }
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Identity);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Asker::from_request_parts(parts, state).await?.signed_in().cloned().map(Self)
    }
}

/// The theme of the page is in a cookie that scripts may write.
pub(crate) fn theme(headers: &HeaderMap) -> app::boot::Theme {
    let jar = axum_extra::extract::cookie::CookieJar::from_headers(headers);
    jar.get("theme").map(|cookie| app::boot::Theme::parse(cookie.value())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use protocol::ErrorCode;

    use super::permitted;
    use crate::auth::Credential;
    use crate::http::origin::Origin;

    #[test]
    fn a_cookie_counts_only_for_the_sites_own_pages() {
        let cookie = || Some(Credential::Cookie("c".to_owned()));
        let bearer = || Some(Credential::Bearer("b".to_owned()));
        let table = [
            (Origin::Own, cookie(), Method::POST, Ok(cookie())),
            (Origin::Own, cookie(), Method::GET, Ok(cookie())),
            (Origin::Own, None, Method::POST, Ok(None)),
            (Origin::Absent, cookie(), Method::GET, Ok(cookie())),
            (Origin::Absent, cookie(), Method::HEAD, Ok(cookie())),
            (Origin::Absent, cookie(), Method::POST, Err(ErrorCode::BadOrigin)),
            (Origin::Absent, cookie(), Method::DELETE, Err(ErrorCode::BadOrigin)),
            (Origin::Absent, cookie(), Method::PATCH, Err(ErrorCode::BadOrigin)),
            (Origin::Absent, None, Method::POST, Ok(None)),
            (Origin::Foreign, cookie(), Method::GET, Ok(None)),
            (Origin::Foreign, cookie(), Method::POST, Err(ErrorCode::BadOrigin)),
            (Origin::Foreign, None, Method::GET, Ok(None)),
            (Origin::Foreign, None, Method::POST, Err(ErrorCode::BadOrigin)),
            (Origin::Foreign, bearer(), Method::DELETE, Ok(bearer())),
            (Origin::Absent, bearer(), Method::POST, Ok(bearer())),
        ];
        for (origin, credential, method, expected) in table {
            let label = format!("{origin:?} {credential:?} {method}");
            assert_eq!(permitted(origin, credential, &method), expected, "{label}");
        }
    }
}
