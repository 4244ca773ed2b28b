//! The next token of a login, where a request is under way for which the login was good.

use protocol::{ErrorCode, Millis, UserKind};

use crate::auth::{Identity, Issued};
use crate::error::ApiError;
use crate::state::State;

/// A new token for a login; the end of a guest moves with it.
///
/// # Errors
/// [`ErrorCode::Revoked`] where the login was ended while the request was under way.
pub(super) async fn issue(state: &State, identity: &Identity, now: Millis) -> Result<Issued, ApiError> {
    let (user, lasts_ms) = (identity.user, state.auth.token_ms());
    let issued = state.auth.issue(user, identity.login, identity.kind, &identity.name, now);
    // A guest who was made just now already has this end; the store need not be written.
    if identity.expires_at != now + lasts_ms {
        if !state.auth.stands(&*state.store, identity, now).await? {
            return Err(ErrorCode::Revoked.into());
        }
        if identity.kind == UserKind::Guest {
            state.store.extend_guest(user, now + lasts_ms, now).await?;
        }
    }
    Ok(issued)
}
