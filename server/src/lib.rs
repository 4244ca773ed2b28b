//! The `WhisperSpace` server: pages, HTTP API, WebSocket, rooms, in one process.
//!
//! [`serve`] takes its configuration, its listener and its end from outside, so that tests run many servers at once.

// A rendered page is one deeply nested type.
#![recursion_limit = "256"]

mod abortable_stream;
pub mod admin;
pub mod apps;
pub mod auth;
pub mod commands;
pub mod config;
pub mod connections;
pub mod database;
pub mod error;
pub mod event_log;
mod folders;
mod frames;
pub mod http;
mod iso_time;
#[doc(hidden)]
pub mod janitor;
pub mod keys;
mod line_output;
#[doc(hidden)]
pub mod listen;
pub mod listener;
mod lock_file;
mod memory_bound;
mod metrics;
pub mod network;
pub mod open_files;
pub mod origins;
mod pace;
mod process;
mod proxy_protocol;
mod qr;
pub mod readiness;
pub mod rooms;
mod routes;
pub mod sanitize;
pub mod selftest;
pub mod signals;
pub mod socketio;
pub mod state;
pub mod store;
pub mod sub_path;
pub mod supervisor;
pub mod telemetry;
pub mod tls;
pub mod transports;
#[doc(hidden)]
pub mod ws;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Database};
use crate::event_log::{Event, EventLog};
use crate::folders::make_folder;
use crate::keys::Keys;
use crate::listener::Listener;
use crate::metrics::watched::Watched;
use crate::rooms::Rooms;
use crate::state::{AppState, State};
use crate::store::SharedStore;
use realtime::broker::Broker;
use realtime::broker::local::LocalBroker;
use realtime::broker::redis::RedisBroker;
use realtime::hub::Hub;

/// Serves until `shutdown` resolves, then says goodbye to everybody and returns.
///
/// # Errors
/// A sentence for the operator, when the secret or the database cannot be opened.
pub async fn serve(
    config: Config,
    listener: impl Into<Listener>,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    serve_observed(config, listener, shutdown, |_| {}).await
}

/// As [`serve`], and shows the state when everything that can be wrong at a start is right, before the first connection
/// is accepted: the moment to say where the server is.
///
/// # Errors
/// As [`serve`].
pub async fn serve_observed(
    config: Config,
    listener: impl Into<Listener>,
    shutdown: impl Future<Output = ()>,
    observe: impl FnOnce(&AppState),
) -> anyhow::Result<()> {
    serve_over(config, listener, shutdown, |store| store, observe).await
}

/// As [`serve_observed`], over what `wrap` makes of the store: tests hold back its answers.
///
/// # Errors
/// As [`serve`].
#[doc(hidden)]
pub async fn serve_over(
    mut config: Config,
    listener: impl Into<Listener>,
    shutdown: impl Future<Output = ()>,
    wrap: impl FnOnce(SharedStore) -> SharedStore,
    observe: impl FnOnce(&AppState),
) -> anyhow::Result<()> {
    tokio::pin!(shutdown);
    // First: of two servers that start at once, one alone draws a secret.
    let _hold = database::hold(&config.database)?;
    let keys = keys(&config)?;
    let secured = tls::Secured::listen(&config).await?;
    // A large file takes a while to be looked through: who is asked to stop meanwhile does not begin to serve.
    let store = tokio::select! {
        opened = database::open(&config.database) => wrap(opened?),
        () = &mut shutdown => {
            tracing::info!("stopped before anything was served");
            return Ok(());
        }
    };
    let watched = Watched::listen(config.metrics).await?;
    let (store, counts) = watched.measure(store);
    let (tracker, stopping, halt) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
    let budget = connection_budget(&mut config.limits)?;
    let limits = Arc::new(config.limits.clone());
    let broker = broker(&config, &keys)?;
    let clock = realtime::clock::Clock::start();
    let events = EventLog::start(&config, &keys, &clock);
    let watch = events.watch(counts);
    let hub = Hub::watched(Arc::clone(&limits), clock.clone(), broker, tracker.clone(), halt.clone(), watch);
    let rooms = Rooms::new(hub.clone(), keys.clone(), Arc::clone(&store));
    let (flushers, tracked) = (hub.flushers().clone(), tracker.clone());
    let live = apps::live::LiveChannels::new(limits, clock.clone(), tracked, flushers, halt.clone());
    let state = AppState::new(State {
        clock,
        auth: auth::Auth::new(&keys, config.threads()).with_tokens_of(config.limits.token_s),
        desk: admin::desk::Desk::open(&config, keys.clone())?,
        drain: admin::drain::Drain::new(&stopping),
        live,
        sessions: apps::sessions::Sessions::default(),
        apps: apps::registry::Applications::load(config.apps.as_deref(), &config.limits),
        rate_limits: Arc::new(realtime::rate_limits::RateLimits::new(&config.limits)),
        connections: connections::Connections::new(budget),
        transports: transports::Transports::default(),
        metrics_at: watched.address(),
        events,
        readiness: readiness::Readiness::default(),
        leptos: crate::http::pages::options(),
        store,
        keys,
        hub,
        rooms,
        tls: secured.tls(),
        redirect_at: secured.redirect_at(),
        tracker: tracker.clone(),
        stopping: stopping.clone(),
        config,
    });
    observe(&state);
    let listener = listener.into();
    tracker.spawn(secured.serve(listener.port(), state.clock.clone(), stopping, halt.clone()));
    tracker.spawn(watched.serve(state.clone(), halt.clone()));
    begin_chores(&state, &halt);
    say_serving(&state, budget);
    listen::accept(state.clone(), listener, shutdown).await;
    stop(&state, &halt).await
}

/// For the log: how far this server goes.
fn say_serving(state: &AppState, budget: open_files::Budget) {
    tracing::info!(
        database = state.config.database.kind(),
        node = state.config.node_name.as_deref(),
        nodes = state.config.broker.is_some(),
        open_files = open_files::limit(),
        lines_total = budget.lines_total,
        connections_total = state.config.limits.connections_total,
        "serving"
    );
    state.events.record(Event::Started);
}

/// What goes on beside the lines.
fn begin_chores(state: &AppState, halt: &CancellationToken) {
    state.hub.share(&state.rate_limits);
    share_applications(state);
    state.tracker.spawn(memory_bound::watch(state.clone(), halt.clone()));
    state.tracker.spawn(janitor::run(state.clone(), halt.clone()));
    state.tracker.spawn(admin::keep_rates(state.clone(), halt.clone()));
    for flusher in state.hub.flushers().each() {
        state.tracker.spawn(flusher.clone().run(halt.clone()));
    }
}

/// Where there are other nodes, they tell what applications are told here, too.
fn share_applications(state: &AppState) {
    if state.config.broker.is_some() {
        let (keys, broker) = (state.keys.clone(), state.hub.shared_broker());
        let topic_of = Box::new(move |app: &channels::AppName| keys.app_topic(app.as_str()));
        state.live.go_between(apps::live::Between { broker, topic_of, apps: state.apps.clone() });
        state.apps.running().iter().for_each(|app| state.live.join_nodes(app));
    }
}

/// Everything that is derived from the secret.
fn keys(config: &Config) -> anyhow::Result<Keys> {
    match config.database {
        // What is gone with the process needs no secret that outlives it.
        Database::Memory => Ok(Keys::derive(&realtime::clock::random())),
        Database::Sqlite(_) | Database::Mongodb(_) => {
            make_folder(&config.data_dir)?;
            Keys::load(&keys::file_of(&config.data_dir))
        }
    }
}

/// Says goodbye to everybody, waits for what has begun, and closes the database.
async fn stop(state: &AppState, halt: &CancellationToken) -> anyhow::Result<()> {
    tracing::info!(connections = state.connections.total(), "stopping");
    state.events.record(Event::Stopping);
    state.stopping.cancel();
    let patience = Duration::from_millis(state.config.limits.shutdown_ms_max);
    let _ = tokio::time::timeout(patience, listen::drained(state)).await;
    halt.cancel();
    state.tracker.close();
    let _ = tokio::time::timeout(patience, state.tracker.wait()).await;
    let closed = state.store.close().await.context("the database could not be closed");
    let events = state.events.clone();
    let _ = tokio::task::spawn_blocking(move || events.finish()).await;
    closed?;
    tracing::info!("stopped");
    Ok(())
}

/// Between this node and others, or of this one alone.
fn broker(config: &Config, keys: &Keys) -> anyhow::Result<Arc<dyn Broker>> {
    let queue_max = usize::try_from(config.limits.room_mailbox_max).unwrap_or(usize::MAX);
    let mut address = config.broker.clone();
    if let Some(authority) = &config.broker_ca {
        let read = std::fs::read(authority);
        let read = read.with_context(|| format!("cannot read {} (--broker-ca)", authority.display()))?;
        address = Some(address.context("--broker-ca is for a --broker")?.trusting(&read)?);
    }
    Ok(match address {
        Some(address) => Arc::new(RedisBroker::start(address, &keys.deployment(), queue_max)),
        None => Arc::new(LocalBroker::new(queue_max)),
    })
}

/// How many may be connected by the limit on open files.
fn connection_budget(limits: &mut protocol::Limits) -> anyhow::Result<open_files::Budget> {
    let wanted = limits.connections_total;
    let budget = open_files::Budget::new(open_files::limit(), limits)?;
    if limits.connections_total < wanted {
        tracing::warn!(
            open_files = open_files::limit(),
            connections_total = limits.connections_total,
            wanted,
            "the limit on open files leaves room for fewer connections: raise it (ulimit -n, LimitNOFILE=) for more"
        );
    }
    Ok(budget)
}
