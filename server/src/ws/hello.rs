//! The first frame: who it is, and which session it wants back.

use std::sync::Arc;

use protocol::{ClientFrame, ClientId, ErrorCode, Resume, ServerFrame, decode_client};

use super::dialect::Native;
use crate::auth::{Credential, Identity, Sent};
use crate::error::ApiError;
use crate::event_log::Event;
use crate::state::AppState;
use realtime::attachment::Attachment;
use realtime::session::Carrier;
use realtime::session::for_rooms::RoomsSession;
use realtime::{following, hub, renewal};

/// A connection that has introduced itself.
pub(super) struct Introduced {
    pub(super) line: Attachment,
    pub(super) resumed: bool,
}

/// What a `hello` says.
pub(super) struct Hello {
    token: Option<String>,
    resume: Option<Resume>,
    follow: bool,
}

impl Hello {
    /// The token that it carries itself.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Its token and its claim.
    pub(super) fn into_claim(self) -> (Option<String>, Option<Resume>) {
        (self.token, self.resume)
    }
}

/// What is wrong with a frame, and the request it names.
pub(super) type Refusal = (ErrorCode, Option<ClientId>);

/// Reads a frame that should be `hello`.
pub(super) fn parse(text: &str) -> Result<Hello, Refusal> {
    match decode_client(text) {
        Ok(ClientFrame::Hello { token, resume, follow }) => Ok(Hello { token, resume, follow }),
        Ok(other) => Err((ErrorCode::BadFrame, other.cid().cloned())),
        Err(error) => Err((error.code, error.cid)),
    }
}

/// Checks who it is, then gives the session that is claimed a new line, or opens one.
///
/// The token says who it is; where there is none that is in force, the secret of the claimed session does, while the
/// login behind that session stands.
pub(super) async fn introduce(state: &AppState, hello: Hello, sent: Sent) -> Result<Introduced, ApiError> {
    let Hello { token, resume, follow } = hello;
    let credential = token.map_or(sent, |token| Ok(Some(Credential::Bearer(token))));
    let now = state.clock.wall();
    let known = match &credential {
        Ok(Some(Credential::Bearer(token) | Credential::Cookie(token))) => {
            state.auth.authenticate(&*state.store, token, now).await
        }
        Ok(None) => Err(ErrorCode::Unauthorized.into()),
        Err(code) => Err((*code).into()),
    };
    let carrier = match credential {
        Ok(Some(Credential::Cookie(_))) => Carrier::Cookie,
        Ok(Some(Credential::Bearer(_)) | None) | Err(_) => Carrier::Bearer,
    };
    let introduced = match (known, resume) {
        (Ok(identity), resume) => match resume.and_then(|claim| take_back(state, &identity, carrier, &claim)) {
            Some(introduced) => introduced,
            None => open(state, &identity, carrier)?,
        },
        (Err(failure), Some(claim)) if failure.code == ErrorCode::Unauthorized => {
            by_secret(state, &claim).await?.ok_or(failure)?
        }
        (Err(failure), _) => return Err(failure),
    };
    let (services, session) = (state.services(), &introduced.line.session);
    // The line is given back if this is cut off.
    renewal::confirm(&*services, session).await?;
    if follow {
        following::begin(&*services, session).await?;
    } else {
        session.set_follows(false);
    }
    renewal::tell_if_due(&*services, session);
    Ok(introduced)
}

fn open(state: &AppState, identity: &Identity, carrier: Carrier) -> Result<Introduced, ApiError> {
    let session = state.hub.open_session(identity, carrier, &Native).ok_or(ErrorCode::TooManyConnections)?;
    let line = attach(state, &session, identity, carrier, None).ok_or(ErrorCode::Internal)?;
    Ok(Introduced { line, resumed: false })
}

fn take_back(state: &AppState, identity: &Identity, carrier: Carrier, claim: &Resume) -> Option<Introduced> {
    let session = state.hub.find_session(&claim.session).filter(|found| found.user() == identity.user)?;
    let line = attach(state, &session, identity, carrier, Some(claim))?;
    Some(Introduced { line, resumed: true })
}

/// By the session's secret alone: it was told to one client only, and is used once.
///
/// The session goes on as it began. A script may read the secret, and what it says beside it must not make a session of the
/// cookie one that is told tokens.
async fn by_secret(state: &AppState, claim: &Resume) -> Result<Option<Introduced>, ApiError> {
    let claimed = state.hub.find_session(&claim.session).filter(|found| found.is_claimed_by(&claim.secret));
    let Some(session) = claimed else {
        return Ok(None);
    };
    let identity = session.identity();
    if !state.auth.stands(&*state.store, &identity, state.clock.wall()).await? {
        return Err(ErrorCode::Revoked.into());
    }
    let line = attach(state, &session, &identity, session.carrier(), Some(claim));
    Ok(line.map(|line| Introduced { line, resumed: true }))
}

fn attach(
    state: &AppState,
    session: &Arc<RoomsSession>,
    identity: &Identity,
    carrier: Carrier,
    claim: Option<&Resume>,
) -> Option<Attachment> {
    let limits = &state.config.limits;
    let attached = session.attach_person(
        identity,
        carrier,
        claim.map(|claim| (&claim.secret, claim.have)),
        hub::random_secret(),
        limits,
        |secret, rooms| ServerFrame::Welcome {
            session: session.id.clone(),
            secret: secret.clone(),
            resumed: claim.is_some(),
            rooms,
            me: identity.me(),
            now: state.clock.wall(),
            limits: limits.into(),
        },
    )?;
    state.hub.counts().resumed(claim.is_some(), attached.gaps);
    if claim.is_some() {
        state.events.record(Event::Resumed(session.user()));
    }
    let host = Box::new(state.hub.clone());
    Some(Attachment { host, session: Arc::clone(session), generation: attached.generation })
}
