//! The HTTP side without a socket: requests go straight into the router, over the store in memory.

mod accounts;
mod doors;
mod pages;
mod refusals;
mod rooms;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use protocol::api::TokenAnswer;
use protocol::{ErrorCode, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::auth::Auth;
use crate::config::{Config, Options};
use crate::connections::Connections;
use crate::keys::Keys;
use crate::state::{AppState, State};
use crate::store::SharedStore;
use crate::store::memory::MemoryStore;
use realtime::broker::local::LocalBroker;
use realtime::hub::Hub;
use realtime::rate_limits::RateLimits;

const HOST: &str = "chat.example";

/// A router with its state, and nobody else.
struct Server {
    state: AppState,
    router: Router,
}

impl Server {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn https() -> Self {
        Self::with(Options { public_url: Some(format!("https://{HOST}")), ..Options::default() })
    }

    fn with(options: Options) -> Self {
        let config = Config::try_from(options).expect("is valid");
        let keys = Keys::derive(&[3; 32]);
        let store: SharedStore = Arc::new(MemoryStore::default());
        let (tracker, stopping, halt) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let limits = Arc::new(config.limits.clone());
        let broker = Arc::new(LocalBroker::new(64));
        let clock = realtime::clock::Clock::start();
        let hub = Hub::new(limits, clock.clone(), broker, tracker.clone(), halt.clone());
        let rooms = crate::rooms::Rooms::new(hub.clone(), keys.clone(), Arc::clone(&store));
        let live_limits = Arc::new(config.limits.clone());
        let state = AppState::new(State {
            live: crate::apps::live::LiveChannels::new(
                live_limits,
                clock.clone(),
                tracker.clone(),
                hub.flushers().clone(),
                halt,
            ),
            desk: crate::admin::desk::Desk::open(&config, keys.clone()).expect("there is no file"),
            drain: crate::admin::drain::Drain::new(&stopping),
            sessions: crate::apps::sessions::Sessions::default(),
            apps: crate::apps::registry::Applications::load(None, &config.limits),
            clock,
            auth: Auth::new(&keys, 2),
            rate_limits: Arc::new(RateLimits::new(&config.limits)),
            connections: Connections::new(crate::open_files::Budget { lines_total: 100, reserve: 10 }),
            transports: crate::transports::Transports::default(),
            metrics_at: None,
            events: crate::event_log::EventLog::off(),
            readiness: crate::readiness::Readiness::default(),
            leptos: crate::http::pages::options(),
            store,
            keys,
            hub,
            rooms,
            tls: None,
            redirect_at: None,
            tracker,
            stopping,
            config,
        });
        Self { router: crate::routes::router(state.clone()), state }
    }

    /// A request as the site's own page sends it: same origin, nothing else.
    fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        let origin = if self.state.config.https { format!("https://{HOST}") } else { format!("http://{HOST}") };
        let request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        Ask { server: self, request: request.header(header::ORIGIN, origin), body: Body::empty() }
    }

    /// A new guest of this server.
    async fn guest(&self) -> TokenAnswer {
        self.ask("POST", "/api/v1/guest").send().await.json(StatusCode::CREATED)
    }

    /// A new account of this server.
    async fn account(&self, username: &str) -> TokenAnswer {
        let typed = serde_json::json!({ "username": username, "password": "correct horse" });
        self.ask("POST", "/api/v1/register").json(&typed).send().await.json(StatusCode::CREATED)
    }
}

/// A request being written.
struct Ask<'a> {
    server: &'a Server,
    request: axum::http::request::Builder,
    body: Body,
}

impl Ask<'_> {
    fn header(mut self, name: &'static str, value: &str) -> Self {
        let headers = self.request.headers_mut().expect("is well-formed so far");
        headers.insert(HeaderName::from_static(name), HeaderValue::try_from(value).expect("is a value"));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().expect("is well-formed so far").remove(name);
        self
    }

    fn bearer(self, session: &TokenAnswer) -> Self {
        let value = format!("Bearer {}", session.token);
        self.header("authorization", &value)
    }

    fn cookie(self, token: &str) -> Self {
        let name = if self.server.state.config.https { "__Host-ws" } else { "ws" };
        self.header("cookie", &format!("{name}={token}"))
    }

    fn json(self, body: &impl Serialize) -> Self {
        let text = serde_json::to_string(body).expect("serialises");
        self.header("content-type", "application/json").body(text)
    }

    fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned())
    }

    fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    async fn send(self) -> Answer {
        let mut request = self.request.body(self.body).expect("is a request");
        let peer: SocketAddr = ([192, 0, 2, 1], 4711).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.server.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("is read");
        Answer { status: parts.status, headers: parts.headers, body: body.to_vec() }
    }
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    fn json<T: DeserializeOwned>(&self, status: StatusCode) -> T {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).expect("is what the API promises")
    }

    #[track_caller]
    fn refused(&self, code: ErrorCode) -> Problem {
        assert_eq!(self.status.as_u16(), code.http_status(), "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem: Problem = serde_json::from_slice(&self.body).expect("is a problem");
        assert_eq!(problem.request_id.as_deref().map(str::as_bytes), Some(self.headers["x-request-id"].as_bytes()));
        let plain = Problem { request_id: None, ..problem.clone() };
        assert_eq!(plain, Problem::new(code, problem.retry_after_ms).with_number(problem.number()));
        problem
    }

    #[track_caller]
    fn done(&self) {
        assert_eq!((self.status, self.body.len()), (StatusCode::NO_CONTENT, 0), "{}", self.text());
    }

    #[track_caller]
    fn led_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text());
        self.headers["location"].to_str().expect("is text")
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The token of the cookie that this answer sets.
    fn cookie(&self) -> Option<String> {
        let value = self.headers.get("set-cookie")?.to_str().expect("is text");
        Some(value.split(';').next()?.split_once('=')?.1.to_owned())
    }
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).expect("is JSON")
}
