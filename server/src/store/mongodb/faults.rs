//! What an error of the driver means to a caller. Its text is dropped: it may quote a value, or name a server.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::store::StoreError;

/// A unique index has the value already.
const DUPLICATE_KEY: i32 = 11_000;

/// `InternalError` and `BadValue`: what a gateway in front of an engine answers while that is away. The commands are
/// always the same ones, so a server that takes them once refuses them for no other reason.
const ENGINE_AWAY: [i32; 2] = [1, 2];

/// The server is there and cannot serve now: it stops, starts, elects, is too slow or too busy. Numbers and names are
/// those of `src/mongo/base/error_codes.yml` in the server's sources.
const PASSING: [i32; 34] = [
    6,      // HostUnreachable
    7,      // HostNotFound
    24,     // LockTimeout
    43,     // CursorNotFound: the server restarted between two pages
    50,     // MaxTimeMSExpired
    64,     // WriteConcernFailed
    89,     // NetworkTimeout
    91,     // ShutdownInProgress
    100,    // UnsatisfiableWriteConcern: members are down
    112,    // WriteConflict
    133,    // FailedToSatisfyReadPreference
    134,    // ReadConcernMajorityNotAvailableYet
    175,    // QueryPlanKilled
    189,    // PrimarySteppedDown
    202,    // NetworkInterfaceExceededTimeLimit
    216,    // ElectionInProgress
    262,    // ExceededTimeLimit
    264,    // TooManyFilesOpen: its own descriptors, not ours
    279,    // ClientDisconnect
    355,    // InterruptedDueToStorageChange
    365,    // TemporarilyUnavailable
    433,    // AdmissionQueueOverflow
    449,    // RateLimitExceeded
    450,    // PooledConnectionAcquisitionRejected
    462,    // IngressRequestRateLimitExceeded
    473,    // InterruptedDueToOverload
    9_001,  // SocketException
    10_058, // LegacyNotPrimary
    10_107, // NotWritablePrimary
    11_600, // InterruptedAtShutdown
    11_601, // Interrupted: an operator ended the call
    11_602, // InterruptedDueToReplStateChange
    13_435, // NotPrimaryNoSecondaryOk
    13_436, // NotPrimaryOrSecondary
];

/// It takes no writes until somebody makes room.
const NO_ROOM: [i32; 3] = [
    371,    // UserWritesBlocked: by an operator, or by a host whose disk is nearly full
    8_000,  // AtlasError, not in the server's list: "you are over your space quota"
    14_031, // OutOfDiskSpace
];

/// An error without its text: the kind and the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", numbered(*.code))]
pub(super) struct MongoFault {
    /// In a few words.
    pub(super) what: &'static str,
    /// As the server numbers it; 0 where it does not.
    pub(super) code: i32,
    /// Whether the same call may succeed later without anybody changing anything here.
    pub(super) passes: bool,
}

fn numbered(code: i32) -> String {
    if code == 0 { String::new() } else { format!(", code {code}") }
}

impl MongoFault {
    pub(super) const fn new(what: &'static str) -> Self {
        Self { what, code: 0, passes: false }
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
        let (code, passes) = (code(error), passes(error));
        Self { what: if NO_ROOM.contains(&code) { "it has no room left" } else { what }, code, passes }
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

fn passes(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Authentication { .. }
        | ErrorKind::Shutdown
        | ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
        _ => [&PASSING[..], &NO_ROOM, &ENGINE_AWAY].iter().any(|codes| codes.contains(&code(error))),
    }
}

/// What passes is sorted out where the call ends (`link.rs`), so that its cause is told there.
impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if code(&error) == DUPLICATE_KEY { Self::Conflict } else { Self::Failed(Box::new(MongoFault::of(&error))) }
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{deserialize_from_document, doc};

    use super::{Error, ErrorKind, MongoFault};

    fn refused(code: i32) -> MongoFault {
        let command = doc! { "code": code, "codeName": "", "errmsg": "quotes a value" };
        MongoFault::of(&Error::from(ErrorKind::Command(deserialize_from_document(command).expect("is a refusal"))))
    }

    #[test]
    fn a_server_without_room_is_a_fault_that_passes_and_one_that_forbids_is_not() {
        let no_room = [14_031, 8_000, 371].map(|code| (code, "it has no room left"));
        let busy = [365, 264, 216, 462, 11_601].map(|code| (code, "it refused a command"));
        for (code, what) in no_room.into_iter().chain(busy) {
            let fault = refused(code);
            assert!(fault.passes && fault.what == what, "{fault}");
            assert_eq!(fault.to_string(), format!("{what}, code {code}"));
        }
        assert!(!refused(13).passes, "who may not write is not let in by waiting");
    }
}
