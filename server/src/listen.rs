//! The accept loop: one task a connection, small buffers, a deadline for request heads, no Nagle.
//!
//! `axum::serve` has neither the deadline nor `TCP_NODELAY`, and coalescing of writes is ours.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::cord::Corded;
use crate::routes;
use crate::state::AppState;

/// After a failed accept (out of files, mostly): long enough not to spin, short enough not to be noticed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts until `shutdown` resolves.
pub(crate) async fn accept(state: AppState, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let router = routes::router(state.clone());
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    state.tracker.spawn(connection(state.clone(), router.clone(), stream, peer));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut shutdown => return,
        }
    }
}

async fn connection(state: AppState, router: Router, stream: TcpStream, peer: SocketAddr) {
    let patience = Duration::from_millis(state.config.limits.headers_ms_max);
    serve_line(stream, peer, router, patience, &state.stopping).await;
}

/// Serves one connection until it ends or `stopping` says so. `patience`: how long the head of a request may take.
pub async fn serve_line(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    patience: Duration,
    stopping: &CancellationToken,
) {
    // Fails only on a socket that is gone already, and then so does everything after it.
    let _ = stream.set_nodelay(true);
    let (line, cord) = Corded::new(stream);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Arc::clone(&cord));
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
            let _ = serving.await;
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
