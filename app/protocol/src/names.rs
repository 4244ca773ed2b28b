//! What people type, parsed once at the door: a value of these types is valid for as long as it lives.
//!
//! Here is what the page needs as well: the types of names as they travel, and the text of a message. Everything that
//! looks a character up in the tables of Unicode (who may be called what, which two names are one, which bytes of a
//! secret are hashed) is in `door`, behind the feature of that name, so that no browser downloads the tables.
//!
//! Limits that an operator may change come in as arguments; the rest is fixed by the protocol.

#[cfg(feature = "door")]
mod door;
#[cfg(feature = "door")]
mod emoji;
#[cfg(feature = "door")]
mod form;
#[cfg(feature = "door")]
mod line;
#[cfg(feature = "door")]
mod secret;

use serde::{Deserialize, Serialize, Serializer};

use crate::decode::Read;
use crate::error::ErrorCode;
use crate::json::Value;

#[cfg(feature = "door")]
pub use door::Username;
#[cfg(feature = "door")]
pub use secret::{Password, Pin};

/// Bytes of one character of a name in UTF-8, on average. The longest emoji that Unicode recommends for interchange (a
/// kiss of two people with tones of skin) has 35, and no script needs as many: only marks that are piled up do.
const BYTES_A_CHAR: usize = 36;
/// Characters in a display name, as people count them (extended grapheme clusters, UAX #29).
pub const DISPLAY_NAME_CHARS_MAX: usize = 30;
/// Bytes of a display name in UTF-8: as many characters as it may have, the longest there are.
pub const DISPLAY_NAME_BYTES_MAX: usize = DISPLAY_NAME_CHARS_MAX * BYTES_A_CHAR;
/// Characters in a room's name, counted as those of a display name.
pub const ROOM_NAME_CHARS_MAX: usize = 50;
/// Bytes of a room's name in UTF-8.
pub const ROOM_NAME_BYTES_MAX: usize = ROOM_NAME_CHARS_MAX * BYTES_A_CHAR;
/// Characters in a room's topic, counted as those of a display name.
pub const TOPIC_CHARS_MAX: usize = 200;
/// Bytes of a room's topic in UTF-8.
pub const TOPIC_BYTES_MAX: usize = TOPIC_CHARS_MAX * BYTES_A_CHAR;
/// Bytes of an emoji in UTF-8.
pub const EMOJI_BYTES_MAX: usize = BYTES_A_CHAR;
/// Characters in a PIN or passphrase of a room.
pub const PIN_CHARS: std::ops::RangeInclusive<usize> = 4..=64;
/// Characters in an account's user name, counted as those of a display name.
pub const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 3..=32;
/// Bytes of an account's user name in UTF-8.
pub const USERNAME_BYTES_MAX: usize = *USERNAME_CHARS.end() * BYTES_A_CHAR;
/// Characters in an account's password.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;

/// Asks for an emoji's coloured form; alone it shows nothing.
const EMOJI_FORM: char = '\u{FE0F}';

/// Characters that show nothing or turn the direction of a line. Of those of private use nobody knows what they show.
///
/// A short list by ranges, for the page too; the door looks properties up instead.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, EMOJI_FORM | '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}'
            | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE0E}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..)
}

fn shows_nothing(text: &str) -> bool {
    text.chars().all(|c| is_unseen(c) || c.is_whitespace())
}

/// The least that a name needs to be shown on one line. What a server wrote passes, also one of older or newer rules.
fn is_line(name: &str, bytes_max: usize) -> bool {
    !name.is_empty() && name.len() <= bytes_max && !name.chars().any(char::is_control)
}

macro_rules! redacted {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({} bytes)"), self.0.len())
            }
        }
    };
}
#[cfg(feature = "door")]
use redacted;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $bytes_max:expr, $error:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// A name that was parsed at the door before: it comes from our own store, our own token, or the server.
            ///
            /// # Errors
            /// The code of a name outside its rules, for what could not be shown on one line.
            pub fn kept(name: &str) -> Result<Self, ErrorCode> {
                if is_line(name, $bytes_max) { Ok(Self(name.into())) } else { Err($error) }
            }

            /// The name as it is shown.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ErrorCode;
            fn try_from(name: String) -> Result<Self, ErrorCode> {
                Self::kept(&name)
            }
        }

        impl Read for $name {
            fn read(value: Value) -> Option<Self> {
                Self::kept(value.as_str()?).ok()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }

        /// Without a copy of it: a list of people has hundreds.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        redacted!($name);
    };
}

name!(
    /// What others in a room call a person: 1-30 characters on one line, with no straight quote and no angle bracket.
    DisplayName,
    DISPLAY_NAME_BYTES_MAX,
    ErrorCode::InvalidName
);

name!(
    /// What a room is called: 1-50 characters, by the rules of a display name.
    RoomName,
    ROOM_NAME_BYTES_MAX,
    ErrorCode::InvalidRoomName
);

name!(
    /// What a room is about: 1-200 characters on one line, by the rules of a display name.
    Topic,
    TOPIC_BYTES_MAX,
    ErrorCode::InvalidTopic
);

name!(
    /// What people put to a message: one emoji.
    Emoji,
    EMOJI_BYTES_MAX,
    ErrorCode::InvalidEmoji
);

/// The text of one message: what was typed, without outer white space.
///
/// Everything else passes as typed (markup, controls, direction marks): how it is shown is the reader's side's work. What
/// shows nothing at all is empty.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(Box<str>);

impl Text {
    /// # Errors
    /// [`ErrorCode::EmptyText`], or [`ErrorCode::TextTooLong`] over `chars_max` Unicode scalar values.
    pub fn parse(typed: &str, chars_max: usize) -> Result<Self, ErrorCode> {
        let text = typed.trim();
        if shows_nothing(text) {
            return Err(ErrorCode::EmptyText);
        }
        // Bytes bound characters from both sides, so most texts need no count.
        if text.len() > chars_max && text.chars().count() > chars_max {
            return Err(ErrorCode::TextTooLong);
        }
        Ok(Self(text.into()))
    }

    /// The text as it is relayed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From another node, which held it to the limit.
impl TryFrom<String> for Text {
    type Error = ErrorCode;
    fn try_from(text: String) -> Result<Self, ErrorCode> {
        Self::parse(&text, usize::MAX)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

redacted!(Text);

/// What a client has encrypted for a sealed room, in base64url without padding (RFC 4648). Nobody but the members can read
/// it: the server checks its alphabet and its length, and relays it as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sealed(Box<str>);

impl Sealed {
    /// # Errors
    /// [`ErrorCode::EmptyText`], [`ErrorCode::TextTooLong`] over `chars_max` characters, [`ErrorCode::BadFrame`] for what is
    /// not base64url.
    pub fn parse(sent: &str, chars_max: usize) -> Result<Self, ErrorCode> {
        if sent.is_empty() {
            return Err(ErrorCode::EmptyText);
        }
        if sent.len() > chars_max {
            return Err(ErrorCode::TextTooLong);
        }
        // Four characters stand for three bytes: one alone at the end is not a byte.
        let is_whole = sent.len() % 4 != 1;
        if is_whole && sent.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            Ok(Self(sent.into()))
        } else {
            Err(ErrorCode::BadFrame)
        }
    }

    /// As it is relayed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// From another node, which held it to the limit.
impl TryFrom<String> for Sealed {
    type Error = ErrorCode;
    fn try_from(sealed: String) -> Result<Self, ErrorCode> {
        Self::parse(&sealed, usize::MAX)
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        sealed.0.into()
    }
}

/// A client takes as much as its server sends.
impl Read for Sealed {
    fn read(value: Value) -> Option<Self> {
        Self::parse(value.as_str()?, usize::MAX).ok()
    }
}

redacted!(Sealed);
