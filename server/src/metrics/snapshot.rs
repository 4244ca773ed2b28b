//! All numbers of one moment, gathered when somebody asks.

use realtime::hub::Survey;

use super::Measured;
use crate::process::Process;

/// What has to be looked for; everything else is read where it is counted.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) of: Measured,
    pub(super) survey: Survey,
    pub(super) process: Process,
    pub(super) is_store_up: bool,
}

impl Snapshot {
    /// As it is now. Sessions are counted and files read on a thread for what takes long.
    pub(super) async fn take(of: Measured) -> Self {
        let is_store_up = of.state.readiness.check(&*of.state.store).await.is_ok();
        let hub = of.state.hub.clone();
        let looking = tokio::task::spawn_blocking(move || (hub.survey(), Process::read()));
        let (survey, process) = looking.await.unwrap_or_default();
        Self { of, survey, process, is_store_up }
    }
}
