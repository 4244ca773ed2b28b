//! What owners and moderators may do to rooms: looked up, checked, kept, and handed to the live room, which tells those
//! inside. One set of rules for the API and the sockets.
//!
//! One at a time: of two changes the one that is kept last is told last.

use chat::{Action, ChannelId, Input, Now, Settings};
use protocol::api::{BanView, ChangeRoom};
use protocol::{ErrorCode, MemberId, Pin, Power, Role, RoomName, ServerFrame, Topic, timer_within};
use realtime::channel::{RoomCommand, Verdict, Visitor};
use realtime::clock::random;
use realtime::knock;
use realtime::services::{Asked, Wish};
use tokio::sync::oneshot;

use crate::error::ApiError;
use crate::rooms::admission;
use crate::rooms::bounds::{capacity_within, lifetime_within};
use crate::rooms::succession::user_of;
use crate::state::State;
use crate::store::{LeaveOutcome, RoleOutcome, Room, RoomChange, UserId, WHENEVER};

/// See [`realtime::services::Directory::exercise`].
///
/// # Errors
/// [`ErrorCode::Forbidden`] for who may not, [`ErrorCode::NoSuchMember`], [`ErrorCode::RoomEnded`],
/// [`ErrorCode::TooManyModerators`], and the code of the first field outside its rules.
pub async fn exercise(state: &State, room: ChannelId, asked: Asked, wish: Wish) -> Result<(), ApiError> {
    let kept = find(state, room).await?;
    let prepared = match wish {
        Wish::Change(set) => {
            may_all(kept.role(asked.user), powers_of(&set))?;
            Prepared::Change(prepare(state, &kept, set).await?)
        }
        Wish::Kick(member) => Prepared::PutOut(member, Power::Kick),
        Wish::Ban(member) => Prepared::PutOut(member, Power::Ban),
        Wish::Unban(member) => Prepared::Unban(member),
        Wish::Admit(member, on) => Prepared::Admit(member, on),
        Wish::Role(member, role) => Prepared::Role(member, role),
        Wish::Burn => Prepared::Burn,
    };
    let _one = state.rooms.changing.lock().await;
    // Whoever it was may have become another meanwhile.
    let kept = find(state, room).await?;
    let (now, mut opens, mut locked) = (asked.now, false, false);
    let live = state.rooms.live(&kept);
    let mut barred = None;
    let action = match prepared {
        Prepared::Change((needed, change)) => {
            may_all(kept.role(asked.user), needed)?;
            opens = change.lobby == Some(false);
            locked = change.locked.unwrap_or(kept.locked);
            set(state, &kept, change).await?
        }
        Prepared::PutOut(member, power) => {
            let visitor = live.knocks().visitor(&member).filter(|_| power == Power::Ban);
            match visitor {
                Some(Visitor { member, name, mark, .. }) => {
                    may_all(kept.role(asked.user), [Power::Ban])?;
                    barred = Some(member.clone());
                    Action::Barred(member, name, mark)
                }
                None => put_out(state, &kept, asked.user, member, power).await?,
            }
        }
        Prepared::Unban(member) => unban(state, &kept, asked.user, member)?,
        Prepared::Admit(member, on) => return answer_knock(state, &kept, asked, &member, on).await,
        Prepared::Role(member, role) => appoint(state, &kept, asked.user, member, role).await?,
        Prepared::Burn => burn(state, &kept, asked.user).await?,
    };
    tell(state, &kept, asked, action).await?;
    if opens {
        open_door(state, &kept, locked, now).await;
    }
    if let Some(member) = barred {
        knock::answer(&state.hub, &live, &member, Verdict::Banned);
    }
    Ok(())
}

/// Nobody is asked about any more: who waits in front of the room comes in as whoever knocks now would, and not past a
/// lock. One who cannot become a member hears why when they join.
async fn open_door(state: &State, room: &Room, locked: bool, now: Now) {
    let verdict = if locked { Verdict::Locked } else { Verdict::LetIn };
    let live = state.rooms.live(room);
    let waiting: Vec<MemberId> = live.knocks().list().into_iter().map(|knocking| knocking.id).collect();
    for member in waiting {
        let visitor = live.knocks().visitor(&member);
        if let Some(visitor) = visitor {
            if !locked {
                let _ = admission::let_in(state, room, visitor.user, now).await;
            }
            knock::answer(&state.hub, &live, &member, verdict);
        }
    }
}

/// Who may not come back.
///
/// # Errors
/// [`ErrorCode::Forbidden`] for who may not change that.
pub fn bans(state: &State, room: &Room, by: UserId) -> Result<Vec<BanView>, ApiError> {
    may_all(room.role(by), [Power::LiftBan])?;
    let bans = state.rooms.live(room).doorway().bans;
    Ok(bans.list().map(|(member, name)| BanView { member: member.clone(), name: name.cloned() }).collect())
}

/// A wish whose typed values were read.
enum Prepared {
    Change((Vec<Power>, RoomChange)),
    PutOut(MemberId, Power),
    Unban(MemberId),
    Admit(MemberId, bool),
    Role(MemberId, Role),
    Burn,
}

async fn find(state: &State, room: ChannelId) -> Result<Room, ApiError> {
    Ok(state.store.room(room.into(), WHENEVER).await?.ok_or(ErrorCode::RoomEnded)?)
}

fn powers_of(set: &ChangeRoom) -> Vec<Power> {
    let ChangeRoom { name, topic, pin, capacity, lifetime_s, locked, timer_s, lobby } = set;
    let wished = [
        (name.is_some(), Power::Rename),
        (topic.is_some(), Power::SetTopic),
        (pin.is_some(), Power::SetPin),
        (capacity.is_some(), Power::SetCapacity),
        (lifetime_s.is_some(), Power::ExtendLife),
        (locked.is_some(), Power::Lock),
        (timer_s.is_some(), Power::SetTimer),
        (lobby.is_some(), Power::SetLobby),
    ];
    wished.into_iter().filter(|(is_wished, _)| *is_wished).map(|(_, power)| power).collect()
}

fn may_all(role: Role, powers: impl AsRef<[Power]>) -> Result<(), ApiError> {
    let may = powers.as_ref().iter().all(|power| role.may(*power));
    if may { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
}

/// Reads what was typed. What is empty is taken away.
async fn prepare(state: &State, room: &Room, set: ChangeRoom) -> Result<(Vec<Power>, RoomChange), ApiError> {
    let needed = powers_of(&set);
    let ChangeRoom { name, topic, pin, capacity, lifetime_s, locked, timer_s, lobby } = set;
    if needed.is_empty() {
        return Err(ErrorCode::BadFrame.into());
    }
    let limits = &state.config.limits;
    let name = name.as_deref().map(RoomName::parse).transpose()?;
    let topic = topic.map(|typed| written(&typed).map(Topic::parse).transpose()).transpose()?;
    let pin = pin.map(|typed| written(&typed).map(Pin::parse).transpose()).transpose()?;
    let capacity = capacity.map(|wished| capacity_within(limits, wished)).transpose()?;
    let timer_s = timer_s.map(|chosen| timer_within(limits, chosen)).transpose()?;
    let expires_at = match lifetime_s {
        Some(lifetime_s) => {
            let end = room.created_at.saturating_add(lifetime_within(limits, lifetime_s)?.saturating_mul(1_000));
            if end < room.expires_at {
                return Err(ApiError::beyond(ErrorCode::InvalidLifetime, limits.lifetime_s_max));
            }
            Some(end)
        }
        None => None,
    };
    let pin_hash = match pin {
        Some(Some(pin)) => Some(Some(state.auth.hash(pin.as_bytes().to_vec()).await?)),
        Some(None) => Some(None),
        None => None,
    };
    Ok((needed, RoomChange { name, topic, pin_hash, capacity, locked, timer_s, lobby, expires_at }))
}

fn written(typed: &str) -> Option<&str> {
    Some(typed).filter(|typed| !typed.trim().is_empty())
}

async fn set(state: &State, room: &Room, change: RoomChange) -> Result<Action, ApiError> {
    if !state.store.change_room(room.id, change.clone()).await? {
        return Err(ErrorCode::RoomEnded.into());
    }
    let RoomChange { name, topic, pin_hash, capacity, locked, timer_s, lobby, expires_at } = change;
    let pin = pin_hash.map(|hash| hash.is_some());
    Ok(Action::Settings(Settings { name, topic, pin, capacity, expires_at, locked, timer_s, lobby }))
}

async fn put_out(state: &State, room: &Room, by: UserId, member: MemberId, power: Power) -> Result<Action, ApiError> {
    let user = reach(state, room, by, &member, power).await?;
    match state.store.leave(room.id, user).await? {
        LeaveOutcome::Remaining { .. } => {}
        LeaveOutcome::NotMember => return Err(ErrorCode::NoSuchMember.into()),
        // Whoever asked has left meanwhile, so this was the last one.
        LeaveOutcome::RoomDeleted => {
            state.rooms.records().note_ended(room.code);
            return Ok(Action::Burned);
        }
    }
    Ok(if power == Power::Ban { Action::Banned(member) } else { Action::Kicked(member) })
}

fn unban(state: &State, room: &Room, by: UserId, member: MemberId) -> Result<Action, ApiError> {
    may_all(room.role(by), [Power::LiftBan])?;
    let is_banned = state.rooms.live(room).doorway().bans.has(&member);
    if is_banned { Ok(Action::Unbanned(member)) } else { Err(ErrorCode::NoSuchMember.into()) }
}

/// Lets in whoever knocks, or sends them away. They are a member before they hear of it; who asked is told by the room, in
/// the order of its answers.
async fn answer_knock(state: &State, room: &Room, asked: Asked, member: &MemberId, on: bool) -> Result<(), ApiError> {
    may_all(room.role(asked.user), [Power::Admit])?;
    let live = state.rooms.live(room);
    let visitor = live.knocks().visitor(member).ok_or(ErrorCode::NoSuchMember)?;
    if on {
        admission::let_in(state, room, visitor.user, asked.now).await?;
    }
    let verdict = if on { Verdict::LetIn } else { Verdict::TurnedAway };
    knock::answer(&state.hub, &live, member, verdict);
    if let Some((session, cid)) = asked.by {
        let frame = ServerFrame::Done { cid, room: room.code };
        let input = Input::Answer { session, frame };
        live.send_in_turn(RoomCommand { input, session: None, done: None }).await?;
    }
    Ok(())
}

async fn appoint(state: &State, room: &Room, by: UserId, member: MemberId, role: Role) -> Result<Action, ApiError> {
    let power = match role {
        Role::Owner => Power::HandOver,
        Role::Member | Role::Moderator => Power::Appoint,
    };
    let user = reach(state, room, by, &member, power).await?;
    match state.store.set_role(room.id, user, role, state.config.limits.moderators_per_room).await? {
        RoleOutcome::Done => Ok(Action::Role(member, role)),
        RoleOutcome::NotMember => Err(ErrorCode::NoSuchMember.into()),
        RoleOutcome::Bound => Err(ErrorCode::TooManyModerators.into()),
    }
}

async fn burn(state: &State, room: &Room, by: UserId) -> Result<Action, ApiError> {
    may_all(room.role(by), [Power::Burn])?;
    match state.store.delete_room(room.id).await {
        Ok(true) => {}
        // It was there a moment ago.
        Ok(false) => return Err(ErrorCode::RoomEnded.into()),
        Err(error) => return Err(error.into()),
    }
    state.rooms.records().note_ended(room.code);
    Ok(Action::Burned)
}

/// The user behind a member whom somebody has this power over.
async fn reach(state: &State, room: &Room, by: UserId, member: &MemberId, power: Power) -> Result<UserId, ApiError> {
    may_all(room.role(by), [power])?;
    let user = user_of(state, room.id, member).await?.ok_or(ErrorCode::NoSuchMember)?;
    if room.role(by).may_to(power, room.role(user)) { Ok(user) } else { Err(ErrorCode::Forbidden.into()) }
}

/// Has the live room follow. When this answers, those inside were told.
async fn tell(state: &State, room: &Room, asked: Asked, action: Action) -> Result<(), ApiError> {
    let live = state.rooms.live(room);
    let by = state.keys.member_id(live.id, asked.user);
    let input = Input::Act { asked: asked.by, random: u64::from_be_bytes(random()), by, action };
    let (done, waiting) = oneshot::channel();
    live.send_in_turn(RoomCommand { input, session: None, done: Some(done) }).await?;
    // A room that ends by a panic has told nobody; its members connect again.
    let _ = waiting.await;
    Ok(())
}
