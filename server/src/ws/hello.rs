//! The first frame: who it is, and which session it wants back.

use std::sync::Arc;

use protocol::{ClientFrame, ClientId, ErrorCode, Resume, ServerFrame, decode_client};

use crate::auth::Identity;
use crate::clock;
use crate::error::Failure;
use crate::hub;
use crate::session::{Dialect, Generation, Session};
use crate::state::AppState;

/// A connection that has introduced itself.
pub(super) struct Introduced {
    pub(super) session: Arc<Session>,
    pub(super) generation: Generation,
    pub(super) resumed: bool,
}

/// What is wrong with a frame, and the request it names.
pub(super) type Refusal = (ErrorCode, Option<ClientId>);

/// Reads a frame that should be `hello`.
pub(super) fn parse(text: &str) -> Result<(Option<String>, Option<Resume>), Refusal> {
    match decode_client(text) {
        Ok(ClientFrame::Hello { token, resume }) => Ok((token, resume)),
        Ok(other) => Err((ErrorCode::BadFrame, other.cid().cloned())),
        Err(error) => Err((error.code, error.cid)),
    }
}

/// Checks the token, then gives the session that is claimed a new line, or opens one.
pub(super) async fn introduce(state: &AppState, token: &str, resume: Option<Resume>) -> Result<Introduced, Failure> {
    let identity = state.auth.authenticate(&*state.store, token, clock::now()).await?;
    if let Some(introduced) = resume.and_then(|claim| take_back(state, &identity, &claim)) {
        return Ok(introduced);
    }
    let session = state.hub.open_session(&identity, Dialect::Native).ok_or(ErrorCode::TooManyConnections)?;
    let attached = attach(state, &session, &identity, None).ok_or(ErrorCode::Internal)?;
    Ok(Introduced { session, generation: attached, resumed: false })
}

fn take_back(state: &AppState, identity: &Identity, claim: &Resume) -> Option<Introduced> {
    let session = state.hub.find_session(&claim.session, identity)?;
    let generation = attach(state, &session, identity, Some(claim))?;
    Some(Introduced { session, generation, resumed: true })
}

fn attach(state: &AppState, session: &Session, identity: &Identity, claim: Option<&Resume>) -> Option<Generation> {
    let limits = &state.config.limits;
    let attached = session.attach(
        claim.map(|claim| (&claim.secret, claim.have)),
        hub::random_secret(),
        limits,
        |secret, rooms| ServerFrame::Welcome {
            session: session.id.clone(),
            secret: secret.clone(),
            resumed: claim.is_some(),
            rooms,
            me: identity.me(),
            now: clock::now(),
            limits: limits.into(),
        },
    )?;
    session.set_identity(identity.clone());
    Some(attached.generation)
}
