//! Which rooms have ended on this node, so that whoever comes too late hears that, and not that there never was a room.
//!
//! In memory only, bounded in number and in time, and never the code itself: a mark is an HMAC of it ([`crate::keys`]).
//! Whoever has a code can ask; what is here leads to no code. Reads no clock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::Monotonic;
use protocol::Limits;

/// What stands for a code.
pub(crate) type Mark = [u8; 16];

/// The table.
#[derive(Default)]
pub(crate) struct EndedRooms(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    since: HashMap<Mark, Monotonic>,
    /// Oldest first. An entry that `since` does not hold with the same time is of no consequence any more.
    by_age: VecDeque<(Monotonic, Mark)>,
}

impl EndedRooms {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the end of a room. It may be told of several times; the first counts.
    pub(crate) fn note(&self, mark: Mark, now: Monotonic, limits: &Limits) {
        let mut inner = self.lock();
        inner.forget_old(now, limits);
        if inner.since.contains_key(&mark) {
            return;
        }
        inner.since.insert(mark, now);
        inner.by_age.push_back((now, mark));
        let most = usize::try_from(limits.ended_rooms_max).unwrap_or(usize::MAX);
        while inner.by_age.len() > most {
            inner.forget_oldest();
        }
    }

    /// A new room has the code.
    pub(crate) fn forget(&self, mark: &Mark) {
        self.lock().since.remove(mark);
    }

    /// Whether a room of this code has ended here, not too long ago.
    pub(crate) fn has(&self, mark: &Mark, now: Monotonic, limits: &Limits) -> bool {
        self.lock().since.get(mark).is_some_and(|at| now < at.after(limits.ended_rooms_ms))
    }

    /// Forgets what ended too long ago.
    pub(crate) fn prune(&self, now: Monotonic, limits: &Limits) {
        self.lock().forget_old(now, limits);
    }
}

impl Inner {
    fn forget_old(&mut self, now: Monotonic, limits: &Limits) {
        while self.by_age.front().is_some_and(|(at, _)| now >= at.after(limits.ended_rooms_ms)) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((at, mark)) = self.by_age.pop_front()
            && self.since.get(&mark) == Some(&at)
        {
            self.since.remove(&mark);
        }
    }
}

impl std::fmt::Debug for EndedRooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EndedRooms({})", self.lock().since.len())
    }
}

#[cfg(test)]
mod tests {
    use chat::Monotonic;
    use protocol::Limits;

    use super::EndedRooms;

    #[test]
    fn ends_are_forgotten_oldest_first_and_after_their_time() {
        let limits = Limits { ended_rooms_max: 3, ended_rooms_ms: 1_000, ..Limits::default() };
        let (ended, at) = (EndedRooms::default(), |ms| Monotonic::START.after(ms));
        let has = |number: u8, ms| ended.has(&[number; 16], at(ms), &limits);
        let sizes = || {
            let inner = ended.lock();
            (inner.since.len(), inner.by_age.len())
        };
        assert!(!has(1, 0));
        for number in 1..=3 {
            ended.note([number; 16], at(u64::from(number)), &limits);
        }
        // Told again, it did not end again.
        ended.note([1; 16], at(500), &limits);
        assert!((1..=3).all(|number| has(number, 500)));
        ended.note([4; 16], at(501), &limits);
        assert!(!has(1, 501) && (2..=4).all(|number| has(number, 501)), "the oldest makes way");
        assert!(has(2, 1_001) && !has(2, 1_002) && has(3, 1_002), "each for its time");
        ended.prune(at(1_002), &limits);
        assert_eq!(sizes(), (2, 2));
        // A code that is given away again ends again.
        ended.forget(&[4; 16]);
        assert!(!has(4, 1_100));
        ended.note([4; 16], at(1_100), &limits);
        ended.prune(at(1_501), &limits);
        assert!(has(4, 2_099) && !has(4, 2_100));
        ended.prune(at(2_100), &limits);
        assert_eq!(sizes(), (0, 0));
    }

    #[test]
    fn a_server_may_remember_none() {
        let limits = Limits { ended_rooms_max: 0, ..Limits::default() };
        let ended = EndedRooms::default();
        ended.note([1; 16], Monotonic::START, &limits);
        assert!(!ended.has(&[1; 16], Monotonic::START, &limits));
        let inner = ended.lock();
        assert!(inner.since.is_empty() && inner.by_age.is_empty());
    }
}
