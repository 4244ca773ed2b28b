//! Changes of presence, gathered until the next tick so that a storm of joins costs one frame a tick.

use std::collections::BTreeMap;

use protocol::{Member, MemberId, RoomCode, ServerFrame};

use crate::time::Monotonic;

/// What the members have not been told yet.
#[derive(Debug, Default)]
pub(crate) struct PendingPresence {
    changes: BTreeMap<MemberId, Change>,
    since: Option<Monotonic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// The others do not know this person yet.
    Joined,
    /// They do, with another name, state or role.
    Changed,
    /// They do, and the person is gone.
    Left,
    /// The others never knew: came and went within one tick.
    Nothing,
    /// Went and came back within one tick.
    Back,
}

impl PendingPresence {
    pub(crate) fn joined(&mut self, member: &MemberId, now: Monotonic) {
        self.note(member, now, |before| match before {
            None | Some(Change::Joined | Change::Nothing) => Change::Joined,
            Some(Change::Left | Change::Changed | Change::Back) => Change::Back,
        });
    }

    pub(crate) fn changed(&mut self, member: &MemberId, now: Monotonic) {
        self.note(member, now, |before| match before {
            None | Some(Change::Changed) => Change::Changed,
            Some(kept @ (Change::Joined | Change::Left | Change::Nothing | Change::Back)) => kept,
        });
    }

    pub(crate) fn left(&mut self, member: &MemberId, now: Monotonic) {
        self.note(member, now, |before| match before {
            None | Some(Change::Changed | Change::Left | Change::Back) => Change::Left,
            Some(Change::Joined | Change::Nothing) => Change::Nothing,
        });
    }

    /// When the gathered changes are due.
    pub(crate) fn deadline(&self, tick_ms: u64) -> Option<Monotonic> {
        self.since.map(|since| since.after(tick_ms))
    }

    /// The frame that tells them; `member` looks a person up as they are now.
    pub(crate) fn take<'a>(
        &mut self,
        room: RoomCode,
        count: u32,
        member: impl Fn(&MemberId) -> Option<&'a Member>,
    ) -> Option<ServerFrame> {
        self.since = None;
        let (mut joined, mut changed, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for (id, change) in std::mem::take(&mut self.changes) {
            match change {
                Change::Joined => joined.extend(member(&id).cloned()),
                Change::Changed | Change::Back => changed.extend(member(&id).cloned()),
                Change::Left => left.push(id),
                Change::Nothing => {}
            }
        }
        let silent = joined.is_empty() && changed.is_empty() && left.is_empty();
        (!silent).then_some(ServerFrame::Presence { room, count, joined, changed, left })
    }

    fn note(&mut self, member: &MemberId, now: Monotonic, next: impl FnOnce(Option<Change>) -> Change) {
        let change = next(self.changes.get(member).copied());
        self.changes.insert(member.clone(), change);
        self.since.get_or_insert(now);
    }
}
