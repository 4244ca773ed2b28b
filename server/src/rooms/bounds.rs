//! The numbers that people may choose for a room: one set of bounds for its making, its changes and its invites.

use protocol::{ErrorCode, Limits};

use crate::error::ApiError;

/// The shortest lifetime of a room, and of an invite.
const LIFETIME_S_MIN: u64 = 3_600;
/// The smallest capacity of a room.
const CAPACITY_MIN: u32 = 2;

/// A capacity that this server gives.
pub(super) fn capacity_within(limits: &Limits, wished: u64) -> Result<u32, ApiError> {
    let capacity = u32::try_from(wished).unwrap_or_default();
    let fits = (CAPACITY_MIN..=limits.capacity_max).contains(&capacity);
    if fits { Ok(capacity) } else { Err(ApiError::beyond(ErrorCode::InvalidCapacity, limits.capacity_max.into())) }
}

/// A lifetime that this server gives, in seconds.
pub(super) fn lifetime_within(limits: &Limits, wished: u64) -> Result<u64, ApiError> {
    lasting(limits, wished, ErrorCode::InvalidLifetime)
}

/// A time for which an invite may last, in seconds.
pub(super) fn invite_time_within(limits: &Limits, wished: u64) -> Result<u64, ApiError> {
    lasting(limits, wished, ErrorCode::InvalidInviteTime)
}

fn lasting(limits: &Limits, wished: u64, refused: ErrorCode) -> Result<u64, ApiError> {
    let fits = (LIFETIME_S_MIN..=limits.lifetime_s_max).contains(&wished);
    if fits { Ok(wished) } else { Err(ApiError::beyond(refused, limits.lifetime_s_max)) }
}
