//! What an `SQLite` error means: a refusal of the call, a fault that passes when somebody makes room or puts something
//! back, or one that does not.

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::StoreError;

/// A fault of the disk or the system under the file, in words for the operator and with `SQLite`'s number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} (SQLite's code {code})")]
pub(super) struct Fault {
    what: &'static str,
    code: i32,
    /// Whether the same call may succeed later.
    pub(super) passes: bool,
}

impl Fault {
    /// Whether the file itself is broken: nothing but a restart with another one mends it.
    pub(super) const fn is_damage(self) -> bool {
        matches!(self.code & 0xFF, ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB)
    }

    pub(super) fn of(error: ffi::Error) -> Self {
        let (what, passes) = match error.code {
            ErrorCode::DiskFull => ("there is no room left for its file", true),
            ErrorCode::SystemIoFailure => ("its file cannot be read or written", true),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => ("its file may not be written", true),
            ErrorCode::CannotOpen => ("a file of it cannot be opened", true),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                ("another program holds its file", true)
            }
            ErrorCode::OutOfMemory => ("the system refuses it memory", true),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                ("its file is damaged: stop the server and restore it from a copy", false)
            }
            _ => ("a call failed", false),
        };
        Self { what, code: error.extended_code, passes }
    }
}

/// Every unique column is one that a caller may collide on, so each such refusal is a conflict. What else failed is
/// sorted where the job is answered (`writer.rs`), so that its cause is told there.
impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.sqlite_extended_error_code() {
            Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => Self::Conflict,
            Some(_) | None => Self::Failed(Box::new(error)),
        }
    }
}

/// The fault behind a failed job, if it is one of the database.
pub(super) fn behind(error: &StoreError) -> Option<Fault> {
    match error {
        StoreError::Failed(source) => {
            let strange = Fault { what: "a record is not as this program writes it", code: 0, passes: false };
            let error = source.downcast_ref::<Error>()?.sqlite_error();
            Some(error.map_or(strange, |error| Fault::of(*error)))
        }
        StoreError::Conflict | StoreError::NotFound | StoreError::Unavailable => None,
    }
}
