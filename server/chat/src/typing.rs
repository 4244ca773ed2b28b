//! Who is typing: each signal ends by itself, and only a change of the whole set is told.

use std::collections::BTreeMap;

use protocol::MemberId;

use crate::ids::{NodeId, SessionKey};
use crate::time::Monotonic;

/// Names in one typing frame; with more, "several people" is all that is shown.
const TYPISTS_MAX: usize = 8;

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TypingTimes {
    /// A signal that is not given again.
    pub(crate) expires_ms: u64,
    /// One in which others are told at the most once.
    pub(crate) tick_ms: u64,
}

/// Whose signal it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Typist {
    /// A session of this node.
    Here(SessionKey),
    /// Somebody on another node, which says so of all their sessions there together.
    There(NodeId, MemberId),
}

/// The typing sessions of a room.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    until: BTreeMap<Typist, (MemberId, Monotonic)>,
    told: Vec<MemberId>,
    changed_at: Option<Monotonic>,
    /// What was told may not be what readers show.
    stale: bool,
}

impl Typing {
    /// Answers whether others have to hear it: a signal that was given just now need not be told again.
    pub(crate) fn start(&mut self, typist: Typist, member: &MemberId, now: Monotonic, times: TypingTimes) -> bool {
        let until = now.after(times.expires_ms);
        let before = self.until.insert(typist, (member.clone(), until));
        self.note(now);
        before.is_none_or(|(_, before)| before.after(times.tick_ms) <= until)
    }

    /// Answers whose signal it was, where no other session of theirs on this node types.
    pub(crate) fn stop(&mut self, typist: &Typist, now: Monotonic) -> Option<MemberId> {
        let (member, _) = self.until.remove(typist)?;
        self.note(now);
        let mut others = self.until.iter().filter(|(typist, _)| matches!(typist, Typist::Here(_)));
        (!others.any(|(_, (other, _))| *other == member)).then_some(member)
    }

    /// Whatever this person did on other nodes, they do it no more.
    pub(crate) fn stop_there(&mut self, member: &MemberId, now: Monotonic) {
        let before = self.until.len();
        self.until.retain(|typist, _| !matches!(typist, Typist::There(_, other) if other == member));
        if self.until.len() != before {
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
