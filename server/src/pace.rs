//! How fast something may come that is not refused but waited for: a rate with a burst.
//!
//! The generic cell rate algorithm: one instant says how far ahead of its rate somebody is. Reads no clock.

use std::time::{Duration, Instant};

use protocol::Limits;

/// Frames of a connection that may come at once, whatever they are.
const FRAMES_BURST: u32 = 4_096;
/// Frames of the transport for each one that a session may send: pings, pongs, parts of messages.
const FRAMES_FOR_ONE: u32 = 4;

/// A rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameRate {
    every: Duration,
    burst: Duration,
}

impl FrameRate {
    /// Of what comes below the requests: a client that keeps to the limits of those never meets it.
    pub(crate) fn of_frames(limits: &Limits) -> Self {
        let every = Duration::from_mins(1) / limits.frames_per_minute.saturating_mul(FRAMES_FOR_ONE).max(1);
        Self { every, burst: every * FRAMES_BURST }
    }
}

/// How far somebody is.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: FrameRate,
    /// When all that came would have come at the rate.
    due: Instant,
}

impl Pace {
    /// Nothing has come.
    pub(crate) const fn new(rate: FrameRate, now: Instant) -> Self {
        Self { rate, due: now }
    }

    /// Counts so many more.
    pub(crate) fn count(&mut self, now: Instant, times: u32) {
        self.due = self.due.max(now) + self.rate.every * times;
    }

    /// When the next one may come; `None`: now.
    pub(crate) fn wait_until(&self, now: Instant) -> Option<Instant> {
        self.due.checked_sub(self.rate.burst).filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use protocol::Limits;

    use super::{FRAMES_BURST, FRAMES_FOR_ONE, FrameRate, Pace};

    #[test]
    fn a_burst_passes_at_once_and_what_is_beyond_it_at_the_rate() {
        let limits = Limits { frames_per_minute: 60, ..Limits::default() };
        let mut now = Instant::now();
        let mut pace = Pace::new(FrameRate::of_frames(&limits), now);
        pace.count(now, FRAMES_BURST);
        assert_eq!(pace.wait_until(now), None);
        pace.count(now, 3);
        let every = Duration::from_secs(1) / FRAMES_FOR_ONE;
        assert_eq!(pace.wait_until(now), Some(now + every * 3));
        now += every * 3;
        assert_eq!(pace.wait_until(now), None);
        // Who is silent for long has the burst again, and no more than it.
        now += Duration::from_hours(24);
        pace.count(now, FRAMES_BURST + 1);
        assert_eq!(pace.wait_until(now), Some(now + every));
    }
}
