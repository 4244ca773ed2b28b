//! The accept loop: one task a connection, counted from here on, small buffers, a deadline for request heads and for
//! writes of which a peer takes nothing, no Nagle.
//!
//! `axum::serve` has neither the deadlines nor `TCP_NODELAY`, and coalescing of writes is ours. Beyond the number of
//! connections a reserve answers for health and says that the server is full; it makes way for those that come later, so
//! that idle lines keep no probe out.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::ErrorCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::abortable_stream::{AbortableStream, StreamHandle};
use crate::connections::{Admission, Waiting};
use crate::http::client_address::is_trusted;
use crate::routes;
use crate::state::AppState;
use crate::tls::{Tls, TlsLine};

/// After a failed accept (out of files, mostly): long enough not to spin, short enough not to be noticed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Between two lines in the log about it.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// For all of a line that is only told why it is not served, or how the server is; and for the head of its request, so
/// that those who ask for nothing do not fill the reserve.
const RESERVED: Duration = Duration::from_secs(3);
const RESERVED_HEAD: Duration = Duration::from_millis(500);
/// How long one waits for a line of the reserve that was told to make way: it is gone as soon as its task has run.
const MAKING_WAY: Duration = Duration::from_millis(100);
/// How long what is under way on a line may take when the server stops.
const STOPPING: Duration = Duration::from_secs(3);

/// What is behind the lines.
struct Behind {
    state: AppState,
    router: Router,
    /// For lines beyond the limits of the server and of an address.
    overloaded: Router,
    too_many: Router,
}

/// Accepts until `shutdown` resolves.
pub(crate) async fn accept(state: AppState, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let router = routes::router(state.clone());
    let behind = Behind {
        overloaded: routes::reserve(state.clone(), ErrorCode::Overloaded, router.clone()),
        too_many: routes::reserve(state.clone(), ErrorCode::TooManyConnections, router.clone()),
        router,
        state,
    };
    let mut told_at: Option<Instant> = None;
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => behind.admit(stream, peer).await,
                Err(error) => {
                    if told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
                        told_at = Some(Instant::now());
                        tracing::warn!(%error, "connections cannot be accepted");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut shutdown => return,
        }
    }
}

impl Behind {
    /// Counts a line and serves it, as far as there is room.
    async fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let state = &self.state;
        let limits = &state.config.limits;
        let is_proxy = is_trusted(peer.ip(), &state.config);
        let address = (!is_proxy).then(|| peer.ip().into());
        let asked = Instant::now();
        let (place, waiting, router) = loop {
            match state.connections.accept(address, peer.ip().is_loopback(), limits) {
                Admission::Served(place) => break (place, None, &self.router),
                Admission::Reserved(place, waiting, ErrorCode::Overloaded) => {
                    break (place, Some(waiting), &self.overloaded);
                }
                Admission::Reserved(place, waiting, _) => break (place, Some(waiting), &self.too_many),
                Admission::Soon if asked.elapsed() < MAKING_WAY => {
                    let _ = timeout(MAKING_WAY, state.connections.gone()).await;
                }
                Admission::Soon | Admission::Refused => return,
            }
        };
        let (line, handle) = AbortableStream::new(stream, Some(place));
        handle.watch(limits.unwritten_ms_max);
        let patience = Duration::from_millis(limits.headers_ms_max);
        let (stopping, tls) = (state.stopping.clone(), state.tls.clone());
        let serving = Serving { handle, peer, router: router.clone(), patience, waiting: waiting.clone() };
        state.tracker.spawn(async move {
            let serving = serving.run(line, tls.as_ref(), &stopping);
            match waiting {
                Some(waiting) => reserved(serving, &waiting).await,
                None => serving.await,
            }
        });
    }
}

/// A line of the reserve: it has a moment to say what it wants and a moment for the answer, unless it is kept.
async fn reserved(serving: impl Future<Output = ()>, waiting: &Waiting) {
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => return,
        () = waiting.first_request() => {}
        () = waiting.leave() => return,
        () = tokio::time::sleep(RESERVED_HEAD) => return,
    }
    tokio::select! {
        () = &mut serving => return,
        () = waiting.kept() => {}
        () = tokio::time::sleep(RESERVED) => return,
    }
    serving.await;
}

/// Serves one connection until it ends or `stopping` says so. `patience`: how long the head of a request may take, and
/// how long a peer may take nothing of what is written.
pub async fn serve_line(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    patience: Duration,
    stopping: &CancellationToken,
) {
    let (line, handle) = AbortableStream::new(stream, None);
    handle.watch(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX));
    Serving { handle, peer, router, patience, waiting: None }.run(line, None, stopping).await;
}

/// How one line is served. `patience`: how long the head of a request may take, and agreeing on keys.
struct Serving {
    handle: Arc<StreamHandle>,
    peer: SocketAddr,
    router: Router,
    patience: Duration,
    waiting: Option<Waiting>,
}

impl Serving {
    async fn run(self, line: AbortableStream, tls: Option<&Tls>, stopping: &CancellationToken) {
        line.set_nodelay();
        let Some(tls) = tls else { return self.serve(line, stopping).await };
        // Who speaks no TLS, or another version of it, is told so by its own rules.
        let accepting = timeout(self.patience, tls.acceptor().accept(line.under_tls()));
        if let Some(Ok(Ok(line))) = stopping.run_until_cancelled(accepting).await {
            let line = TlsLine::new(line, Arc::clone(&self.handle));
            self.serve(line, stopping).await;
        }
    }

    async fn serve<L>(self, line: L, stopping: &CancellationToken)
    where
        L: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { handle, peer, router, patience, waiting } = self;
        let for_requests = Arc::clone(&handle);
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Arc::clone(&for_requests));
            if let Some(waiting) = &waiting {
                waiting.hear();
                request.extensions_mut().insert(waiting.clone());
            }
            router.clone().oneshot(request.map(axum::body::Body::new))
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .max_buf_size(16 * 1024)
            .serve_connection(TokioIo::new(line), service)
            .with_upgrades();
        tokio::pin!(serving);
        tokio::select! {
            // Broken lines and bad requests are the peer's business.
            _ = &mut serving => {}
            () = stopping.cancelled() => {
                serving.as_mut().graceful_shutdown();
                handle.hurry();
                // Who neither reads nor sends what it has begun to is not waited for.
                let _ = timeout(STOPPING, serving).await;
            }
        }
    }
}

/// Resolves when the last socket has said goodbye.
pub(crate) async fn drained(state: &AppState) {
    let mut every = tokio::time::interval(Duration::from_millis(20));
    while state.connections.total() > 0 {
        every.tick().await;
    }
}
