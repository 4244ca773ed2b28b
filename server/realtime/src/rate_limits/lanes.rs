//! The tries at one target from all the world together: so many a minute are checked, and not one more.
//!
//! A limit on the target alone would be a weapon against those it belongs to: whoever keeps it used up locks them out. So
//! those who are known at a target (they opened it before) do not stand in line, and those who try for the first time
//! have a lane of their own, which guessers leave after their first try.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::{Bucket, Monotonic, Rate};

use crate::rate_limits::table::{Entry, Table};
use crate::rate_limits::target::Target;

/// Tries at one target that are checked in any minute, of all who are not known there.
pub(super) const TRIES_PER_TARGET: u32 = 60;
/// Tries that wait in one lane.
pub(super) const WAITING_MAX: u32 = 128;
/// How long one waits before it is refused.
pub(super) const PATIENCE_MS: u64 = 10_000;
/// How often one that waits looks whether it is its turn: one that was right gives its place back.
const LOOK_EVERY_MS: u64 = 250;

/// Half of a minute's tries at once and half one by one, in two lanes: no minute has more than all of them.
const RATE: Rate = Rate { burst: TRIES_PER_TARGET / 4, refill_ms: 60_000 / (TRIES_PER_TARGET as u64 / 4) };

/// Where one stands in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Nobody in the networks around has failed here lately.
    First,
    Again,
}

/// What one who stands in line does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The try is made.
    Go,
    /// Ask again after so many milliseconds.
    Wait(u64),
    /// Too many were faster. Another try makes sense after so many milliseconds.
    Refused(u64),
}

#[derive(Debug, Default)]
struct Queue {
    bucket: Bucket,
    waiting: u32,
}

#[derive(Debug)]
pub(super) struct Lanes(Mutex<Table<(Target, Lane), Queue>>);

impl Lanes {
    pub(super) fn new(entries_max: usize) -> Self {
        Self(Mutex::new(Table::new(entries_max)))
    }

    /// Steps up, and is checked at once, waits (goes on asking, and leaves at the end), or is refused.
    pub(super) fn arrive(&self, target: Target, lane: Lane, now: Monotonic) -> Step {
        let mut table = self.lock();
        let line = table.entry((target, lane), now);
        let free = line.bucket.check(now, RATE);
        match free {
            Ok(()) if line.waiting == 0 => line.bucket.take(now, RATE).map_or_else(Step::Refused, |()| Step::Go),
            Ok(()) | Err(_) if line.waiting < WAITING_MAX => {
                line.waiting += 1;
                Step::Wait(LOOK_EVERY_MS)
            }
            Ok(()) => Step::Refused(RATE.refill_ms),
            Err(wait_ms) => Step::Refused(wait_ms.max(RATE.refill_ms)),
        }
    }

    /// Whether it is the turn of one that waits since `arrived`.
    pub(super) fn look(&self, target: Target, lane: Lane, arrived: Monotonic, now: Monotonic) -> Step {
        let mut table = self.lock();
        let line = table.entry((target, lane), now);
        match line.bucket.take(now, RATE) {
            Ok(()) => Step::Go,
            Err(wait_ms) if now.since(arrived) >= PATIENCE_MS => Step::Refused(wait_ms.max(RATE.refill_ms)),
            Err(wait_ms) => Step::Wait(wait_ms.clamp(1, LOOK_EVERY_MS)),
        }
    }

    /// One that waited does so no longer, whatever came of it.
    pub(super) fn leave(&self, target: Target, lane: Lane) {
        if let Some(line) = self.lock().get_mut(&(target, lane)) {
            line.waiting = line.waiting.saturating_sub(1);
        }
    }

    /// One that was checked was right: another may be checked in its place.
    pub(super) fn give_back(&self, target: Target, lane: Lane) {
        if let Some(line) = self.lock().get_mut(&(target, lane)) {
            line.bucket.give_back(RATE);
        }
    }

    pub(super) fn prune(&self, now: Monotonic) {
        self.lock().prune(now);
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Table<(Target, Lane), Queue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry for Queue {
    fn is_idle(&self, now: Monotonic) -> bool {
        self.waiting == 0 && self.bucket.is_full(now)
    }
}
