//! What every handler and connection can reach. No globals: many servers can live in one test process.

use std::ops::Deref;
use std::sync::Arc;

use leptos::prelude::LeptosOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Auth;
use crate::config::Config;
use crate::connections::Connections;
use crate::gates::Gates;
use crate::hub::Hub;
use crate::keys::Keys;
use crate::store::SharedStore;

/// A cheap handle to the server's state.
#[derive(Clone, Debug)]
pub struct AppState(Arc<State>);

/// See the fields.
#[derive(Debug)]
pub struct State {
    /// The configuration in force.
    pub config: Config,
    /// Users and rooms.
    pub store: SharedStore,
    /// Everything derived from the secret.
    pub keys: Keys,
    /// Live rooms and sessions.
    pub hub: Hub,
    /// Tokens and passwords.
    pub auth: Auth,
    /// Rate limits.
    pub gates: Gates,
    /// Open sockets, counted.
    pub connections: Connections,
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
