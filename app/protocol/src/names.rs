//! What people type, parsed once at the door: a value of these types is valid for as long as it lives.
//!
//! Limits that an operator may change come in as arguments; the rest is fixed by the protocol.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;

/// Characters in a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 30;
/// Characters in a room's name.
pub const ROOM_NAME_CHARS_MAX: usize = 50;
/// Characters in a PIN or passphrase of a room.
pub const PIN_CHARS: std::ops::RangeInclusive<usize> = 4..=64;
/// Characters in an account's user name.
pub const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 3..=32;
/// Characters in an account's password.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;

/// Joins emoji into one: the parts of a family, a rainbow to a flag.
const JOINER: char = '\u{200D}';

/// Invisible or direction-changing characters: with them two names look alike, or a line reads backwards. Nobody knows
/// what those of private use look like.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{2800}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE0E}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..)
}

/// Emoji and the signs that emoji are made with, widely.
const fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | EMOJI_FORM | '\u{1F000}'..='\u{1FAFF}')
}

/// Asks for an emoji's coloured form; alone it shows nothing.
const EMOJI_FORM: char = '\u{FE0F}';

fn shows_nothing(text: &str) -> bool {
    text.chars().all(|c| is_deceptive(c) || c == EMOJI_FORM || c.is_whitespace())
}

/// Whether a line holds something deceptive. A joiner between emoji is none.
fn deceives(line: &str) -> bool {
    let (mut before, mut chars) = (' ', line.chars().peekable());
    while let Some(c) = chars.next() {
        let joins = c == JOINER && is_pictorial(before) && chars.peek().copied().is_some_and(is_pictorial);
        if is_deceptive(c) && !joins {
            return true;
        }
        before = c;
    }
    false
}

fn one_line(typed: &str, chars_max: usize) -> Option<String> {
    let line = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = (1..=chars_max).contains(&line.chars().count());
    (fits && !deceives(&line) && !shows_nothing(&line)).then_some(line)
}

macro_rules! redacted {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} bytes)"), self.0.len())
            }
        }
    };
}

/// What others in a room call a person: 1-30 characters on one line, nothing invisible, none of `<>&"`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(Box<str>);

impl DisplayName {
    /// Trims, and folds inner white space to single spaces.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidName`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        one_line(typed, DISPLAY_NAME_CHARS_MAX)
            .filter(|line| !line.contains(['<', '>', '&', '"']))
            .map(|line| Self(line.into()))
            .ok_or(ErrorCode::InvalidName)
    }

    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which two names count as the same in a room. Signs that may change nothing in sight do not count.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase().replace([JOINER, EMOJI_FORM], "")
    }

    /// The same name with a number behind it, shortened so that it still fits.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!(" {number}");
        let room = DISPLAY_NAME_CHARS_MAX.saturating_sub(suffix.len());
        let head: String = self.0.chars().take(room).collect();
        Self(format!("{}{suffix}", head.trim_end_matches([' ', JOINER])).into())
    }
}

impl TryFrom<String> for DisplayName {
    type Error = ErrorCode;
    fn try_from(typed: String) -> Result<Self, ErrorCode> {
        Self::parse(&typed)
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0.into()
    }
}

redacted!(DisplayName);

/// What a room is called: 1-50 characters on one line, nothing invisible.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomName(Box<str>);

impl RoomName {
    /// Trims, and folds inner white space to single spaces.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRoomName`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        one_line(typed, ROOM_NAME_CHARS_MAX).map(|line| Self(line.into())).ok_or(ErrorCode::InvalidRoomName)
    }

    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoomName {
    type Error = ErrorCode;
    fn try_from(typed: String) -> Result<Self, ErrorCode> {
        Self::parse(&typed)
    }
}

impl From<RoomName> for String {
    fn from(name: RoomName) -> Self {
        name.0.into()
    }
}

redacted!(RoomName);

/// The text of one message: what was typed, without outer white space.
///
/// Everything else passes as typed (markup, controls, direction marks): how it is shown is the reader's side's work. What
/// shows nothing at all is empty.
#[derive(Clone, PartialEq, Eq)]
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

redacted!(Text);

/// The PIN or passphrase of a room: 4-64 characters, nothing invisible, compared exactly after trimming.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Box<str>);

impl Pin {
    /// # Errors
    /// [`ErrorCode::InvalidPin`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        let pin = typed.trim();
        let fits = PIN_CHARS.contains(&pin.chars().count()) && !deceives(pin);
        if fits { Ok(Self(pin.into())) } else { Err(ErrorCode::InvalidPin) }
    }

    /// The secret itself, for hashing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

redacted!(Pin);

/// The name of an account: 3-32 of letters, digits, `.`, `_`, `-`; unique without regard to case, never shown to others.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Username(Box<str>);

impl Username {
    /// # Errors
    /// [`ErrorCode::InvalidUsername`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        let name = typed.trim();
        let shaped = USERNAME_CHARS.contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if shaped { Ok(Self(name.into())) } else { Err(ErrorCode::InvalidUsername) }
    }

    /// The name as its owner typed it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which it is unique.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

redacted!(Username);
