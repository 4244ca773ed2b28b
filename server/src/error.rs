//! One way from any fault to the table in `protocol::error`: HTTP, WebSocket and the interface read the same codes.
//!
//! Causes are logged once, at the boundary that answers; they never travel.

use protocol::ErrorCode;

use crate::store::StoreError;

/// A refused request: the code, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Failure {
    /// From the table.
    pub code: ErrorCode,
    /// When it makes sense to try again.
    pub retry_after_ms: Option<u64>,
}

/// When to try again what failed because the database was away.
const UNAVAILABLE_RETRY_MS: u64 = 2_000;

impl Failure {
    /// A failure that names a time to wait.
    pub const fn after(code: ErrorCode, retry_after_ms: u64) -> Self {
        Self { code, retry_after_ms: Some(retry_after_ms) }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self { code, retry_after_ms: None }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::after(ErrorCode::Unavailable, UNAVAILABLE_RETRY_MS),
            // Callers that can meet a conflict or a missing record branch on it themselves; here it is a surprise.
            StoreError::Conflict | StoreError::NotFound | StoreError::Failed(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                ErrorCode::Internal.into()
            }
        }
    }
}
