//! What one person has heard, in order, for the checker; and what a test looks at meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use protocol::{ErrorCode, MemberId, MessageId};

/// Who said it, and as which of their messages: the text of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Said {
    pub(super) by: usize,
    pub(super) number: u64,
}

/// One thing that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// A seat, by a session that is new.
    Entered,
    /// The session went on after its line was lost.
    Returned,
    Message {
        epoch: u64,
        seq: u64,
        id: MessageId,
        said: Said,
    },
    Gap(Option<u64>),
    /// An own message is said.
    Acked(u64),
}

#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) heard: Vec<Heard>,
    /// The greatest number of each speaker.
    pub(super) latest: BTreeMap<usize, u64>,
    /// Own messages that were begun, and the last that is said.
    pub(super) begun: u64,
    pub(super) acked: u64,
    /// Own messages that were asked for by two sessions: the second may not know of the first.
    pub(super) again: BTreeSet<u64>,
    /// Who this person is, and who is inside as far as they were told.
    pub(super) you: Option<MemberId>,
    pub(super) inside: BTreeSet<MemberId>,
    /// The node that their line leads to.
    pub(super) node: Option<usize>,
    /// What nothing in these tests may lead to.
    pub(super) refused: Vec<ErrorCode>,
}

/// A person writes, a test reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Record>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("nobody panics in here")
    }

    /// At the end.
    pub(super) fn take(&self) -> Record {
        std::mem::take(&mut *self.lock())
    }
}

impl Said {
    pub(super) fn text(self) -> String {
        format!("person {} number {}", self.by, self.number)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (by, number) = text.strip_prefix("person ")?.split_once(" number ")?;
        Some(Self { by: by.parse().ok()?, number: number.parse().ok()? })
    }
}
