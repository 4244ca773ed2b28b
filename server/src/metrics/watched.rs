//! A server whose numbers are served, or one whose are not: what that changes at its start.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use realtime::counts::Counts;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::store::{MeasuredStore, StoreTimes};
use super::{Measured, endpoint};
use crate::state::AppState;
use crate::store::SharedStore;

/// Where numbers are served, if anywhere, and what is measured for it.
#[derive(Debug)]
pub(crate) struct Watched(Option<Watch>);

#[derive(Debug)]
struct Watch {
    listener: TcpListener,
    address: SocketAddr,
    times: Arc<StoreTimes>,
}

impl Watched {
    /// Takes the address: what is asked for and cannot be had is told at the start.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) async fn listen(at: Option<SocketAddr>) -> anyhow::Result<Self> {
        let Some(at) = at else { return Ok(Self(None)) };
        let cannot = || format!("cannot serve metrics at {at}: choose another address with --metrics");
        let listener = TcpListener::bind(at).await.with_context(cannot)?;
        let address = listener.local_addr().with_context(cannot)?;
        Ok(Self(Some(Watch { listener, address, times: Arc::default() })))
    }

    /// Where it is, once the system has chosen a port.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.0.as_ref().map(|watch| watch.address)
    }

    /// The store with a watch beside it, and numbers with times, where somebody reads them.
    pub(crate) fn measure(&self, inner: SharedStore) -> (SharedStore, Counts) {
        match &self.0 {
            Some(watch) => (Arc::new(MeasuredStore { inner, times: Arc::clone(&watch.times) }), Counts::timed()),
            None => (inner, Counts::untimed()),
        }
    }

    /// Serves until `halt`.
    pub(crate) async fn serve(self, state: AppState, halt: CancellationToken) {
        if let Some(Watch { listener, times, .. }) = self.0 {
            let began_at = state.clock.wall();
            endpoint::serve(listener, Measured { state, store: times, began_at }, halt).await;
        }
    }
}
