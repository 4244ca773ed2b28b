//! What the record says of a room whose node may have missed what was done to it on others: it was cut off, or fell behind.
//! Who was put out meanwhile goes, and roles and settings are those of the record. Its bans are told by the other nodes.

use protocol::{LeaveReason, MemberId, Role, ServerFrame};

use super::Room;
use crate::event::Effect;
use crate::recorded::Recorded;
use crate::seat::Seat;
use crate::time::Now;

impl Room {
    /// Follows the record, unless something was done here since it was asked for: then it has to be asked for again.
    pub(super) fn follow_record(&mut self, out: &mut Vec<Effect>, now: Now, recorded: Recorded) {
        let Recorded { asked_at, info, owner, moderators, members } = recorded;
        if asked_at <= self.following.acted_at {
            self.following.is_behind = true;
            return;
        }
        // Who came in since then has a membership that is younger than the record.
        let out_of =
            |(id, seat): (&MemberId, &Seat)| (seat.from < asked_at && !members.contains(id)).then(|| id.clone());
        let gone: Vec<MemberId> = self.seats.iter().filter_map(out_of).collect();
        for member in gone {
            self.remove(out, now.mono, &member, LeaveReason::Kicked, None);
        }
        if self.owner != owner {
            self.set_owner(now.mono, owner.clone());
            self.tell_knocks_to(out, &owner);
        }
        let others: Vec<MemberId> = self.moderators.symmetric_difference(&moderators).cloned().collect();
        for member in others {
            let role = if moderators.contains(&member) { Role::Moderator } else { Role::Member };
            self.set_role(now, member.clone(), role);
            self.tell_knocks_to(out, &member);
        }
        if self.info != info {
            self.ends_at = self.ends_at.after(info.expires_at.saturating_sub(self.info.expires_at));
            self.info = info;
            out.push(Effect::Broadcast(ServerFrame::Room { room: self.info_at(now), by: None }));
        }
    }

    /// Whether the record has to be asked for again.
    pub fn take_behind(&mut self) -> bool {
        std::mem::take(&mut self.following.is_behind)
    }
}
