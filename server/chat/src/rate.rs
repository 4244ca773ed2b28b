//! A token bucket on a time that is handed in.

use crate::time::Monotonic;

/// How much at once, and how fast it fills again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens in a full bucket.
    pub burst: u32,
    /// Milliseconds for one token.
    pub refill_ms: u64,
}

impl Rate {
    /// So many in a minute, all at once if need be.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self { burst: count, refill_ms: refill(60_000, count) }
    }

    /// So many in an hour, all at once if need be.
    #[must_use]
    pub const fn per_hour(count: u32) -> Self {
        Self { burst: count, refill_ms: refill(3_600_000, count) }
    }
}

impl Rate {
    /// So many times as much, at once and in time.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        let refill_ms = (self.refill_ms / u64::from(times.max(1))).max(1);
        Self { burst: self.burst.saturating_mul(times), refill_ms }
    }
}

const fn refill(period_ms: u64, count: u32) -> u64 {
    let each = period_ms / if count == 0 { 1 } else { count as u64 };
    if each == 0 { 1 } else { each }
}

/// One bucket in eight bytes: the time at which it will be full again (the generic cell rate algorithm).
///
/// A default bucket is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    full_at: Monotonic,
}

impl Bucket {
    /// Takes one token, or answers how long to wait for it.
    ///
    /// # Errors
    /// The milliseconds after which a token will be there.
    pub fn take(&mut self, now: Monotonic, rate: Rate) -> Result<(), u64> {
        let full_at = self.full_at.max(now).after(rate.refill_ms);
        let debt_ms = full_at.since(now);
        let capacity_ms = rate.refill_ms.saturating_mul(u64::from(rate.burst));
        if debt_ms > capacity_ms {
            return Err(debt_ms - capacity_ms);
        }
        self.full_at = full_at;
        Ok(())
    }

    /// Whether a token could be taken.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub fn check(&self, now: Monotonic, rate: Rate) -> Result<(), u64> {
        let mut copy = *self;
        copy.take(now, rate)
    }

    /// Gives back a token that was taken.
    pub fn give_back(&mut self, rate: Rate) {
        self.full_at = self.full_at.before(rate.refill_ms);
    }

    /// Whether forgetting this bucket would change nothing.
    #[must_use]
    pub fn is_full(&self, now: Monotonic) -> bool {
        self.full_at <= now
    }
}
