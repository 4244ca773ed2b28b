//! Where a request carries its token: in the Authorization header, or in the cookie. Never in a URL.
//!
//! Two bearer tokens are none: a proxy in front may have read the other. Two cookies with the login's name are none.
//! One of them was set by somebody else, such as a sibling domain, and which one the browser sends first is no proof:
//! taking either could sign a person in as another.

use std::borrow::Cow;
use std::fmt;

use axum::http::{HeaderMap, HeaderValue, header};
use protocol::{ErrorCode, Millis};

use crate::auth::Issued;
use crate::auth::cookies::cookies;
use crate::sub_path::SubPath;

/// The prefix binds the cookie to this host and to https; browsers refuse it over plain http.
const SECURE_COOKIE: &str = "__Host-ws";
/// The same where the server is below a path: that prefix is for cookies of a whole host, and this one for https.
const SECURE_COOKIE_BELOW: &str = "__Secure-ws";
/// Over plain http, as on a home network, there is no such promise.
const PLAIN_COOKIE: &str = "ws";

/// What a request says of who it is: nothing, a token, or why its cookies do not count.
pub type Sent = Result<Option<Credential>, ErrorCode>;

/// A token, and how it came.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// The browser sent it by itself: proves nothing without the site's own Origin.
    Cookie(String),
    /// An Authorization header: a browser never adds one by itself, so the sender holds the token.
    Bearer(String),
}

/// The token of a request. A bearer token is there on purpose, so it wins over a cookie.
///
/// # Errors
/// [`ErrorCode::TwoLogins`] where two bearer tokens, or two cookies, claim to be the login.
pub fn credential(headers: &HeaderMap, https: bool, path: &SubPath) -> Sent {
    let mut bearers = headers.get_all(header::AUTHORIZATION).iter().filter_map(bearer);
    match (bearers.next(), bearers.next()) {
        (None, _) => {}
        (Some(token), None) => return Ok(Some(Credential::Bearer(token.to_owned()))),
        (Some(_), Some(_)) => return Err(ErrorCode::TwoLogins),
    }
    let name = cookie_name(https, path);
    let mut found = cookies(headers, &name);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        // A value that is not text is no token of this server: the empty string stands for it, which no check accepts.
        (Some(one), None) => Ok(Some(Credential::Cookie(String::from_utf8(one.to_vec()).unwrap_or_default()))),
        (Some(_), Some(_)) => Err(ErrorCode::TwoLogins),
    }
}

/// Other schemes are a proxy's business, such as a password in front of the whole site.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The one bearer token of a request that takes nothing else.
pub(crate) fn sole_bearer(headers: &HeaderMap) -> Option<&str> {
    let mut bearers = headers.get_all(header::AUTHORIZATION).iter().filter_map(bearer);
    bearers.next().filter(|_| bearers.next().is_none())
}

/// The header that gives a browser its token, for as long as that lasts.
pub fn set_cookie(issued: &Issued, https: bool, path: &SubPath, now: Millis) -> HeaderValue {
    cookie(&issued.token, issued.expires_at.saturating_sub(now) / 1_000, https, path)
}

/// The header that takes it away.
pub fn clear_cookie(https: bool, path: &SubPath) -> HeaderValue {
    cookie("", 0, https, path)
}

/// The header of a cookie that stands for nobody, by which a browser shows whether it sends cookies back. It has the
/// name of the login, which takes its place; by itself it goes within a minute.
pub fn asking_cookie(https: bool, path: &SubPath) -> HeaderValue {
    cookie("asked", 60, https, path)
}

fn cookie(value: &str, max_age_s: u64, https: bool, path: &SubPath) -> HeaderValue {
    let (name, below, secure) = (cookie_name(https, path), path.of_cookies(), if https { "; Secure" } else { "" });
    let text = format!("{name}={value}; Path={below}; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    let mut header = HeaderValue::try_from(text).expect("a token is base64url and dots, and a path has no more");
    header.set_sensitive(true);
    header
}

/// What the login's cookie is called. Below a path it is called by that too: the one of another server, at the root of
/// the host or in between, is sent along.
pub(crate) fn cookie_name(https: bool, path: &SubPath) -> Cow<'static, str> {
    match (https, path.is_root()) {
        (true, true) => Cow::Borrowed(SECURE_COOKIE),
        (true, false) => named(SECURE_COOKIE_BELOW, path),
        (false, _) => named(PLAIN_COOKIE, path),
    }
}

/// A cookie's name, with the path that the server is below.
pub(crate) fn named(name: &'static str, path: &SubPath) -> Cow<'static, str> {
    if path.is_root() {
        return Cow::Borrowed(name);
    }
    Cow::Owned([name, &path.as_str().replace('/', "+")].concat())
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cookie(_) => "Cookie(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use protocol::ErrorCode;

    use super::{Credential, asking_cookie, clear_cookie, credential, set_cookie};
    use crate::auth::Issued;
    use crate::sub_path::SubPath;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    /// Headers, whether by https, and what is found.
    type Row = (&'static [(&'static str, &'static str)], bool, Result<Option<Credential>, ErrorCode>);

    #[test]
    fn a_token_is_found_where_it_belongs() {
        let cookie = |token: &str| Ok(Some(Credential::Cookie(token.to_owned())));
        let bearer = |token: &str| Ok(Some(Credential::Bearer(token.to_owned())));
        let table: [Row; 21] = [
            (&[], false, Ok(None)),
            (&[("cookie", "ws=a.b.c")], false, cookie("a.b.c")),
            (&[("cookie", "theme=dark; ws=a.b.c; other=1")], false, cookie("a.b.c")),
            (&[("cookie", "__Host-ws=a.b.c")], true, cookie("a.b.c")),
            (&[("cookie", "__Host-ws=a.b.c")], false, Ok(None)),
            (&[("cookie", "ws=a.b.c")], true, Ok(None)),
            (&[("cookie", "wsx=a; xws=b")], false, Ok(None)),
            (&[("authorization", "Bearer a.b.c")], false, bearer("a.b.c")),
            (&[("authorization", "bearer  a.b.c ")], true, bearer("a.b.c")),
            (&[("authorization", "Bearer a.b.c"), ("cookie", "ws=d.e.f")], false, bearer("a.b.c")),
            (&[("authorization", "Basic dXNlcjpwdw=="), ("cookie", "ws=d.e.f")], false, cookie("d.e.f")),
            (&[("authorization", "Bearer")], false, Ok(None)),
            (&[("authorization", "Bearer a"), ("authorization", "Bearer b")], false, Err(ErrorCode::TwoLogins)),
            (&[("authorization", "Basic dXNlcjpwdw=="), ("authorization", "Bearer a.b.c")], false, bearer("a.b.c")),
            // What a sibling domain may set, because browsers guard the prefix by the name as it is sent.
            (&[("cookie", "__%48ost-ws=evil")], true, Ok(None)),
            (&[("cookie", "__%48ost-ws=evil; __Host-ws=a.b.c")], true, cookie("a.b.c")),
            (&[("cookie", "__Host-ws=a.b.c; __%48ost-ws=evil")], true, cookie("a.b.c")),
            (&[("cookie", "%77s=evil; ws=a.b.c")], false, cookie("a.b.c")),
            (&[("cookie", "ws=a.b.c; ws=d.e.f")], false, Err(ErrorCode::TwoLogins)),
            (&[("cookie", "__Host-ws=a.b.c"), ("cookie", "__Host-ws=a.b.c")], true, Err(ErrorCode::TwoLogins)),
            (&[("cookie", "ws=a; ws=b"), ("authorization", "Bearer a.b.c")], false, bearer("a.b.c")),
        ];
        for (list, https, expected) in table {
            assert_eq!(
                credential(&headers(list), https, &SubPath::default()),
                expected,
                "{} headers, https: {https}",
                list.len()
            );
        }
    }

    #[test]
    fn a_cookie_lasts_as_long_as_its_token() {
        let (issued, root) = (Issued { token: "a.b.c".to_owned(), expires_at: 86_400_999 }, &SubPath::default());
        assert_eq!(
            set_cookie(&issued, true, root, 999),
            "__Host-ws=a.b.c; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(set_cookie(&issued, false, root, 86_500_000), "ws=a.b.c; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(asking_cookie(true, root), "__Host-ws=asked; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(clear_cookie(false, root), "ws=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn below_a_path_a_cookie_is_of_that_path_alone() {
        let issued = Issued { token: "a.b.c".to_owned(), expires_at: 86_400_999 };
        let [chat, dev] = ["/chat", "/chat/dev"].map(|path| SubPath::parse(path).expect("is one"));
        assert_eq!(
            set_cookie(&issued, true, &chat, 999),
            "__Secure-ws+chat=a.b.c; Path=/chat; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(clear_cookie(false, &dev), "ws+chat+dev=; Path=/chat/dev; Max-Age=0; HttpOnly; SameSite=Lax");
        // As a browser sends them to the innermost of three servers of one host.
        let sent = headers(&[("cookie", "ws+chat+dev=d.e.v; ws+chat=c.h.at; ws=r.o.ot")]);
        for (path, token) in [(&SubPath::default(), "r.o.ot"), (&chat, "c.h.at"), (&dev, "d.e.v")] {
            assert_eq!(credential(&sent, false, path), Ok(Some(Credential::Cookie(token.to_owned()))));
        }
        let whole = headers(&[("cookie", "__Host-ws=r.o.ot; ws+chat=c.h.at")]);
        assert_eq!(credential(&whole, true, &chat), Ok(None));
    }
}
