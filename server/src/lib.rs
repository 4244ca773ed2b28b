//! The `WhisperSpace` server: pages, HTTP API, WebSocket, rooms, in one process.
//!
//! [`serve`] takes its configuration, its listener and its end from outside, so that tests run many servers at once.

// A rendered page is one deeply nested type.
#![recursion_limit = "256"]

pub mod address;
pub mod admission;
pub mod auth;
pub mod broker;
pub mod clock;
pub mod config;
pub mod connections;
mod cord;
pub mod database;
pub mod error;
mod first_ping;
pub mod gates;
mod hold;
pub mod http;
pub mod hub;
#[doc(hidden)]
pub mod janitor;
pub mod keys;
#[doc(hidden)]
pub mod listen;
pub mod names;
mod owed;
mod requests;
pub mod room;
mod routes;
pub mod sanitize;
pub mod session;
pub mod socketio;
pub mod state;
pub mod store;
pub mod telemetry;
mod ws;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::local::LocalBroker;
use crate::config::{Config, Database};
use crate::hub::Hub;
use crate::keys::Keys;
use crate::state::{AppState, State};

/// Serves until `shutdown` resolves, then says goodbye to everybody and returns.
///
/// # Errors
/// A sentence for the operator, when the secret or the database cannot be opened.
pub async fn serve(config: Config, listener: TcpListener, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    serve_observed(config, listener, shutdown, |_| {}).await
}

/// As [`serve`], and shows the state when everything that can be wrong at a start is right, before the first connection
/// is accepted: the moment to say where the server is.
///
/// # Errors
/// As [`serve`].
pub async fn serve_observed(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    observe: impl FnOnce(&AppState),
) -> anyhow::Result<()> {
    let keys = match config.database {
        // What is gone with the process needs no secret that outlives it.
        Database::Memory => Keys::derive(&clock::random()),
        Database::Sqlite(_) | Database::Mongodb(_) => {
            make_folder(&config.data_dir)?;
            Keys::load(&config.data_dir.join("secret"))?
        }
    };
    let _hold = database::hold(&config.database)?;
    let store = database::open(&config.database).await?;
    let (tracker, stopping, halt) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
    let limits = Arc::new(config.limits.clone());
    let queue_max = usize::try_from(limits.room_mailbox_max).unwrap_or(usize::MAX);
    let broker = Arc::new(LocalBroker::new(queue_max));
    let hub = Hub::new(limits, keys.clone(), Arc::clone(&store), broker, tracker.clone(), halt.clone());
    let state = AppState::new(State {
        auth: auth::Auth::new(&keys, std::thread::available_parallelism().map_or(1, usize::from)),
        gates: gates::Gates::new(&config.limits),
        connections: connections::Connections::default(),
        leptos: crate::http::pages::options(),
        store,
        keys,
        hub,
        tracker: tracker.clone(),
        stopping: stopping.clone(),
        config,
    });
    observe(&state);
    tracker.spawn(janitor::run(state.clone(), halt.clone()));
    tracing::info!(database = state.config.database.kind(), "serving");
    listen::accept(state.clone(), listener, shutdown).await;

    tracing::info!(connections = state.connections.total(), "stopping");
    stopping.cancel();
    let patience = Duration::from_millis(state.config.limits.shutdown_ms_max);
    let _ = tokio::time::timeout(patience, listen::drained(&state)).await;
    halt.cancel();
    tracker.close();
    let _ = tokio::time::timeout(patience, tracker.wait()).await;
    state.store.close().await.context("the database could not be closed")?;
    tracing::info!("stopped");
    Ok(())
}

fn make_folder(folder: &std::path::Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}: choose another with --data-dir", folder.display()))
}
