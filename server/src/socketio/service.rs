//! Requests of Engine.IO over HTTP: brings each to its session's task. Knows no room, and not who may come in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::SinkExt as _;
use protocol::{ErrorCode, Limits};
use realtime::request_id::carried;
use socketio::{Ask, EngineSession, Refusal, Settings, TransportKind};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use websocket::SizeLimits;

use super::engine::Engine;
use super::goodbye::close;
use super::registry::{Caller, EngineCommand, Handle, Registry, Told};
use crate::abortable_stream::StreamHandle;
use crate::error::ApiError;
use crate::http::problem::problem;
use crate::pace::FrameRate;
use crate::transports::Transports;
use crate::ws::Upgrade;

const PLAIN: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=UTF-8")];

/// What is on top of a session.
pub trait Application: Sized + Send + 'static {
    /// Drives it to its end.
    fn run(self, engine: Box<Engine>) -> impl Future<Output = ()> + Send;
}

/// One address's sessions.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    settings: Settings,
    limits: Arc<Limits>,
    stopping: CancellationToken,
    tracker: TaskTracker,
    transports: Transports,
}

impl Service {
    /// One without sessions. It ends when `stopping` says so; `tracker` has its tasks, and `transports` their number.
    pub fn new(
        settings: Settings,
        limits: Arc<Limits>,
        stopping: CancellationToken,
        tracker: TaskTracker,
        transports: Transports,
    ) -> Self {
        Self(Arc::new(Inner { registry: Arc::default(), settings, limits, stopping, tracker, transports }))
    }

    /// Answers a request of anybody, with an application of its own for each session.
    pub async fn serve_anybody<A: Application>(&self, request: Request, application: impl FnOnce() -> A) -> Response {
        let nobody = std::net::IpAddr::from([127, 0, 0, 1]).into();
        let caller = Caller { address: nobody, credential: Ok(None), page: None };
        self.serve(request, |_| Ok(caller), |_| application()).await
    }

    /// Answers a request. `admit` says whose session it is that is opened, `application` makes what is on top of it.
    pub(super) async fn serve<A: Application>(
        &self,
        request: Request,
        admit: impl FnOnce(&HeaderMap) -> Result<Caller, ApiError>,
        application: impl FnOnce(&Arc<Handle>) -> A,
    ) -> Response {
        let (mut parts, body) = request.into_parts();
        let (method, query) = (parts.method.clone(), parts.uri.query().unwrap_or_default().to_owned());
        let find = |sid| self.0.registry.find(sid);
        let serving = async {
            match Ask::parse(method.as_str(), &query)? {
                Ask::Open(transport) => self.open(transport, parts, admit, application).await,
                Ask::Poll(sid) => poll(&*find(sid)?).await,
                Ask::Post(sid) => self.post(&*find(sid)?, body).await,
                Ask::Upgrade(sid) => self.upgrade(&*find(sid)?, &mut parts).await,
            }
        };
        tokio::select! {
            answer = serving => answer.unwrap_or_else(|refusal| {
                (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], refusal.body()).into_response()
            }),
            () = self.0.stopping.cancelled() => problem(ErrorCode::ShuttingDown),
        }
    }

    async fn open<A: Application>(
        &self,
        transport: TransportKind,
        mut parts: Parts,
        admit: impl FnOnce(&HeaderMap) -> Result<Caller, ApiError>,
        application: impl FnOnce(&Arc<Handle>) -> A,
    ) -> Result<Response, Refusal> {
        let upgrade = match transport {
            TransportKind::Polling => None,
            TransportKind::WebSocket => Some(self.websocket(&mut parts).await?),
        };
        let caller = match admit(&parts.headers) {
            Ok(admitted) => admitted,
            Err(failure) => return Ok(problem(failure)),
        };
        let Inner { registry, settings, limits, tracker, transports, .. } = &*self.0;
        let opened = registry.open(caller, app_of(&parts), limits);
        let handshake = EngineSession::handshake(settings, transport, &opened.handle.sid);
        let session = EngineSession::open(*settings, transport, Instant::now());
        let application = application(&opened.handle);
        let engine = Engine::new(opened, session, FrameRate::of_frames(limits), transports);
        let Some(upgrade) = upgrade else {
            tracker.spawn(carried(application.run(engine)));
            return Ok((PLAIN, handshake).into_response());
        };
        // What was opened is dropped with the closure where the line does not come.
        Ok(upgrade.accept(self.size_limits(), move |line| application.run(engine.on(line, handshake))))
    }

    /// The upgrade of a request that asks for one. From now on the frames of its line are counted.
    async fn websocket(&self, parts: &mut Parts) -> Result<Upgrade, Refusal> {
        let upgrade = Upgrade::from_request_parts(parts, &()).await.map_err(|_| Refusal::BadRequest)?;
        if let Some(handle) = parts.extensions.get::<Arc<StreamHandle>>() {
            handle.count_frames(FrameRate::of_frames(&self.0.limits));
        }
        Ok(upgrade)
    }

    /// A message may come in one frame: both have the same limit.
    fn size_limits(&self) -> SizeLimits {
        let bytes_max = u64::try_from(self.0.settings.payload_bytes_max).unwrap_or(u64::MAX);
        SizeLimits { frame_bytes_max: bytes_max, message_bytes_max: bytes_max }
    }

    async fn post(&self, handle: &Handle, body: Body) -> Result<Response, Refusal> {
        let _poll = handle.polls.begin();
        let Ok(_post) = handle.posting.try_lock() else {
            // Nobody may be left to be told.
            let _ = handle.commands.clone().send(EngineCommand::Overlap).await;
            return Err(Refusal::BadRequest);
        };
        // A body that does not come holds a request up, and with it a connection.
        let patience = Duration::from_millis(self.0.limits.headers_ms_max);
        let body = match timeout(patience, to_bytes(body, self.0.settings.payload_bytes_max)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return Err(Refusal::BadRequest),
            Err(_) => return Ok(problem(ErrorCode::HelloTimeout)),
        };
        ask(handle, |told| EngineCommand::Post(body, told)).await?;
        Ok((PLAIN, "ok").into_response())
    }

    /// Hands a WebSocket to a session that polls. One that may not have it finds it closed, as at the reference server.
    async fn upgrade(&self, handle: &Handle, parts: &mut Parts) -> Result<Response, Refusal> {
        let upgrade = self.websocket(parts).await?;
        let (line, coming) = oneshot::channel();
        let may = ask(handle, |told| EngineCommand::Upgrade(coming, told)).await?;
        Ok(upgrade.accept(self.size_limits(), async move |socket| {
            if may {
                // Where nobody waits for it any more it is dropped.
                let _ = line.send(socket);
            } else {
                close(socket).await;
            }
        }))
    }
}

/// Asks a session's task; whatever has no answer has no session any more.
async fn ask<T>(handle: &Handle, command: impl FnOnce(Told<T>) -> EngineCommand) -> Result<T, Refusal> {
    let (told, answer) = oneshot::channel();
    handle.commands.clone().send(command(told)).await.map_err(|_| Refusal::UnknownSession)?;
    answer.await.unwrap_or(Err(Refusal::UnknownSession))
}

/// The application that the address names, in what stands behind its question mark.
fn app_of(parts: &Parts) -> Option<String> {
    let pairs = parts.uri.query()?.split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == "app").map(|(_, app)| app.to_owned())
}

async fn poll(handle: &Handle) -> Result<Response, Refusal> {
    let _poll = handle.polls.begin();
    let body = ask(handle, EngineCommand::Poll).await?;
    Ok((PLAIN, body).into_response())
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service(…)")
    }
}
