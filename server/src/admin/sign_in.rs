//! Signing in as an operator: by the name and the password of the file. Tries are counted as those at accounts are, by
//! address and by name, and a name that no operator has costs the same time.

use chat::Now;
use protocol::admin::{OperatorCredentials, OperatorToken};
use protocol::{ErrorCode, Password, Username};
use realtime::rate_limits::Caller;

use super::acts::{About, note};
use super::desk::Who;
use crate::error::ApiError;
use crate::event_log::{AdminAct, Event};
use crate::http::identity::RequestContext;
use crate::http::reach::Reach;
use crate::state::AppState;

/// What is in front of a name where tries are counted: those at an operator are none at the account of the same name.
const TRIES_AT: &str = "operator ";

/// Answers a session, or why not.
pub(super) async fn sign_in(
    state: &AppState,
    context: &RequestContext,
    typed: OperatorCredentials,
) -> Result<OperatorToken, ApiError> {
    let name = Username::known(&typed.name);
    let operator = match &name {
        Some(name) => state.desk.find(name).await,
        None => None,
    };
    let folded = name.as_ref().map_or(typed.name, Username::folded);
    let phc = operator.as_ref().map(|operator| operator.phc.as_str());
    // No login of a person counts: who asks is nobody but an address.
    let caller = Caller { user: None, address: context.address, followed: context.reach != Reach::Direct };
    let right = check(state, caller, context.now, &folded, &typed.password, phc).await?;
    let Some(operator) = operator.filter(|_| right) else {
        tracing::warn!("somebody tried to sign in as an operator, and failed");
        state.events.record(Event::Admin { act: AdminAct::Refused, room: None, person: None });
        return Err(ErrorCode::BadCredentials.into());
    };
    note(state, &Who::Operator(operator.name.as_str().to_owned()), AdminAct::SignIn, About::default());
    Ok(state.desk.sign_in(&operator, state.clock.wall()))
}

async fn check(
    state: &AppState,
    caller: Caller,
    now: Now,
    folded: &str,
    password: &str,
    phc: Option<&str>,
) -> Result<bool, ApiError> {
    let key = state.keys.name_key(&[TRIES_AT, folded].concat());
    let attempt = state.rate_limits.try_password(key, false, caller, now)?;
    let attempt = state.rate_limits.turn(attempt, &state.clock).await?;
    let right = state.auth.verify(Password::tried(password).tries(), phc).await;
    match right {
        Ok(true) => state.rate_limits.succeeded(attempt, state.clock.now()),
        Ok(false) => state.rate_limits.failed(attempt),
        Err(_) => state.rate_limits.withdrawn(attempt, state.clock.now()),
    }
    right
}
