//! Numbers for an operator, as Prometheus reads them: `GET /metrics` on an address of its own (`--metrics`).
//!
//! What is counted is counted elsewhere (`realtime::counts`, `transports.rs`); here it is gathered when somebody asks
//! (`snapshot.rs`), written down (`exposition.rs`) and served (`endpoint.rs`). `store.rs` measures the database, and is
//! around it only where metrics are served (`watched.rs`).
//!
//! A label is a word of a closed list of this program. It must never hold what a person typed, a room's code, an id or an
//! address.

mod endpoint;
mod exposition;
mod snapshot;
mod store;
pub(crate) mod watched;

use std::sync::Arc;

use protocol::Millis;

use crate::state::AppState;
use store::StoreTimes;

/// Everything that the numbers are of.
#[derive(Debug, Clone)]
struct Measured {
    state: AppState,
    store: Arc<StoreTimes>,
    /// When the server began to serve.
    began_at: Millis,
}
