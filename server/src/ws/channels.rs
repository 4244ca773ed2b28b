//! A `hello` of a client of an application: who it is, and which session it wants back.
//!
//! The application is named in `hello`, in the address (`?app=`), or by the token's issuer, which is believed in nothing
//! else. Unlike in rooms, a session's secret alone brings nobody back: only a token says that its user may still be here.

use std::collections::BTreeSet;
use std::sync::Arc;

use channels::Namespace;
use protocol::{
    ChannelClientFrame, ChannelLimits, ChannelServerFrame, ErrorCode, Millis, Resume, Secret, decode_channel_client,
};
use realtime::attachment::Attachment;
use realtime::dialect::{Counted, Frame};
use realtime::hub::random_secret;
use realtime::session::Greeting;

use super::caller::Caller;
use super::hello::Hello;
use crate::apps::client::Person;
use crate::apps::handler::ChannelsHandler;
use crate::apps::live::{ForChannels, Heard, Place, Way, said};
use crate::apps::native::NativeHandler;
use crate::apps::registry::{App, SignedIn};
use crate::apps::sessions::SessionHost;
use crate::auth::{Credential, Sent};
use crate::error::ApiError;
use crate::state::AppState;

/// What such a `hello` says.
pub(super) struct ChannelsHello {
    app: Option<String>,
    token: Option<String>,
    resume: Option<Resume>,
    namespaces: Vec<String>,
}

/// A connection that has introduced itself.
pub(super) struct Introduced {
    pub(super) line: Attachment<ForChannels>,
    pub(super) handler: NativeHandler,
}

/// Reads a frame that may be such a `hello`: one that says what one for rooms does not.
pub(super) fn parse(text: &str) -> Option<ChannelsHello> {
    match decode_channel_client(text) {
        Ok(ChannelClientFrame::Hello { app, token, resume, namespaces }) => {
            Some(ChannelsHello { app, token, resume, namespaces })
        }
        Ok(_) | Err(_) => None,
    }
}

/// Whether a `hello` that could be for rooms is for an application: the address or the token says so.
pub(super) fn of_rooms(
    state: &AppState,
    hello: Hello,
    sent: &Sent,
    named: Option<&str>,
) -> Result<ChannelsHello, Hello> {
    let Some(token) = hello.token().or_else(|| bearer(sent)) else { return Err(hello) };
    if named.is_none() && state.apps.of_token(token).is_none() {
        return Err(hello);
    }
    let (token, resume) = hello.into_claim();
    Ok(ChannelsHello { app: None, token, resume, namespaces: Vec::new() })
}

fn bearer(sent: &Sent) -> Option<&str> {
    match sent {
        Ok(Some(Credential::Bearer(token))) => Some(token),
        Ok(Some(Credential::Cookie(_)) | None) | Err(_) => None,
    }
}

/// Checks who it is, then gives the session that is claimed a new line, or opens one.
///
/// # Errors
/// Why it is not let in.
pub(super) fn introduce(state: &AppState, hello: ChannelsHello, caller: &Caller) -> Result<Introduced, ApiError> {
    let ChannelsHello { app, token, resume, namespaces } = hello;
    let token = token.as_deref().or_else(|| bearer(&caller.credential)).ok_or(ErrorCode::Unauthorized)?;
    let app = match app.as_deref().or(caller.app.as_deref()) {
        Some(name) => state.apps.find_by_name(name),
        None => state.apps.of_token(token),
    };
    let app = app.ok_or(ErrorCode::Unauthorized)?;
    if caller.page.as_ref().is_some_and(|page| !app.lists_origin(page)) {
        return Err(ErrorCode::BadOrigin.into());
    }
    let bytes_max = state.config.limits.app_token_bytes_max;
    let signed_in = app.authenticate(token, bytes_max, state.clock.wall()).map_err(|_| ErrorCode::Unauthorized)?;
    if let Some(claim) = resume
        && let Some(introduced) = take_back(state, &app, &signed_in, &claim)
    {
        return Ok(introduced);
    }
    open(state, app, &signed_in, &namespaces)
}

/// A session whose user's token says the same as the one that it began with; another one begins anew.
fn take_back(state: &AppState, app: &App, signed_in: &SignedIn, claim: &Resume) -> Option<Introduced> {
    let person = state.sessions.find(&claim.session)?;
    // An application that went away has ended its sessions, also where another of its name has come.
    let stands = std::ptr::eq(&raw const *person.app, app) && person.is_of(app, &signed_in.client);
    if !stands {
        return None;
    }
    let introduced = attach(state, &person, signed_in, Some(claim), &person.namespaces())?;
    person.back();
    Some(introduced)
}

fn open(state: &AppState, app: Arc<App>, signed_in: &SignedIn, namespaces: &[String]) -> Result<Introduced, ApiError> {
    let loaded = app.loaded();
    let wanted: Option<Vec<Namespace>> = namespaces.iter().map(|name| loaded.rules.namespace(name).cloned()).collect();
    let mut wanted = wanted.ok_or(ErrorCode::Forbidden)?;
    if wanted.is_empty() {
        wanted.push(loaded.rules.first_namespace().clone());
    }
    let mut known = BTreeSet::new();
    wanted.retain(|namespace| known.insert(namespace.clone()));
    // Before there is a session: nobody is told of somebody who is sent away.
    if !wanted.iter().all(|namespace| loaded.rules.may_connect(&signed_in.client, namespace)) {
        return Err(ErrorCode::Forbidden.into());
    }
    let person = Arc::new(Person::connect(app, signed_in, &state.live, Way::Native)?);
    let introduced = attach(state, &person, signed_in, None, &wanted).ok_or(ErrorCode::Internal)?;
    state.sessions.insert(&person);
    for namespace in &wanted {
        if !person.open(namespace) {
            return Err(ErrorCode::Forbidden.into());
        }
    }
    Ok(introduced)
}

fn attach(
    state: &AppState,
    person: &Arc<Person>,
    signed_in: &SignedIn,
    claim: Option<&Resume>,
    namespaces: &[Namespace],
) -> Option<Introduced> {
    let session = Arc::clone(person.member.session());
    let greeting = Welcome { state, person, namespaces, resumed: claim.is_some() };
    let claim = claim.map(|claim| (&claim.secret, claim.have));
    let is_back = claim.is_some();
    let attached = session.attach(claim, random_secret(), &state.config.limits, greeting)?;
    state.hub.counts().resumed(is_back, attached.gaps);
    let generation = attached.generation;
    let host = Box::new(SessionHost::resumable(Arc::clone(person), state.sessions.clone()));
    let line = Attachment { host, session, generation };
    let handler = NativeHandler::new(ChannelsHandler::new(Arc::clone(person), signed_in), generation);
    Some(Introduced { line, handler })
}

/// What the client is told first.
struct Welcome<'a> {
    state: &'a AppState,
    person: &'a Person,
    namespaces: &'a [Namespace],
    resumed: bool,
}

impl Welcome<'_> {
    fn limits(&self) -> ChannelLimits {
        let limits = &self.state.config.limits;
        ChannelLimits {
            frame_bytes_max: limits.frame_bytes_max,
            frames_per_minute: limits.frames_per_minute,
            channels_max: self.person.app.loaded().rules.limits().subscriptions_per_connection,
            grace_ms: limits.grace_ms,
            ping_every_ms: limits.ping_every_ms,
            silence_ms_max: limits.silence_ms_max,
        }
    }
}

impl Greeting<ForChannels> for Welcome<'_> {
    fn places(&self, held: &Heard) -> Vec<Place> {
        held.places()
    }

    /// Nothing where the channel is not heard any more.
    fn gap(&self, held: &Heard, place: Place, missed: Option<u64>) -> Option<Frame<Place>> {
        let channel = held.channel_of(place).map(channels::ChannelName::as_str);
        held.has(place).then(|| said(&ChannelServerFrame::Gap { channel, missed }, Counted::No))
    }

    fn welcome(self, held: &mut Heard, secret: &Secret) -> Option<Frame<Place>> {
        let now: Millis = self.state.clock.wall();
        let welcome = ChannelServerFrame::Welcome {
            session: &self.person.member.session().id,
            secret,
            resumed: self.resumed,
            app: self.person.app.name.as_str(),
            user: self.person.client().user.as_str(),
            namespaces: self.namespaces.iter().map(Namespace::as_str).collect(),
            channels: held.names().into_iter().map(channels::ChannelName::as_str).collect(),
            now,
            limits: self.limits(),
        };
        Some(said(&welcome, Counted::No))
    }
}
