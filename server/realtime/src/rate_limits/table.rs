//! A map that forgets: bounded, the least recently used entries make way, idle ones are pruned.
//!
//! Two generations instead of a list: what is used moves to the young one; when that is full it becomes the old one,
//! and what nobody used since the last time is dropped in one go.

use std::collections::HashMap;
use std::hash::Hash;

use chat::Monotonic;

/// How often a table that is used looks for idle entries.
const PRUNE_EVERY_MS: u64 = 60_000;

/// What a table can hold: a default value counts as no entry at all.
pub(super) trait Entry: Default {
    /// Whether forgetting this would change nothing.
    fn is_idle(&self, now: Monotonic) -> bool;
}

#[derive(Debug)]
pub(super) struct Table<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation_max: usize,
    pruned_at: Monotonic,
}

impl<K: Eq + Hash, V: Entry> Table<K, V> {
    /// Never holds more than `entries_max`.
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            generation_max: (entries_max / 2).max(1),
            pruned_at: Monotonic::default(),
        }
    }

    /// The entry of a key, made where there is none.
    pub(super) fn entry(&mut self, key: K, now: Monotonic) -> &mut V {
        if now >= self.pruned_at.after(PRUNE_EVERY_MS) {
            self.prune(now);
        }
        if !self.young.contains_key(&key) {
            let kept = self.old.remove(&key).unwrap_or_default();
            if self.young.len() >= self.generation_max {
                self.old = std::mem::take(&mut self.young);
            }
            return self.young.entry(key).or_insert(kept);
        }
        self.young.entry(key).or_default()
    }

    /// The entry of a key, if there is one. Looking at it is no use of it.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// As [`Table::get`], to change it.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.young.get_mut(key).or_else(|| self.old.get_mut(key))
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets what is idle.
    pub(super) fn prune(&mut self, now: Monotonic) {
        self.pruned_at = now;
        for generation in [&mut self.young, &mut self.old] {
            generation.retain(|_, entry| !entry.is_idle(now));
            generation.shrink_to(generation.len() * 2);
        }
    }

    /// Entries now.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use chat::Monotonic;

    use super::{Entry, PRUNE_EVERY_MS, Table};

    const NOW: Monotonic = Monotonic::START;
    const NEVER: Monotonic = NOW.after(u64::MAX);

    #[derive(Debug, Default, PartialEq)]
    struct Until(Monotonic);

    impl Entry for Until {
        fn is_idle(&self, now: Monotonic) -> bool {
            self.0 <= now
        }
    }

    #[test]
    fn a_table_never_outgrows_its_bound() {
        let mut table: Table<u32, Until> = Table::new(10);
        for key in 0..1_000 {
            table.entry(key, NOW).0 = NEVER;
            assert!(table.len() <= 10);
        }
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_makes_way() {
        let mut table: Table<u32, Until> = Table::new(10);
        table.entry(0, NOW).0 = NOW.after(77);
        for key in 1..1_000 {
            table.entry(key, NOW).0 = NEVER;
            assert_eq!(*table.entry(0, NOW), Until(NOW.after(77)));
        }
        assert_eq!(table.get(&1), None);
    }

    #[test]
    fn idle_entries_are_forgotten_in_time() {
        let mut table: Table<u32, Until> = Table::new(1_000);
        for key in 0..100 {
            table.entry(key, NOW).0 = NOW.after(PRUNE_EVERY_MS);
        }
        table.entry(1_000, NOW.after(PRUNE_EVERY_MS)).0 = NEVER;
        assert_eq!(table.len(), 1);
        table.remove(&1_000);
        assert_eq!(table.len(), 0);
    }
}
