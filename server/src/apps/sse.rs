//! Events as a stream of text (Server-Sent Events): for readers behind proxies that let nothing else through. It only
//! tells; what a client says goes another way.
//!
//! Who may hear what is said by the application's file; the queue is the core's, so a reader that does not read is not
//! waited for.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use channels::{Access, Channel, Namespace};
use protocol::ErrorCode;
use realtime::session::{Generation, Turn};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::client::Person;
use super::handle::Full;
use super::live::{Asking, Entering, Way};
use super::loaded::Loaded;
use super::registry::{App, SignedIn};
use crate::auth::sole_bearer;
use crate::connections::Place;
use crate::error::ApiError;
use crate::http::client_address::client_address;
use crate::state::AppState;
use crate::transports::{Carried, Carries};

/// Sent at once, so that the head of the answer is not held back; and when to come again after a drop.
const GREETING: &str = ": welcome\nretry: 2000\n\n";
/// Keeps proxies from closing a line on which nothing is told.
const STILL_HERE: &str = ": still here\n\n";
/// A timer holds no longer.
const TOKEN_MAX: Duration = Duration::from_hours(7 * 24);
/// Proxies would gather events otherwise.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

/// What is to be heard, as the address says it.
struct Asked<'a> {
    namespaces: Vec<&'a Namespace>,
    channels: Vec<Channel<'a>>,
}

/// One reader.
struct Reader {
    state: AppState,
    person: Leaving,
    generation: Generation,
    /// Bytes of what was given last: they are written when more is asked for.
    given: usize,
    has_greeted: bool,
    is_over: bool,
    ends_at: Instant,
    leaving: CancellationToken,
    /// Given back when it goes.
    _place: Place,
    _carried: Carried,
}

/// Has everybody told that the connection is over, however it ends.
struct Leaving(Arc<Person>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.lost("transport close");
        self.0.gone();
    }
}

/// `GET /api/v1/apps/APP/events?channel=…&channel=…&namespace=…`, with the user's token as a bearer.
pub(super) async fn events(
    State(state): State<AppState>,
    Path(name): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if state.turns_away() {
        return Err(ErrorCode::ShuttingDown.into());
    }
    let limits = &state.config.limits;
    let token = sole_bearer(&headers).ok_or(ErrorCode::Unauthorized)?;
    let app = state.apps.find_by_name(&name).ok_or(ErrorCode::Unauthorized)?;
    let now = state.clock.wall();
    let signed_in = app.authenticate(token, limits.app_token_bytes_max, now).map_err(|_| ErrorCode::Unauthorized)?;
    let place = state.connections.enter_user(client_address(peer.ip(), &headers, &state.config), limits)?;
    let loaded = app.loaded();
    let asked = Asked::read(&loaded, &asked)?;
    let mut answers = Vec::new();
    for channel in &asked.channels {
        answers.push(may_hear(&state, &app, &loaded, &signed_in, channel).await?);
    }
    let (person, generation) = connect(&state, app, &signed_in, &loaded, (&asked, &answers))?;
    drop(answers);
    let lasts = Duration::from_millis(signed_in.ends_at.saturating_sub(now)).min(TOKEN_MAX);
    let reader = Reader {
        state: state.clone(),
        person,
        generation,
        given: 0,
        has_greeted: false,
        is_over: false,
        ends_at: Instant::now() + lasts,
        leaving: state.drain.leaving(),
        _place: place,
        _carried: state.transports.carry(Carries::EventStream),
    };
    let events = futures::stream::unfold(reader, |mut reader| async move {
        let told = reader.next().await?;
        Some((Ok::<_, Infallible>(told), reader))
    });
    Ok((HEADERS, Body::from_stream(events)).into_response())
}

impl<'a> Asked<'a> {
    fn read(loaded: &'a Loaded, pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let rules = &loaded.rules;
        let most = rules.limits().subscriptions_per_connection;
        let (mut namespaces, mut channels) = (Vec::new(), Vec::new());
        for (name, value) in pairs {
            match name.as_str() {
                "namespace" => namespaces.push(rules.namespace(value).ok_or(ErrorCode::Forbidden)?),
                // One that does not exist is refused as one that is not for this user.
                "channel" => channels.push(rules.channel(value).ok_or(ErrorCode::Forbidden)?),
                _ => return Err(ErrorCode::BadFrame.into()),
            }
        }
        if u64::try_from(channels.len()).is_ok_and(|asked| asked > most) {
            return Err(ErrorCode::TooManyRooms.into());
        }
        if namespaces.is_empty() {
            namespaces.push(rules.first_namespace());
        }
        Ok(Self { namespaces, channels })
    }
}

async fn may_hear(
    state: &AppState,
    app: &Arc<App>,
    loaded: &Loaded,
    signed_in: &SignedIn,
    channel: &Channel<'_>,
) -> Result<Option<Asking>, ApiError> {
    match channel.may_subscribe(&signed_in.client) {
        Access::Allowed => Ok(None),
        Access::Refused => Err(ErrorCode::Forbidden.into()),
        Access::AskBackend { cache_ms } => {
            let asking = state.live.asks(app, &signed_in.client.user, &channel.name);
            let backend = loaded.backend.as_ref().ok_or(ErrorCode::Forbidden)?;
            let answer = backend.lets_in(&signed_in.client, &channel.name, cache_ms, state.clock.now()).await;
            let is_let_in = answer.map_err(|_| ErrorCode::Unavailable)?;
            if is_let_in { Ok(Some(asking)) } else { Err(ErrorCode::Forbidden.into()) }
        }
    }
}

fn connect(
    state: &AppState,
    app: Arc<App>,
    signed_in: &SignedIn,
    loaded: &Loaded,
    (asked, answers): (&Asked<'_>, &[Option<Asking>]),
) -> Result<(Leaving, Generation), ApiError> {
    let person = Arc::new(Person::connect(Arc::clone(&app), signed_in, &state.live, Way::Stream)?);
    // Before anything is heard: what is told to a session without a line is not for this one.
    let generation = person.member.session().connect();
    let leaving = Leaving(person);
    for namespace in &asked.namespaces {
        if !leaving.0.open(namespace) {
            return Err(ErrorCode::Forbidden.into());
        }
    }
    for (channel, asking) in asked.channels.iter().zip(answers) {
        let member = &leaving.0.member;
        let entering = Entering { asking: asking.as_ref(), ..Entering::default() };
        let entered = state.live.enter(&app, &loaded.rules, member, channel, entering);
        entered.map_err(|full| match full {
            Full::PutOut => ErrorCode::Forbidden,
            Full::Members | Full::Subscriptions | Full::Channels | Full::Nodes => ErrorCode::TooManyRooms,
        })?;
    }
    Ok((leaving, generation))
}

impl Reader {
    /// What is written next; `None`: nothing any more.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let session = self.person.0.member.session();
        session.wrote(self.generation, std::mem::take(&mut self.given));
        if !std::mem::replace(&mut self.has_greeted, true) {
            return Some(Bytes::from_static(GREETING.as_bytes()));
        }
        let still_here = sleep(Duration::from_millis(self.state.config.limits.ping_every_ms));
        tokio::pin!(still_here);
        let code = loop {
            match session.turn(self.generation, false) {
                Some(Turn::Write(frames)) => {
                    let told = frames.into_iter().fold(Vec::new(), |mut told, frame| {
                        told.extend_from_slice(&frame);
                        told
                    });
                    self.given = told.len();
                    return Some(told.into());
                }
                Some(Turn::Close(code)) => break code,
                None => {}
            }
            tokio::select! {
                () = session.wake.notified() => {}
                () = &mut still_here => return Some(Bytes::from_static(STILL_HERE.as_bytes())),
                () = sleep_until(self.ends_at) => break ErrorCode::Unauthorized,
                () = self.person.0.app.gone.cancelled() => break ErrorCode::Revoked,
                () = self.leaving.cancelled() => break ErrorCode::ShuttingDown,
            }
        };
        self.is_over = true;
        Some(format!("event: bye\ndata: {{\"code\":\"{code}\"}}\n\n").into())
    }
}
