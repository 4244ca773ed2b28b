//! Who is typing: each signal ends by itself, and only a change of the whole set is told.

use std::collections::BTreeMap;

use protocol::MemberId;

use crate::ids::SessionKey;
use crate::time::Monotonic;

/// Names in one typing frame; with more, "several people" is all that is shown.
const TYPISTS_MAX: usize = 8;

/// The typing sessions of a room.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    until: BTreeMap<SessionKey, (MemberId, Monotonic)>,
    told: Vec<MemberId>,
    changed_at: Option<Monotonic>,
    /// What was told may not be what readers show.
    stale: bool,
}

impl Typing {
    pub(crate) fn start(&mut self, session: SessionKey, member: &MemberId, now: Monotonic, expires_ms: u64) {
        self.until.insert(session, (member.clone(), now.after(expires_ms)));
        self.note(now);
    }

    pub(crate) fn stop(&mut self, session: SessionKey, now: Monotonic) {
        if self.until.remove(&session).is_some() {
            self.note(now);
        }
    }

    /// A message of theirs was relayed, and readers may take it as the end of their typing: the set is told again, as it
    /// is then, even if it is the same.
    pub(crate) fn spoke(&mut self, member: &MemberId, now: Monotonic) {
        if self.told.contains(member) {
            self.stale = true;
            self.changed_at.get_or_insert(now);
        }
    }

    /// When something is due: a signal ends, or a change is to be told.
    pub(crate) fn deadline(&self, tick_ms: u64) -> Option<Monotonic> {
        let ends = self.until.values().map(|(_, until)| *until).min();
        let tell = self.changed_at.map(|at| at.after(tick_ms));
        ends.into_iter().chain(tell).min()
    }

    /// Ends what has expired; answers the new set where it is another and due to be told.
    pub(crate) fn tick(&mut self, now: Monotonic, tick_ms: u64) -> Option<Vec<MemberId>> {
        let before = self.until.len();
        self.until.retain(|_, (_, until)| *until > now);
        if self.until.len() != before {
            self.note(now.before(tick_ms));
        }
        if self.changed_at.is_none_or(|at| at.after(tick_ms) > now) {
            return None;
        }
        self.changed_at = None;
        let set = self.set();
        let again = std::mem::take(&mut self.stale);
        (again || set != self.told).then(|| {
            self.told.clone_from(&set);
            set
        })
    }

    fn set(&self) -> Vec<MemberId> {
        let mut set: Vec<_> = self.until.values().map(|(member, _)| member.clone()).collect();
        set.sort();
        set.dedup();
        set.truncate(TYPISTS_MAX);
        set
    }

    fn note(&mut self, now: Monotonic) {
        // Refreshing a signal that is known already changes nothing that others see.
        if self.changed_at.is_none() && self.set() != self.told {
            self.changed_at = Some(now);
        }
    }
}
