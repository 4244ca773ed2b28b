//! Who asks: found once for each request, before its handler, and renewed behind it.
//!
//! The one place that decides whether a cookie counts: with the site's own Origin always, without an Origin for
//! reading only, from another site never. A bearer token always counts, because nobody sends it by accident. What another
//! site's page embeds is refused here, before any work is done for it and before anything is counted.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use chat::Now;
use protocol::ErrorCode;

use crate::auth::{Credential, Identity, cookies, credential};
use crate::error::ApiError;
use crate::http::client_address::{client_address, is_https};
use crate::http::origin::{Origin, origin};
use crate::http::problem::problem;
use crate::http::reach::{Reach, reach};
use crate::http::tokens;
use crate::state::AppState;
use realtime::address::Address;
use realtime::rate_limits::Caller;

/// Everything a handler knows about the one who asks.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Counted by the rate limits.
    pub address: Address,
    /// Whether they came by https.
    pub https: bool,
    /// Which site's page asks.
    pub origin: Origin,
    /// Whose request it is.
    pub reach: Reach,
    /// When the request came.
    pub now: Now,
    identity: Result<Option<Identity>, ApiError>,
}

impl RequestContext {
    /// Who is counted.
    pub fn caller(&self) -> Caller {
        let user = self.known().ok().flatten().map(|identity| identity.user);
        Caller { user, address: self.address, followed: self.reach != Reach::Direct }
    }

    /// Who asks, if they are signed in. A token that ended counts as none.
    ///
    /// # Errors
    /// Why it cannot be told, such as [`ErrorCode::Unavailable`].
    pub fn known(&self) -> Result<Option<&Identity>, ApiError> {
        match &self.identity {
            Ok(identity) => Ok(identity.as_ref()),
            Err(failure) if is_ended(*failure) => Ok(None),
            Err(failure) => Err(*failure),
        }
    }

    /// Whether a login came along, in force or not: what sends one keeps what it is given.
    pub fn brought_credential(&self) -> bool {
        !matches!(self.identity, Ok(None))
    }

    /// Who asks, where only somebody signed in may.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthorized`], [`ErrorCode::Revoked`], or why it cannot be told.
    pub fn signed_in(&self) -> Result<&Identity, ApiError> {
        match &self.identity {
            Ok(Some(identity)) => Ok(identity),
            Ok(None) => Err(ErrorCode::Unauthorized.into()),
            Err(failure) => Err(*failure),
        }
    }
}

const fn is_ended(failure: ApiError) -> bool {
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
    let reach = reach(origin, peer.ip(), headers, &state.config);
    let claim = match permitted(origin, reach, credential(headers, https, &state.config.sub_path), request.method()) {
        Ok(claim) => claim,
        Err(code) => return problem(code),
    };
    let now = state.clock.now();
    let by_cookie = matches!(claim, Ok(Some(Credential::Cookie(_))));
    let identity = match claim {
        Err(code) => Err(code.into()),
        Ok(None) => Ok(None),
        Ok(Some(Credential::Cookie(token) | Credential::Bearer(token))) => {
            state.auth.authenticate(&*state.store, &token, now.wall).await.map(Some)
        }
    };
    let is_due = |found: &&Identity| by_cookie && state.auth.is_due(found, now.wall);
    let due = identity.as_ref().ok().and_then(Option::as_ref).filter(is_due).cloned();
    let address = client_address(peer.ip(), headers, &state.config);
    request.extensions_mut().insert(RequestContext { address, https, origin, reach, now, identity });
    let mut response = next.run(request).await;
    if let Some(identity) = due {
        renew(&state, &identity, https, now, &mut response).await;
    }
    response
}

/// What a request says of who sends it: a credential, none, or cookies that do not count.
type ClaimedLogin = Result<Option<Credential>, ErrorCode>;

/// The claim that counts, or the refusal of what another site's page embeds and of an unsafe request that only a cookie
/// speaks for.
fn permitted(origin: Origin, reach: Reach, claim: ClaimedLogin, method: &Method) -> Result<ClaimedLogin, ErrorCode> {
    match (claim, origin, reach) {
        (bearer @ Ok(Some(Credential::Bearer(_))), _, _) => Ok(bearer),
        // A browser asks beforehand what it may ask; nothing stands behind the answer.
        (_, _, Reach::Embedded) if *method == Method::OPTIONS => Ok(Ok(None)),
        (_, Origin::Foreign, _) | (_, _, Reach::Embedded) => Err(ErrorCode::BadOrigin),
        (claim, Origin::Own, _) | (claim @ Ok(None), Origin::Absent, _) => Ok(claim),
        (claim, Origin::Absent, _) if method.is_safe() => Ok(claim),
        (Ok(Some(Credential::Cookie(_))) | Err(_), Origin::Absent, _) => Err(ErrorCode::BadOrigin),
    }
}

/// Adds a new token, unless the request failed or changed the login itself.
async fn renew(state: &AppState, identity: &Identity, https: bool, now: Now, response: &mut Response) {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed || response.headers().contains_key(header::SET_COOKIE) {
        return;
    }
    // A store that is away is no reason to fail a request that succeeded: the next one renews.
    if let Ok(issued) = tokens::issue(state, identity, now.wall).await {
        let cookie = crate::auth::set_cookie(&issued, https, &state.config.sub_path, now.wall);
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Absent only where a route was mounted outside of `identify`.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ErrorCode::Internal.into())
    }
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Identity);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        RequestContext::from_request_parts(parts, state).await?.signed_in().cloned().map(Self)
    }
}

/// The theme of the page is in a cookie that scripts may write.
pub(crate) fn theme(headers: &HeaderMap) -> app::boot::Theme {
    let value = cookies(headers, "theme").next().and_then(|value| std::str::from_utf8(value).ok());
    value.map(app::boot::Theme::parse).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use protocol::ErrorCode;

    use super::permitted;
    use crate::auth::Credential;
    use crate::http::origin::Origin;
    use crate::http::reach::Reach;

    #[test]
    fn a_cookie_counts_only_for_the_sites_own_pages() {
        use Origin::{Absent, Foreign, Own};
        use Reach::{Direct, Embedded, Followed};
        let cookie = || Ok(Some(Credential::Cookie("c".to_owned())));
        let bearer = || Ok(Some(Credential::Bearer("b".to_owned())));
        let two = || Err(ErrorCode::TwoLogins);
        let table = [
            (Own, Direct, cookie(), Method::POST, Ok(cookie())),
            (Own, Direct, cookie(), Method::GET, Ok(cookie())),
            (Own, Direct, Ok(None), Method::POST, Ok(Ok(None))),
            (Own, Direct, two(), Method::POST, Ok(two())),
            (Absent, Direct, cookie(), Method::GET, Ok(cookie())),
            (Absent, Direct, cookie(), Method::HEAD, Ok(cookie())),
            (Absent, Direct, cookie(), Method::POST, Err(ErrorCode::BadOrigin)),
            (Absent, Direct, cookie(), Method::DELETE, Err(ErrorCode::BadOrigin)),
            (Absent, Direct, cookie(), Method::PATCH, Err(ErrorCode::BadOrigin)),
            (Absent, Direct, two(), Method::POST, Err(ErrorCode::BadOrigin)),
            (Absent, Direct, two(), Method::GET, Ok(two())),
            (Absent, Direct, Ok(None), Method::POST, Ok(Ok(None))),
            (Absent, Followed, cookie(), Method::GET, Ok(cookie())),
            (Absent, Followed, Ok(None), Method::GET, Ok(Ok(None))),
            (Absent, Embedded, cookie(), Method::GET, Err(ErrorCode::BadOrigin)),
            (Absent, Embedded, Ok(None), Method::GET, Err(ErrorCode::BadOrigin)),
            (Absent, Embedded, Ok(None), Method::POST, Err(ErrorCode::BadOrigin)),
            (Absent, Embedded, Ok(None), Method::OPTIONS, Ok(Ok(None))),
            (Foreign, Embedded, cookie(), Method::GET, Err(ErrorCode::BadOrigin)),
            (Foreign, Embedded, cookie(), Method::POST, Err(ErrorCode::BadOrigin)),
            (Foreign, Embedded, Ok(None), Method::GET, Err(ErrorCode::BadOrigin)),
            (Foreign, Embedded, Ok(None), Method::POST, Err(ErrorCode::BadOrigin)),
            (Foreign, Embedded, cookie(), Method::OPTIONS, Ok(Ok(None))),
            (Foreign, Embedded, bearer(), Method::DELETE, Ok(bearer())),
            (Absent, Embedded, bearer(), Method::GET, Ok(bearer())),
            (Absent, Direct, bearer(), Method::POST, Ok(bearer())),
        ];
        for (origin, reach, claim, method, expected) in table {
            let label = format!("{origin:?} {reach:?} {claim:?} {method}");
            assert_eq!(permitted(origin, reach, claim, &method), expected, "{label}");
        }
    }
}
