//! How values of the program and of `SQLite` become each other, and what an `SQLite` error means to a caller.

use protocol::Millis;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, Row, ffi};

use crate::store::{LoginKey, RoomId, StoreError, UserId};

macro_rules! sixteen_bytes {
    ($($id:ident)+) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map(Self)
            }
        }
    )+};
}

sixteen_bytes!(UserId RoomId LoginKey);

/// A time in a column. `SQLite`'s integers end at half the range, in the year 292 million.
pub(super) struct Time(pub(super) Millis);

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let stored = i64::column_result(value)?;
        u64::try_from(stored).map(Self).map_err(|_| FromSqlError::OutOfRange(stored))
    }
}

/// Text that is parsed as it was at the door; a file that somebody else changed fails here.
pub(super) fn parsed<T, E>(row: &Row<'_>, column: &str, parse: impl Fn(&str) -> Result<T, E>) -> rusqlite::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let value = row.get_ref(column)?;
    let text = value.as_str()?;
    Ok(parse(text).map_err(|error| FromSqlError::Other(Box::new(error)))?)
}

/// Every unique column is one that a caller may collide on, so each such refusal is a conflict.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if let Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) =
            error.sqlite_extended_error_code()
        {
            return Self::Conflict;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Unavailable,
            Some(_) | None => Self::Failed(Box::new(error)),
        }
    }
}
