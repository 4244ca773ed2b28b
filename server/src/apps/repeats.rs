//! Publications that were told once: who sends one again, because no answer came, has it told once all the same.
//!
//! Knows names only, for a minute, and so many at the most.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use channels::AppName;
use chat::Monotonic;

/// How long a name is known.
const KNOWN_MS: u64 = 60_000;

type Id = (AppName, String);

/// The names of the last minute.
pub struct Repeats {
    most: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    since: HashMap<Id, Monotonic>,
    /// In the order in which they came.
    order: VecDeque<Id>,
}

impl Repeats {
    /// So many at the most; the oldest makes way.
    pub fn new(most: u32) -> Self {
        Self { most: usize::try_from(most).unwrap_or(usize::MAX), known: Mutex::default() }
    }

    /// Whether this is the first time; it is not from then on.
    pub fn is_first(&self, app: &AppName, id: &str, now: Monotonic) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (app.clone(), id.to_owned());
        let Known { since, order } = &mut *known;
        while order.front().is_some_and(|oldest| since.get(oldest).is_none_or(|at| now.since(*at) >= KNOWN_MS)) {
            forget_oldest(since, order);
        }
        if since.contains_key(&id) {
            return false;
        }
        while order.len() >= self.most && !order.is_empty() {
            forget_oldest(since, order);
        }
        since.insert(id.clone(), now);
        order.push_back(id);
        true
    }
}

impl Repeats {
    /// It was not told after all: whoever sends it again has it told.
    pub fn forget(&self, app: &AppName, id: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (app.clone(), id.to_owned());
        known.since.remove(&id);
        known.order.retain(|other| *other != id);
    }
}

fn forget_oldest(since: &mut HashMap<Id, Monotonic>, order: &mut VecDeque<Id>) {
    if let Some(oldest) = order.pop_front() {
        since.remove(&oldest);
    }
}

impl fmt::Debug for Repeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Repeats(…)")
    }
}

#[cfg(test)]
mod tests {
    use channels::AppName;
    use chat::Monotonic;

    use super::Repeats;

    #[test]
    fn a_name_is_known_for_a_minute_in_its_application() {
        let (repeats, at) = (Repeats::new(100), |ms| Monotonic::START.after(ms));
        let [one, two] = ["one", "two"].map(|name| AppName::parse(name).expect("is a name"));
        assert!(repeats.is_first(&one, "a", at(0)));
        assert!(!repeats.is_first(&one, "a", at(59_999)));
        assert!(repeats.is_first(&two, "a", at(0)), "another application's names are its own");
        assert!(repeats.is_first(&one, "a", at(60_000)));
    }

    #[test]
    fn the_oldest_makes_way() {
        let repeats = Repeats::new(2);
        let app = AppName::parse("one").expect("is a name");
        let is_first = |id| repeats.is_first(&app, id, Monotonic::START);
        assert!(is_first("a") && is_first("b") && is_first("c"));
        assert!(!is_first("c"));
        assert!(is_first("a"), "made way");
        assert!(repeats.known.lock().expect("no panic").order.len() <= 2);
    }
}
