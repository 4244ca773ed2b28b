//! What the message box is for at a time.

/// What the box is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    /// A new message.
    #[default]
    New,
    /// The message in the row with this key, in other words.
    Edit(u64),
    /// An answer to the message in the row with this key.
    Reply(u64),
    /// An emoji for the message in the row with this key.
    React(u64),
    /// The question whether the message in the row with this key is to be taken back.
    Delete(u64),
    /// A message to one person only; an answer to what is in the row with this key.
    Whisper(Option<u64>),
}

impl Mode {
    /// Whether what is in the box is a message to be sent.
    pub(super) const fn sends(self) -> bool {
        match self {
            Self::New | Self::Reply(_) | Self::Whisper(_) => true,
            Self::Edit(_) | Self::React(_) | Self::Delete(_) => false,
        }
    }

    /// Whether that message is one for all. Words for one person never stay in the box when it is for all again.
    pub(super) const fn says_to_all(self) -> bool {
        match self {
            Self::New | Self::Reply(_) => true,
            Self::Edit(_) | Self::React(_) | Self::Delete(_) | Self::Whisper(_) => false,
        }
    }
}
