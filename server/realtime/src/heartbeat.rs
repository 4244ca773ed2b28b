//! Whether a client is still there: asked by a frame every so often, since browsers show pages no other sign. Of no use to
//! transports whose protocol has a heartbeat of its own.

use std::time::Duration;

use protocol::{ErrorCode, Limits};
use tokio::time::Instant;

/// Of one connection.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    every: Duration,
    silence_max: Duration,
    heard_at: Instant,
    ping_at: Instant,
    /// Once more before that: the client has been told much that is kept until it says that it has it.
    soon_at: Option<Instant>,
}

/// A client that has come into a room is asked after so long: it has its list of people then, and that need not be kept
/// until the next beat.
const SOON: Duration = Duration::from_secs(1);

impl Heartbeat {
    /// For a connection that begins now. `phase`: where in the period it begins, so that those of many are spread.
    pub(crate) fn new(limits: &Limits, now: Instant, phase: u16) -> Self {
        let first_ms = (u64::from(phase) * limits.ping_every_ms) >> u16::BITS;
        Self {
            every: Duration::from_millis(limits.ping_every_ms),
            silence_max: Duration::from_millis(limits.silence_ms_max),
            heard_at: now,
            ping_at: now + Duration::from_millis(first_ms.max(1)),
            soon_at: None,
        }
    }

    /// The client has said something, or could not be heard until now.
    pub(crate) const fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// The client is asked soon, beside the beat. Many at once are asked once.
    pub(crate) fn ask_soon(&mut self, now: Instant) {
        self.soon_at.get_or_insert(now + SOON);
    }

    /// When to look at it next.
    pub(crate) fn due(&self) -> Instant {
        let ping_at = self.soon_at.map_or(self.ping_at, |soon_at| soon_at.min(self.ping_at));
        ping_at.min(self.heard_at + self.silence_max)
    }

    /// Whether it is time to ask the client.
    ///
    /// # Errors
    /// It has been silent for too long.
    pub(crate) fn beats(&mut self, now: Instant) -> Result<bool, ErrorCode> {
        if now >= self.heard_at + self.silence_max {
            return Err(ErrorCode::Silence);
        }
        let is_beat = now >= self.ping_at;
        if is_beat {
            self.ping_at = now + self.every;
        }
        let is_soon = self.soon_at.is_some_and(|soon_at| now >= soon_at);
        if is_beat || is_soon {
            self.soon_at = None;
        }
        Ok(is_beat || is_soon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_asked_in_time_and_gone_when_it_is_silent() {
        let limits = Limits { ping_every_ms: 1_000, silence_ms_max: 2_500, ..Limits::default() };
        let begin = Instant::now();
        let after = |ms| begin + Duration::from_millis(ms);
        let mut heartbeat = Heartbeat::new(&limits, begin, u16::MAX / 2);
        assert_eq!(heartbeat.due(), after(499));
        assert_eq!([heartbeat.beats(after(498)), heartbeat.beats(after(499))], [Ok(false), Ok(true)]);
        assert_eq!(heartbeat.due(), after(1_499));
        assert_eq!(heartbeat.beats(after(2_500)), Err(ErrorCode::Silence));
        heartbeat.heard(after(1_000));
        assert_eq!(heartbeat.beats(after(2_500)), Ok(true));
        assert_eq!(heartbeat.due(), after(3_500), "silence comes before the next ping");
        heartbeat.heard(after(2_600));
        heartbeat.ask_soon(after(2_400));
        heartbeat.ask_soon(after(2_450));
        assert_eq!([heartbeat.beats(after(3_399)), heartbeat.beats(after(3_400))], [Ok(false), Ok(true)]);
        assert_eq!(heartbeat.due(), after(3_500), "the beat stays");
    }
}
