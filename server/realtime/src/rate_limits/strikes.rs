//! Wrong PINs, and the waits that grow with them: for each network that the guesser's address lies in, or for the one
//! user who is known at the room.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::{ChannelId, Monotonic};
use serde::{Deserialize, Serialize};

use crate::address::{Address, Block};
use crate::identity::UserId;
use crate::rate_limits::table::{Entry, Table};

/// The first wait after too many wrong PINs; each further one doubles it.
pub(super) const PIN_WAIT_MS: u64 = 30_000;
/// The longest wait after a wrong PIN.
pub(super) const PIN_WAIT_MS_MAX: u64 = 15 * 60_000;
/// Wrong PINs are forgotten when the wait has been over for so long.
pub(super) const PIN_MEMORY_MS: u64 = 60 * 60_000;

/// Whose tries are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::rate_limits) enum Guesser {
    /// Of an address, and of the networks around it.
    From(Address),
    /// Of somebody who is known at the room.
    User(UserId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Block(Block),
    User(UserId),
}

#[derive(Debug)]
pub(super) struct Strikes {
    /// Tries before the first wait.
    free: u32,
    table: Mutex<Table<(ChannelId, Key), Count>>,
}

impl Strikes {
    pub(super) fn new(free: u32, entries_max: usize) -> Self {
        Self { free, table: Mutex::new(Table::new(entries_max)) }
    }

    /// Counts a try everywhere, or nothing and answers how long to wait. Tells whether it is the guesser's first.
    pub(super) fn strike(&self, room: ChannelId, guesser: Guesser, now: Monotonic) -> Result<bool, u64> {
        let mut table = self.lock();
        let (mut wait_ms, mut is_first) = (0, true);
        for (key, _) in keys(guesser) {
            if let Some(count) = table.get(&(room, key)).filter(|count| !count.is_idle(now)) {
                wait_ms = wait_ms.max(count.until.since(now));
                is_first &= count.tries == 0;
            }
        }
        if wait_ms > 0 {
            return Err(wait_ms);
        }
        for (key, times) in keys(guesser) {
            table.entry((room, key), now).strike(self.free.saturating_mul(times), now);
        }
        Ok(is_first)
    }

    /// Tries before the next wait, and how long that is where it has begun.
    pub(super) fn left(&self, room: ChannelId, guesser: Guesser, now: Monotonic) -> (u32, u64) {
        let table = self.lock();
        let (mut left, mut wait_ms) = (self.free, 0);
        for (key, times) in keys(guesser) {
            if let Some(count) = table.get(&(room, key)).filter(|count| !count.is_idle(now)) {
                left = left.min(self.free.saturating_mul(times).saturating_sub(count.tries));
                wait_ms = wait_ms.max(count.until.since(now));
            }
        }
        (left, wait_ms)
    }

    /// The PIN was right: the guesser's own tries are forgotten, and one in each network around.
    pub(super) fn forgive(&self, room: ChannelId, guesser: Guesser, now: Monotonic) {
        self.take_back(room, guesser, now);
        if let Some((key, _)) = keys(guesser).next() {
            self.lock().remove(&(room, key));
        }
    }

    /// The try was not made after all.
    pub(super) fn take_back(&self, room: ChannelId, guesser: Guesser, now: Monotonic) {
        let mut table = self.lock();
        for (key, times) in keys(guesser) {
            if let Some(count) = table.get_mut(&(room, key)) {
                count.take_back(self.free.saturating_mul(times), now);
            }
        }
    }

    pub(super) fn prune(&self, now: Monotonic) {
        self.lock().prune(now);
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Table<(ChannelId, Key), Count>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Narrowest first, each with how many times the tries of one it has.
fn keys(guesser: Guesser) -> impl Iterator<Item = (Key, u32)> {
    let (user, address) = match guesser {
        Guesser::User(user) => (Some((Key::User(user), 1)), None),
        Guesser::From(address) => (None, Some(address)),
    };
    let blocks = address.into_iter().flat_map(Address::blocks).map(|(block, times)| (Key::Block(block), times));
    user.into_iter().chain(blocks)
}

/// Tries at one PIN.
#[derive(Debug, Default)]
struct Count {
    tries: u32,
    /// Until then no further try; also when the last one was.
    until: Monotonic,
}

impl Count {
    fn strike(&mut self, free: u32, now: Monotonic) {
        if self.is_idle(now) {
            self.tries = 0;
        }
        self.tries = self.tries.saturating_add(1);
        let wait_ms = match self.tries.checked_sub(free) {
            None => 0,
            Some(beyond) => PIN_WAIT_MS.checked_shl(beyond.min(16)).unwrap_or(PIN_WAIT_MS_MAX).min(PIN_WAIT_MS_MAX),
        };
        self.until = now.after(wait_ms);
    }

    fn take_back(&mut self, free: u32, now: Monotonic) {
        self.tries = self.tries.saturating_sub(1);
        if self.tries < free {
            self.until = self.until.min(now);
        }
    }
}

impl Entry for Count {
    fn is_idle(&self, now: Monotonic) -> bool {
        self.until.after(PIN_MEMORY_MS) <= now
    }
}
