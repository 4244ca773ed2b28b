//! The application's own backend, asked by signed HTTP calls: what an event means, and who may hear a channel.
//!
//! Only the configured address is ever asked: a redirect is an answer that cannot be used. Every call is bounded in time,
//! size and number. What is asked and answered is never logged.

use std::fmt;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::uri::{PathAndQuery, Scheme};
use axum::http::{Request, StatusCode, Uri, header};
use bytes::Bytes;
use channels::{AppName, AppUser, ChannelName, Client, EventName, Namespace};
use chat::Now;
use hmac::{Hmac, Mac as _};
use protocol::{Limits, Millis};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::admissions::Admissions;
use super::lines::Lines;
use super::publication::{Fault, Publication, Written};
use super::trouble::Trouble;

/// When the call was signed, in milliseconds.
pub const TIMESTAMP: &str = "x-whisperspace-timestamp";
/// `v1=` and the HMAC-SHA256 of the time, a full stop and the body, in hexadecimal.
pub const SIGNATURE: &str = "x-whisperspace-signature";
/// Calls that may wait for each one that runs.
const WAITING_FOR_ONE: usize = 4;
/// Publications, channels or replies of one answer.
const ANSWERS_MAX: usize = 100;
/// Characters of a refusal's code and message.
const CODE_CHARS_MAX: usize = 64;
const MESSAGE_CHARS_MAX: usize = 512;

/// Makes the calls of one application.
pub struct Backend {
    lines: Lines,
    app: AppName,
    /// Scheme, host, port; and what goes in front of every path.
    base: Uri,
    secret: Vec<u8>,
    patience: Duration,
    answer_bytes_max: usize,
    /// Calls that run.
    running: Semaphore,
    /// And those with the ones that wait.
    places: Semaphore,
    admissions: Admissions,
    trouble: Trouble,
}

/// A client's event, handed over.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// By which the backend knows the same call again.
    pub id: &'a str,
    /// What happened.
    pub event: &'a str,
    /// Where.
    pub namespace: &'a Namespace,
    /// Whose event it is.
    pub client: &'a Client,
    /// What was sent, checked by its schema.
    pub data: &'a Value,
}

/// What the backend says to an event.
#[derive(Default)]
pub struct Answer {
    /// The acknowledgement.
    pub ack: Option<Value>,
    /// Told to the connection that sent it.
    pub reply: Vec<Reply>,
    /// Told to others.
    pub publish: Vec<Publication>,
    /// Channels that the connection enters,
    pub subscribe: Vec<ChannelName>,
    /// and leaves.
    pub unsubscribe: Vec<ChannelName>,
}

/// One event for the connection that sent one.
pub struct Reply {
    /// What it is called.
    pub event: EventName,
    /// What it says.
    pub data: Value,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// The backend says no, in its own words.
    #[error("the backend refuses")]
    Refused {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// More calls wait than may.
    #[error("too many calls at once")]
    Busy,
    /// It cannot be reached.
    #[error("the backend cannot be reached")]
    Down,
    /// It does not answer in time.
    #[error("the backend does not answer in time")]
    Slow,
    /// What it answers is not what it should be.
    #[error("the backend's answer cannot be used")]
    Nonsense,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    name: Option<&'a str>,
    role: Option<&'a str>,
}

#[derive(Serialize)]
struct EventBody<'a> {
    app: &'a str,
    id: &'a str,
    event: &'a str,
    namespace: &'a str,
    user: User<'a>,
    data: &'a Value,
    at: Millis,
}

#[derive(Serialize)]
struct QuestionBody<'a> {
    app: &'a str,
    user: User<'a>,
    channel: &'a str,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    error: Option<Refusal>,
    #[serde(default)]
    ack: Option<Value>,
    #[serde(default)]
    reply: Vec<ToldReply>,
    #[serde(default)]
    publish: Vec<Written>,
    #[serde(default)]
    subscribe: Vec<String>,
    #[serde(default)]
    unsubscribe: Vec<String>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct ToldReply {
    event: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Allowed {
    allow: bool,
}

impl Backend {
    /// # Errors
    /// What is wrong with its address, or with who vouches for it.
    pub fn new(app: &AppName, told: &channels::Backend, lines: &Lines, limits: &Limits) -> Result<Self, Fault> {
        let running = usize::try_from(limits.app_calls_max).unwrap_or(usize::MAX >> 8);
        let lines = told.authorities.as_deref().map_or_else(|| Ok(lines.clone()), Lines::of_authorities)?;
        Ok(Self {
            lines,
            app: app.clone(),
            base: base(&told.url)?,
            secret: told.secret.clone(),
            patience: Duration::from_millis(told.timeout_ms),
            answer_bytes_max: usize::try_from(limits.app_answer_bytes_max).unwrap_or(usize::MAX),
            running: Semaphore::new(running),
            places: Semaphore::new(running * (1 + WAITING_FOR_ONE)),
            admissions: Admissions::default(),
            trouble: Trouble::default(),
        })
    }

    /// Hands an event over.
    ///
    /// # Errors
    /// Where the backend refuses, or there is no answer.
    pub async fn event(&self, call: Call<'_>, now: Now) -> Result<Answer, CallFailure> {
        let body = EventBody {
            app: self.app.as_str(),
            id: call.id,
            event: call.event,
            namespace: call.namespace.as_str(),
            user: User::of(call.client),
            data: call.data,
            at: now.wall,
        };
        let told: Told = self.ask("/events", &body, now).await?;
        told.read()
    }

    /// Whether a user may hear a channel. An answer holds for `cache_ms`, a refusal for a second at the most.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn lets_in(
        &self,
        client: &Client,
        channel: &ChannelName,
        cache_ms: u64,
        now: Now,
    ) -> Result<bool, CallFailure> {
        if let Some(known) = self.admissions.find(&client.user, channel, now.mono) {
            return Ok(known);
        }
        let question = self.admissions.ask(&client.user);
        let body = QuestionBody { app: self.app.as_str(), user: User::of(client), channel: channel.as_str() };
        let Allowed { allow } = self.ask("/subscribe", &body, now).await?;
        question.keep(channel, allow, cache_ms, now.mono);
        Ok(allow)
    }

    /// Forgets what was answered for a user: the API says that it is another now.
    pub fn forget(&self, user: &AppUser) {
        self.admissions.forget(user);
    }

    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        body: &impl Serialize,
        now: Now,
    ) -> Result<T, CallFailure> {
        let asked = self.try_to_ask(path, body, now.wall).await;
        match &asked {
            Ok(_) => self.trouble.over(&self.app),
            Err(failure) => self.trouble.met(&self.app, failure, now.mono),
        }
        asked
    }

    async fn try_to_ask<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        body: &impl Serialize,
        at: Millis,
    ) -> Result<T, CallFailure> {
        let _place = self.places.try_acquire().map_err(|_| CallFailure::Busy)?;
        let body = serde_json::to_vec(body).map_err(|_| CallFailure::Nonsense)?;
        let request = self.signed(path, body, at)?;
        let answered = async {
            let _turn = self.running.acquire().await.map_err(|_| CallFailure::Busy)?;
            let response = self.lines.0.request(request).await.map_err(|_| CallFailure::Down)?;
            if response.status() != StatusCode::OK {
                return Err(CallFailure::Nonsense);
            }
            to_bytes(Body::new(response.into_body()), self.answer_bytes_max).await.map_err(|_| CallFailure::Nonsense)
        };
        let answer: Bytes = timeout(self.patience, answered).await.map_err(|_| CallFailure::Slow)??;
        // serde would also take the fields as a list, in their order.
        if answer.trim_ascii_start().first() != Some(&b'{') {
            return Err(CallFailure::Nonsense);
        }
        serde_json::from_slice(&answer).map_err(|_| CallFailure::Nonsense)
    }

    fn signed(&self, path: &str, body: Vec<u8>, at: Millis) -> Result<Request<Body>, CallFailure> {
        let at = at.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).map_err(|_| CallFailure::Nonsense)?;
        for part in [at.as_bytes(), b".", &body] {
            mac.update(part);
        }
        let mark = format!("v1={:x}", mac.finalize().into_bytes());
        let mut parts = self.base.clone().into_parts();
        let path = format!("{}{path}", self.base.path().trim_end_matches('/'));
        parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|_| CallFailure::Nonsense)?);
        let request = Request::post(Uri::from_parts(parts).map_err(|_| CallFailure::Nonsense)?);
        let request =
            request.header(header::CONTENT_TYPE, "application/json").header(header::USER_AGENT, "WhisperSpace");
        let request = request.header(TIMESTAMP, at).header(SIGNATURE, mark);
        request.body(body.into()).map_err(|_| CallFailure::Nonsense)
    }
}

/// The address as an operator writes it.
fn base(url: &str) -> Result<Uri, Fault> {
    let uri: Uri = url.parse().map_err(|_| "the backend's address is none: http://host:port is one")?;
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => {}
        Some(_) | None => return Err("the backend's address begins with http:// or https://"),
    }
    if uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
        return Err("the backend's address is a host, a port and a path, and nothing else");
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("the backend's address holds no user: calls are signed");
    }
    Ok(uri)
}

impl Told {
    fn read(self) -> Result<Answer, CallFailure> {
        if let Some(Refusal { code, message }) = self.error {
            let cut = |text: String, most| text.chars().take(most).collect();
            return Err(CallFailure::Refused {
                code: cut(code, CODE_CHARS_MAX),
                message: cut(message, MESSAGE_CHARS_MAX),
            });
        }
        let lists = [self.reply.len(), self.publish.len(), self.subscribe.len(), self.unsubscribe.len()];
        if lists.into_iter().any(|length| length > ANSWERS_MAX) {
            return Err(CallFailure::Nonsense);
        }
        let reply = |told: ToldReply| Some(Reply { event: EventName::parse(&told.event)?, data: told.data });
        let all = |names: Vec<String>| names.iter().map(|name| ChannelName::parse(name)).collect::<Option<Vec<_>>>();
        let publish = self.publish.into_iter().map(Written::parse).collect::<Result<_, _>>();
        Ok(Answer {
            ack: self.ack,
            reply: self.reply.into_iter().map(reply).collect::<Option<_>>().ok_or(CallFailure::Nonsense)?,
            publish: publish.map_err(|_| CallFailure::Nonsense)?,
            subscribe: all(self.subscribe).ok_or(CallFailure::Nonsense)?,
            unsubscribe: all(self.unsubscribe).ok_or(CallFailure::Nonsense)?,
        })
    }
}

impl<'a> User<'a> {
    fn of(client: &'a Client) -> Self {
        Self { id: client.user.as_str(), name: client.name.as_deref(), role: client.role.as_deref() }
    }
}

macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

redacted!(Backend, Answer, Reply);

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call(…)")
    }
}

/// Its own words may hold anything.
impl fmt::Debug for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallFailure({self})")
    }
}

#[cfg(test)]
mod tests;
