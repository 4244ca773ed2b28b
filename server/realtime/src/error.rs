//! One way from any fault to the table in `protocol::error`: HTTP, WebSocket and the interface read the same codes.
//!
//! Causes are logged once, at the boundary that answers; they never travel.

use protocol::ErrorCode;

/// A refused request: the code, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Refused {
    /// From the table.
    pub code: ErrorCode,
    /// When it makes sense to try again.
    pub retry_after_ms: Option<u64>,
    /// The number that the text speaks of: tries that are left, or the limit; see `Problem::with_number`.
    pub number: Option<u64>,
}

impl Refused {
    /// A failure that names a time to wait.
    pub const fn after(code: ErrorCode, retry_after_ms: u64) -> Self {
        Self { code, retry_after_ms: Some(retry_after_ms), number: None }
    }

    /// More than a rate allows, and the time until the next.
    pub const fn rate_limited(retry_after_ms: u64) -> Self {
        Self::after(ErrorCode::RateLimited, retry_after_ms)
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

impl From<ErrorCode> for Refused {
    fn from(code: ErrorCode) -> Self {
        Self { code, retry_after_ms: None, number: None }
    }
}
