//! One way from any fault to the table in `protocol::error`: HTTP, WebSocket and the interface read the same codes.
//!
//! Causes are logged once, at the boundary that answers; they never travel.

use protocol::ErrorCode;
use realtime::error::Refused;

use crate::store::StoreError;

/// A refused request: the code, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct ApiError {
    /// From the table.
    pub code: ErrorCode,
    /// When it makes sense to try again.
    pub retry_after_ms: Option<u64>,
    /// The number that the text speaks of: tries that are left, or the limit; see `Problem::with_number`.
    pub number: Option<u64>,
}

/// When to try again what failed because the database was away.
pub(crate) const UNAVAILABLE_RETRY_MS: u64 = 2_000;

impl ApiError {
    /// A failure that names a time to wait.
    pub const fn after(code: ErrorCode, retry_after_ms: u64) -> Self {
        Self { code, retry_after_ms: Some(retry_after_ms), number: None }
    }

    /// Whether the server could not, where whoever asked did nothing wrong: what the table carries as a 5xx.
    pub const fn is_ours(self) -> bool {
        self.code.http_status() >= 500
    }

    /// A value beyond what this server takes, and the most that it does.
    pub const fn beyond(code: ErrorCode, limit: u64) -> Self {
        Self { code, retry_after_ms: None, number: Some(limit) }
    }
}

impl From<Refused> for ApiError {
    fn from(Refused { code, retry_after_ms, number }: Refused) -> Self {
        Self { code, retry_after_ms, number }
    }
}

impl From<ApiError> for Refused {
    fn from(ApiError { code, retry_after_ms, number }: ApiError) -> Self {
        Self { code, retry_after_ms, number }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self { code, retry_after_ms: None, number: None }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::after(ErrorCode::Unavailable, UNAVAILABLE_RETRY_MS),
            // The store has told it, once a minute: a line a request would fill the disk that is full already.
            StoreError::Failed(_) => ErrorCode::Internal.into(),
            // Callers that can meet a conflict or a missing record branch on it themselves; here it is a surprise.
            StoreError::Conflict | StoreError::NotFound => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                ErrorCode::Internal.into()
            }
        }
    }
}
