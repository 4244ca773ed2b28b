//! Why something was not done, as clients of applications are told: `{code, message, timestamp}`.

/// Every reason. The codes are those of the documents that applications of this kind have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedCode {
    /// The event is none that is known, or its payload does not fit.
    InvalidInput,
    /// A rule does not let this user; or the channel does not exist, which is told alike.
    Unauthorized,
    /// Too much, too fast.
    RateLimit,
    /// The application's backend cannot be asked, or answers nothing that can be used.
    BackendUnavailable,
    /// A bound of this server or of the application is reached.
    TooMany,
}

impl RefusedCode {
    /// As it is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "INVALID_INPUT",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::RateLimit => "RATE_LIMIT",
            Self::BackendUnavailable => "BACKEND_UNAVAILABLE",
            Self::TooMany => "TOO_MANY",
        }
    }
}

/// One refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// For programs.
    pub code: RefusedCode,
    /// For people: what happened and what to do.
    pub message: &'static str,
}

impl Refused {
    pub(crate) const fn input(message: &'static str) -> Self {
        Self { code: RefusedCode::InvalidInput, message }
    }

    /// What is not allowed, and what does not exist.
    pub const UNAUTHORIZED: Self = Self { code: RefusedCode::Unauthorized, message: "Not authorized" };
    /// Too many events.
    pub const RATE_LIMIT: Self = Self { code: RefusedCode::RateLimit, message: "Rate limit exceeded" };
    /// No backend, or none that answers.
    pub const BACKEND: Self =
        Self { code: RefusedCode::BackendUnavailable, message: "The application cannot be asked now; try again later" };
    /// More is being told than other nodes can be told.
    pub const BUSY: Self =
        Self { code: RefusedCode::TooMany, message: "Too much is told at this moment; try again in a second" };
    /// A channel is full, or the application has too many of them.
    pub const FULL: Self =
        Self { code: RefusedCode::TooMany, message: "The channel is full; try again when somebody has left" };
    /// Too many subscriptions.
    pub const SUBSCRIPTIONS: Self =
        Self { code: RefusedCode::TooMany, message: "Too many channels at once; leave some first" };
}
