//! Lines beyond the limits, while they say what they want: few, for a moment, and never an obstacle to those that come
//! after them. The one that has said nothing for longest makes way.
//!
//! Pure: knows no socket. Whoever serves such a line watches its [`Signals`].

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use realtime::address::Address;

/// Of one address. This machine's own may have all of the reserve: behind a proxy of which the operator has not told,
/// everybody is here, and so are the probes.
pub(super) const PER_ADDRESS: usize = 16;

/// What the two who hold a line tell each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Signals {
    /// The line makes way.
    pub(super) leave: CancellationToken,
    /// Its request has come.
    pub(super) first_request: CancellationToken,
    /// It has become one of those that are served.
    pub(super) kept: CancellationToken,
}

#[derive(Debug)]
struct Entry {
    address: Option<Address>,
    is_local: bool,
    signals: Signals,
}

#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// By the order in which they came; without those that were told to leave.
    entries: BTreeMap<u64, Entry>,
    /// Lines that are open, those included.
    open: usize,
    next: u64,
}

/// What becomes of one more.
#[derive(Debug)]
pub(super) enum Taken {
    In(u64, Signals),
    /// Another was told to make way and has not gone yet: it goes at once, so asking again is worth while.
    Soon,
    /// All are being answered.
    Full,
}

impl Reserve {
    /// Takes one more of at most `max`. Of these the last quarter is for this machine's own probes (`is_local`).
    pub(super) fn take(&mut self, address: Option<Address>, is_local: bool, max: usize) -> Taken {
        if self.is_crowded(address, is_local, max) {
            let own = |entry: &Entry| !is_local && address.is_some() && entry.address == address;
            let kind = |entry: &Entry| entry.is_local == is_local;
            let crowd: &dyn Fn(&Entry) -> bool = if self.of(address, is_local) >= PER_ADDRESS { &own } else { &kind };
            if !self.send_away(crowd) {
                return Taken::Full;
            }
        }
        if self.open >= max {
            return if self.open > self.entries.len() { Taken::Soon } else { Taken::Full };
        }
        let signals = Signals::default();
        let id = self.next;
        self.next += 1;
        self.entries.insert(id, Entry { address, is_local, signals: signals.clone() });
        self.open += 1;
        Taken::In(id, signals)
    }

    fn is_crowded(&self, address: Option<Address>, is_local: bool, max: usize) -> bool {
        let strangers = || self.entries.values().filter(|entry| !entry.is_local).count();
        self.entries.len() >= max
            || !is_local && (self.of(address, is_local) >= PER_ADDRESS || strangers() >= max / 4 * 3)
    }

    /// Lines of a stranger's address.
    fn of(&self, address: Option<Address>, is_local: bool) -> usize {
        if is_local || address.is_none() {
            return 0;
        }
        self.entries.values().filter(|entry| entry.address == address).count()
    }

    /// The oldest of a crowd that has not said what it wants makes way.
    fn send_away(&mut self, crowd: &dyn Fn(&Entry) -> bool) -> bool {
        let silent = |entry: &Entry| !entry.signals.first_request.is_cancelled();
        let oldest = self.entries.iter().find(|(_, entry)| silent(entry) && crowd(entry)).map(|(id, _)| *id);
        let Some(entry) = oldest.and_then(|id| self.entries.remove(&id)) else {
            return false;
        };
        entry.signals.leave.cancel();
        true
    }

    /// It is closed, or has become one of those that are served.
    pub(super) fn remove(&mut self, id: u64) {
        self.entries.remove(&id);
        self.open -= 1;
    }

    /// Whether it was not told to leave.
    pub(super) fn has(&self, id: u64) -> bool {
        self.entries.contains_key(&id)
    }

    /// Lines that are open.
    pub(super) fn open(&self) -> usize {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{PER_ADDRESS, Reserve, Signals, Taken};

    const MAX: usize = 24;

    fn take(reserve: &mut Reserve, last: u8, is_local: bool) -> Taken {
        reserve.take(Some(IpAddr::from([192, 0, 2, last]).into()), is_local, MAX)
    }

    fn taken(taken: Taken) -> (u64, Signals) {
        match taken {
            Taken::In(id, signals) => (id, signals),
            Taken::Soon | Taken::Full => panic!("{taken:?}"),
        }
    }

    #[test]
    fn the_oldest_that_is_silent_makes_way_and_one_that_was_heard_does_not() {
        let mut reserve = Reserve::default();
        let held: Vec<_> = (0..PER_ADDRESS).map(|_| taken(take(&mut reserve, 1, false))).collect();
        held[0].1.first_request.cancel();
        let (newest, _) = taken(take(&mut reserve, 1, false));
        assert!(!held[0].1.leave.is_cancelled() && held[1].1.leave.is_cancelled() && !held[2].1.leave.is_cancelled());
        assert!(reserve.has(newest) && !reserve.has(held[1].0));
        // Another address has room: it drives away none of these.
        taken(take(&mut reserve, 2, false));
        assert!(!held[2].1.leave.is_cancelled());
    }

    #[test]
    fn never_more_are_open_than_there_is_room_for_and_this_machine_always_finds_some() {
        let mut reserve = Reserve::default();
        let strangers: Vec<_> = (0..18).map(|last| taken(take(&mut reserve, last, false))).collect();
        let local: Vec<_> = (0..6).map(|_| taken(take(&mut reserve, 200, true))).collect();
        assert_eq!(reserve.open(), MAX);
        assert!(matches!(take(&mut reserve, 200, true), Taken::Soon), "one of its own goes");
        assert!(local[0].1.leave.is_cancelled() && !strangers[0].1.leave.is_cancelled());
        assert!(matches!(take(&mut reserve, 200, true), Taken::Soon), "and not one more for asking again");
        assert!(!local[1].1.leave.is_cancelled());
        reserve.remove(local[0].0);
        taken(take(&mut reserve, 200, true));
        for (_, signals) in &strangers {
            signals.first_request.cancel();
        }
        assert!(matches!(take(&mut reserve, 99, false), Taken::Full));
        for (id, _) in strangers {
            reserve.remove(id);
        }
        assert_eq!(reserve.open(), 6);
    }
}
