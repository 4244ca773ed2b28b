//! Invites: links that let in without the PIN and past a lock, made and taken back by owners and moderators.
//!
//! They are in the memory of the node that made them, as keyed hashes, and go with the room there: in the database they
//! would be a list of keys to rooms. Other nodes ask that one, so that a use is given once. They do not let in who was banned, nor beyond the room's capacity.

use chat::{ChannelId, Invite, InviteMark, Now};
use protocol::api::{InviteView, MakeInvite};
use protocol::{ErrorCode, InviteId, InviteToken, Power};
use realtime::broker::ToldInvite;
use realtime::channel::RoomHandle;
use realtime::clock::random_id;
use realtime::hub::Hub;

use crate::error::ApiError;
use crate::rooms::bounds::invite_time_within;
use crate::state::State;
use crate::store::{Room, UserId};

/// Makes one, whose token is told this once.
///
/// # Errors
/// [`ErrorCode::Forbidden`], [`ErrorCode::InvalidInviteTime`], [`ErrorCode::TooManyInvites`].
pub async fn make(state: &State, room: &Room, by: UserId, wish: MakeInvite, now: Now) -> Result<InviteView, ApiError> {
    may(room, by)?;
    let limits = &state.config.limits;
    let lasts_s = wish.lasts_s.map(|lasts_s| invite_time_within(limits, lasts_s)).transpose()?;
    let ends = lasts_s.map(|lasts_s| {
        let end = now.after(lasts_s.saturating_mul(1_000));
        (end.mono, end.wall)
    });
    let (id, token) = (InviteId::parse(&random_id())?, InviteToken::parse(&random_id())?);
    let live = state.rooms.live(room);
    let mark = state.keys.invite_mark(live.id, &token);
    let invite = Invite { id, mark, once: wish.once, ends, used: 0 };
    let view = InviteView { token: Some(token), ..view(&invite) };
    let elsewhere = state.hub.invites_elsewhere(live.id).await.len();
    let invites_max = usize::try_from(limits.invites_per_room).unwrap_or(usize::MAX).saturating_sub(elsewhere);
    let added = live.invites().add(now.mono, invite, invites_max);
    if added { Ok(view) } else { Err(ErrorCode::TooManyInvites.into()) }
}

/// Those in force, without their tokens; those of other nodes last.
///
/// # Errors
/// [`ErrorCode::Forbidden`].
pub async fn list(state: &State, room: &Room, by: UserId, now: Now) -> Result<Vec<InviteView>, ApiError> {
    may(room, by)?;
    let live = state.rooms.live(room);
    let mut views: Vec<_> = live.invites().in_force(now.mono).map(view).collect();
    let elsewhere = state.hub.invites_elsewhere(live.id).await;
    views.extend(elsewhere.into_iter().map(|ToldInvite { id, once, expires_at, used }| InviteView {
        id,
        once,
        expires_at,
        used,
        token: None,
    }));
    Ok(views)
}

/// Takes one back.
///
/// # Errors
/// [`ErrorCode::Forbidden`], [`ErrorCode::InvalidInvite`] where there is none of this name.
pub async fn revoke(state: &State, room: &Room, by: UserId, id: &str, now: Now) -> Result<(), ApiError> {
    may(room, by)?;
    let id = InviteId::parse(id).map_err(|_| ErrorCode::InvalidInvite)?;
    let live = state.rooms.live(room);
    let revoked = live.invites().revoke(now.mono, &id);
    if revoked || state.hub.revoke_invite_elsewhere(live.id, id).await {
        Ok(())
    } else {
        Err(ErrorCode::InvalidInvite.into())
    }
}

/// A use of an invite, given back unless it led to a membership.
pub(super) struct Claim {
    of: Maker,
    id: InviteId,
    is_used: bool,
}

/// Where the invite was made.
enum Maker {
    Here(RoomHandle),
    Elsewhere(Hub, ChannelId),
}

impl Claim {
    /// It has let somebody in.
    pub(super) fn used(mut self) {
        self.is_used = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.is_used {
            match &self.of {
                Maker::Here(room) => room.invites().give_back(&self.id),
                Maker::Elsewhere(hub, room) => hub.give_back_invite(*room, self.id.clone()),
            }
        }
    }
}

/// Claims a use, if this is the token of an invite in force.
pub(super) async fn claim(state: &State, room: RoomHandle, token: &str, now: Now) -> Option<Claim> {
    let token = InviteToken::parse(token.trim()).ok()?;
    let mark = mark(state, room.id, &token);
    let here = room.invites().claim(now.mono, mark);
    if let Some(id) = here {
        return Some(Claim { of: Maker::Here(room), id, is_used: false });
    }
    let id = state.hub.claim_invite_elsewhere(room.id, mark).await?;
    Some(Claim { of: Maker::Elsewhere(state.hub.clone(), room.id), id, is_used: false })
}

fn mark(state: &State, room: ChannelId, token: &InviteToken) -> InviteMark {
    state.keys.invite_mark(room, token)
}

fn may(room: &Room, user: UserId) -> Result<(), ErrorCode> {
    if room.role(user).may(Power::Invite) { Ok(()) } else { Err(ErrorCode::Forbidden) }
}

fn view(invite: &Invite) -> InviteView {
    let Invite { id, once, ends, used, .. } = invite;
    InviteView { id: id.clone(), once: *once, expires_at: ends.map(|(_, stamp)| stamp), used: *used, token: None }
}
