//! Who may do what how often: token buckets for each user and address, and growing waits for guessed PINs.
//!
//! Every table is bounded and pruned. Names are hashed with a key of the process, so no table holds one. What is
//! counted for one target alone (a room, an account) only slows: a refusal would lock out those it belongs to.

mod table;

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat::{Bucket, Rate};
use protocol::{ErrorCode, Limits, Millis, Username};

use crate::address::Address;
use crate::error::Failure;
use crate::gates::table::{Entry, Table};
use crate::store::{RoomId, UserId};

/// The period of `auth_failures`.
const SIGN_INS_PERIOD_MS: u64 = 15 * 60_000;
/// Failed sign-ins of one address over all accounts, as a multiple of those for one: many people may share it.
const SIGN_INS_PER_ADDRESS: u32 = 12;
/// The first wait after too many wrong PINs; each further one doubles it.
const PIN_WAIT_MS: u64 = 30_000;
/// The longest wait after a wrong PIN.
const PIN_WAIT_MS_MAX: u64 = 15 * 60_000;
/// Wrong PINs are forgotten when the wait has been over for so long.
const PIN_MEMORY_MS: u64 = 60 * 60_000;
/// Tries for one target in a minute, from all addresses together, before each is slowed.
const TRIES_PER_TARGET: u32 = 60;
/// The most by which a try is slowed.
const SLOWED_MS_MAX: u64 = 2_000;

/// What is counted, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Messages of a user.
    Sends(UserId),
    /// Joins that a user asks for.
    Joins(UserId),
    /// Joins that the server makes for a user whose clients follow each other.
    Follows(UserId),
    /// Changes of a user's display name, as many as joins: both are told to whole rooms.
    Renames(UserId),
    /// Rooms that an address makes.
    RoomsMade(Address),
    /// Guests and accounts that an address makes.
    UsersMade(Address),
    /// Look-ups of codes that no room has.
    Misses(Address),
    /// Failed sign-ins for one account from one address.
    SignIns(NameKey, Address),
    /// Failed sign-ins from one address, whatever the account.
    SignInsFrom(Address),
}

/// Stands for an account's name; two names share one by rare chance, which harms nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameKey(u64);

/// What somebody tries to open by guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A room with a PIN.
    Room(RoomId),
    /// An account.
    Account(NameKey),
}

/// Every rate limit that outlives a connection.
#[derive(Debug)]
pub struct Gates {
    sends: Meter<UserId>,
    joins: Meter<UserId>,
    follows: Meter<UserId>,
    renames: Meter<UserId>,
    rooms_made: Meter<Address>,
    users_made: Meter<Address>,
    misses: Meter<Address>,
    sign_ins: Meter<(NameKey, Address)>,
    sign_ins_from: Meter<Address>,
    tries: Meter<Target>,
    pins: Mutex<Table<(RoomId, Address), Strikes>>,
    pin_tries: u32,
    names: RandomState,
}

impl Gates {
    /// All open.
    pub fn new(limits: &Limits) -> Self {
        let entries_max = usize::try_from(limits.rate_entries_max).unwrap_or(usize::MAX);
        let sends = Rate { burst: limits.sends_burst, refill_ms: limits.sends_refill_ms };
        let joins = Rate::per_minute(limits.joins_per_minute);
        // A client that comes back enters all its rooms at once.
        let follows = Rate::per_minute(limits.joins_per_minute.max(limits.rooms_per_session));
        let sign_ins = |burst: u32| Rate { burst, refill_ms: (SIGN_INS_PERIOD_MS / u64::from(burst)).max(1) };
        Self {
            sends: Meter::new(sends, entries_max),
            joins: Meter::new(joins, entries_max),
            follows: Meter::new(follows, entries_max),
            renames: Meter::new(joins, entries_max),
            rooms_made: Meter::new(Rate::per_hour(limits.rooms_made_per_hour), entries_max),
            users_made: Meter::new(Rate::per_hour(limits.guests_made_per_hour), entries_max),
            misses: Meter::new(Rate::per_minute(limits.misses_per_minute), entries_max),
            sign_ins: Meter::new(sign_ins(limits.auth_failures), entries_max),
            sign_ins_from: Meter::new(sign_ins(limits.auth_failures * SIGN_INS_PER_ADDRESS), entries_max),
            tries: Meter::new(Rate::per_minute(TRIES_PER_TARGET), entries_max),
            pins: Mutex::new(Table::new(entries_max)),
            pin_tries: limits.pin_tries,
            names: RandomState::new(),
        }
    }

    /// Takes one of what a gate allows.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time until the next.
    pub fn take(&self, gate: Gate, now: Millis) -> Result<(), Failure> {
        match gate {
            Gate::Sends(user) => self.sends.take(user, now),
            Gate::Joins(user) => self.joins.take(user, now),
            Gate::Follows(user) => self.follows.take(user, now),
            Gate::Renames(user) => self.renames.take(user, now),
            Gate::RoomsMade(address) => self.rooms_made.take(address, now),
            Gate::UsersMade(address) => self.users_made.take(address, now),
            Gate::Misses(address) => self.misses.take(address, now),
            Gate::SignIns(name, address) => self.sign_ins.take((name, address), now),
            Gate::SignInsFrom(address) => self.sign_ins_from.take(address, now),
        }
        .map_err(limited)
    }

    /// Whether [`Gates::take`] would succeed, taking nothing.
    ///
    /// # Errors
    /// As `take`.
    pub fn check(&self, gate: Gate, now: Millis) -> Result<(), Failure> {
        match gate {
            Gate::Sends(user) => self.sends.check(&user, now),
            Gate::Joins(user) => self.joins.check(&user, now),
            Gate::Follows(user) => self.follows.check(&user, now),
            Gate::Renames(user) => self.renames.check(&user, now),
            Gate::RoomsMade(address) => self.rooms_made.check(&address, now),
            Gate::UsersMade(address) => self.users_made.check(&address, now),
            Gate::Misses(address) => self.misses.check(&address, now),
            Gate::SignIns(name, address) => self.sign_ins.check(&(name, address), now),
            Gate::SignInsFrom(address) => self.sign_ins_from.check(&address, now),
        }
        .map_err(limited)
    }

    /// A sign-in succeeded: what was counted against this account from this address is forgotten.
    pub fn signed_in(&self, name: NameKey, address: Address) {
        self.sign_ins.lock().remove(&(name, address));
    }

    /// Counts a try at a PIN before it is checked, so that many at once count too.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the wait, which grows with every try beyond the limit.
    pub fn try_pin(&self, room: RoomId, address: Address, now: Millis) -> Result<(), Failure> {
        self.pins().entry((room, address), now).strike(self.pin_tries, now).map_err(limited)
    }

    /// The PIN was right: the tries of this address are forgotten.
    pub fn opened(&self, room: RoomId, address: Address) {
        self.pins().remove(&(room, address));
    }

    /// How long a try at this target has to be held back, because there were so many.
    pub fn slowed(&self, target: Target, now: Millis) -> Duration {
        match self.tries.take(target, now) {
            Ok(()) => Duration::ZERO,
            Err(wait_ms) => Duration::from_millis(wait_ms.min(SLOWED_MS_MAX)),
        }
    }

    /// The key under which an account's tries are counted.
    pub fn name_key(&self, name: &Username) -> NameKey {
        NameKey(self.names.hash_one(name.folded()))
    }

    /// Forgets everything that is of no consequence any more.
    pub fn prune(&self, now: Millis) {
        for users in [&self.sends, &self.joins, &self.follows, &self.renames] {
            users.lock().prune(now);
        }
        for addresses in [&self.rooms_made, &self.users_made, &self.misses, &self.sign_ins_from] {
            addresses.lock().prune(now);
        }
        self.sign_ins.lock().prune(now);
        self.tries.lock().prune(now);
        self.pins().prune(now);
    }

    /// Entries in all tables.
    pub fn len(&self) -> usize {
        let users = [&self.sends, &self.joins, &self.follows, &self.renames].map(|meter| meter.lock().len());
        let addresses =
            [&self.rooms_made, &self.users_made, &self.misses, &self.sign_ins_from].map(|meter| meter.lock().len());
        let others = [self.sign_ins.lock().len(), self.tries.lock().len(), self.pins().len()];
        users.iter().chain(&addresses).chain(&others).sum()
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn pins(&self) -> MutexGuard<'_, Table<(RoomId, Address), Strikes>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn limited(wait_ms: u64) -> Failure {
    Failure::after(ErrorCode::RateLimited, wait_ms)
}

/// One bucket a key, all of the same rate.
#[derive(Debug)]
struct Meter<K> {
    rate: Rate,
    table: Mutex<Table<K, Bucket>>,
}

impl<K: Eq + Hash> Meter<K> {
    fn new(rate: Rate, entries_max: usize) -> Self {
        Self { rate, table: Mutex::new(Table::new(entries_max)) }
    }

    fn take(&self, key: K, now: Millis) -> Result<(), u64> {
        self.lock().entry(key, now).take(now, self.rate)
    }

    fn check(&self, key: &K, now: Millis) -> Result<(), u64> {
        let mut copy = self.lock().get(key).copied().unwrap_or_default();
        copy.take(now, self.rate)
    }

    fn lock(&self) -> MutexGuard<'_, Table<K, Bucket>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry for Bucket {
    fn is_idle(&self, now: Millis) -> bool {
        self.is_full(now)
    }
}

/// Tries at one PIN from one address.
#[derive(Debug, Default)]
struct Strikes {
    count: u32,
    /// Until then no further try; also when the last one was.
    until: Millis,
}

impl Strikes {
    fn strike(&mut self, free: u32, now: Millis) -> Result<(), u64> {
        if now < self.until {
            return Err(self.until - now);
        }
        if self.is_idle(now) {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        let wait_ms = match self.count.checked_sub(free) {
            None => 0,
            Some(beyond) => PIN_WAIT_MS.checked_shl(beyond.min(16)).unwrap_or(PIN_WAIT_MS_MAX).min(PIN_WAIT_MS_MAX),
        };
        self.until = now.saturating_add(wait_ms);
        Ok(())
    }
}

impl Entry for Strikes {
    fn is_idle(&self, now: Millis) -> bool {
        self.until.saturating_add(PIN_MEMORY_MS) <= now
    }
}

#[cfg(test)]
mod tests;
