//! The accept loop: one task a connection, counted from here on, small buffers, a deadline for request heads and for
//! writes of which a peer takes nothing, no Nagle. A line that a proxy brings by the PROXY protocol is counted as its
//! client's when its first bytes have said whose it is.
//!
//! `axum::serve` has neither the deadlines nor `TCP_NODELAY`, and coalescing of writes is ours. Beyond the number of
//! connections a reserve answers for health and says that the server is full; it makes way for those that come later, so
//! that idle lines keep no probe out.

mod introduction;

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
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::abortable_stream::{AbortableStream, StreamHandle};
use crate::connections::{Admission, Place, Waiting};
use crate::http::client_address::is_trusted;
use crate::listener::Listener;
use crate::routes;
use crate::state::AppState;
use crate::tls::{Tls, TlsLine};
use introduction::introduction;

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

/// How a line is served.
struct Entry {
    place: Place,
    waiting: Option<Waiting>,
    router: Router,
}

/// Accepts until `shutdown` resolves.
pub(crate) async fn accept(state: AppState, listener: Listener, shutdown: impl Future<Output = ()>) {
    let site = routes::router(state.clone());
    let reserve = |reason| routes::below(&state, routes::reserve(state.clone(), reason, site.clone()));
    let behind = Behind {
        overloaded: reserve(ErrorCode::Overloaded),
        too_many: reserve(ErrorCode::TooManyConnections),
        router: routes::below(&state, site),
        state,
    };
    let behind = Arc::new(behind);
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
    async fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let tracker = &self.state.tracker;
        if self.state.config.is_introduced(peer.ip()) {
            // Until it has said whose it is, it is one of all.
            let Some(entry) = self.enter(None, peer).await else { return };
            tracker.spawn(Arc::clone(self).serve_introduced(stream, peer, entry));
        } else if let Some(entry) = self.enter(Some(peer), peer).await {
            tracker.spawn(self.serve(stream, peer, entry));
        }
    }

    /// Finds room for a line. `of`: whose line it is, as far as that is known.
    async fn enter(&self, of: Option<SocketAddr>, peer: SocketAddr) -> Option<Entry> {
        let state = &self.state;
        let limits = &state.config.limits;
        // The lines of a proxy are those of many.
        let address = of.filter(|of| !is_trusted(of.ip(), &state.config)).map(|of| of.ip().into());
        let asked = Instant::now();
        loop {
            let (place, waiting, router) = match state.connections.accept(address, peer.ip().is_loopback(), limits) {
                Admission::Served(place) => (place, None, &self.router),
                Admission::Reserved(place, waiting, ErrorCode::Overloaded) => (place, Some(waiting), &self.overloaded),
                Admission::Reserved(place, waiting, _) => (place, Some(waiting), &self.too_many),
                Admission::Soon if asked.elapsed() < MAKING_WAY => {
                    let _ = timeout(MAKING_WAY, state.connections.gone()).await;
                    continue;
                }
                Admission::Soon | Admission::Refused => return None,
            };
            return Some(Entry { place, waiting, router: router.clone() });
        }
    }

    /// Serves a line from its first byte on.
    fn serve(&self, stream: TcpStream, peer: SocketAddr, entry: Entry) -> impl Future<Output = ()> + Send + use<> {
        let limits = &self.state.config.limits;
        let Entry { place, waiting, router } = entry;
        let (line, handle) = AbortableStream::new(stream, Some(place));
        handle.watch(limits.unwritten_ms_max);
        let patience = Duration::from_millis(limits.headers_ms_max);
        let (stopping, tls) = (self.state.stopping.clone(), self.state.tls.clone());
        let serving = Serving { handle, peer, router, patience, waiting: waiting.clone() };
        async move {
            let serving = serving.run(line, tls.as_ref(), &stopping);
            match waiting {
                Some(waiting) => reserved(serving, &waiting).await,
                None => serving.await,
            }
        }
    }

    /// Serves a line that a proxy brings, for whoever is behind it.
    async fn serve_introduced(self: Arc<Self>, mut stream: TcpStream, proxy: SocketAddr, entry: Entry) {
        let patience = match &entry.waiting {
            Some(_) => RESERVED_HEAD,
            None => Duration::from_millis(self.state.config.limits.headers_ms_max),
        };
        let makes_way = async {
            match &entry.waiting {
                Some(waiting) => waiting.leave().await,
                None => std::future::pending().await,
            }
        };
        let introduced = tokio::select! {
            introduced = timeout(patience, introduction(&mut stream)) => introduced,
            () = makes_way => return,
            () = self.state.stopping.cancelled() => return,
        };
        match introduced {
            Ok(Ok(Some(client))) if entry.waiting.is_none() => {
                drop(entry);
                if let Some(entry) = self.enter(Some(client), client).await {
                    self.serve(stream, client, entry).await;
                }
            }
            Ok(Ok(client)) => self.serve(stream, client.unwrap_or(proxy), entry).await,
            // Nobody said whose it is: it is nobody's.
            Ok(Err(_)) | Err(_) => {}
        }
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
        let accepting = timeout(self.patience, tls.accept(line.under_tls()));
        if let Some(Ok(Some(line))) = stopping.run_until_cancelled(accepting).await {
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
