//! What an operator can have done by the page's forms.

/// Each of them; some are about a room, a person or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Ends a room, by its keyed hash.
    EndRoom,
    /// Ends the logins of a person, by account name or keyed hash.
    EndLogins,
    /// Accounts are made no more.
    CloseRegistration,
    /// And again.
    OpenRegistration,
    /// Rooms are made no more.
    CloseRooms,
    /// And again.
    OpenRooms,
    /// Shows a text to everybody.
    Announce,
    /// Takes it away.
    Unannounce,
    /// Sends everybody elsewhere.
    Drain,
    /// Takes that back.
    TakeDrainBack,
}

impl Act {
    /// Each of them, in the order of their declaration.
    pub const ALL: [Self; 10] = [
        Self::EndRoom,
        Self::EndLogins,
        Self::CloseRegistration,
        Self::OpenRegistration,
        Self::CloseRooms,
        Self::OpenRooms,
        Self::Announce,
        Self::Unannounce,
        Self::Drain,
        Self::TakeDrainBack,
    ];

    /// As forms name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndRoom => "end_room",
            Self::EndLogins => "end_logins",
            Self::CloseRegistration => "close_registration",
            Self::OpenRegistration => "open_registration",
            Self::CloseRooms => "close_rooms",
            Self::OpenRooms => "open_rooms",
            Self::Announce => "announce",
            Self::Unannounce => "unannounce",
            Self::Drain => "drain",
            Self::TakeDrainBack => "take_drain_back",
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == name)
    }

    /// Whether people lose something by it.
    pub(super) const fn ends_something(self) -> bool {
        matches!(self, Self::EndRoom | Self::EndLogins | Self::CloseRegistration | Self::CloseRooms | Self::Drain)
    }
}

#[cfg(test)]
mod tests {
    use super::Act;

    #[test]
    fn each_is_found_by_its_name() {
        assert!(Act::ALL.into_iter().all(|act| Act::parse(act.as_str()) == Some(act)));
        assert_eq!(Act::parse("EndRoom"), None);
    }
}
