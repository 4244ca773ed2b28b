//! The JWT behind a login: HS256 and nothing else, with a key derived from the server's secret.
//!
//! The library checks signature, algorithm and issuer; the end is checked here, against the time that is handed in.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use protocol::{DisplayName, ErrorCode, Millis, UserKind};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::store::{LoginKey, UserId};
use realtime::clock::{base64url, from_base64url};

const ISSUER: &str = "whisperspace";

/// What a token says. Times are in seconds, as RFC 7519 has them.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) jti: String,
    pub(super) name: DisplayName,
    pub(super) kind: UserKind,
    pub(super) iat: u64,
    pub(super) exp: u64,
}

/// A token and its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The JWT.
    pub token: String,
    /// When it ends.
    pub expires_at: Millis,
}

/// What a good token claims.
pub(super) struct Claimed {
    pub(super) user: UserId,
    pub(super) login: LoginKey,
    pub(super) name: DisplayName,
    pub(super) expires_at: Millis,
}

pub(super) struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

/// How tokens that this server makes itself are checked.
pub(crate) fn own_tokens(issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.leeway = 0;
    // The library reads a clock of its own; whoever reads a token compares with the time it is given.
    validation.validate_exp = false;
    validation
}

impl Tokens {
    pub(super) fn new(key: &[u8]) -> Self {
        let validation = own_tokens(ISSUER);
        Self { signing: EncodingKey::from_secret(key), checking: DecodingKey::from_secret(key), validation }
    }

    pub(super) fn issue(
        &self,
        user: UserId,
        login: LoginKey,
        kind: UserKind,
        name: &DisplayName,
        now: Millis,
        lasts_ms: u64,
    ) -> Issued {
        let iat = now / 1_000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: base64url(&user.0),
            jti: base64url(&login.0),
            name: name.clone(),
            kind,
            iat,
            exp: iat + lasts_ms / 1_000,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .expect("strings and numbers always serialise, and the key is one for HMAC");
        Issued { token, expires_at: claims.exp * 1_000 }
    }

    pub(super) fn read(&self, token: &str, now: Millis) -> Result<Claimed, ApiError> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation)
            .map_err(|_| ErrorCode::Unauthorized)?
            .claims;
        let expires_at = claims.exp.saturating_mul(1_000);
        if expires_at <= now {
            return Err(ErrorCode::Unauthorized.into());
        }
        let user = from_base64url(&claims.sub).map(UserId).ok_or(ErrorCode::Unauthorized)?;
        let login = from_base64url(&claims.jti).map(LoginKey).ok_or(ErrorCode::Unauthorized)?;
        Ok(Claimed { user, login, name: claims.name, expires_at })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issued(…)")
    }
}
