//! Opening the database that is configured, and what an operator does with one: check, export the schema, back up, migrate.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};

use crate::admin::operators;
use crate::config::{Config, Database, Db, SQLITE_FILE};
use crate::folders::{keep_private, make_folder};
use crate::keys;
use crate::lock_file::LockFile;
use crate::store::memory::MemoryStore;
use crate::store::mongodb::{self, MongoStore};
use crate::store::sqlite::{self, SqliteStore};
use crate::store::{Membership, Result, Room, SharedStore, Store, User};

/// Records read at once.
const PAGE_MAX: u32 = 500;

/// Opens a database. A server that is away is waited for by whoever calls it.
///
/// # Errors
/// A sentence for the operator.
pub async fn open(database: &Database) -> anyhow::Result<SharedStore> {
    Ok(match database {
        Database::Memory => Arc::new(MemoryStore::default()),
        Database::Mongodb(uri) => Arc::new(MongoStore::open(uri.clone()).await),
        Database::Sqlite(path) => {
            make_parent(path)?;
            Arc::new(SqliteStore::open(path).await.context("the database could not be opened")?)
        }
    })
}

fn make_parent(path: &Path) -> anyhow::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => make_folder(folder),
        None => Ok(()),
    }
}

/// Takes a database for this process alone, where it could not be shared.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn hold(database: &Database) -> anyhow::Result<Option<LockFile>> {
    match database {
        Database::Sqlite(path) => {
            make_parent(path)?;
            LockFile::take(path).map(Some)
        }
        Database::Mongodb(_) | Database::Memory => Ok(None),
    }
}

/// Does what the operator asked for; answers what to print.
///
/// # Errors
/// A sentence that says what is wrong with the database, or with one of the two.
pub async fn tend(config: &Config, command: &Db) -> anyhow::Result<String> {
    match command {
        Db::ExportSchema => Ok(match &config.database {
            Database::Sqlite(_) => sqlite::SCHEMA.concat(),
            Database::Mongodb(_) => mongodb::export_schema(),
            Database::Memory => String::new(),
        }),
        Db::Check => check(&config.database).await,
        Db::Backup { folder } => back_up(config, folder).await,
        Db::Migrate { to } => {
            let to = Database::parse(to, &config.data_dir)?;
            ensure!(to != config.database, "the database to copy into is the one to copy from");
            migrate(&config.database, &to).await
        }
    }
}

/// A path that was mistyped is not to become an empty database that is in order.
fn there_is(database: &Database) -> anyhow::Result<()> {
    match database {
        Database::Sqlite(path) => ensure!(path.exists(), "there is no database file {}", path.display()),
        Database::Mongodb(_) | Database::Memory => {}
    }
    Ok(())
}

async fn check(database: &Database) -> anyhow::Result<String> {
    there_is(database)?;
    if let Database::Mongodb(uri) = database {
        let strange = mongodb::strange_fields(&MongoStore::open(uri.clone()).await).await.context(AWAY)?;
        ensure!(strange.is_empty(), "not of this program: {}", strange.join(", "));
    }
    let store = open(database).await?;
    let (users, rooms) = (users(&*store).await?, rooms(&*store).await?);
    for (room, members) in &rooms {
        ensure!(members.iter().any(|member| member.user == room.owner), "a room's owner is not among its members");
    }
    store.close().await?;
    Ok(format!("{}: in order, {}\n", database.kind(), counted(&users, &rooms)))
}

async fn migrate(from: &Database, to: &Database) -> anyhow::Result<String> {
    there_is(from)?;
    let _holds = (hold(from)?, hold(to)?);
    let (source, target) = (open(from).await?, open(to).await?);
    let is_empty = target.users_page(None, 1).await.context(AWAY)?.is_empty()
        && target.rooms_page(None, 1).await.context(AWAY)?.is_empty();
    ensure!(is_empty, "the database to copy into is not empty; choose another, or empty it");
    let (users_here, rooms_here) = (users(&*source).await?, rooms(&*source).await?);
    for user in &users_here {
        target.create_user(user.clone()).await.context("a user could not be copied")?;
    }
    for (room, members) in &rooms_here {
        target.restore_room(room.clone(), members.clone()).await.context("a room could not be copied")?;
    }
    let (users_there, rooms_there) = (users(&*target).await?, rooms(&*target).await?);
    ensure!(users_here == users_there && rooms_here == rooms_there, "what was copied is not the same; begin again");
    source.close().await?;
    target.close().await?;
    Ok(format!("copied from {} to {} and compared: {}\n", from.kind(), to.kind(), counted(&users_here, &rooms_here)))
}

/// Copies what the server keeps while it may serve. The folder is a data folder: a server that is started on it goes on from
/// there. What can be had anew, the certificates of an authority, is not in it, nor are files that are the operator's own.
async fn back_up(config: &Config, folder: &Path) -> anyhow::Result<String> {
    ensure!(config.database != Database::Memory, "a database in memory ends with its server: there is nothing to copy");
    there_is(&config.database)?;
    let secret = keys::file_of(&config.data_dir);
    ensure!(secret.is_file(), "there is no secret {}: is --data-dir that of the server?", secret.display());
    let is_used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    ensure!(!is_used, "{} is not empty: choose another folder", folder.display());
    make_folder(folder)?;
    for file in [secret, operators::file_of(&config.data_dir)] {
        copy(&file, folder).with_context(|| format!("cannot copy {} to {}", file.display(), folder.display()))?;
    }
    let done = match &config.database {
        Database::Sqlite(path) => {
            let there = folder.join(SQLITE_FILE);
            sqlite::copy(path, &there)?;
            // What cannot be read again is no copy.
            check(&Database::Sqlite(there)).await?
        }
        Database::Mongodb(_) => "mongodb: it is a server of its own; copy its database with mongodump\n".to_owned(),
        Database::Memory => String::new(),
    };
    Ok(format!("copied to {}\n{done}", folder.display()))
}

/// One small file, which then only its owner can read. Operators need not have been made.
fn copy(file: &Path, folder: &Path) -> io::Result<()> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    keep_private(&folder.join(name), &bytes)
}

const AWAY: &str = "the database does not answer";

async fn users(store: &dyn Store) -> Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    loop {
        let page = store.users_page(users.last().map(|user| user.id), PAGE_MAX).await?;
        if page.is_empty() {
            return Ok(users);
        }
        users.extend(page);
    }
}

async fn rooms(store: &dyn Store) -> Result<Vec<(Room, Vec<Membership>)>> {
    let mut rooms: Vec<(Room, Vec<Membership>)> = Vec::new();
    loop {
        let page = store.rooms_page(rooms.last().map(|(room, _)| room.id), PAGE_MAX).await?;
        if page.is_empty() {
            return Ok(rooms);
        }
        rooms.extend(page);
    }
}

fn counted(users: &[User], rooms: &[(Room, Vec<Membership>)]) -> String {
    let logins: usize = users.iter().map(|user| user.logins.len()).sum();
    let members: usize = rooms.iter().map(|(_, members)| members.len()).sum();
    format!("{} users, {logins} logins, {} rooms, {members} memberships", users.len(), rooms.len())
}
