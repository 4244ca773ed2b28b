//! The two clocks, as types that cannot be mixed up: spans are measured on the monotonic one, stamps are read from the
//! wall clock.
//!
//! The wall clock may be set at any moment, by a person or by NTP, forth and back. So it only ever says *when* something
//! was (a message's `at`, a token's end, a room's `expires_at` in the database). Whatever asks *how long* (rates,
//! typing, waits, the life of a room in memory) has a [`Monotonic`], which is no number: it can be compared with its own
//! kind and moved by a number of milliseconds, and nothing else.

use protocol::Millis;

/// A point on the clock that only goes forward: milliseconds since the server started, at a pace that no setting of the
/// wall clock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(u64);

impl Monotonic {
    /// The start. Every other point is made from it by [`Monotonic::after`]; in the server only the clock does that.
    pub const START: Self = Self(0);

    /// So many milliseconds later; far beyond any life of a server it stands still.
    #[must_use]
    pub const fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// So many milliseconds earlier, the start at the earliest.
    #[must_use]
    pub const fn before(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds from an earlier point to this one; 0 where that one is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Both clocks, read at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For stamps: milliseconds since the Unix epoch.
    pub wall: Millis,
    /// For spans.
    pub mono: Monotonic,
}

impl Now {
    /// The moment so many milliseconds later, if nobody sets the wall clock meanwhile.
    #[must_use]
    pub const fn after(self, ms: u64) -> Self {
        Self { wall: self.wall.saturating_add(ms), mono: self.mono.after(ms) }
    }

    /// Where a stamp of the wall clock lies on the monotonic one, as the wall clock stands now. What is past is now.
    #[must_use]
    pub const fn when(self, stamp: Millis) -> Monotonic {
        self.mono.after(stamp.saturating_sub(self.wall))
    }

    /// The stamp of a point that is to come, as the wall clock stands now. Answers `stamp`, which was told before, while
    /// it is right to the second: two clocks are never read at quite the same moment, and a reader should not see an end
    /// that moves.
    #[must_use]
    pub const fn stamp_of(self, point: Monotonic, stamp: Millis) -> Millis {
        const SAME_MS: u64 = 1_000;
        let now_due = self.wall.saturating_add(point.since(self.mono));
        if now_due.abs_diff(stamp) <= SAME_MS { stamp } else { now_due }
    }
}
