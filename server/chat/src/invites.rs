//! The invites of one room: who has the token of one comes in without the PIN and past the lock. In memory only, and gone
//! with the room.
//!
//! A use is claimed before the membership is made, so that of two who come at once with a link for one person one is let
//! in, and given back where the membership could not be made.

use std::collections::VecDeque;
use std::fmt;

use protocol::{InviteId, Millis};
use serde::{Deserialize, Serialize};

use crate::time::Monotonic;

/// Stands for an invite's token: a keyed hash, so that what is in memory lets nobody in.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteMark(pub [u8; 16]);

/// It is no secret, and says nothing either.
impl fmt::Debug for InviteMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteMark(…)")
    }
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Names it, for those who may take it back.
    pub id: InviteId,
    /// Of its token.
    pub mark: InviteMark,
    /// Whether it lets in one person only.
    pub once: bool,
    /// When it runs out, for those who measure, and as it is told; `None`: with the room.
    pub ends: Option<(Monotonic, Millis)>,
    /// How many it has let in.
    pub used: u32,
}

impl Invite {
    fn is_good(&self, now: Monotonic) -> bool {
        !(self.once && self.used > 0) && self.ends.is_none_or(|(end, _)| now < end)
    }
}

/// All of one room, oldest first.
#[derive(Default)]
pub struct Invites(VecDeque<Invite>);

impl Invites {
    /// Adds one, unless as many as there may be are in force. Answers whether it did.
    pub fn add(&mut self, now: Monotonic, invite: Invite, invites_max: usize) -> bool {
        self.0.retain(|one| one.is_good(now));
        let fits = self.0.len() < invites_max;
        if fits {
            self.0.push_back(invite);
        }
        fits
    }

    /// Takes one use of the invite with this mark, if it is in force: which it was.
    pub fn claim(&mut self, now: Monotonic, mark: InviteMark) -> Option<InviteId> {
        let invite = self.0.iter_mut().find(|one| one.mark == mark && one.is_good(now))?;
        invite.used = invite.used.saturating_add(1);
        Some(invite.id.clone())
    }

    /// Gives back a use that came to nothing. One that was taken back meanwhile stays so.
    pub fn give_back(&mut self, id: &InviteId) {
        if let Some(invite) = self.0.iter_mut().find(|one| one.id == *id) {
            invite.used = invite.used.saturating_sub(1);
        }
    }

    /// Takes one back: its link lets nobody in from here on. Answers whether there was one.
    pub fn revoke(&mut self, now: Monotonic, id: &InviteId) -> bool {
        let before = self.0.len();
        let was_good = self.0.iter().any(|one| one.id == *id && one.is_good(now));
        self.0.retain(|one| one.id != *id);
        was_good && self.0.len() < before
    }

    /// Those in force, oldest first.
    pub fn in_force(&self, now: Monotonic) -> impl Iterator<Item = &Invite> {
        self.0.iter().filter(move |one| one.is_good(now))
    }
}

impl fmt::Debug for Invites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invites({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use protocol::InviteId;

    use super::{Invite, InviteMark, Invites};
    use crate::time::Monotonic;

    fn at(ms: u64) -> Monotonic {
        Monotonic::START.after(ms)
    }

    fn id(number: u8) -> InviteId {
        InviteId::parse(&format!("{number:A>22}")).expect("is an id")
    }

    fn invite(number: u8, once: bool, ends: Option<u64>) -> Invite {
        let ends = ends.map(|ms| (at(ms), ms));
        Invite { id: id(number), mark: InviteMark([number; 16]), once, ends, used: 0 }
    }

    #[test]
    fn one_for_one_person_is_good_once_and_again_when_that_came_to_nothing() {
        let mut invites = Invites::default();
        assert!(invites.add(at(0), invite(1, true, None), 9));
        assert_eq!(invites.claim(at(1), InviteMark([1; 16])), Some(id(1)));
        assert_eq!(invites.claim(at(1), InviteMark([1; 16])), None);
        invites.give_back(&id(1));
        assert_eq!(invites.claim(at(2), InviteMark([1; 16])), Some(id(1)));
        assert_eq!(invites.in_force(at(2)).count(), 0, "what is used up is not listed");
        assert!(!invites.revoke(at(2), &id(1)), "nor can it be taken back");
    }

    #[test]
    fn one_runs_out_at_its_time_and_not_before() {
        let mut invites = Invites::default();
        assert!(invites.add(at(0), invite(1, false, Some(100)), 9));
        assert_eq!(invites.claim(at(99), InviteMark([1; 16])), Some(id(1)));
        assert_eq!(invites.claim(at(99), InviteMark([1; 16])), Some(id(1)), "for whoever comes");
        assert_eq!(invites.claim(at(100), InviteMark([1; 16])), None);
        assert_eq!(invites.claim(at(0), InviteMark([2; 16])), None, "another token");
    }

    #[test]
    fn what_was_taken_back_lets_nobody_in_also_when_a_use_is_given_back() {
        let mut invites = Invites::default();
        assert!(invites.add(at(0), invite(1, true, None), 9) && invites.add(at(0), invite(2, false, None), 9));
        let claimed = invites.claim(at(1), InviteMark([2; 16])).expect("is good");
        assert!(invites.revoke(at(1), &id(2)) && !invites.revoke(at(1), &id(2)));
        invites.give_back(&claimed);
        assert_eq!(invites.claim(at(1), InviteMark([2; 16])), None);
        assert_eq!(invites.in_force(at(1)).map(|one| one.id.clone()).collect::<Vec<_>>(), [id(1)]);
    }

    #[test]
    fn there_are_as_many_as_the_limit_and_what_is_over_makes_room() {
        let mut invites = Invites::default();
        assert!(invites.add(at(0), invite(1, false, Some(50)), 2) && invites.add(at(0), invite(2, true, None), 2));
        assert!(!invites.add(at(49), invite(3, true, None), 2));
        assert!(invites.add(at(50), invite(3, true, None), 2));
    }
}
