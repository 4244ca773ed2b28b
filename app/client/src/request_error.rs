//! Why something that was asked for did not happen, as the interface tells it.

use protocol::{ErrorCode, read_struct};
use serde::Serialize;

/// A request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RequestError {
    /// From the table of errors; [`ErrorCode::Unavailable`] when no answer came at all.
    pub code: ErrorCode,
    /// When it makes sense to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The number that the text speaks of: tries that are left, or the greatest that the server takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// No answer came: the server is away, or there is no connection. The text of the code does not fit then.
    pub unreachable: bool,
}

impl RequestError {
    /// The server was not reached.
    pub const UNREACHABLE: Self =
        Self { code: ErrorCode::Unavailable, retry_after_ms: None, number: None, unreachable: true };

    /// No request was sent: this browser blocks cookies, so every page view would make another guest.
    pub const NO_COOKIES: Self = Self::of(ErrorCode::CookiesBlocked);

    /// The server answered with this code.
    #[must_use]
    pub const fn of(code: ErrorCode) -> Self {
        Self { code, retry_after_ms: None, number: None, unreachable: false }
    }
}

impl From<ErrorCode> for RequestError {
    fn from(code: ErrorCode) -> Self {
        Self::of(code)
    }
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for RequestError {}

read_struct!(RequestError { code, retry_after_ms, number, unreachable });
