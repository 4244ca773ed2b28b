//! Lines that nobody said: who came and went, and what is another of the room.

use protocol::DisplayName;

use super::{RowKind, Timeline};
use crate::row::RoomNews;

/// Names in one line of comings and goings; more start another line.
pub(super) const NAMES_MAX: usize = 30;

impl Timeline {
    /// People came and went: a line of its own, or more names in the line before.
    pub fn people(&mut self, came: &[DisplayName], went: &[DisplayName]) {
        if came.is_empty() && went.is_empty() {
            return;
        }
        let last = self.lines.last_settled().filter(|index| match &self.lines.get(*index).row.kind {
            RowKind::Joins { joined, left } => {
                joined.len() + came.len() <= NAMES_MAX && left.len() + went.len() <= NAMES_MAX
            }
            RowKind::Message(_) | RowKind::Missed(_) | RowKind::Unread | RowKind::Changed { .. } => false,
        });
        let Some(index) = last else {
            let mut kind = RowKind::Joins { joined: Vec::new(), left: Vec::new() };
            add_moves(&mut kind, came, went);
            self.push(kind);
            return;
        };
        self.lines.edit(index, |kind| add_moves(kind, came, went));
        if matches!(&self.lines.get(index).row.kind, RowKind::Joins { joined, left } if joined.is_empty() && left.is_empty())
        {
            self.lines.remove(index);
        }
    }

    /// The room is another: a line of its own.
    #[inline(never)]
    pub fn news(&mut self, who: Option<DisplayName>, what: RoomNews) {
        self.push(RowKind::Changed { who, what });
    }
}

/// Somebody who returns is taken out of the list of those who left; somebody who came and left is in both.
fn add_moves(kind: &mut RowKind, came: &[DisplayName], went: &[DisplayName]) {
    let RowKind::Joins { joined, left } = kind else {
        return;
    };
    for name in went {
        if !left.contains(name) {
            left.push(name.clone());
        }
    }
    for name in came {
        let back = left.iter().position(|other| other == name).map(|index| left.remove(index)).is_some();
        if !back && !joined.contains(name) {
            joined.push(name.clone());
        }
    }
}
