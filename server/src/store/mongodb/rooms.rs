//! Rooms and their membership: each change one conditional step on one document, addressed by its id.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::options::ReturnDocument;
use protocol::{Millis, RoomCode};

use super::collections::Collections;
use super::documents::{self, bytes, id_of, of_membership, of_room, time};
use super::link::{self, TRIES_MAX};
use crate::store::{EndedRoom, JoinOutcome, LeaveOutcome, Membership, Result, Room, RoomId, StoreError, UserId};

/// Ids in one command.
const BATCH_MAX: usize = 1_000;

/// Everything but the members, who may be many.
fn without_members() -> Document {
    doc! { "members": 0 }
}

pub(super) async fn create(link: &Collections, room: &Room, members: &[Membership]) -> Result<()> {
    let document = of_room(room, members);
    for _ in 0..TRIES_MAX {
        match link.rooms.insert_one(&document).await.map_err(StoreError::from) {
            Ok(_) => return Ok(()),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
        let expired = doc! { "code": room.code.as_str(), "expires_at": { "$lte": time(room.created_at) } };
        let same_id = link.rooms.find_one(doc! { "_id": bytes(room.id.0) }).projection(without_members()).await?;
        let same_id = same_id.as_ref().map(documents::room).transpose()?;
        if same_id.is_some_and(|other| other.code != room.code || room.created_at < other.expires_at) {
            return Err(StoreError::Conflict);
        }
        if link.rooms.delete_one(expired).await?.deleted_count == 0 {
            // A live room has the code, or had it until a moment ago.
            let taken = doc! { "$or": [{ "code": room.code.as_str() }, { "_id": bytes(room.id.0) }] };
            if link.rooms.find_one(taken).projection(doc! { "_id": 1 }).await?.is_some() {
                return Err(StoreError::Conflict);
            }
        }
    }
    Err(StoreError::Unavailable)
}

pub(super) async fn by_code(link: &Collections, code: RoomCode, now: Millis) -> Result<Option<Room>> {
    one(link, doc! { "code": code.as_str() }, now).await
}

pub(super) async fn by_id(link: &Collections, id: RoomId, now: Millis) -> Result<Option<Room>> {
    one(link, doc! { "_id": bytes(id.0) }, now).await
}

async fn one(link: &Collections, filter: Document, now: Millis) -> Result<Option<Room>> {
    let found = link.rooms.find_one(filter).projection(without_members()).await?;
    let room = found.as_ref().map(documents::room).transpose()?;
    Ok(room.filter(|room| now < room.expires_at))
}

/// One round trip where the join succeeds; a second one only to find out why it did not.
pub(super) async fn join(
    link: &Collections,
    room: RoomId,
    membership: Membership,
    members_max: u32,
    now: Millis,
) -> Result<JoinOutcome> {
    let live = doc! { "_id": bytes(room.0), "expires_at": { "$gt": time(now) } };
    for _ in 0..TRIES_MAX {
        if let Some(last) = members_max.checked_sub(1) {
            let mut open = live.clone();
            open.insert("members.user", doc! { "$ne": bytes(membership.user.0) });
            open.insert(format!("members.{last}"), doc! { "$exists": false });
            let change = doc! { "$push": { "members": of_membership(membership) } };
            if link.rooms.update_one(open, change).await?.matched_count > 0 {
                return Ok(JoinOutcome::New);
            }
        }
        let found = link.rooms.find_one(live.clone()).projection(doc! { "members": 1 }).await?;
        let Some(found) = found else {
            return Ok(JoinOutcome::NoRoom);
        };
        let members = documents::members(&found)?;
        if members.iter().any(|member| member.user == membership.user) {
            return Ok(JoinOutcome::Already);
        }
        if members.len() as u64 >= u64::from(members_max) {
            return Ok(JoinOutcome::Bound);
        }
    }
    Err(StoreError::Unavailable)
}

/// Takes a member out; where it was the owner, the oldest of the others owns the room from now on.
fn without(user: UserId) -> Vec<Document> {
    let user = doc! { "$literal": bytes(user.0) };
    let others = doc! { "$filter": {
        "input": "$members", "as": "member", "cond": { "$ne": ["$$member.user", user.clone()] },
    } };
    let oldest = doc! { "$arrayElemAt": ["$members.user", 0] };
    let owner = doc! { "$cond": [{ "$eq": ["$owner", user.clone()] }, oldest, "$owner"] };
    // Rooms from before there were moderators have no such field.
    let moderators = doc! { "$filter": {
        "input": { "$ifNull": ["$moderators", []] }, "as": "moderator",
        "cond": { "$and": [{ "$ne": ["$$moderator", user] }, { "$ne": ["$$moderator", "$owner"] }] },
    } };
    vec![
        doc! { "$set": { "members": others } },
        doc! { "$set": { "owner": owner } },
        doc! { "$set": { "moderators": moderators } },
    ]
}

/// One round trip while others remain, one more for the last.
pub(super) async fn leave(link: &Collections, room: RoomId, user: UserId) -> Result<LeaveOutcome> {
    let inside = doc! { "_id": bytes(room.0), "members.user": bytes(user.0) };
    for _ in 0..TRIES_MAX {
        let mut among_others = inside.clone();
        among_others.insert("members.1", doc! { "$exists": true });
        let after = link
            .rooms
            .find_one_and_update(among_others, without(user))
            .projection(doc! { "owner": 1 })
            .return_document(ReturnDocument::After)
            .await?;
        if let Some(after) = after {
            return Ok(LeaveOutcome::Remaining { owner: UserId(id_of(&after, "owner")?) });
        }
        let mut alone = inside.clone();
        alone.insert("members.1", doc! { "$exists": false });
        if link.rooms.delete_one(alone).await?.deleted_count > 0 {
            return Ok(LeaveOutcome::RoomDeleted);
        }
        // Not a member; or somebody joined between the two steps.
        if link.rooms.find_one(inside.clone()).projection(doc! { "_id": 1 }).await?.is_none() {
            return Ok(LeaveOutcome::NotMember);
        }
    }
    Err(StoreError::Unavailable)
}

pub(super) async fn leave_all(link: &Collections, user: UserId) -> Result<Vec<(RoomId, LeaveOutcome)>> {
    let mut left = Vec::new();
    for room in ids(link, doc! { "members.user": bytes(user.0) }).await? {
        match leave(link, room, user).await? {
            // The room ended meanwhile, and with it the membership.
            LeaveOutcome::NotMember => {}
            outcome @ (LeaveOutcome::Remaining { .. } | LeaveOutcome::RoomDeleted) => left.push((room, outcome)),
        }
    }
    Ok(left)
}

pub(super) async fn is_member(link: &Collections, room: RoomId, user: UserId, now: Millis) -> Result<bool> {
    let filter = doc! { "_id": bytes(room.0), "members.user": bytes(user.0), "expires_at": { "$gt": time(now) } };
    Ok(link.rooms.find_one(filter).projection(doc! { "_id": 1 }).await?.is_some())
}

pub(super) async fn members(link: &Collections, room: RoomId) -> Result<Vec<Membership>> {
    let found = link.rooms.find_one(doc! { "_id": bytes(room.0) }).projection(doc! { "members": 1 }).await?;
    found.as_ref().map(documents::members).transpose().map(Option::unwrap_or_default)
}

pub(super) async fn of_user(link: &Collections, user: UserId, now: Millis) -> Result<Vec<Room>> {
    let filter = doc! { "members.user": bytes(user.0), "expires_at": { "$gt": time(now) } };
    let fields = doc! {
        "code": 1, "name": 1, "topic": 1, "pin_hash": 1, "capacity": 1, "sealed": 1, "locked": 1, "timer_s": 1,
        "lobby": 1,
        "owner": 1, "moderators": 1, "created_at": 1, "expires_at": 1,
        "members": { "$elemMatch": { "user": bytes(user.0) } },
    };
    let found: Vec<Document> = link.rooms.find(filter).projection(fields).await?.try_collect().await?;
    let mut rooms = Vec::new();
    for document in &found {
        let since = documents::members(document)?.first().map(|member| member.joined_at);
        rooms.push((since, documents::room(document)?));
    }
    rooms.sort_by_key(|(since, room)| (*since, room.id));
    Ok(rooms.into_iter().map(|(_, room)| room).collect())
}

pub(super) async fn delete(link: &Collections, room: RoomId) -> Result<bool> {
    link::delete(&link.rooms, room.0).await
}

pub(super) async fn all_live(link: &Collections, now: Millis) -> Result<Vec<RoomId>> {
    ids(link, doc! { "expires_at": { "$gt": time(now) } }).await
}

pub(super) async fn purge(link: &Collections, now: Millis, spared: &BTreeSet<RoomId>) -> Result<Vec<EndedRoom>> {
    let over = doc! { "expires_at": { "$lte": time(now) } };
    let found: Vec<Document> =
        link.rooms.find(over).projection(doc! { "_id": 1, "code": 1 }).await?.try_collect().await?;
    let read = |document: &Document| Ok((RoomId(id_of(document, "_id")?), documents::code(document)?));
    let mut expired = found.iter().map(read).collect::<Result<Vec<_>>>()?;
    expired.retain(|(room, _)| !spared.contains(room));
    for batch in expired.chunks(BATCH_MAX) {
        let batch: Vec<_> = batch.iter().map(|(id, _)| bytes(id.0)).collect();
        link.rooms.delete_many(doc! { "_id": { "$in": batch } }).await?;
    }
    Ok(expired)
}

/// Ends the memberships of users who are gone. Answers the rooms that ended with them, and those that live on under
/// another owner.
pub(super) async fn purge_memberships(link: &Collections) -> Result<(Vec<EndedRoom>, BTreeMap<RoomId, UserId>)> {
    let stages = [
        doc! { "$project": { "members.user": 1 } },
        doc! { "$unwind": "$members" },
        doc! { "$lookup": { "from": "users", "localField": "members.user", "foreignField": "_id", "as": "known" } },
        doc! { "$match": { "known": { "$size": 0 } } },
        doc! { "$project": { "user": "$members.user" } },
    ];
    let gone: Vec<Document> = link.rooms.aggregate(stages).await?.try_collect().await?;
    let (mut ended, mut passed_on) = (Vec::new(), BTreeMap::new());
    for document in &gone {
        let (room, user) = (RoomId(id_of(document, "_id")?), UserId(id_of(document, "user")?));
        let kept =
            link.rooms.find_one(doc! { "_id": bytes(room.0) }).projection(doc! { "code": 1, "owner": 1 }).await?;
        let Some(kept) = kept else {
            continue;
        };
        let (code, owned) = (documents::code(&kept)?, id_of(&kept, "owner")? == user.0);
        match leave(link, room, user).await? {
            LeaveOutcome::RoomDeleted => {
                passed_on.remove(&room);
                ended.push((room, code));
            }
            LeaveOutcome::Remaining { owner } if owned => {
                passed_on.insert(room, owner);
            }
            LeaveOutcome::Remaining { .. } | LeaveOutcome::NotMember => {}
        }
    }
    Ok((ended, passed_on))
}

/// Members without an account, in the order of their joining; users who are gone are among them.
pub(super) async fn guests(link: &Collections, room: RoomId, guests_max: u32) -> Result<Vec<UserId>> {
    let filter = doc! { "_id": bytes(room.0) };
    let Some(found) = link.rooms.find_one(filter).projection(doc! { "members": 1 }).await? else {
        return Ok(Vec::new());
    };
    let members = documents::members(&found)?;
    let guests_max = usize::try_from(guests_max).unwrap_or(usize::MAX);
    let mut guests = Vec::new();
    for batch in members.chunks(BATCH_MAX) {
        if guests.len() >= guests_max {
            break;
        }
        let asked: Vec<_> = batch.iter().map(|member| bytes(member.user.0)).collect();
        let with_account = doc! { "_id": { "$in": asked }, "account": { "$exists": true } };
        let known: Vec<Document> =
            link.users.find(with_account).projection(doc! { "_id": 1 }).await?.try_collect().await?;
        let accounts = known.iter().map(|user| id_of(user, "_id").map(UserId)).collect::<Result<BTreeSet<_>>>()?;
        guests.extend(batch.iter().map(|member| member.user).filter(|user| !accounts.contains(user)));
    }
    guests.truncate(guests_max);
    Ok(guests)
}

async fn ids(link: &Collections, filter: Document) -> Result<Vec<RoomId>> {
    let found: Vec<Document> = link.rooms.find(filter).projection(doc! { "_id": 1 }).await?.try_collect().await?;
    found.iter().map(|document| id_of(document, "_id").map(RoomId)).collect()
}

pub(super) async fn page(
    link: &Collections,
    after: Option<RoomId>,
    rooms_max: u32,
) -> Result<Vec<(Room, Vec<Membership>)>> {
    let filter = after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": bytes(after.0) } });
    let found = link.rooms.find(filter).sort(doc! { "_id": 1 }).limit(i64::from(rooms_max)).await?;
    let found: Vec<Document> = found.try_collect().await?;
    found.iter().map(|document| Ok((documents::room(document)?, documents::members(document)?))).collect()
}
