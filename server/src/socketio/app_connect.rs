//! Whether a `CONNECT` is for an application, and as which of its users.

use std::sync::Arc;

use channels::Namespace;
use serde_json::Value;

use super::registry::Handle;
use crate::apps::registry::{App, SignedIn};
use crate::auth::Credential;
use crate::state::AppState;

/// What clients of applications are told who are not let in.
pub(super) const FAILED: &str = "Authentication failed";

/// Somebody who is let in.
pub(super) struct First {
    pub(super) app: Arc<App>,
    pub(super) signed_in: SignedIn,
    pub(super) namespace: Namespace,
}

/// `None`: it is for the chat. The application is named by the handshake's address (`?app=`), in `auth`, or by the token's
/// issuer, which is believed in nothing else.
pub(super) fn application(
    state: &AppState,
    handle: &Handle,
    namespace: &str,
    auth: &Value,
) -> Option<Result<First, &'static str>> {
    let told = auth.get("token").and_then(Value::as_str).map(|token| token.trim().trim_start_matches("Bearer ").trim());
    let token = match (told.filter(|token| !token.is_empty()), &handle.credential) {
        (Some(token), _) => token,
        (None, Ok(Some(Credential::Bearer(token)))) => token.as_str(),
        (None, Ok(Some(Credential::Cookie(_)) | None) | Err(_)) => "",
    };
    let bytes_max = state.config.limits.app_token_bytes_max;
    let named = handle.app.as_deref().or_else(|| auth.get("app").and_then(Value::as_str));
    let app = match named {
        Some(name) => match state.apps.find_by_name(name) {
            Some(app) => app,
            None => return Some(Err(FAILED)),
        },
        None => match state.apps.of_token(token) {
            Some(app) => app,
            // A page of an application can mean nothing else.
            None if handle.page.is_some() => return Some(Err(FAILED)),
            None => return None,
        },
    };
    if handle.page.as_ref().is_some_and(|page| !app.lists_origin(page)) {
        return Some(Err(FAILED));
    }
    let Ok(signed_in) = app.authenticate(token, bytes_max, state.clock.wall()) else { return Some(Err(FAILED)) };
    let rules = app.loaded();
    let Some(namespace) = rules.rules.namespace(namespace).cloned() else { return Some(Err("Invalid namespace")) };
    if !rules.rules.may_connect(&signed_in.client, &namespace) {
        return Some(Err(FAILED));
    }
    drop(rules);
    Some(Ok(First { app, signed_in, namespace }))
}

impl std::fmt::Debug for First {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("First(…)")
    }
}
