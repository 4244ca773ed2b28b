//! What an error of the driver means to a caller. Its text is dropped: it may quote a value, or name a server.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::store::StoreError;

/// A unique index has the value already.
const DUPLICATE_KEY: i32 = 11_000;

/// `InternalError` and `BadValue`: what a gateway in front of an engine answers while that is away. The commands are
/// always the same ones, so a server that takes them once refuses them for no other reason.
const ENGINE_AWAY: [i32; 2] = [1, 2];

/// The server is there and cannot serve now: it stops, starts, elects, or is too slow.
const PASSING: [i32; 19] =
    [6, 7, 50, 64, 89, 91, 100, 112, 134, 189, 202, 262, 9_001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436];

/// An error without its text: the kind and the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", numbered(*.code))]
pub(super) struct Fault {
    /// In a few words.
    pub(super) what: &'static str,
    /// As the server numbers it; 0 where it does not.
    pub(super) code: i32,
}

fn numbered(code: i32) -> String {
    if code == 0 { String::new() } else { format!(", code {code}") }
}

impl Fault {
    pub(super) const fn new(what: &'static str) -> Self {
        Self { what, code: 0 }
    }

    pub(super) fn of(error: &Error) -> Self {
        let what = match &*error.kind {
            ErrorKind::Authentication { .. } => "it refuses the credentials",
            ErrorKind::DnsResolve { .. } => "its name cannot be resolved",
            ErrorKind::InvalidArgument { .. } => "its address has an option that is not valid",
            ErrorKind::InvalidTlsConfig { .. } => "its TLS options are not valid",
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => "the connection broke",
            ErrorKind::ServerSelection { .. } => "no server answers",
            ErrorKind::Command(_) => "it refused a command",
            ErrorKind::Write(WriteFailure::WriteError(_)) => "it refused a write",
            ErrorKind::Write(_) => "a write was not confirmed",
            _ => "the driver failed",
        };
        Self { what, code: code(error) }
    }
}

fn code(error: &Error) -> i32 {
    match &*error.kind {
        ErrorKind::Command(refused) => refused.code,
        ErrorKind::Write(WriteFailure::WriteError(refused)) => refused.code,
        ErrorKind::Write(WriteFailure::WriteConcernError(refused)) => refused.code,
        _ => 0,
    }
}

/// Whether the same call may succeed later without anybody changing anything.
fn passes(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Authentication { .. }
        | ErrorKind::Shutdown
        | ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
        _ => PASSING.contains(&code(error)) || ENGINE_AWAY.contains(&code(error)),
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if code(&error) == DUPLICATE_KEY {
            Self::Conflict
        } else if passes(&error) {
            if ENGINE_AWAY.contains(&code(&error)) {
                tracing::warn!(cause = %Fault::of(&error), "the database refused a call: is its engine away?");
            }
            Self::Unavailable
        } else {
            Self::Failed(Box::new(Fault::of(&error)))
        }
    }
}
