//! Opening the file: its mode, its settings, its tables, and what to tell the operator when it cannot be.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::memory;

/// Each takes the tables one version further; `user_version` counts those that were applied. Only ever appended to.
pub const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_users_and_rooms.sql"),
    include_str!("../../../migrations/0002_devices_of_logins.sql"),
    include_str!("../../../migrations/0003_sealed_rooms.sql"),
    include_str!("../../../migrations/0004_powers_of_rooms.sql"),
    include_str!("../../../migrations/0005_burn_timers_of_rooms.sql"),
    include_str!("../../../migrations/0006_lobbies.sql"),
];

/// The version of the tables that this program makes.
pub(super) fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// "WSPR": tells our files from those of other programs.
const APPLICATION_ID: i32 = 0x5753_5052;

/// How long another program that holds the file is waited for.
pub(super) const BUSY_MAX: Duration = Duration::from_secs(5);

/// Statements kept prepared: more than the store has.
const STATEMENTS_MAX: usize = 64;

/// - `NORMAL`: in WAL mode a commit is written before it is acknowledged, so it outlives the process, killed or not;
///   only a loss of power may take the last commits, never the file. `FULL` would add a disk flush to every join.
/// - `secure_delete` overwrites what is deleted, `temp_store` keeps intermediate results off the disk.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
";

/// Why the file cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file system refuses.
    #[error("cannot open or create the database file '{}' ({source}); let this user write to it and to its folder, or choose another place with --data-dir", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file opens, but `SQLite` cannot write beside it.
    #[error("cannot write beside the database file '{}'; let this user write to its folder, or choose another place with --data-dir", .0.display())]
    Folder(PathBuf),
    /// It is not a database of this program.
    #[error("'{}' is not a database of this program; move it away, or choose another place with --data-dir", .0.display())]
    Foreign(PathBuf),
    /// A later version of the program wrote it.
    #[error("'{}' was written by a newer version of this program (tables of version {found}, known here: {known}); start that version, or choose another place with --data-dir", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: u32,
        /// The latest version this program knows.
        known: u32,
    },
    /// Another program holds it.
    #[error("'{}' is in use by another program; end that one, or choose another place with --data-dir", .0.display())]
    Busy(PathBuf),
    /// Its pages contradict each other.
    #[error("the database file '{}' is damaged ({said}); restore it from a copy, or move it away to begin with an empty one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What `SQLite` found first.
        said: String,
    },
    /// Its disk is full.
    #[error("there is no room for the database file '{}' ({source}); make room, or choose another place with --data-dir", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// Anything else that `SQLite` reports.
    #[error("the database file '{}' cannot be used ({source}); restore it from a copy, or choose another place with --data-dir", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What `SQLite` says.
        source: rusqlite::Error,
    },
    /// The system refuses a thread.
    #[error("cannot start the thread of the database ({0}); raise the limit on threads of this user")]
    Thread(#[source] io::Error),
}

pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    if !memory::forget_what_is_freed() {
        tracing::warn!("SQLite was in use before: what it frees is not cleared");
    }
    create_private(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(|error| explained(path, error))?;
    db.busy_timeout(BUSY_MAX).map_err(|error| explained(path, error))?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Before the settings: they would already write to a file that is not ours.
    refuse_others(&db, path)?;
    refuse_damage(&db, path)?;
    make_private(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    db.execute_batch(SETTINGS).map_err(|error| explained(path, error))?;
    migrate(&mut db).map_err(|error| explained(path, error))?;
    Ok(db)
}

/// Makes the file with mode 0600 where it is missing; `SQLite` gives its log and index the mode of the file.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

/// The file and what `SQLite` keeps beside it, its owner's only: a file that was made by hand or copied may be open to all.
fn make_private(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::metadata(&name) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                std::fs::set_permissions(&name, Permissions::from_mode(0o600))?;
                tracing::warn!(file = suffix, "the database could be read by others: it has mode 0600 now");
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads every page once. Damage is found at the start and not while people use it; a database of a hundred thousand
/// people is read in a second.
fn refuse_damage(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let said: String =
        db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(|error| explained(path, error))?;
    if said == "ok" { Ok(()) } else { Err(OpenError::Damaged { path: path.to_owned(), said }) }
}

pub(super) fn refuse_others(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| explained(path, error));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if tables > 0 && number("PRAGMA application_id")? != i64::from(APPLICATION_ID) {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    let found = u32::try_from(number("PRAGMA user_version")?).unwrap_or(u32::MAX);
    let known = known();
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

/// All steps or none: a program that is killed here starts again from the version before.
fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (version, migration) in (1..).zip(MIGRATIONS) {
        if version > applied {
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", version)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()
}

pub(super) fn explained(path: &Path, source: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign(path),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => OpenError::Folder(path),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Busy(path),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, said: source.to_string() },
        Some(ErrorCode::DiskFull) => OpenError::Full { path, source },
        Some(_) | None => OpenError::Broken { path, source },
    }
}
