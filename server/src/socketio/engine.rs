//! What Engine.IO asks for and the library leaves out, around its service. Knows nothing of who may come in (`door.rs`).
//!
//! - Its first ping goes out at once instead of after an interval. A polling session's is fetched and answered here
//!   before its client hears of the session; a WebSocket's is kept on the line (`crate::first_ping`).
//! - It keeps a session whose poll was cut until the heartbeat ends it. That line is the only one such a client has, so
//!   the session is closed.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::response::Response;
use protocol::ErrorCode;
use serde::Deserialize;
use tokio::time::timeout;
use tower::{Service, ServiceExt as _};

use super::Tuning;
use crate::cord::Cord;
use crate::http::problem::problem;

/// How long the first ping of a polling session is waited for: the library's timer fires within two milliseconds.
const FIRST_PING: Duration = Duration::from_millis(250);
const PING: &[u8] = b"2";
const PONG: &str = "3";

/// What a request says of itself in its address. The first of each name counts, as it does for the library.
pub(super) struct Query {
    pub(super) version: Option<u8>,
    pub(super) websocket: bool,
    pub(super) sid: Option<String>,
}

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let first = |name: &str| text.split('&').find_map(|pair| pair.strip_prefix(name));
        Self {
            version: first("EIO=").and_then(|version| version.parse().ok()),
            websocket: first("transport=") == Some("websocket"),
            sid: first("sid=").map(str::to_owned),
        }
    }
}

/// What the server tells a client that opens a session.
#[derive(Deserialize)]
struct Opened {
    sid: String,
}

/// The library's service, made whole.
#[derive(Debug, Clone)]
pub struct Engine<S> {
    service: S,
    ping_interval: Duration,
    payload_bytes_max: usize,
}

impl<S, B> Engine<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    /// Around the service, which was set up with `tuning`.
    pub const fn new(service: S, tuning: &Tuning) -> Self {
        Self { service, ping_interval: tuning.ping_interval, payload_bytes_max: tuning.payload_bytes_max }
    }

    /// Answers one request.
    pub async fn serve(&self, request: Request) -> Response {
        let query = Query::parse(request.uri().query().unwrap_or_default());
        // In the third version it is the client that pings.
        let server_pings = query.version == Some(4);
        let is_get = request.method() == Method::GET;
        match (query.sid, query.websocket) {
            (None, true) => {
                if let Some(cord) = request.extensions().get::<std::sync::Arc<Cord>>().filter(|_| server_pings) {
                    cord.keep_first_ping(self.ping_interval / 2);
                }
                self.call(request).await
            }
            (None, false) if server_pings && is_get => self.open(request).await,
            (Some(_), false) if is_get => self.poll(request, server_pings).await,
            (None | Some(_), _) => self.call(request).await,
        }
    }

    async fn call(&self, request: Request) -> Response {
        match self.service.clone().oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }

    /// A new polling session, told to its client when its first ping is out of the way.
    async fn open(&self, request: Request) -> Response {
        let uri = request.uri().clone();
        let (head, body) = self.call(request).await.into_parts();
        // The library's own answer, in memory already.
        let Ok(body) = to_bytes(body, self.payload_bytes_max).await else {
            return problem(ErrorCode::Internal);
        };
        let opened = body.strip_prefix(b"0").and_then(|json| serde_json::from_slice::<Opened>(json).ok());
        if let Some(poll) = opened.and_then(|opened| of_session(&uri, &opened.sid)) {
            let pinged = timeout(FIRST_PING, async {
                let answer = self.call(own(Method::GET, poll.clone(), "")).await;
                to_bytes(answer.into_body(), self.payload_bytes_max).await.is_ok_and(|body| body == PING)
            });
            if pinged.await == Ok(true) {
                self.call(own(Method::POST, poll, PONG)).await;
            }
        }
        Response::from_parts(head, Body::from(body))
    }

    async fn poll(&self, request: Request, server_pings: bool) -> Response {
        let close = if server_pings { "1" } else { "1:1" };
        let close = own(Method::POST, request.uri().clone(), close);
        let mut cut = Cut { close: Some((self.service.clone(), close)) };
        let response = self.call(request).await;
        cut.close = None;
        response
    }
}

/// A poll that waits; dropped before its end, it was cut.
struct Cut<S>
where
    S: Service<Request> + Send + 'static,
    S::Future: Send,
{
    close: Option<(S, Request)>,
}

impl<S> Drop for Cut<S>
where
    S: Service<Request> + Send + 'static,
    S::Future: Send,
{
    fn drop(&mut self) {
        if let Some((service, close)) = self.close.take() {
            // None where the process is at its end, and the session with it.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                let closing = service.oneshot(close);
                runtime.spawn(async move { drop(closing.await) });
            }
        }
    }
}

/// The address of an opening request, as the session's next one.
fn of_session(uri: &Uri, sid: &str) -> Option<Uri> {
    format!("{}?{}&sid={sid}", uri.path(), uri.query().unwrap_or_default()).parse().ok()
}

/// A request that nobody sent.
fn own(method: Method, uri: Uri, body: &'static str) -> Request {
    let (mut head, ()): (Parts, ()) = Request::new(()).into_parts();
    (head.method, head.uri) = (method, uri);
    Request::from_parts(head, Body::from(body))
}
