//! The only place that reads a clock or the operating system's random numbers.
//!
//! Spans are measured on the monotonic clock and stamps are read from the wall clock; [`chat::Now`] keeps them apart.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::{Monotonic, Now};
use protocol::Millis;
use tokio::sync::Notify;
use tokio::time::sleep;

/// Milliseconds in an hour: stored times are rounded down to it.
pub const HOUR_MS: Millis = 3_600_000;

/// The clocks of one server. Clones read the same ones.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Instant,
    moved: Arc<Moved>,
}

/// By how much tests have moved the clocks: nothing, in a server that serves people.
#[derive(Debug, Default)]
struct Moved {
    /// The wall clock alone.
    set_by_ms: AtomicI64,
    /// Both clocks.
    ahead_ms: AtomicU64,
    /// Wakes who waits, in servers whose clock may be moved at all: others pay nothing for it.
    again: OnceLock<Notify>,
}

impl Clock {
    /// The system's clocks; the monotonic one counts from here.
    pub fn start() -> Self {
        Self { start: Instant::now(), moved: Arc::default() }
    }

    /// Both.
    pub fn now(&self) -> Now {
        Now { wall: self.wall(), mono: self.mono() }
    }

    /// How long it has counted, in milliseconds.
    pub fn counted_ms(&self) -> u64 {
        self.mono().since(Monotonic::START)
    }

    /// For stamps: milliseconds since the Unix epoch. May jump.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn wall(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX);
        wall.saturating_add(self.moved.ahead_ms.load(Ordering::Relaxed))
            .saturating_add_signed(self.moved.set_by_ms.load(Ordering::Relaxed))
    }

    /// For spans.
    pub fn mono(&self) -> Monotonic {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Monotonic::START.after(since.saturating_add(self.moved.ahead_ms.load(Ordering::Relaxed)))
    }

    /// Waits until a point of the monotonic clock.
    pub async fn sleep_until(&self, due: Monotonic) {
        let Some(again) = self.moved.again.get() else {
            return sleep(Duration::from_millis(due.since(self.mono()))).await;
        };
        loop {
            // Before the clock is read: a move after that wakes the waiter, too.
            let again = again.notified();
            let left_ms = due.since(self.mono());
            if left_ms == 0 {
                return;
            }
            tokio::select! {
                () = sleep(Duration::from_millis(left_ms)) => {}
                () = again => {}
            }
        }
    }

    /// Waits for a span.
    pub async fn sleep(&self, ms: u64) {
        self.sleep_until(self.mono().after(ms)).await;
    }

    /// Sets the wall clock forth or back, as an operator or NTP does; for tests.
    #[doc(hidden)]
    pub fn set_wall_by(&self, ms: i64) {
        self.moved.set_by_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// From now on this clock may be moved: to be called before anybody waits for it; for tests.
    #[doc(hidden)]
    pub fn make_movable(&self) {
        self.moved.again.get_or_init(Notify::new);
    }

    /// Lets a span pass at once, on both clocks, and wakes all that wait for it; for tests. The timers of transports
    /// (heartbeats, silence, writes that do not go out) measure the network and stay with real time.
    #[doc(hidden)]
    pub fn advance(&self, ms: u64) {
        let again = self.moved.again.get().expect("a clock is made movable first");
        self.moved.ahead_ms.fetch_add(ms, Ordering::Relaxed);
        again.notify_waiters();
    }
}

/// Rounded down to the hour.
pub const fn hour(at: Millis) -> Millis {
    at - at % HOUR_MS
}

/// Bytes from the operating system's generator.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random number generator");
    bytes
}

/// 128 random bits in the 22 characters of base64url.
pub fn random_id() -> String {
    base64url(&random::<16>())
}

/// base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of an unpadded base64url text that holds exactly so many.
pub fn from_base64url<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Clock;

    const HOUR_MS: u64 = super::HOUR_MS;

    #[tokio::test]
    async fn who_waits_for_an_hour_is_woken_when_it_has_passed_and_not_before() {
        let clock = Clock::start();
        clock.make_movable();
        let due = clock.mono().after(HOUR_MS);
        let waiting = clock.sleep_until(due);
        tokio::pin!(waiting);
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, waiting.as_mut()).await.is_err());
        clock.advance(HOUR_MS / 2);
        assert!(tokio::time::timeout(soon, waiting.as_mut()).await.is_err(), "half of it is not all");
        let wall = clock.wall();
        clock.advance(HOUR_MS / 2);
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it has passed");
        assert!(clock.mono() >= due && clock.wall() >= wall + HOUR_MS / 2);
    }

    #[tokio::test]
    async fn a_wall_clock_that_is_set_wakes_nobody() {
        let clock = Clock::start();
        clock.make_movable();
        let waiting = clock.sleep(HOUR_MS);
        tokio::pin!(waiting);
        clock.set_wall_by(2 * i64::try_from(HOUR_MS).expect("fits"));
        assert!(tokio::time::timeout(Duration::from_millis(20), waiting.as_mut()).await.is_err());
    }
}
