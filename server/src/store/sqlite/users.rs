//! Users, accounts and logins in SQL.

use protocol::{Device, DisplayName, Millis, Username};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row_buffer;
use super::values::{Time, parsed};
use crate::store::{Account, AccountChange, Login, LoginKey, Result, StoreError, User, UserId};

pub(super) fn create(db: &Connection, user: &User) -> Result<()> {
    db.prepare_cached("INSERT INTO users (id, created_at, expires_at) VALUES (?, ?, ?)")?.execute(params![
        user.id.0,
        Time(user.created_at),
        user.expires_at.map(Time)
    ])?;
    if let Some(account) = &user.account {
        insert_account(db, user.id, account)?;
    }
    user.logins.iter().try_for_each(|login| insert_login(db, user.id, *login))
}

pub(super) fn live(db: &Connection, id: UserId, now: Millis) -> Result<Option<User>> {
    let user = db
        .prepare_cached(
            "SELECT * FROM users LEFT JOIN accounts ON accounts.user = users.id
             WHERE users.id = ? AND (expires_at IS NULL OR expires_at > ?)",
        )?
        .query_row(params![id.0, Time(now)], user_from)
        .optional()?;
    with_logins(db, user)
}

pub(super) fn by_name(db: &Connection, folded: &str) -> Result<Option<User>> {
    let user = db
        .prepare_cached(
            "SELECT * FROM accounts JOIN users ON accounts.user = users.id
             WHERE username_folded = ?",
        )?
        .query_row([folded], user_from)
        .optional()?;
    with_logins(db, user)
}

pub(super) fn make_account(db: &Connection, id: UserId, account: &Account, now: Millis) -> Result<()> {
    let guests = db
        .prepare_cached(
            "UPDATE users SET expires_at = NULL
             WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)
             AND NOT EXISTS (SELECT 1 FROM accounts WHERE user = users.id)",
        )?
        .execute(params![id.0, Time(now)])?;
    if guests == 0 {
        return Err(StoreError::NotFound);
    }
    insert_account(db, id, account)
}

pub(super) fn change_account(db: &Connection, id: UserId, change: &AccountChange) -> Result<()> {
    let (sql, value) = match change {
        AccountChange::PasswordHash(hash) => ("UPDATE accounts SET password_hash = ? WHERE user = ?", hash.as_str()),
        AccountChange::DisplayName(name) => ("UPDATE accounts SET display_name = ? WHERE user = ?", name.as_str()),
    };
    let accounts = db.prepare_cached(sql)?.execute(params![value, id.0])?;
    if accounts == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) fn extend_guest(db: &Connection, id: UserId, expires_at: Millis, now: Millis) -> Result<()> {
    db.prepare_cached(
        "UPDATE users SET expires_at = ?
         WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)
         AND NOT EXISTS (SELECT 1 FROM accounts WHERE user = users.id)",
    )?
    .execute(params![Time(expires_at), id.0, Time(now)])?;
    Ok(())
}

/// Its account and logins go with it; its memberships are the caller's to end.
pub(super) fn delete(db: &Connection, id: UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM users WHERE id = ?")?.execute([id.0])?;
    row_buffer::clear(db)
}

pub(super) fn add_login(
    db: &Connection,
    id: UserId,
    login: Login,
    logins_max: u32,
    now: Millis,
) -> Result<Vec<LoginKey>> {
    let exists = db
        .prepare_cached("SELECT 1 FROM users WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)")?
        .exists(params![id.0, Time(now)])?;
    if !exists {
        return Err(StoreError::NotFound);
    }
    insert_login(db, id, login)?;
    let others_max = logins_max.saturating_sub(1);
    let mut removed = db
        .prepare_cached(
            "SELECT key FROM logins WHERE user = ? AND key <> ?
             ORDER BY last_used_at DESC, created_at DESC, number DESC LIMIT -1 OFFSET ?",
        )?
        .query_map(params![id.0, login.key.0, others_max], |row| row.get(0).map(LoginKey))?
        .collect::<rusqlite::Result<Vec<LoginKey>>>()?;
    for key in &removed {
        remove_login(db, id, *key)?;
    }
    removed.reverse();
    Ok(removed)
}

pub(super) fn touch_login(
    db: &Connection,
    id: UserId,
    key: LoginKey,
    last_used_at: Millis,
    now: Millis,
) -> Result<bool> {
    let touched = db
        .prepare_cached(
            "UPDATE logins SET last_used_at = max(last_used_at, ?)
             WHERE user = ? AND key = ? AND EXISTS
             (SELECT 1 FROM users WHERE id = user AND (expires_at IS NULL OR expires_at > ?))",
        )?
        .execute(params![Time(last_used_at), id.0, key.0, Time(now)])?;
    Ok(touched > 0)
}

pub(super) fn name_login(db: &Connection, id: UserId, key: LoginKey, device: Device, now: Millis) -> Result<bool> {
    let named = db
        .prepare_cached(
            "UPDATE logins SET device = ?
             WHERE user = ? AND key = ? AND EXISTS
             (SELECT 1 FROM users WHERE id = user AND (expires_at IS NULL OR expires_at > ?))",
        )?
        .execute(params![device.words(), id.0, key.0, Time(now)])?;
    Ok(named > 0)
}

pub(super) fn remove_login(db: &Connection, id: UserId, key: LoginKey) -> Result<bool> {
    let removed = db.prepare_cached("DELETE FROM logins WHERE user = ? AND key = ?")?.execute(params![id.0, key.0])?;
    Ok(removed > 0)
}

pub(super) fn remove_logins_except(db: &Connection, id: UserId, keep: Option<LoginKey>) -> Result<Vec<LoginKey>> {
    let removed = db
        .prepare_cached("DELETE FROM logins WHERE user = ? AND key IS NOT ? RETURNING key")?
        .query_map(params![id.0, keep.map(|id| id.0)], |row| row.get(0).map(LoginKey))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(removed)
}

/// Answers how many users went.
pub(super) fn purge(db: &Connection, now: Millis, logins_before: Millis) -> Result<u64> {
    let users = db.prepare_cached("DELETE FROM users WHERE expires_at <= ?")?.execute([Time(now)])?;
    if users > 0 {
        row_buffer::clear(db)?;
    }
    db.prepare_cached("DELETE FROM logins WHERE last_used_at < ?")?.execute([Time(logins_before)])?;
    Ok(users as u64)
}

pub(super) fn page(db: &Connection, after: Option<UserId>, users_max: u32) -> Result<Vec<User>> {
    let users = db
        .prepare_cached(
            "SELECT * FROM users LEFT JOIN accounts ON accounts.user = users.id
             WHERE ?1 IS NULL OR users.id > ?1 ORDER BY users.id LIMIT ?2",
        )?
        .query_map(params![after.map(|id| id.0), users_max], user_from)?
        .collect::<rusqlite::Result<Vec<User>>>()?;
    users.into_iter().filter_map(|user| with_logins(db, Some(user)).transpose()).collect()
}

fn insert_account(db: &Connection, user: UserId, account: &Account) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO accounts (user, username, username_folded, password_hash, display_name)
         VALUES (?, ?, ?, ?, ?)",
    )?
    .execute(params![
        user.0,
        account.username.as_str(),
        account.username.folded(),
        account.password_hash,
        account.display_name.as_str(),
    ])?;
    Ok(())
}

fn insert_login(db: &Connection, user: UserId, login: Login) -> Result<()> {
    db.prepare_cached("INSERT INTO logins (user, key, created_at, last_used_at, device) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![
            user.0,
            login.key.0,
            Time(login.created_at),
            Time(login.last_used_at),
            login.device.map(Device::words)
        ])?;
    Ok(())
}

fn with_logins(db: &Connection, user: Option<User>) -> Result<Option<User>> {
    let Some(mut user) = user else {
        return Ok(None);
    };
    user.logins = db
        .prepare_cached(
            "SELECT key, created_at, last_used_at, device FROM logins WHERE user = ?
             ORDER BY created_at, number",
        )?
        .query_map([user.id.0], login_from)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(user))
}

fn user_from(row: &Row<'_>) -> rusqlite::Result<User> {
    let has_account = row.get::<_, Option<[u8; 16]>>("user")?.is_some();
    let account = has_account.then(|| account_from(row)).transpose()?;
    Ok(User {
        id: UserId(row.get("id")?),
        account,
        created_at: row.get::<_, Time>("created_at")?.0,
        expires_at: row.get::<_, Option<Time>>("expires_at")?.map(|time| time.0),
        logins: Vec::new(),
    })
}

fn account_from(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        username: parsed(row, "username", Username::kept)?,
        password_hash: row.get("password_hash")?,
        display_name: parsed(row, "display_name", DisplayName::kept)?,
    })
}

fn login_from(row: &Row<'_>) -> rusqlite::Result<Login> {
    Ok(Login {
        key: LoginKey(row.get("key")?),
        created_at: row.get::<_, Time>("created_at")?.0,
        last_used_at: row.get::<_, Time>("last_used_at")?.0,
        // A device name that this version does not know is left out.
        device: row.get::<_, Option<String>>("device")?.and_then(|words| Device::parse(&words).ok()),
    })
}
