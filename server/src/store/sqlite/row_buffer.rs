//! `SQLite` builds each row in a page of memory that it keeps until the connection is closed. What a deleted row said
//! would stay there until a row as long is written over it; this writes one, and takes it back.
//!
//! Only what stands in a leaf of the table `rooms` is covered, which is all of a row but what is too long for its page.

use rusqlite::Connection;

use crate::store::Result;

/// No row of `rooms` has more bytes in its page than this one: up to 1,002 of them stay there, the rest goes to pages of
/// their own (`SQLite`'s file format, section 1.6), which `secure_delete` clears. No room has this code.
const ZEROS: &str = "
    SAVEPOINT zeros;
    INSERT INTO rooms (id, code, name, capacity, owner, created_at, expires_at)
    VALUES (randomblob(16), '', hex(zeroblob(450)), 0, zeroblob(16), 0, 0);
    ROLLBACK TO zeros;
    RELEASE zeros;
";

/// Behind each deletion, and each change of what people typed.
pub(super) fn clear(db: &Connection) -> Result<()> {
    Ok(db.execute_batch(ZEROS)?)
}
