//! Why something that was asked for did not happen, as the interface tells it.

use protocol::ErrorCode;
use serde::{Deserialize, Serialize};

/// A request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// From the table of errors; [`ErrorCode::Unavailable`] when no answer came at all.
    pub code: ErrorCode,
    /// When it makes sense to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// No answer came: the server is away or there is no line. The text of the code does not fit then.
    #[serde(default)]
    pub unreachable: bool,
}

impl Failure {
    /// The server was not reached.
    pub const UNREACHABLE: Self = Self { code: ErrorCode::Unavailable, retry_after_ms: None, unreachable: true };

    /// The server answered with this code.
    #[must_use]
    pub const fn of(code: ErrorCode) -> Self {
        Self { code, retry_after_ms: None, unreachable: false }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::of(code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for Failure {}
