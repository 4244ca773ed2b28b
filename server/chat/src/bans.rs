//! Who may not come back into a room: members by their ids, and the places that they were put out from. In memory only,
//! and gone with the room.

use std::collections::VecDeque;
use std::fmt;

use protocol::{DisplayName, MemberId};
use serde::{Deserialize, Serialize};

/// Places that one ban keeps: more than anybody has sessions.
const MARKS_MAX: usize = 64;

/// Stands for where somebody comes from: a keyed hash, bound to the room, so that it leads to no address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark(pub [u8; 16]);

/// It ties people together: a log line never needs it.
impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark(…)")
    }
}

/// Somebody who was banned, and whom else that keeps out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    pub(crate) member: MemberId,
    /// What they were called, where they were inside or knocked.
    name: Option<DisplayName>,
    /// Of the sessions that they were inside with, or the place that they knocked from.
    marks: Vec<Mark>,
}

/// The bans of one room, oldest first.
#[derive(Clone, Default)]
pub struct Bans(VecDeque<Ban>);

impl Bans {
    /// Bans somebody. Beyond `bans_max` the oldest ban makes way.
    pub(crate) fn add(&mut self, member: MemberId, name: Option<DisplayName>, marks: Vec<Mark>, bans_max: usize) {
        self.0.retain(|ban| ban.member != member);
        while self.0.len() >= bans_max {
            self.0.pop_front();
        }
        self.0.push_back(Ban { member, name, marks });
    }

    /// All of them, for another node.
    pub(crate) fn all(&self) -> Vec<Ban> {
        self.0.iter().cloned().collect()
    }

    /// Takes over a ban of another node; answers whether it is new.
    pub(crate) fn learn(&mut self, ban: Ban, bans_max: usize) -> bool {
        let is_new = !self.has(&ban.member);
        if is_new {
            self.add(ban.member, ban.name, ban.marks, bans_max);
        }
        is_new
    }

    /// From where somebody came who is banned; nothing where the ban was lifted meanwhile.
    pub(crate) fn came_from(&mut self, member: &MemberId, marks: Vec<Mark>) {
        if let Some(ban) = self.0.iter_mut().find(|ban| ban.member == *member) {
            for mark in marks {
                if !ban.marks.contains(&mark) && ban.marks.len() < MARKS_MAX {
                    ban.marks.push(mark);
                }
            }
        }
    }

    /// Lets somebody come back.
    pub(crate) fn lift(&mut self, member: &MemberId) {
        self.0.retain(|ban| ban.member != *member);
    }

    /// Who was banned, and what they were called then, the first of them first.
    pub fn list(&self) -> impl Iterator<Item = (&MemberId, Option<&DisplayName>)> {
        self.0.iter().map(|ban| (&ban.member, ban.name.as_ref()))
    }

    /// Whether this person was banned.
    #[must_use]
    pub fn has(&self, member: &MemberId) -> bool {
        self.0.iter().any(|ban| ban.member == *member)
    }

    /// Whether somebody was banned who came from there. Others may come from the same place, so it is asked only about
    /// guests whom nobody inside knows yet.
    #[must_use]
    pub fn has_mark(&self, mark: Mark) -> bool {
        self.0.iter().any(|ban| ban.marks.contains(&mark))
    }
}

impl fmt::Debug for Bans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bans({})", self.0.len())
    }
}
