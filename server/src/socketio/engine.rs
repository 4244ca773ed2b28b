//! What Engine.IO asks for and the library leaves out, around its service. Knows nothing of who may come in (`door.rs`).
//!
//! - Its first ping goes out at once instead of after an interval. A polling session's is fetched and answered here
//!   before its client hears of the session; a WebSocket's is kept on the line (`crate::first_ping`).
//! - It keeps a session whose poll was cut until the heartbeat ends it. That line is the only one such a client has, so
//!   the session is closed.
//! - It closes a session whose upgrade fails. So it is told of an upgrade when that cannot fail any more (`probe.rs`).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use protocol::ErrorCode;
use serde::Deserialize;
use socketioxide::socket::Sid;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tower::{Service, ServiceExt as _};

use super::passage::{Claim, Passages};
use super::probe::{Probed, probe};
use super::refusal::{Refusal, numbered};
use super::{Tuning, UPGRADE_TIMEOUT};
use crate::cord::Cord;
use crate::http::problem::problem;

/// How long the first ping of a polling session is waited for: the library's timer fires within two milliseconds.
const FIRST_PING: Duration = Duration::from_millis(250);
const PING: &[u8] = b"2";
const PONG: &str = "3";
const PLAIN: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=UTF-8")];
/// Between the packets of one body, in the fourth version.
const SEPARATOR: u8 = 0x1e;

/// A WebSocket that is handed to the library behind its handshake.
type Handed = (Probed<TokioIo<Upgraded>>, http::Request<()>);

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
    passages: Passages,
    ping_interval: Duration,
    payload_bytes_max: usize,
}

impl<S, B> Engine<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Service<Handed> + Clone + Send + 'static,
    <S as Service<Request>>::Future: Send,
    <S as Service<Handed>>::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    /// Around the service, which was set up with `tuning`.
    pub fn new(service: S, tuning: &Tuning) -> Self {
        let (ping_interval, payload_bytes_max) = (tuning.ping_interval, tuning.payload_bytes_max);
        Self { service, passages: Passages::default(), ping_interval, payload_bytes_max }
    }

    /// Answers one request.
    pub async fn serve(&self, request: Request) -> Response {
        let query = Query::parse(request.uri().query().unwrap_or_default());
        // In the third version it is the client that pings.
        let server_pings = query.version == Some(4);
        let is_get = request.method() == Method::GET;
        let response = match (query.sid, query.websocket) {
            (None, true) => {
                if let Some(cord) = request.extensions().get::<Arc<Cord>>().filter(|_| server_pings) {
                    cord.keep_first_ping(self.ping_interval / 2);
                }
                self.call(request).await
            }
            (None, false) if server_pings && is_get => self.open(request).await,
            (Some(sid), false) if is_get => match sid.parse() {
                Ok(sid) => self.poll(request, sid, server_pings).await,
                Err(_) => Refusal::UnknownSession.into_response(),
            },
            (Some(sid), true) => match sid.parse() {
                Ok(sid) => self.upgrade(request, sid, server_pings).await,
                Err(_) => Refusal::UnknownSession.into_response(),
            },
            (None | Some(_), _) => self.call(request).await,
        };
        numbered(response).await
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

    async fn poll(&self, request: Request, sid: Sid, server_pings: bool) -> Response {
        let (close, nothing) = if server_pings { ("1", "6") } else { ("1:1", "1:6") };
        let close = own(Method::POST, request.uri().clone(), close);
        let mut cut = Cut { close: Some((self.service.clone(), close)) };
        let way = self.passages.of(sid);
        let is_late = way.holds_up().await;
        let response = tokio::select! {
            biased;
            response = self.call(request) => counted(response).await,
            // The library takes packets only when it answers with them: a poll that is dropped while it waits has none.
            () = async { if !is_late { way.pauses().await } } => (PLAIN, nothing).into_response(),
        };
        cut.close = None;
        response
    }

    /// Answers the upgrade of a polling session; its probe follows on the line. A session that is on a WebSocket already,
    /// or on its way to one, has no other: as at the reference, that line is opened and closed.
    async fn upgrade(&self, mut request: Request, sid: Sid, server_pings: bool) -> Response {
        let claim = match self.transport(request.uri().path(), sid, server_pings).await {
            None => return Refusal::UnknownSession.into_response(),
            Some(Transport::Polling) => self.passages.claim(sid),
            Some(Transport::Other) => None,
        };
        let line = hyper::upgrade::on(&mut request);
        let request = http::Request::from_parts(request.into_parts().0, ());
        let Ok(switching) = create_response(&request) else {
            return Refusal::BadRequest.into_response();
        };
        let service = self.service.clone();
        let mut response = switching.map(|()| Body::empty());
        if claim.is_some() {
            response.extensions_mut().insert(GoesOver);
        }
        tokio::spawn(async move {
            if let (Ok(line), Some(claim)) = (line.await, claim) {
                go_over(service, TokioIo::new(line), claim, request).await;
            }
        });
        response
    }

    /// Which transport a session is on; `None` where there is no such session. The library answers it to a body without
    /// a packet.
    async fn transport(&self, path: &str, sid: Sid, server_pings: bool) -> Option<Transport> {
        let version = if server_pings { 4 } else { 3 };
        let uri = format!("{path}?EIO={version}&transport=polling&sid={sid}").parse().ok()?;
        let answer = numbered(self.call(own(Method::POST, uri, "")).await).await;
        if answer.status() == StatusCode::OK {
            return Some(Transport::Polling);
        }
        let told = to_bytes(answer.into_body(), self.payload_bytes_max).await.unwrap_or_default();
        (!told.starts_with(Refusal::UnknownSession.text().as_bytes())).then_some(Transport::Other)
    }
}

/// Says of the answer to a poll what it brings, apart from what is the library's own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brings {
    pub(super) bytes: usize,
    pub(super) packets: usize,
}

async fn counted(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    // In memory already, however much it is.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return problem(ErrorCode::Internal);
    };
    // Messages begin with a 4. In the third version their lengths stand before them: more are counted than there are,
    // which its clients can do with.
    let packets = match body.first() {
        Some(b'4' | b'2' | b'6' | b'1') => {
            body.split(|byte| *byte == SEPARATOR).filter(|packet| packet.first() == Some(&b'4')).count()
        }
        Some(_) | None => body.len(),
    };
    head.extensions.insert(Brings { bytes: body.len(), packets });
    Response::from_parts(head, Body::from(body))
}

/// Marks the answer to an upgrade whose line may become the session's.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoesOver;

/// What a session's packets travel by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Polling,
    Other,
}

/// Hands a line to the library, if its client goes over to it.
async fn go_over<S>(service: S, line: TokioIo<Upgraded>, claim: Claim, request: http::Request<()>)
where
    S: Service<Handed>,
{
    if let Ok(Some(line)) = timeout(UPGRADE_TIMEOUT, probe(line, &claim)).await {
        // Refused only where it cannot read the request, and it has read the same before.
        let _ = service.oneshot((Probed::new(line, claim), request)).await;
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
