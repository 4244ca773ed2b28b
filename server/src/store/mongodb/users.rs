//! Users and their logins: each call one conditional step on one document.

use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;
use protocol::{Device, Millis};

use super::collections::Collections;
use super::documents::{self, bytes, of_account, of_login, of_user, time};
use super::link;
use crate::store::{Account, AccountChange, Login, LoginKey, Result, StoreError, User, UserId};

pub(super) async fn create(link: &Collections, user: &User) -> Result<()> {
    link.users.insert_one(of_user(user)).await?;
    Ok(())
}

/// Matches a user that has not ended.
fn live(id: UserId, now: Millis) -> Document {
    doc! { "_id": bytes(id.0), "$or": [{ "expires_at": { "$exists": false } }, { "expires_at": { "$gt": time(now) } }] }
}

fn live_guest(id: UserId, now: Millis) -> Document {
    let mut filter = live(id, now);
    filter.insert("account", doc! { "$exists": false });
    filter
}

pub(super) async fn read(link: &Collections, id: UserId, now: Millis) -> Result<Option<User>> {
    let found = link.users.find_one(doc! { "_id": bytes(id.0) }).await?;
    let user = found.as_ref().map(documents::user).transpose()?;
    Ok(user.filter(|user| user.expires_at.is_none_or(|end| now < end)))
}

pub(super) async fn by_name(link: &Collections, folded: &str) -> Result<Option<User>> {
    let found = link.users.find_one(doc! { "account.username_folded": folded }).await?;
    found.as_ref().map(documents::user).transpose()
}

pub(super) async fn make_account(link: &Collections, id: UserId, account: &Account, now: Millis) -> Result<()> {
    let change = doc! { "$set": { "account": of_account(account) }, "$unset": { "expires_at": "" } };
    let changed = link.users.update_one(live_guest(id, now), change).await?;
    if changed.matched_count == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) async fn change_account(link: &Collections, id: UserId, change: &AccountChange) -> Result<()> {
    let set = match change {
        AccountChange::PasswordHash(hash) => doc! { "account.password_hash": hash },
        AccountChange::DisplayName(name) => doc! { "account.display_name": name.as_str() },
    };
    let filter = doc! { "_id": bytes(id.0), "account": { "$exists": true } };
    let changed = link.users.update_one(filter, doc! { "$set": set }).await?;
    if changed.matched_count == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) async fn extend_guest(link: &Collections, id: UserId, expires_at: Millis, now: Millis) -> Result<()> {
    let change = doc! { "$set": { "expires_at": time(expires_at) } };
    link.users.update_one(live_guest(id, now), change).await?;
    Ok(())
}

/// Its account and logins go with it; its memberships are the caller's to end.
pub(super) async fn delete(link: &Collections, id: UserId) -> Result<()> {
    link::delete(&link.users, id.0).await.map(|_| ())
}

/// The array of logins as it is after one more: the most recently used of the others, in their order, then the new one.
///
/// How many others come before each is counted inside the step, because two devices may sign in at once.
fn with_login(login: Login, others_max: u32) -> Vec<Document> {
    let of = |field: &str, index: &str| doc! { "$arrayElemAt": [format!("$logins.{field}"), index] };
    let compare = |operator: &str, field: &str| doc! { operator: [of(field, "$$other"), of(field, "$$index")] };
    let indexes = doc! { "$range": [0, { "$size": "$logins" }] };
    let same_use = compare("$eq", "last_used_at");
    let before = doc! { "$or": [
        compare("$gt", "last_used_at"),
        { "$and": [same_use.clone(), compare("$gt", "created_at")] },
        { "$and": [same_use, compare("$eq", "created_at"), { "$gt": ["$$other", "$$index"] }] },
    ] };
    let rank = doc! { "$size": { "$filter": { "input": indexes.clone(), "as": "other", "cond": before } } };
    let staying = doc! { "$filter": {
        "input": indexes, "as": "index", "cond": { "$lt": [rank, i64::from(others_max)] },
    } };
    let others = doc! { "$map": {
        "input": staying, "as": "place", "in": { "$arrayElemAt": ["$logins", "$$place"] },
    } };
    let new = doc! { "$literal": [of_login(login)] };
    vec![doc! { "$set": { "logins": { "$concatArrays": [others, new] } } }]
}

/// What makes way, in the order of use: the same rule as in [`with_login`], on what was there before.
fn making_way(mut logins: Vec<Login>, others_max: u32) -> Vec<LoginKey> {
    logins.sort_by_key(|login| (login.last_used_at, login.created_at));
    let others_max = usize::try_from(others_max).unwrap_or(usize::MAX);
    logins.truncate(logins.len().saturating_sub(others_max));
    logins.into_iter().map(|login| login.key).collect()
}

pub(super) async fn add_login(
    link: &Collections,
    id: UserId,
    login: Login,
    logins_max: u32,
    now: Millis,
) -> Result<Vec<LoginKey>> {
    let others_max = logins_max.saturating_sub(1);
    let mut filter = live(id, now);
    filter.insert("logins.key", doc! { "$ne": bytes(login.key.0) });
    let before = link
        .users
        .find_one_and_update(filter, with_login(login, others_max))
        .projection(doc! { "logins": 1 })
        .return_document(ReturnDocument::Before)
        .await?;
    if let Some(before) = before {
        return Ok(making_way(documents::logins(&before)?, others_max));
    }
    let exists = link.users.find_one(live(id, now)).projection(doc! { "_id": 1 }).await?;
    Err(if exists.is_some() { StoreError::Conflict } else { StoreError::NotFound })
}

pub(super) async fn touch_login(
    link: &Collections,
    id: UserId,
    key: LoginKey,
    last_used_at: Millis,
    now: Millis,
) -> Result<bool> {
    let mut filter = live(id, now);
    filter.insert("logins.key", bytes(key.0));
    let change = doc! { "$max": { "logins.$.last_used_at": time(last_used_at) } };
    let touched = link.users.update_one(filter, change).await?;
    Ok(touched.matched_count > 0)
}

pub(super) async fn name_login(
    link: &Collections,
    id: UserId,
    key: LoginKey,
    device: Device,
    now: Millis,
) -> Result<bool> {
    let mut filter = live(id, now);
    filter.insert("logins.key", bytes(key.0));
    let change = doc! { "$set": { "logins.$.device": device.words() } };
    let named = link.users.update_one(filter, change).await?;
    Ok(named.matched_count > 0)
}

pub(super) async fn remove_login(link: &Collections, id: UserId, key: LoginKey) -> Result<bool> {
    let filter = doc! { "_id": bytes(id.0), "logins.key": bytes(key.0) };
    let removed = link.users.update_one(filter, doc! { "$pull": { "logins": { "key": bytes(key.0) } } }).await?;
    Ok(removed.modified_count > 0)
}

pub(super) async fn remove_logins_except(
    link: &Collections,
    id: UserId,
    keep: Option<LoginKey>,
) -> Result<Vec<LoginKey>> {
    let change = if let Some(keep) = keep {
        doc! { "$pull": { "logins": { "key": { "$ne": bytes(keep.0) } } } }
    } else {
        doc! { "$set": { "logins": Bson::Array(Vec::new()) } }
    };
    let before = link
        .users
        .find_one_and_update(doc! { "_id": bytes(id.0) }, change)
        .projection(doc! { "logins": 1 })
        .return_document(ReturnDocument::Before)
        .await?;
    let before = before.as_ref().map(documents::logins).transpose()?.unwrap_or_default();
    Ok(before.into_iter().map(|login| login.key).filter(|key| Some(*key) != keep).collect())
}

/// Answers how many users went.
pub(super) async fn purge(link: &Collections, now: Millis, logins_before: Millis) -> Result<u64> {
    let gone = link.users.delete_many(doc! { "expires_at": { "$lte": time(now) } }).await?;
    let unused = doc! { "last_used_at": { "$lt": time(logins_before) } };
    let filter = doc! { "logins.last_used_at": { "$lt": time(logins_before) } };
    link.users.update_many(filter, doc! { "$pull": { "logins": unused } }).await?;
    Ok(gone.deleted_count)
}

pub(super) async fn page(link: &Collections, after: Option<UserId>, users_max: u32) -> Result<Vec<User>> {
    let filter = after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": bytes(after.0) } });
    let found = link.users.find(filter).sort(doc! { "_id": 1 }).limit(i64::from(users_max)).await?;
    let found: Vec<Document> = found.try_collect().await?;
    found.iter().map(documents::user).collect()
}
