//! Whether the server may be sent people: its database answers and can be written. One question at a time and one answer
//! a second, so that asking often costs nothing.

use std::time::{Duration, Instant};

use protocol::ErrorCode;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::error::{ApiError, UNAVAILABLE_RETRY_MS};
use crate::store::Store;

/// A database that takes longer for nothing is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer stands.
const STANDS: Duration = Duration::from_secs(1);

/// The last answer, and when it came.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    /// Asks the database, unless it was asked a moment ago.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] with a time to ask again. The database has told the log why.
    pub async fn check(&self, store: &dyn Store) -> Result<(), ApiError> {
        let mut last = self.0.lock().await;
        let ready = match *last {
            Some((at, ready)) if at.elapsed() < STANDS => ready,
            Some(_) | None => {
                let ready = matches!(timeout(PATIENCE, store.ping()).await, Ok(Ok(())));
                *last = Some((Instant::now(), ready));
                ready
            }
        };
        if ready { Ok(()) } else { Err(ApiError::after(ErrorCode::Unavailable, UNAVAILABLE_RETRY_MS)) }
    }
}
