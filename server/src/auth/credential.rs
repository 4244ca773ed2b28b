//! Where a request carries its token: in the Authorization header, or in the cookie. Never in a URL.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::CookieJar;
use protocol::Millis;

use crate::auth::Issued;

/// The prefix binds the cookie to this host and to https; browsers refuse it over plain http.
const SECURE_COOKIE: &str = "__Host-ws";
/// Over plain http, as on a home network, there is no such promise.
const PLAIN_COOKIE: &str = "ws";

/// A token, and how it came.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// The browser sent it by itself: proves nothing without the site's own Origin.
    Cookie(String),
    /// Whoever sends it holds it.
    Bearer(String),
}

/// The token of a request. A bearer token is there on purpose, so it wins over a cookie.
pub fn credential(headers: &HeaderMap, https: bool) -> Option<Credential> {
    if let Some(token) = bearer(headers) {
        return Some(Credential::Bearer(token.to_owned()));
    }
    let jar = CookieJar::from_headers(headers);
    jar.get(cookie_name(https)).map(|cookie| Credential::Cookie(cookie.value().to_owned()))
}

/// Other schemes are a proxy's business, such as a password in front of the whole site.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The header that gives a browser its token, for as long as that lasts.
pub fn set_cookie(issued: &Issued, https: bool, now: Millis) -> HeaderValue {
    cookie(&issued.token, issued.expires_at.saturating_sub(now) / 1_000, https)
}

/// The header that takes it away.
pub fn clear_cookie(https: bool) -> HeaderValue {
    cookie("", 0, https)
}

fn cookie(value: &str, max_age_s: u64, https: bool) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}", cookie_name(https));
    let mut header = HeaderValue::try_from(text).expect("a token is base64url and dots");
    header.set_sensitive(true);
    header
}

const fn cookie_name(https: bool) -> &'static str {
    if https { SECURE_COOKIE } else { PLAIN_COOKIE }
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

    use super::{Credential, clear_cookie, credential, set_cookie};
    use crate::auth::Issued;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    /// Headers, whether by https, and what is found.
    type Row = (&'static [(&'static str, &'static str)], bool, Option<Credential>);

    #[test]
    fn a_token_is_found_where_it_belongs() {
        let cookie = |token: &str| Some(Credential::Cookie(token.to_owned()));
        let bearer = |token: &str| Some(Credential::Bearer(token.to_owned()));
        let table: [Row; 12] = [
            (&[], false, None),
            (&[("cookie", "ws=a.b.c")], false, cookie("a.b.c")),
            (&[("cookie", "theme=dark; ws=a.b.c; other=1")], false, cookie("a.b.c")),
            (&[("cookie", "__Host-ws=a.b.c")], true, cookie("a.b.c")),
            (&[("cookie", "__Host-ws=a.b.c")], false, None),
            (&[("cookie", "ws=a.b.c")], true, None),
            (&[("cookie", "wsx=a; xws=b")], false, None),
            (&[("authorization", "Bearer a.b.c")], false, bearer("a.b.c")),
            (&[("authorization", "bearer  a.b.c ")], true, bearer("a.b.c")),
            (&[("authorization", "Bearer a.b.c"), ("cookie", "ws=d.e.f")], false, bearer("a.b.c")),
            (&[("authorization", "Basic dXNlcjpwdw=="), ("cookie", "ws=d.e.f")], false, cookie("d.e.f")),
            (&[("authorization", "Bearer")], false, None),
        ];
        for (list, https, expected) in table {
            assert_eq!(credential(&headers(list), https), expected, "{} headers, https: {https}", list.len());
        }
    }

    #[test]
    fn a_cookie_lasts_as_long_as_its_token() {
        let issued = Issued { token: "a.b.c".to_owned(), expires_at: 86_400_999 };
        assert_eq!(
            set_cookie(&issued, true, 999),
            "__Host-ws=a.b.c; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(set_cookie(&issued, false, 86_500_000), "ws=a.b.c; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(clear_cookie(false), "ws=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
