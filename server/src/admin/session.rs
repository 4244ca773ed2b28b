//! An operator's session: a signed token for an hour, which the page keeps in a cookie of its own and programs send as a
//! bearer token. Its key is derived for this alone, so no login of a person is one, and none of these is a login.
//!
//! A token names the operator and a mark of the password's hash: who is taken out of the file, or gets another password,
//! is signed out with it.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use protocol::Millis;
use protocol::admin::OperatorToken;
use serde::{Deserialize, Serialize};

use super::operators::Operator;
use crate::auth::{cookies, named, own_tokens};
use crate::sub_path::SubPath;

const ISSUER: &str = "whisperspace operator";
/// How long one is signed in.
const LASTS_S: u64 = 3_600;
/// Where the page is; the cookie goes nowhere else.
const PATH: &str = "/admin";
/// The prefix binds the cookie to https; `__Host-` would send it everywhere.
const SECURE_COOKIE: &str = "__Secure-ws-admin";
const PLAIN_COOKIE: &str = "ws-admin";

/// Times are in seconds, as RFC 7519 has them.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// The mark of the password's hash.
    jti: String,
    iat: u64,
    exp: u64,
}

/// What a good token says: it counts as long as the file has this operator with a hash of this mark.
pub(super) struct Claimed {
    pub(super) name: String,
    pub(super) mark: String,
    pub(super) ends_at: Millis,
}

/// Signs and reads them.
pub(super) struct Signing {
    key: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

impl Signing {
    pub(super) fn new(key: &[u8]) -> Self {
        let validation = own_tokens(ISSUER);
        Self { key: EncodingKey::from_secret(key), checking: DecodingKey::from_secret(key), validation }
    }

    pub(super) fn issue(&self, operator: &Operator, mark: String, now: Millis) -> OperatorToken {
        let iat = now / 1_000;
        let (iss, sub) = (ISSUER.to_owned(), operator.name.as_str().to_owned());
        let claims = Claims { iss, sub, jti: mark, iat, exp: iat + LASTS_S };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)
            .expect("strings and numbers always serialise, and the key is one for HMAC");
        OperatorToken { token, expires_at: claims.exp * 1_000 }
    }

    pub(super) fn read(&self, token: &str, now: Millis) -> Option<Claimed> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation).ok()?.claims;
        let ends_at = claims.exp.saturating_mul(1_000);
        (ends_at > now).then_some(Claimed { name: claims.sub, mark: claims.jti, ends_at })
    }
}

/// The session of a page; two cookies of the name are none, since one of them was set by somebody else.
pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, https: bool, path: &SubPath) -> Option<&'a str> {
    let name = name(https, path);
    let mut found = cookies(headers, &name);
    let first = found.next()?;
    found.next().is_none().then(|| std::str::from_utf8(first).ok()).flatten()
}

pub(super) fn set_cookie(token: &OperatorToken, https: bool, path: &SubPath) -> HeaderValue {
    cookie(&token.token, LASTS_S, https, path)
}

pub(super) fn clear_cookie(https: bool, path: &SubPath) -> HeaderValue {
    cookie("", 0, https, path)
}

fn cookie(value: &str, max_age_s: u64, https: bool, path: &SubPath) -> HeaderValue {
    let (name, page, secure) = (name(https, path), path.at(PATH), if https { "; Secure" } else { "" });
    let text = format!("{name}={value}; Path={page}; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    let mut header = HeaderValue::try_from(text).expect("a token is base64url and dots, and a path has no more");
    header.set_sensitive(true);
    header
}

fn name(https: bool, path: &SubPath) -> Cow<'static, str> {
    named(if https { SECURE_COOKIE } else { PLAIN_COOKIE }, path)
}

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signing(…)")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};
    use protocol::Username;

    use super::*;

    #[test]
    fn a_session_is_good_for_an_hour_and_for_its_key_alone() {
        let signing = Signing::new(b"one key");
        let operator = Operator { name: Username::parse("maria").expect("is a name"), phc: "$argon2".to_owned() };
        let token = signing.issue(&operator, "mark".to_owned(), 5_000_999);
        assert_eq!(token.expires_at, 8_600_000);
        let read = |at| signing.read(&token.token, at).map(|claimed| (claimed.name, claimed.mark));
        assert_eq!(read(8_599_999), Some(("maria".to_owned(), "mark".to_owned())));
        assert_eq!(read(8_600_000), None);
        assert!(Signing::new(b"another").read(&token.token, 5_001_000).is_none());
    }

    #[test]
    fn the_cookie_goes_to_the_page_alone_and_two_are_none() {
        let token = OperatorToken { token: "a.b.c".to_owned(), expires_at: 0 };
        let root = &SubPath::default();
        let set = set_cookie(&token, true, root);
        assert_eq!(set, "__Secure-ws-admin=a.b.c; Path=/admin; Max-Age=3600; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(clear_cookie(false, root), "ws-admin=; Path=/admin; Max-Age=0; HttpOnly; SameSite=Strict");
        let chat = &SubPath::parse("/chat").expect("is one");
        assert_eq!(clear_cookie(false, chat), "ws-admin+chat=; Path=/chat/admin; Max-Age=0; HttpOnly; SameSite=Strict");
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("ws=x; ws-admin=a.b.c"));
        assert_eq!(cookie_of(&headers, false, root), Some("a.b.c"));
        assert_eq!(cookie_of(&headers, true, root), None);
        headers.append(header::COOKIE, HeaderValue::from_static("ws-admin=d.e.f"));
        assert_eq!(cookie_of(&headers, false, root), None);
    }
}
