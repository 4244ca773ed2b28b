//! Who somebody is: tokens (`token`), passwords and PINs (`hashing`), and where a request carries its token
//! (`credential`, `cookies`).
//!
//! Nothing here is formatted or logged: identities, tokens and secrets redact themselves.

mod blocks;
mod cookies;
mod credential;
mod hashing;
mod token;

#[cfg(test)]
mod tests;

use protocol::{DisplayName, ErrorCode, Millis, UserKind};

pub use cookies::cookies;
pub use credential::{Credential, Sent, asking_cookie, clear_cookie, credential, set_cookie};
pub(crate) use credential::{cookie_name, named, sole_bearer};
pub use token::Issued;
pub(crate) use token::own_tokens;

pub use realtime::identity::Identity;

use crate::auth::hashing::Hashing;
use crate::auth::token::Tokens;
use crate::error::ApiError;
use crate::keys::Keys;
use crate::store::{LoginKey, Store, UserId};
use realtime::clock::hour;

/// How long a token lasts, unless the limits say something else.
pub const TOKEN_MS: u64 = 24 * 60 * 60 * 1_000;

/// The PHC string of a secret, for whoever serves nobody meanwhile.
///
/// # Errors
/// There is no memory for it.
pub fn hash_now(secret: &[u8]) -> Result<String, ApiError> {
    hashing::hash(secret, &realtime::clock::random::<16>())
}

/// Makes and checks tokens, hashes and compares secrets.
#[derive(Debug)]
pub struct Auth {
    tokens: Tokens,
    hashing: Hashing,
    token_ms: u64,
}

impl Auth {
    /// With the server's keys. At most `hashing_permits` secrets are hashed at once.
    pub fn new(keys: &Keys, hashing_permits: usize) -> Self {
        Self { tokens: Tokens::new(keys.tokens()), hashing: Hashing::new(hashing_permits), token_ms: TOKEN_MS }
    }

    /// The same with tokens that last so long.
    #[must_use]
    pub const fn with_tokens_of(mut self, token_s: u64) -> Self {
        self.token_ms = token_s.saturating_mul(1_000);
        self
    }

    /// How long a token lasts, and a guest without being seen.
    pub const fn token_ms(&self) -> u64 {
        self.token_ms
    }

    /// A token for a login, good for [`Auth::token_ms`].
    pub fn issue(&self, user: UserId, login: LoginKey, kind: UserKind, name: &DisplayName, now: Millis) -> Issued {
        self.tokens.issue(user, login, kind, name, now, self.token_ms)
    }

    /// Whether the token is in the second half of its life.
    pub const fn is_due(&self, identity: &Identity, now: Millis) -> bool {
        identity.expires_at < now.saturating_add(self.token_ms / 2)
    }

    /// Whether the login behind somebody has not been ended.
    ///
    /// # Errors
    /// Why the store can't tell.
    pub async fn stands(&self, store: &dyn Store, identity: &Identity, now: Millis) -> Result<bool, ApiError> {
        let user = store.user(identity.user, now).await?;
        Ok(user.is_some_and(|user| user.logins.iter().any(|login| login.key == identity.login)))
    }

    /// Who a token stands for: it is ours, it has not ended, and its login still exists.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthorized`], [`ErrorCode::Revoked`] where the login was ended, or why the store can't tell.
    pub async fn authenticate(&self, store: &dyn Store, token: &str, now: Millis) -> Result<Identity, ApiError> {
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
    pub async fn hash(&self, secret: Vec<u8>) -> Result<String, ApiError> {
        self.hashing.hash(secret).await
    }

    /// Whether one of the forms of a secret is that of a PHC string. `None` costs the same and is never equal.
    ///
    /// How many forms there are depends on what was typed alone, so the time of a refusal tells nothing of the account.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] when too many wait for the same.
    pub async fn verify(&self, tries: impl Iterator<Item = &[u8]>, phc: Option<&str>) -> Result<bool, ApiError> {
        for secret in tries {
            if self.hashing.verify(secret.to_vec(), phc).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
