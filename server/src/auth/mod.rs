//! Who somebody is: tokens (`token`), passwords and PINs (`hashing`), and where a request carries its token
//! (`credential`).
//!
//! Nothing here is formatted or logged: identities, tokens and secrets redact themselves.

mod credential;
mod hashing;
mod token;

#[cfg(test)]
mod tests;

use std::fmt;

use protocol::{DisplayName, ErrorCode, Me, Millis, UserKind, Username};

pub use credential::{Credential, clear_cookie, credential, set_cookie};
pub use token::Issued;

use crate::auth::hashing::Hashing;
use crate::auth::token::Tokens;
use crate::clock::hour;
use crate::error::Failure;
use crate::keys::Keys;
use crate::store::{LoginKey, Store, UserId};

/// How long a token lasts.
pub const TOKEN_MS: u64 = 24 * 60 * 60 * 1_000;
/// A token with less than this left is renewed when it is used.
const RENEW_BELOW_MS: u64 = TOKEN_MS / 2;

/// The person behind a request or a connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which user.
    pub user: UserId,
    /// By which of the user's logins.
    pub login: LoginKey,
    /// Guest or account.
    pub kind: UserKind,
    /// What rooms show.
    pub name: DisplayName,
    /// The account's name.
    pub username: Option<Username>,
    /// When the token ends.
    pub expires_at: Millis,
}

impl Identity {
    /// What the person is told about themselves.
    pub fn me(&self) -> Me {
        let username = self.username.as_ref().map(|name| name.as_str().to_owned());
        Me { kind: self.kind, name: self.name.clone(), username }
    }

    /// What the person is told as their own id, and nobody else is.
    pub fn own_id(&self) -> String {
        crate::clock::base64url(&self.user.0)
    }

    /// Whether the token is in the second half of its life.
    pub const fn is_due(&self, now: Millis) -> bool {
        self.expires_at < now.saturating_add(RENEW_BELOW_MS)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?})", self.kind)
    }
}

/// Makes and checks tokens, hashes and compares secrets.
#[derive(Debug)]
pub struct Auth {
    tokens: Tokens,
    hashing: Hashing,
}

impl Auth {
    /// With the server's keys. At most `hashing_permits` secrets are hashed at once.
    pub fn new(keys: &Keys, hashing_permits: usize) -> Self {
        Self { tokens: Tokens::new(keys.tokens()), hashing: Hashing::new(hashing_permits) }
    }

    /// A token for a login, good for [`TOKEN_MS`].
    pub fn issue(&self, user: UserId, login: LoginKey, kind: UserKind, name: &DisplayName, now: Millis) -> Issued {
        self.tokens.issue(user, login, kind, name, now)
    }

    /// Who a token stands for: it is ours, it has not ended, and its login still exists.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthorized`], [`ErrorCode::Revoked`] where the login was ended, or why the store can't tell.
    pub async fn authenticate(&self, store: &dyn Store, token: &str, now: Millis) -> Result<Identity, Failure> {
        let claimed = self.tokens.read(token, now)?;
        let user = store.user(claimed.user, now).await?.ok_or(ErrorCode::Unauthorized)?;
        let login = user.logins.iter().find(|login| login.key == claimed.login).ok_or(ErrorCode::Revoked)?;
        if login.last_used_at < hour(now) && !store.touch_login(user.id, login.key, hour(now), now).await? {
            return Err(ErrorCode::Revoked.into());
        }
        // What the store knows of an account is newer than a token: it may have been renamed by another login.
        let (kind, name, username) = match user.account {
            Some(account) => (UserKind::Account, account.display_name, Some(account.username)),
            None => (UserKind::Guest, claimed.name, None),
        };
        Ok(Identity { user: user.id, login: claimed.login, kind, name, username, expires_at: claimed.expires_at })
    }

    /// The PHC string of a password or PIN, hashed off the runtime.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] when too many wait for the same.
    pub async fn hash(&self, secret: Vec<u8>) -> Result<String, Failure> {
        self.hashing.hash(secret).await
    }

    /// Whether a secret is the one of a PHC string. `None` costs the same and is never equal.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] when too many wait for the same.
    pub async fn verify(&self, secret: Vec<u8>, phc: Option<&str>) -> Result<bool, Failure> {
        self.hashing.verify(secret, phc).await
    }
}
