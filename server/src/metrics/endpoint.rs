//! `GET /metrics`, on an address of its own: whoever may chat is not thereby somebody who may read this, and a server that
//! is full still answers whoever watches it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Measured;
use super::exposition::{CONTENT_TYPE, text};
use super::snapshot::Snapshot;
use crate::listen::serve_line;

/// Lines that are open at once: a scraper or two, and a person who looks.
const LINES_MAX: usize = 8;
/// After an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `halt`.
pub(crate) async fn serve(listener: TcpListener, measured: Measured, halt: CancellationToken) {
    let (state, lines) = (measured.state.clone(), Arc::new(Semaphore::new(LINES_MAX)));
    let patience = Duration::from_millis(state.config.limits.headers_ms_max);
    let router = Router::new().route("/metrics", get(metrics)).with_state(measured);
    while let Some(accepted) = halt.run_until_cancelled(listener.accept()).await {
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Beyond the number a line is closed, without a word.
        let Ok(line) = Arc::clone(&lines).try_acquire_owned() else { continue };
        let (router, halt) = (router.clone(), halt.clone());
        state.tracker.spawn(async move {
            serve_line(stream, peer, router, patience, &halt).await;
            drop(line);
        });
    }
}

async fn metrics(State(measured): State<Measured>) -> Response {
    let snapshot = Snapshot::take(measured).await;
    match text(snapshot) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(std::fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
