//! Who comes into a room, who leaves it, and how a room is made: one set of rules for the API, the forms and the sockets.
//!
//! Membership only. Seats, capacity and what is said are the room's own business.

use chat::Now;
use protocol::api::{CreateRoom, RoomView};
use protocol::{DisplayName, ErrorCode, LeaveReason, MemberId, Pin, RoomCode, RoomName, UserKind};

use crate::auth::Identity;
use crate::error::ApiError;
use crate::event_log::Event;
use crate::rooms::bounds::{capacity_within, lifetime_within};
use crate::rooms::invites::{self, Claim};
use crate::rooms::pending_writes::Why;
use crate::rooms::{random_names, succession};
use crate::state::State;
use crate::store::{JoinOutcome, LeaveOutcome, Membership, Room, RoomId, StoreError, UserId, WHENEVER};
use realtime::address::Address;
use realtime::channel::Visitor;
use realtime::clock::random;
use realtime::knock::Knock;
use realtime::rate_limits::{Caller, RateLimit};
use realtime::services::Admission;

/// Codes drawn before giving up: with a million live rooms one in 850,000 is taken.
const CODES_DRAWN_MAX: usize = 8;

/// Places that are made for one newcomer who finds them taken by others again.
const PLACES_MADE_MAX: usize = 8;

/// A membership that stands.
#[derive(Debug)]
pub struct AdmittedMember {
    /// The room as it is kept.
    pub room: Room,
    /// What the others see of the user.
    pub member: MemberId,
    /// Whether the membership is new.
    pub joined: JoinOutcome,
}

/// How somebody may come in who stands at the door.
enum Way {
    /// They are a member already.
    Member,
    /// By an invite, one use of which is theirs.
    Invited(Claim),
    /// Nothing is asked of them that they did not bring.
    Open,
    /// Somebody inside lets them in.
    Lobby,
}

/// What became of a knock.
#[derive(Debug)]
pub enum Knocked {
    /// Nobody had to be asked.
    Admitted(Box<AdmittedMember>),
    /// Those inside are asked.
    Waits(Knock),
}

/// Makes somebody a member: always who is one already, others with the PIN where there is one, or by an invite, which also
/// passes a lock and a lobby, and never a ban.
///
/// # Errors
/// [`ErrorCode::InvalidCode`], [`ErrorCode::RoomNotFound`], [`ErrorCode::RoomEnded`], [`ErrorCode::SealedRoom`] for clients
/// that cannot read there, [`ErrorCode::Banned`], [`ErrorCode::RoomLocked`], [`ErrorCode::PinRequired`],
/// [`ErrorCode::WrongPin`], [`ErrorCode::InvalidInvite`], [`ErrorCode::RoomFull`], [`ErrorCode::KnockFirst`],
/// [`ErrorCode::TooManyMembers`], [`ErrorCode::RateLimited`] after too many misses or wrong PINs.
pub async fn admit(state: &State, admission: Admission<'_>) -> Result<AdmittedMember, ApiError> {
    let (room, member, way) = at_the_door(state, admission).await?;
    if matches!(way, Way::Lobby) {
        return Err(ErrorCode::KnockFirst.into());
    }
    enter(state, room, member, way, admission).await
}

/// Asks those inside, where the room wants that; anywhere else as [`admit`].
///
/// # Errors
/// As [`admit`], and [`ErrorCode::NotLetIn`], [`ErrorCode::TooManyKnocks`].
pub async fn knock(state: &State, admission: Admission<'_>, name: DisplayName) -> Result<Knocked, ApiError> {
    let (room, member, way) = at_the_door(state, admission).await?;
    match way {
        Way::Lobby => {
            let live = state.rooms.live(&room);
            let mark = state.keys.ban_mark(live.id, admission.address);
            let visitor = Visitor { user: admission.user, member, name, mark };
            Ok(Knocked::Waits(Knock::at(&state.hub, live.id, visitor)?))
        }
        Way::Member | Way::Invited(_) | Way::Open => {
            enter(state, room, member, way, admission).await.map(|admitted| Knocked::Admitted(Box::new(admitted)))
        }
    }
}

/// Makes somebody a member who knocked and was let in.
///
/// # Errors
/// [`ErrorCode::RoomEnded`], [`ErrorCode::TooManyMembers`].
pub(super) async fn let_in(state: &State, room: &Room, user: UserId, now: Now) -> Result<(), ApiError> {
    match join(state, room, Membership { user, joined_at: now.wall }).await? {
        JoinOutcome::New | JoinOutcome::Already => {
            state.rooms.records().pending.forgive_unheard(room.id, user);
            state.events.record(Event::Admitted(room.id, user));
            Ok(())
        }
        JoinOutcome::NoRoom => Err(ErrorCode::RoomEnded.into()),
        JoinOutcome::Bound => Err(ErrorCode::TooManyMembers.into()),
    }
}

async fn at_the_door(state: &State, admission: Admission<'_>) -> Result<(Room, MemberId, Way), ApiError> {
    let Admission { user, kind, address, code, pin, invite, reads_sealed, now } = admission;
    let caller = Caller::user(user, address);
    let room = find(state, caller, code, now).await?;
    if room.sealed && !reads_sealed {
        return Err(ErrorCode::SealedRoom.into());
    }
    let member = state.keys.member_id(room.id.into(), user);
    state.rooms.settle_leave(room.id, user).await?;
    let bans = state.rooms.live(&room).doorway().bans;
    if bans.has(&member) {
        return Err(ErrorCode::Banned.into());
    }
    if state.store.is_member(room.id, user, WHENEVER).await? {
        return Ok((room, member, Way::Member));
    }
    // Anybody can be a new guest at once. Who has an account is not taken for a neighbour who was banned.
    if kind == UserKind::Guest && bans.has_mark(state.keys.ban_mark(room.id.into(), address)) {
        return Err(ErrorCode::Banned.into());
    }
    let claim = match invite {
        Some(token) => invited(state, &room, token, now).await?,
        None => None,
    };
    if let Some(claim) = claim {
        return Ok((room, member, Way::Invited(claim)));
    }
    let refused = |code| if invite.is_some() { ErrorCode::InvalidInvite } else { code };
    if room.locked {
        return Err(refused(ErrorCode::RoomLocked).into());
    }
    if let Some(hash) = &room.pin_hash {
        let pin = pin.filter(|pin| !pin.trim().is_empty()).ok_or(refused(ErrorCode::PinRequired))?;
        check_pin(state, room.id, caller, hash, pin, now).await?;
    }
    let way = if room.lobby { Way::Lobby } else { Way::Open };
    Ok((room, member, way))
}

async fn enter(
    state: &State,
    room: Room,
    member: MemberId,
    way: Way,
    admission: Admission<'_>,
) -> Result<AdmittedMember, ApiError> {
    let Admission { user, now, .. } = admission;
    if matches!(way, Way::Member) {
        return Ok(AdmittedMember { room, member, joined: JoinOutcome::Already });
    }
    match join(state, &room, Membership { user, joined_at: now.wall }).await? {
        joined @ (JoinOutcome::New | JoinOutcome::Already) => {
            if let Way::Invited(claim) = way {
                claim.used();
            }
            state.rooms.records().pending.forgive_unheard(room.id, user);
            Ok(AdmittedMember { room, member, joined })
        }
        JoinOutcome::NoRoom => Err(state.rooms.records().no_room(room.code, now).into()),
        JoinOutcome::Bound => Err(ErrorCode::TooManyMembers.into()),
    }
}

/// Claims the use of an invite. Where no seat is free none is used up: the link has to be good when there is one.
async fn invited(state: &State, room: &Room, token: &str, now: Now) -> Result<Option<Claim>, ApiError> {
    let live = state.rooms.live(room);
    if live.count() >= room.capacity {
        return Err(ErrorCode::RoomFull.into());
    }
    Ok(invites::claim(state, live, token, now).await)
}

/// Makes the membership. At the bound guests without a seat are forgotten first, one for each newcomer.
async fn join(state: &State, room: &Room, membership: Membership) -> Result<JoinOutcome, ApiError> {
    let mut joined = try_to_join(state, room, membership).await?;
    for _ in 0..PLACES_MADE_MAX {
        if joined != JoinOutcome::Bound || !forget_guest(state, room).await? {
            break;
        }
        joined = try_to_join(state, room, membership).await?;
    }
    Ok(joined)
}

async fn try_to_join(state: &State, room: &Room, membership: Membership) -> Result<JoinOutcome, ApiError> {
    let joined = state.store.join(room.id, membership, state.config.limits.members_per_room, WHENEVER).await;
    if let Err(StoreError::Unavailable) = joined {
        // It may have been made all the same. Nobody was told, so it must not stay.
        state.rooms.records().pending.leave(room.id, Some(room.code), membership.user, Why::Unheard);
    }
    Ok(joined?)
}

/// Ends the membership of the guest who has been a member longest and is not inside. Returns whether there was one.
///
/// Never the owner's: the room would pass on to a newcomer's wish. And nobody's while no seat is free, because whoever
/// is turned away at the door should not have cost another the way back in.
async fn forget_guest(state: &State, room: &Room) -> Result<bool, ApiError> {
    if state.hub.count(room.id.into()) >= room.capacity {
        return Ok(false);
    }
    // Of so many at least one is neither inside nor the owner.
    let guests_max = room.capacity.saturating_add(2);
    for guest in state.store.guests_in(room.id, guests_max).await? {
        if guest == room.owner || state.hub.has_seat(room.id.into(), guest) {
            continue;
        }
        // If somebody else was faster, that place is theirs.
        if leave(state, guest, room).await? != LeaveOutcome::NotMember {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A room as the asker may see it.
///
/// # Errors
/// [`ErrorCode::InvalidCode`], [`ErrorCode::RoomNotFound`], [`ErrorCode::RoomEnded`], [`ErrorCode::RateLimited`] after too many misses.
pub async fn look_up(state: &State, caller: Caller, code: &str, now: Now) -> Result<RoomView, ApiError> {
    let room = find(state, caller, code, now).await?;
    let member = match caller.user {
        Some(user) if state.store.is_member(room.id, user, WHENEVER).await? => Some(user),
        Some(_) | None => None,
    };
    Ok(view(state, &room, member, now))
}

/// Ends a membership; the room hears of it.
///
/// # Errors
/// Why the store could not.
pub async fn leave(state: &State, user: UserId, room: &Room) -> Result<LeaveOutcome, ApiError> {
    succession::pass_on(state, room.id.into(), user).await;
    let outcome = state.store.leave(room.id, user).await?;
    if outcome == LeaveOutcome::RoomDeleted {
        state.rooms.records().note_ended(room.code);
    }
    state.rooms.left(room.id, user, outcome, LeaveReason::Left);
    Ok(outcome)
}

/// Makes a room; its maker is a member and owns it.
///
/// # Errors
/// [`ErrorCode::Closed`] where the operator wants no rooms, the code of the first field outside its rules, or
/// [`ErrorCode::RateLimited`] beyond what one address may make.
pub async fn create(
    state: &State,
    identity: &Identity,
    address: Address,
    request: CreateRoom,
    now: Now,
) -> Result<RoomView, ApiError> {
    if state.hub.orders().rooms_closed {
        return Err(ErrorCode::Closed.into());
    }
    let limits = &state.config.limits;
    let name = match request.name {
        Some(typed) => RoomName::parse(&typed)?,
        None => random_names::room_name(random()),
    };
    let pin = request.pin.as_deref().map(Pin::parse).transpose()?;
    let capacity = request.capacity.unwrap_or(limits.capacity_default.min(limits.capacity_max));
    let capacity = capacity_within(limits, capacity.into())?;
    let lifetime_s = request.lifetime_s.unwrap_or(limits.lifetime_s_default.min(limits.lifetime_s_max));
    let lifetime_s = lifetime_within(limits, lifetime_s)?;
    let make = async {
        let pin_hash = match pin {
            Some(pin) => Some(state.auth.hash(pin.as_bytes().to_vec()).await?),
            None => None,
        };
        let wish = Room {
            id: RoomId(random()),
            code: draw_code(),
            name,
            topic: None,
            pin_hash,
            capacity,
            sealed: request.sealed,
            locked: false,
            timer_s: None,
            lobby: false,
            owner: identity.user,
            moderators: Vec::new(),
            created_at: now.wall,
            expires_at: now.wall.saturating_add(lifetime_s.saturating_mul(1_000)),
        };
        keep(state, wish).await
    };
    let room = state.rate_limits.charge(RateLimit::RoomsMade(Caller::user(identity.user, address)), now, make).await?;
    state.events.record(Event::RoomMade(room.id, identity.user));
    // Its task begins to count at once: a room that nobody ever enters ends like one that all have left.
    state.rooms.live(&room);
    Ok(view(state, &room, Some(identity.user), now))
}

/// Keeps a room under a code that no live room has.
async fn keep(state: &State, mut room: Room) -> Result<Room, ApiError> {
    for _ in 0..CODES_DRAWN_MAX {
        match state.store.create_room(room.clone()).await {
            Ok(()) => {
                state.rooms.records().note_begun(room.code);
                return Ok(room);
            }
            Err(StoreError::Conflict) => room.code = draw_code(),
            Err(error @ StoreError::Unavailable) => {
                state.rooms.records().pending.room(room.id);
                return Err(error.into());
            }
            Err(error @ (StoreError::NotFound | StoreError::Failed(_))) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn draw_code() -> RoomCode {
    // Of 32 bytes two fall off the alphabet on average; that more than 24 do is less likely than a broken machine.
    std::iter::repeat_with(|| RoomCode::from_random(&random::<32>()))
        .flatten()
        .next()
        .expect("the iterator does not end")
}

/// What is told of a room to one of its members (`member`) or to somebody else.
pub fn view(state: &State, room: &Room, member: Option<UserId>, now: Now) -> RoomView {
    let open = member.is_some() || room.pin_hash.is_none();
    RoomView {
        code: room.code,
        name: open.then(|| room.name.clone()),
        topic: room.topic.clone().filter(|_| open),
        pin: room.pin_hash.is_some(),
        sealed: room.sealed,
        locked: room.locked,
        lobby: room.lobby,
        capacity: room.capacity,
        count: open.then(|| state.hub.count(room.id.into())),
        created_at: room.created_at,
        expires_at: state.rooms.expires_at(room, now),
        member: member.is_some(),
        owner: member == Some(room.owner),
        moderator: member.is_some_and(|user| room.moderators.contains(&user)),
        you: member.map(|user| state.keys.member_id(room.id.into(), user)),
    }
}

/// The live room of a code. Who guesses too many is asked to wait before the next is looked up, but never kept from a
/// room that they are a member of: others may have done the guessing.
///
/// # Errors
/// [`ErrorCode::InvalidCode`], [`ErrorCode::RoomNotFound`], [`ErrorCode::RoomEnded`], [`ErrorCode::RateLimited`].
pub async fn find(state: &State, caller: Caller, code: &str, now: Now) -> Result<Room, ApiError> {
    let code = RoomCode::parse(code)?;
    let limited = state.rate_limits.check(RateLimit::Misses(caller), now).map_err(ApiError::from);
    if let (Err(failure), None) = (limited, caller.user) {
        return Err(failure);
    }
    // Whether its lifetime is over is the live room's to say, by a clock that nobody sets.
    let kept = state.store.room_by_code(code, WHENEVER).await?;
    let lives = kept.as_ref().is_some_and(|room| state.rooms.is_within_life(room, now));
    if kept.is_some() && !lives {
        // Over, and not purged yet.
        state.rooms.records().note_ended(code);
    }
    let found = kept.filter(|_| lives);
    if let Err(failure) = limited {
        return match (found, caller.user) {
            (Some(room), Some(user)) if state.store.is_member(room.id, user, WHENEVER).await? => Ok(room),
            // A hit and a miss are one answer, or the limit would be none.
            (Some(_) | None, _) => Err(failure),
        };
    }
    if found.is_none() {
        // A room that has ended is as much of a miss as one that never was.
        state.rate_limits.take(RateLimit::Misses(caller), now)?;
    }
    found.ok_or_else(|| state.rooms.records().no_room(code, now).into())
}

async fn check_pin(
    state: &State,
    room: RoomId,
    caller: Caller,
    hash: &str,
    typed: &str,
    now: Now,
) -> Result<(), ApiError> {
    let attempt = state.rate_limits.try_pin(room.into(), caller, now)?;
    let attempt = state.rate_limits.turn(attempt, &state.clock).await?;
    // What no PIN can be is wrong like any other.
    let right = match Pin::parse(typed) {
        Ok(pin) => state.auth.verify(pin.tries(), Some(hash)).await,
        Err(_) => Ok(false),
    };
    match right {
        Ok(true) => {
            state.rate_limits.succeeded(attempt, state.clock.now());
            Ok(())
        }
        Ok(false) => Err(state.rate_limits.wrong_pin(attempt, state.clock.now()).into()),
        Err(failure) => {
            state.rate_limits.withdrawn(attempt, state.clock.now());
            Err(failure)
        }
    }
}
