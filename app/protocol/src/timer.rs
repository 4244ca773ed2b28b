//! Burn timers: for how long a message is there.
//!
//! A timer counts on each client from when its reader had the message in view. No client waits for that for ever: the end
//! is fixed when the message is sent, whether it was read or not.

use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::error::ErrorCode;
use crate::limits::Limits;

/// The timer of one message, as everybody in the room gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Timer {
    /// Seconds from reading.
    pub after_s: u32,
    /// When it is over even for those who have not read it.
    pub ends_at: Millis,
}

impl Timer {
    /// The timer of what is sent now.
    #[must_use]
    pub const fn new(after_s: u32, sent_at: Millis, limits: &Limits) -> Self {
        Self { after_s, ends_at: sent_at.saturating_add(limits.burn_unread_ms) }
    }
}

/// The seconds that somebody has chosen; `None` for 0, which stands for no timer.
///
/// # Errors
/// [`ErrorCode::InvalidTimer`] outside of the bounds.
pub fn timer_within(limits: &Limits, chosen_s: u64) -> Result<Option<u32>, ErrorCode> {
    let chosen = u32::try_from(chosen_s).map_err(|_| ErrorCode::InvalidTimer)?;
    let fits = chosen == 0 || (limits.burn_s_min..=limits.burn_s_max).contains(&chosen);
    if fits { Ok((chosen > 0).then_some(chosen)) } else { Err(ErrorCode::InvalidTimer) }
}

read_struct!(Timer { after_s, ends_at });

#[cfg(test)]
mod tests {
    use super::{Timer, timer_within};
    use crate::{ErrorCode, Limits};

    #[test]
    fn a_timer_is_within_its_bounds_or_none() {
        let limits = Limits::default();
        let (least, most) = (u64::from(limits.burn_s_min), u64::from(limits.burn_s_max));
        assert_eq!(timer_within(&limits, 0), Ok(None));
        for chosen in [least, least + 1, most] {
            assert_eq!(timer_within(&limits, chosen).map(|chosen| chosen.map(u64::from)), Ok(Some(chosen)));
        }
        for chosen in [1, least - 1, most + 1, u64::MAX] {
            assert_eq!(timer_within(&limits, chosen), Err(ErrorCode::InvalidTimer));
        }
    }

    #[test]
    fn its_end_is_fixed_by_the_sending() {
        let limits = Limits::default();
        assert_eq!(Timer::new(5, 1_000, &limits).ends_at, 1_000 + limits.burn_unread_ms);
        assert_eq!(Timer::new(5, u64::MAX, &limits).ends_at, u64::MAX);
    }
}
