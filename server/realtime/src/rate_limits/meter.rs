//! Token buckets in tables: one a key, or one for each network that an address lies in.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::{Bucket, Monotonic, Rate};

use crate::address::{Address, Block};
use crate::rate_limits::table::{Entry, Table};

/// Locks of one meter, each for its share of the keys: people who write at once seldom meet at one.
const SHARDS: usize = 16;
/// Entries below which a shard is not worth its lock.
const SHARD_ENTRIES_MIN: usize = 64;

/// One bucket a key, all of the same rate.
#[derive(Debug)]
pub(super) struct Meter<K> {
    rate: Rate,
    shards: Box<[Mutex<Table<K, Bucket>>]>,
    /// Keyed, so that nobody can fill one shard on purpose.
    hasher: RandomState,
}

impl<K: Eq + Hash> Meter<K> {
    pub(super) fn new(rate: Rate, entries_max: usize) -> Self {
        let shards = (entries_max / SHARD_ENTRIES_MIN).clamp(1, SHARDS);
        let shards = (0..shards).map(|_| Mutex::new(Table::new(entries_max / shards))).collect();
        Self { rate, shards, hasher: RandomState::new() }
    }

    /// Takes one, or answers how long to wait for it.
    pub(super) fn take(&self, key: K, now: Monotonic) -> Result<(), u64> {
        self.lock(&key).entry(key, now).take(now, self.rate)
    }

    /// Whether one could be taken.
    pub(super) fn check(&self, key: &K, now: Monotonic) -> Result<(), u64> {
        let mut copy = self.lock(key).get(key).copied().unwrap_or_default();
        copy.take(now, self.rate)
    }

    /// Gives back one that was taken.
    pub(super) fn give_back(&self, key: &K) {
        if let Some(bucket) = self.lock(key).get_mut(key) {
            bucket.give_back(self.rate);
        }
    }

    /// Forgets what was taken.
    pub(super) fn forget(&self, key: &K) {
        self.lock(key).remove(key);
    }

    pub(super) fn prune(&self, now: Monotonic) {
        for shard in &self.shards {
            lock(shard).prune(now);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self, key: &K) -> &Mutex<Table<K, Bucket>> {
        // What is below a length fits where lengths fit.
        let place = self.hasher.hash_one(key) % self.shards.len() as u64;
        &self.shards[usize::try_from(place).unwrap_or_default()]
    }

    fn lock(&self, key: &K) -> MutexGuard<'_, Table<K, Bucket>> {
        lock(self.shard(key))
    }
}

fn lock<K>(table: &Mutex<Table<K, Bucket>>) -> MutexGuard<'_, Table<K, Bucket>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One bucket for a key and each network of an address. What one network is refused, no narrower one gets: who holds a
/// whole /48 has 65,536 networks of the kind that counts as one address, and must not have as many allowances.
#[derive(Debug)]
pub(super) struct Spread<K> {
    rate: Rate,
    table: Mutex<Table<(K, Block), Bucket>>,
}

impl<K: Copy + Eq + Hash> Spread<K> {
    pub(super) fn new(rate: Rate, entries_max: usize) -> Self {
        Self { rate, table: Mutex::new(Table::new(entries_max)) }
    }

    /// Takes one everywhere, or nothing and answers how long to wait. `times`: how many times the rate is allowed.
    pub(super) fn take(&self, key: K, address: Address, times: u32, now: Monotonic) -> Result<(), u64> {
        let mut table = lock(&self.table);
        self.look(&table, key, address, times, now)?;
        for (block, wider) in address.blocks() {
            // It was looked at under the same lock.
            let _ = table.entry((key, block), now).take(now, self.rate.times(times.saturating_mul(wider)));
        }
        Ok(())
    }

    /// Whether one could be taken.
    pub(super) fn check(&self, key: K, address: Address, times: u32, now: Monotonic) -> Result<(), u64> {
        self.look(&lock(&self.table), key, address, times, now)
    }

    /// Whether nothing is counted, in the widest network.
    pub(super) fn is_untouched(&self, key: K, address: Address, now: Monotonic) -> bool {
        let table = lock(&self.table);
        let widest = address.blocks().last();
        widest.and_then(|(block, _)| table.get(&(key, block))).is_none_or(|bucket| bucket.is_idle(now))
    }

    /// Gives back one that was taken, everywhere.
    pub(super) fn give_back(&self, key: K, address: Address, times: u32) {
        let mut table = lock(&self.table);
        for (block, wider) in address.blocks() {
            if let Some(bucket) = table.get_mut(&(key, block)) {
                bucket.give_back(self.rate.times(times.saturating_mul(wider)));
            }
        }
    }

    /// Forgets what the address took, and gives back one in the networks around it.
    pub(super) fn forget(&self, key: K, address: Address, times: u32) {
        self.give_back(key, address, times);
        if let Some((block, _)) = address.blocks().next() {
            lock(&self.table).remove(&(key, block));
        }
    }

    pub(super) fn prune(&self, now: Monotonic) {
        lock(&self.table).prune(now);
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.table).len()
    }

    fn look(
        &self,
        table: &Table<(K, Block), Bucket>,
        key: K,
        address: Address,
        times: u32,
        now: Monotonic,
    ) -> Result<(), u64> {
        let waits = address.blocks().filter_map(|(block, wider)| {
            let mut copy = table.get(&(key, block)).copied().unwrap_or_default();
            copy.take(now, self.rate.times(times.saturating_mul(wider))).err()
        });
        waits.max().map_or(Ok(()), Err)
    }
}

impl Entry for Bucket {
    fn is_idle(&self, now: Monotonic) -> bool {
        self.is_full(now)
    }
}

#[cfg(test)]
mod tests {
    use chat::{Monotonic, Rate};

    use super::{Meter, SHARDS};

    const NOW: Monotonic = Monotonic::START.after(1_000);

    #[test]
    fn each_key_has_its_own_bucket_whatever_lock_it_shares() {
        let meter = Meter::new(Rate { burst: 2, refill_ms: 500 }, 10_000);
        for key in 0..100_u32 {
            assert_eq!([(); 3].map(|()| meter.take(key, NOW)), [Ok(()), Ok(()), Err(500)]);
        }
        meter.give_back(&7);
        meter.forget(&8);
        assert_eq!([7, 8, 9].map(|key| meter.check(&key, NOW)), [Ok(()), Ok(()), Err(500)]);
        assert_eq!(meter.len(), 99);
        meter.prune(NOW.after(1_000));
        assert_eq!(meter.len(), 0, "in every shard");
    }

    #[test]
    fn who_takes_waits_for_nobody_of_another_shard() {
        let meter = Meter::new(Rate { burst: 1, refill_ms: 500 }, 10_000);
        assert_eq!(meter.shards.len(), SHARDS);
        let busy = meter.lock(&0);
        // A key that shares the lock would wait here for ever; those of other shards do not.
        let free = (1..1_000).find(|key| !std::ptr::eq(meter.shard(key), meter.shard(&0)));
        assert_eq!(meter.take(free.expect("they do not all share one"), NOW), Ok(()));
        drop(busy);
    }

    #[test]
    fn no_share_of_a_bound_is_beyond_it() {
        for entries_max in [100, 1_000, 5_000] {
            let meter = Meter::new(Rate { burst: 1, refill_ms: 500 }, entries_max);
            for key in 0..20_000_u32 {
                let _ = meter.take(key, NOW);
            }
            assert!(meter.len() <= entries_max, "{} of {entries_max}", meter.len());
        }
    }
}
