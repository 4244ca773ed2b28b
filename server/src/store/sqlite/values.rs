//! How values of the program and of `SQLite` become each other.

use protocol::Millis;
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::store::UserId;

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

/// Users in a column, sixteen bytes each.
pub(super) struct Ids(pub(super) Vec<UserId>);

impl ToSql for Ids {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.iter().flat_map(|user| user.0).collect::<Vec<u8>>().into())
    }
}

impl FromSql for Ids {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let (ids, rest) = value.as_blob()?.as_chunks::<16>();
        if rest.is_empty() {
            Ok(Self(ids.iter().copied().map(UserId).collect()))
        } else {
            Err(FromSqlError::InvalidType)
        }
    }
}

/// Text that was parsed at the door before it was written; a file that somebody else changed fails here.
pub(super) fn parsed<T, E>(row: &Row<'_>, column: &str, parse: impl Fn(&str) -> Result<T, E>) -> rusqlite::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let value = row.get_ref(column)?;
    let text = value.as_str()?;
    Ok(parse(text).map_err(|error| FromSqlError::Other(Box::new(error)))?)
}
