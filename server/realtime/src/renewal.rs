//! A live session stands on its login, not on the token that it began with. So the login is looked at again when the
//! session can be found by whoever ends it, and then as long as the session lives; what hangs on it is kept: the guest,
//! and the token of the client.
//!
//! While the database is away nothing can be looked at: the session goes on, and is looked at when it is back.

use std::sync::Arc;
use std::time::Duration;

use protocol::{ErrorCode, Limits, ServerFrame};
use tokio::time::Instant;

use crate::error::Refused;
use crate::services::Services;
use crate::session::Carrier;
use crate::session::for_rooms::RoomsSession;

/// Looks in the life of a token: twelve of them before it is due.
const LOOKS: u64 = 24;
/// The longest time between two looks: others may end a login in the database without telling this server.
const EVERY_MAX: Duration = Duration::from_hours(1);
/// The shortest.
const EVERY_MIN: Duration = Duration::from_millis(100);

/// When one connection has the login of its session looked at.
#[derive(Debug)]
pub struct Looks {
    every: Duration,
    due: Instant,
}

impl Looks {
    /// For a connection that has begun now.
    pub fn new(limits: &Limits) -> Self {
        let every = Duration::from_secs(limits.token_s) / u32::try_from(LOOKS).unwrap_or(u32::MAX);
        let every = every.clamp(EVERY_MIN, EVERY_MAX);
        Self { every, due: Instant::now() + every }
    }

    /// When the next look has to begin.
    pub const fn due(&self) -> Instant {
        self.due
    }

    /// Begins the next look, if its time has come. Nobody waits for it.
    pub fn look_if_due(&mut self, services: &Arc<dyn Services>, session: &Arc<RoomsSession>) {
        let now = Instant::now();
        if now >= self.due {
            self.due = now + self.every;
            let (services, session) = (Arc::clone(services), Arc::clone(session));
            let hub = services.hub().clone();
            hub.spawn(async move { look(&*services, &session).await });
        }
    }
}

/// Looks at the login once more, now that the session is registered: it may have been ended between the first look and
/// then, by somebody who did not find the session. A login that is ended from now on ends the session.
///
/// # Errors
/// [`ErrorCode::Revoked`], or why it cannot be told: the session is over.
pub async fn confirm(services: &dyn Services, session: &Arc<RoomsSession>) -> Result<(), Refused> {
    let failure = match services.stands(&session.identity()).await {
        Ok(true) => return Ok(()),
        Ok(false) => ErrorCode::Revoked.into(),
        Err(failure) => failure,
    };
    services.hub().end(session, failure.code);
    Err(failure)
}

/// One of the looks at the login of a live session: keeps the guest, renews a token that is due, ends the session of a
/// login that was ended.
async fn look(services: &dyn Services, session: &Arc<RoomsSession>) {
    match services.keep(&session.identity()).await {
        Some(true) => tell_if_due(services, session),
        Some(false) => services.hub().end(session, ErrorCode::Revoked),
        None => {}
    }
}

/// Gives the client its next token, or the word to fetch it, when half of the time is over.
pub fn tell_if_due(services: &dyn Services, session: &RoomsSession) {
    let identity = session.identity();
    if !services.is_due(&identity) {
        return;
    }
    let told = match session.carrier() {
        Carrier::Bearer => {
            let (token, expires_at) = services.issue(&identity);
            session.renewed(expires_at);
            ServerFrame::Token { token: Some(token), expires_at: Some(expires_at) }
        }
        // Said again at the next look, until it was done.
        Carrier::Cookie => ServerFrame::Token { token: None, expires_at: None },
    };
    session.tell(&told, services.hub().limits());
}
