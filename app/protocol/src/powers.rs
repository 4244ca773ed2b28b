//! Who may do what in a room: one table for the server, which decides by it, and for clients, which show what may be done.
//!
//! It knows roles and nothing of people: who has which role is the room's record.

use serde::{Deserialize, Serialize};

/// What somebody is in a room, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub enum Role {
    /// May talk.
    Member,
    /// Named by the owner: keeps order.
    Moderator,
    /// Made the room, or was handed it: there is one at any time.
    Owner,
}

/// Everything that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// Call the room something else.
    Rename,
    /// Say what it is about.
    SetTopic,
    /// Give it a PIN, another one, or none.
    SetPin,
    /// Change how many people fit.
    SetCapacity,
    /// Let it last longer.
    ExtendLife,
    /// Let no newcomers in, or let them in again.
    Lock,
    /// Give messages a burn timer where their sender chose none.
    SetTimer,
    /// Have newcomers wait until somebody lets them in, or not any more.
    SetLobby,
    /// Let in whoever waits, or send them away.
    Admit,
    /// Make links that let in without the PIN and past the lock, and take them back.
    Invite,
    /// Put somebody out, who may come back.
    Kick,
    /// Put somebody out, who may not.
    Ban,
    /// See who may not come back, and let them.
    LiftBan,
    /// Make somebody a moderator, or a member again.
    Appoint,
    /// Make somebody else the owner.
    HandOver,
    /// End the room for everybody.
    Burn,
}

impl Power {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Rename,
        Self::SetTopic,
        Self::SetPin,
        Self::SetCapacity,
        Self::ExtendLife,
        Self::Lock,
        Self::SetTimer,
        Self::SetLobby,
        Self::Admit,
        Self::Invite,
        Self::Kick,
        Self::Ban,
        Self::LiftBan,
        Self::Appoint,
        Self::HandOver,
        Self::Burn,
    ];

    /// The least role that has it.
    #[must_use]
    pub const fn needs(self) -> Role {
        match self {
            Self::Rename
            | Self::SetTopic
            | Self::Lock
            | Self::SetTimer
            | Self::Admit
            | Self::Invite
            | Self::Kick
            | Self::Ban
            | Self::LiftBan => Role::Moderator,
            Self::SetPin
            | Self::SetCapacity
            | Self::ExtendLife
            | Self::SetLobby
            | Self::Appoint
            | Self::HandOver
            | Self::Burn => Role::Owner,
        }
    }
}

impl Role {
    /// Whether it has a power over the room.
    #[must_use]
    pub fn may(self, power: Power) -> bool {
        self >= power.needs()
    }

    /// Whether it has a power over somebody of this role: those above and beside it are out of its reach.
    #[must_use]
    pub fn may_to(self, power: Power, other: Self) -> bool {
        self.may(power) && self > other
    }
}

read_words!(Role { Member = "member", Moderator = "moderator", Owner = "owner" });

#[cfg(test)]
mod tests {
    use super::{Power, Role};

    #[test]
    fn each_role_has_what_those_below_it_have_and_reaches_only_them() {
        let roles = [Role::Member, Role::Moderator, Role::Owner];
        for power in Power::ALL {
            assert!(Role::Owner.may(*power) && !Role::Member.may(*power), "{power:?}");
            for (one, other) in roles.iter().flat_map(|one| roles.iter().map(move |other| (*one, *other))) {
                assert_eq!(one.may_to(*power, other), one.may(*power) && one > other, "{power:?}");
            }
        }
        assert!(Role::Moderator.may_to(Power::Kick, Role::Member));
        assert!(!Role::Moderator.may_to(Power::Kick, Role::Moderator));
        assert!(!Role::Moderator.may(Power::Appoint));
    }
}
