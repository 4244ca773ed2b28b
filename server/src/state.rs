//! What every handler and connection can reach. No globals: many servers can live in one test process.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use leptos::prelude::LeptosOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::desk::Desk;
use crate::admin::drain::Drain;
use crate::apps::live::LiveChannels;
use crate::apps::registry::Applications;
use crate::apps::sessions::Sessions;
use crate::auth::Auth;
use crate::config::Config;
use crate::connections::Connections;
use crate::event_log::EventLog;
use crate::keys::Keys;
use crate::readiness::Readiness;
use crate::rooms::Rooms;
use crate::store::SharedStore;
use crate::tls::Tls;
use crate::transports::Transports;
use realtime::clock::Clock;
use realtime::hub::Hub;
use realtime::rate_limits::RateLimits;
use realtime::services::Services;

/// A cheap handle to the server's state.
#[derive(Clone, Debug)]
pub struct AppState(Arc<State>);

/// See the fields.
#[derive(Debug)]
pub struct State {
    /// The configuration in force.
    pub config: Config,
    /// The one clock.
    pub clock: Clock,
    /// Users and rooms.
    pub store: SharedStore,
    /// Everything derived from the secret.
    pub keys: Keys,
    /// Live rooms and sessions.
    pub hub: Hub,
    /// Stored rooms, and what their changes mean for the live ones.
    pub rooms: Rooms,
    /// Tokens and passwords.
    pub auth: Auth,
    /// Rate limits.
    pub rate_limits: Arc<RateLimits>,
    /// Who is an operator.
    pub desk: Desk,
    /// Whether people are sent elsewhere.
    pub drain: Drain,
    /// Applications that use this server for their own events.
    pub apps: Applications,
    /// Their channels, and who hears them.
    pub live: LiveChannels,
    /// Sessions of their users that clients may come back to.
    pub sessions: Sessions,
    /// TLS of the server's own.
    pub tls: Option<Tls>,
    /// Where whoever comes without it is led to it.
    pub redirect_at: Option<SocketAddr>,
    /// Open sockets, counted.
    pub connections: Connections,
    /// What carries those who chat, counted.
    pub transports: Transports,
    /// Where the server's numbers are served, if anywhere.
    pub metrics_at: Option<SocketAddr>,
    /// Where what happens is written, if anywhere.
    pub events: EventLog,
    /// Whether people may be sent here.
    pub readiness: Readiness,
    /// How pages are rendered.
    pub leptos: LeptosOptions,
    /// Every task that the server starts.
    pub tracker: TaskTracker,
    /// Cancelled when the server is asked to stop.
    pub stopping: CancellationToken,
}

impl AppState {
    /// Wraps the state.
    pub fn new(state: State) -> Self {
        Self(Arc::new(state))
    }
}

impl AppState {
    /// Looks through the folder of applications again. It blocks while it reads.
    pub fn reload_applications(&self) {
        self.apps.reload();
        for app in self.apps.running() {
            self.live.follow(&app);
            self.live.join_nodes(&app);
        }
    }

    /// Opens and reads again what other programs may have changed. It blocks while it reads.
    pub fn renew_files(&self) {
        self.events.reopen();
        self.reload_applications();
    }

    /// Whether nobody new comes in: the server stops, or sends its people elsewhere.
    pub fn turns_away(&self) -> bool {
        self.stopping.is_cancelled() || self.drain.turns_away()
    }

    /// As the core sees it.
    pub fn services(&self) -> Arc<dyn Services> {
        Arc::clone(&self.0) as Arc<dyn Services>
    }
}

impl Deref for AppState {
    type Target = State;
    fn deref(&self) -> &State {
        &self.0
    }
}

impl axum::extract::FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
