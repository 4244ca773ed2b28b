//! What an operator does. Each act is a line in the log of events.

use chat::ChannelId;
use protocol::admin::{BeginDrain, ChangeSwitches, DRAIN_AFTER_S, DRAIN_OVER_S, DRAIN_S_MAX, Drain, Switches};
use protocol::{ErrorCode, LeaveReason, Username};
use realtime::orders::Announcement;

use super::desk::Who;
use super::look;
use crate::error::ApiError;
use crate::event_log::{AdminAct, Event};
use crate::state::AppState;
use crate::store::UserId;

/// Users that are read from the store at once.
const USERS_A_PAGE: u32 = 500;

/// What an act was about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About {
    room: Option<ChannelId>,
    person: Option<UserId>,
}

/// Writes down that somebody did something: who, in the server's own log; what it was about, in that of events, by marks.
pub(super) fn note(state: &AppState, who: &Who, act: AdminAct, about: About) {
    tracing::info!(operator = who.as_str(), act = act.as_str(), "an operator did something");
    state.events.record(Event::Admin { act, room: about.room, person: about.person });
}

/// Ends a room for everybody, as its owner could.
pub(super) async fn end_room(state: &AppState, who: &Who, hash: String) -> Result<(), ApiError> {
    let room = look::room(state, hash).await.ok_or(ErrorCode::RoomNotFound)?;
    let was_kept = state.store.delete_room(room.id.into()).await?;
    state.rooms.records().note_ended(room.code);
    state.hub.end_room(room.id, LeaveReason::Deleted);
    note(state, who, AdminAct::EndRoom, About { room: Some(room.id), person: None });
    if was_kept { Ok(()) } else { Err(ErrorCode::RoomEnded.into()) }
}

/// Ends every login of somebody: of the keyed hash of a user, or of the name of an account. Answers how many there were.
pub(super) async fn end_logins(state: &AppState, who: &Who, id: &str) -> Result<u64, ApiError> {
    let user = match by_hash(state, id).await? {
        Some(user) => user,
        None => by_name(state, id).await?.ok_or(ErrorCode::NotFound)?,
    };
    let ended = state.store.remove_logins_except(user, None).await?;
    state.hub.end_user(user);
    note(state, who, AdminAct::EndLogins, About { room: None, person: Some(user) });
    Ok(ended.len() as u64)
}

async fn by_name(state: &AppState, name: &str) -> Result<Option<UserId>, ApiError> {
    let Some(name) = Username::known(name) else { return Ok(None) };
    Ok(state.store.user_by_name(&name).await?.map(|user| user.id))
}

/// By the mark that is in the log of events, of today or of yesterday. Those who are here come first: the whole store is
/// read for others.
async fn by_hash(state: &AppState, hash: &str) -> Result<Option<UserId>, ApiError> {
    let marks = look::Marks::new(state);
    if !look::Marks::may_be(hash) {
        return Ok(None);
    }
    let is_it = |user: &UserId| marks.is(&user.0, hash);
    if let Some(user) = state.hub.users().into_iter().find(is_it) {
        return Ok(Some(user));
    }
    let mut after = None;
    loop {
        let page = state.store.users_page(after, USERS_A_PAGE).await?;
        let Some(last) = page.last().map(|user| user.id) else { return Ok(None) };
        if let Some(found) = page.into_iter().map(|user| user.id).find(is_it) {
            return Ok(Some(found));
        }
        after = Some(last);
    }
}

/// Closes and opens, and says something to everybody.
pub(super) fn change_switches(state: &AppState, who: &Who, change: ChangeSwitches) -> Result<Switches, ApiError> {
    let ChangeSwitches { registration_closed, rooms_closed, announcement } = change;
    let mut orders = state.hub.orders();
    if let Some(typed) = announcement {
        orders.announcement = match typed.trim() {
            "" => None,
            text => Some(Announcement::parse(text)?),
        };
        note(state, who, AdminAct::Announce, About::default());
    }
    if registration_closed.is_some() || rooms_closed.is_some() {
        orders.registration_closed = registration_closed.unwrap_or(orders.registration_closed);
        orders.rooms_closed = rooms_closed.unwrap_or(orders.rooms_closed);
        note(state, who, AdminAct::Set, About::default());
    }
    state.hub.order(orders);
    Ok(look::switches(state))
}

/// Begins to send everybody elsewhere; where that has begun before, it goes on as it was begun.
pub(super) fn begin_drain(state: &AppState, who: &Who, asked: BeginDrain) -> Result<Drain, ApiError> {
    let seconds = |asked: Option<u64>, default| match asked.unwrap_or(default) {
        seconds if seconds <= DRAIN_S_MAX => Ok(seconds),
        _ => Err(ErrorCode::BadFrame),
    };
    let (after_s, over_s) = (seconds(asked.after_s, DRAIN_AFTER_S)?, seconds(asked.over_s, DRAIN_OVER_S)?);
    if let Some(taken_back) = state.drain.begin(state.clock.mono().after(after_s * 1_000)) {
        note(state, who, AdminAct::Drain, About::default());
        let draining = state.clone();
        state.tracker.spawn(state.stopping.clone().run_until_cancelled_owned(async move {
            draining.drain.run(&draining.clock, taken_back, over_s * 1_000).await;
        }));
    }
    Ok(state.drain.view(state.clock.mono()))
}

/// Takes it back, where nobody was told yet.
pub(super) fn take_drain_back(state: &AppState, who: &Who) -> Drain {
    if state.drain.take_back() {
        note(state, who, AdminAct::Undrain, About::default());
    }
    state.drain.view(state.clock.mono())
}
