//! Who comes into a room, who leaves it, and how a room is made: one set of rules for the API, the forms and the sockets.
//!
//! Membership only. Seats, capacity and what is said are the room's own business.

use protocol::api::{CreateRoom, RoomView};
use protocol::{ErrorCode, LeaveReason, MemberId, Millis, Pin, RoomCode, RoomName};

use crate::address::Address;
use crate::auth::Identity;
use crate::clock::random;
use crate::error::Failure;
use crate::gates::{Gate, Target};
use crate::names;
use crate::state::State;
use crate::store::{Joined, Left, Membership, Room, RoomId, StoreError, UserId};

/// The shortest lifetime of a room.
const LIFETIME_S_MIN: u64 = 3_600;
/// The smallest capacity of a room.
const CAPACITY_MIN: u32 = 2;
/// Codes drawn before giving up: with a million live rooms one in 850,000 is taken.
const CODES_DRAWN_MAX: usize = 8;

/// Places that are made for one newcomer who finds them taken by others again.
const PLACES_MADE_MAX: usize = 8;

/// A membership that stands.
#[derive(Debug)]
pub struct Admitted {
    /// The room as it is kept.
    pub room: Room,
    /// What the others see of the user.
    pub member: MemberId,
    /// Whether the membership is new.
    pub joined: Joined,
}

/// Makes somebody a member: always who is one already, others with the PIN where there is one.
///
/// # Errors
/// [`ErrorCode::InvalidCode`], [`ErrorCode::RoomNotFound`], [`ErrorCode::PinRequired`], [`ErrorCode::WrongPin`],
/// [`ErrorCode::TooManyMembers`], [`ErrorCode::RateLimited`] after too many misses or wrong PINs.
pub async fn admit(
    state: &State,
    user: UserId,
    address: Address,
    code: &str,
    pin: Option<&str>,
    now: Millis,
) -> Result<Admitted, Failure> {
    let room = find(state, address, code, now).await?;
    let member = state.keys.member_id(room.id, user);
    state.hub.settle_leave(room.id, user).await?;
    if state.store.is_member(room.id, user, now).await? {
        return Ok(Admitted { room, member, joined: Joined::Already });
    }
    if let Some(hash) = &room.pin_hash {
        check_pin(state, room.id, address, hash, pin, now).await?;
    }
    match join(state, &room, Membership { user, joined_at: now }, now).await? {
        joined @ (Joined::New | Joined::Already) => {
            state.hub.is_admitted(room.id, user);
            Ok(Admitted { room, member, joined })
        }
        Joined::NoRoom => Err(ErrorCode::RoomNotFound.into()),
        Joined::Bound => Err(ErrorCode::TooManyMembers.into()),
    }
}

/// Makes the membership. At the bound guests without a seat are forgotten first, one for each newcomer.
async fn join(state: &State, room: &Room, membership: Membership, now: Millis) -> Result<Joined, Failure> {
    let mut joined = try_to_join(state, room, membership, now).await?;
    for _ in 0..PLACES_MADE_MAX {
        if joined != Joined::Bound || !forget_guest(state, room).await? {
            break;
        }
        joined = try_to_join(state, room, membership, now).await?;
    }
    Ok(joined)
}

async fn try_to_join(state: &State, room: &Room, membership: Membership, now: Millis) -> Result<Joined, Failure> {
    let joined = state.store.join(room.id, membership, state.config.limits.members_per_room, now).await;
    if let Err(StoreError::Unavailable) = joined {
        // It may have been made all the same. Nobody was told, so it must not stay.
        state.hub.owe_unheard(room.id, membership.user);
    }
    Ok(joined?)
}

/// Ends the membership of the guest who has been a member longest and is not inside. Answers whether there was one.
///
/// Never the owner's: the room would pass on to a newcomer's wish. And nobody's while no seat is free, because whoever
/// is turned away at the door should not have cost another the way back in.
async fn forget_guest(state: &State, room: &Room) -> Result<bool, Failure> {
    if state.hub.count(room.id) >= room.capacity {
        return Ok(false);
    }
    // Of so many at least one is neither inside nor the owner.
    let guests_max = room.capacity.saturating_add(2);
    for guest in state.store.guests_in(room.id, guests_max).await? {
        if guest == room.owner || state.hub.has_seat(room.id, guest) {
            continue;
        }
        // If somebody else was faster, that place is theirs.
        if leave(state, guest, room.id).await? != Left::NotMember {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A room as the asker may see it.
///
/// # Errors
/// [`ErrorCode::InvalidCode`], [`ErrorCode::RoomNotFound`], [`ErrorCode::RateLimited`] after too many misses.
pub async fn look_up(
    state: &State,
    asker: Option<UserId>,
    address: Address,
    code: &str,
    now: Millis,
) -> Result<RoomView, Failure> {
    let room = find(state, address, code, now).await?;
    let member = match asker {
        Some(user) if state.store.is_member(room.id, user, now).await? => Some(user),
        Some(_) | None => None,
    };
    Ok(view(state, &room, member))
}

/// Ends a membership; the room hears of it.
///
/// # Errors
/// Why the store could not.
pub async fn leave(state: &State, user: UserId, room: RoomId) -> Result<Left, Failure> {
    let outcome = state.store.leave(room, user).await?;
    state.hub.left(room, user, &outcome, LeaveReason::Left);
    Ok(outcome)
}

/// Makes a room; its maker is a member and owns it.
///
/// # Errors
/// The code of the first field outside its rules, or [`ErrorCode::RateLimited`] beyond what one address may make.
pub async fn create(
    state: &State,
    identity: &Identity,
    address: Address,
    request: CreateRoom,
    now: Millis,
) -> Result<RoomView, Failure> {
    let limits = &state.config.limits;
    let name = match request.name {
        Some(typed) => RoomName::parse(&typed)?,
        None => names::room_name(random()),
    };
    let pin = request.pin.as_deref().map(Pin::parse).transpose()?;
    let capacity = request.capacity.unwrap_or(limits.capacity_default.min(limits.capacity_max));
    if !(CAPACITY_MIN..=limits.capacity_max).contains(&capacity) {
        return Err(ErrorCode::InvalidCapacity.into());
    }
    let lifetime_s = request.lifetime_s.unwrap_or(limits.lifetime_s_default.min(limits.lifetime_s_max));
    if !(LIFETIME_S_MIN..=limits.lifetime_s_max).contains(&lifetime_s) {
        return Err(ErrorCode::InvalidLifetime.into());
    }
    state.gates.take(Gate::RoomsMade(address), now)?;
    let pin_hash = match pin {
        Some(pin) => Some(state.auth.hash(pin.as_bytes().to_vec()).await?),
        None => None,
    };
    let wish = Room {
        id: RoomId(random()),
        code: draw_code(),
        name,
        pin_hash,
        capacity,
        owner: identity.user,
        created_at: now,
        expires_at: now.saturating_add(lifetime_s.saturating_mul(1_000)),
    };
    let room = keep(state, wish).await?;
    // Its task begins to count at once: a room that nobody ever enters ends like one that all have left.
    state.hub.room(&room);
    Ok(view(state, &room, Some(identity.user)))
}

/// Keeps a room under a code that no live room has.
async fn keep(state: &State, mut room: Room) -> Result<Room, Failure> {
    for _ in 0..CODES_DRAWN_MAX {
        match state.store.create_room(room.clone()).await {
            Ok(()) => return Ok(room),
            Err(StoreError::Conflict) => room.code = draw_code(),
            Err(error @ StoreError::Unavailable) => {
                state.hub.owe_room(room.id);
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
pub fn view(state: &State, room: &Room, member: Option<UserId>) -> RoomView {
    let open = member.is_some() || room.pin_hash.is_none();
    RoomView {
        code: room.code,
        name: open.then(|| room.name.clone()),
        pin: room.pin_hash.is_some(),
        capacity: room.capacity,
        count: open.then(|| state.hub.count(room.id)),
        created_at: room.created_at,
        expires_at: room.expires_at,
        member: member.is_some(),
        owner: member == Some(room.owner),
        you: member.map(|user| state.keys.member_id(room.id, user)),
    }
}

/// The live room of a code. Who guesses too many is asked to wait before the next is looked up.
///
/// # Errors
/// [`ErrorCode::InvalidCode`], [`ErrorCode::RoomNotFound`], [`ErrorCode::RateLimited`].
pub async fn find(state: &State, address: Address, code: &str, now: Millis) -> Result<Room, Failure> {
    let code = RoomCode::parse(code)?;
    state.gates.check(Gate::Misses(address), now)?;
    let found = state.store.room_by_code(code, now).await?;
    if found.is_none() {
        state.gates.take(Gate::Misses(address), now)?;
    }
    found.ok_or_else(|| ErrorCode::RoomNotFound.into())
}

async fn check_pin(
    state: &State,
    room: RoomId,
    address: Address,
    hash: &str,
    typed: Option<&str>,
    now: Millis,
) -> Result<(), Failure> {
    let typed = typed.filter(|pin| !pin.trim().is_empty()).ok_or(ErrorCode::PinRequired)?;
    state.gates.try_pin(room, address, now)?;
    tokio::time::sleep(state.gates.slowed(Target::Room(room), now)).await;
    // What no PIN can be is wrong like any other.
    let right = match Pin::parse(typed) {
        Ok(pin) => state.auth.verify(pin.as_bytes().to_vec(), Some(hash)).await?,
        Err(_) => false,
    };
    if !right {
        return Err(ErrorCode::WrongPin.into());
    }
    state.gates.opened(room, address);
    Ok(())
}
