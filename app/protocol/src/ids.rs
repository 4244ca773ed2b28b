//! Identifiers as they travel: opaque to clients, checked for shape when they arrive.
//!
//! Nothing here makes an identifier: random bytes and keyed hashes come from the server.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;

/// Digits and capitals without 0, 1, I, L and O, which are misread or misheard.
pub const ROOM_CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Characters in a room code.
pub const ROOM_CODE_CHARS: usize = 8;

/// The canonical code of a room: eight characters of [`ROOM_CODE_ALPHABET`], no dash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomCode([u8; ROOM_CODE_CHARS]);

impl RoomCode {
    /// Accepts what people type or paste: surrounding space, lower case, spaces and dashes between, or a whole link.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCode`] when eight characters of the alphabet do not remain.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        let typed = typed.trim();
        let typed = typed.rsplit_once("/r/").map_or(typed, |(_, tail)| tail);
        let typed = typed.split(['?', '#', '/']).next().unwrap_or_default();
        let mut code = [0; ROOM_CODE_CHARS];
        let mut length = 0;
        for character in typed.chars().filter(|c| !is_separator(*c)) {
            let upper = u8::try_from(character).map_err(|_| ErrorCode::InvalidCode)?.to_ascii_uppercase();
            if length == ROOM_CODE_CHARS || !ROOM_CODE_ALPHABET.contains(&upper) {
                return Err(ErrorCode::InvalidCode);
            }
            code[length] = upper;
            length += 1;
        }
        if length == ROOM_CODE_CHARS { Ok(Self(code)) } else { Err(ErrorCode::InvalidCode) }
    }

    /// Makes a code from random bytes, taking only those that fall evenly on the alphabet (no modulo bias).
    /// `None` when too few of them did: call again with fresh bytes.
    #[must_use]
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        let alphabet = ROOM_CODE_ALPHABET.len();
        let even = 256 / alphabet * alphabet;
        let mut letters = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < even);
        let mut code = [0; ROOM_CODE_CHARS];
        for slot in &mut code {
            *slot = ROOM_CODE_ALPHABET[letters.next()? % alphabet];
        }
        Some(Self(code))
    }

    /// The canonical eight characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The form people read: two groups of four.
    #[must_use]
    pub fn dashed(&self) -> String {
        let (head, tail) = self.as_str().split_at(ROOM_CODE_CHARS / 2);
        format!("{head}-{tail}")
    }
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl TryFrom<String> for RoomCode {
    type Error = ErrorCode;
    fn try_from(typed: String) -> Result<Self, ErrorCode> {
        Self::parse(&typed)
    }
}

impl From<RoomCode> for String {
    fn from(code: RoomCode) -> Self {
        code.as_str().to_owned()
    }
}

/// A code opens a room: it is shown on purpose ([`RoomCode::as_str`]), never by accident in a log line.
impl fmt::Debug for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomCode(…)")
    }
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident, $min:expr, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the shape: base64url characters, within the length.
            ///
            /// # Errors
            /// [`ErrorCode::BadFrame`] when the shape is another.
            pub fn parse(text: &str) -> Result<Self, ErrorCode> {
                let shaped = ($min..=$max).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                if shaped { Ok(Self(text.into())) } else { Err(ErrorCode::BadFrame) }
            }

            /// The identifier as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ErrorCode;
            fn try_from(text: String) -> Result<Self, ErrorCode> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

opaque_id!(
    /// The `cid` of a request: made by the client, unique to it. 128 random bits are recommended; 1-64 characters are taken.
    ClientId, 1, 64
);
opaque_id!(
    /// What others see of a person in one room: the same on return, unlinkable between rooms.
    MemberId, 22, 22
);
opaque_id!(
    /// Names one message and proves where it came from; clients compare whole ids and read nothing out of them.
    MessageId, 1, 96
);
opaque_id!(
    /// One tab or client, through its drops; told to its owner only.
    SessionId, 22, 22
);
opaque_id!(
    /// Proves that a resuming connection is the one that dropped; a new one comes with each `welcome`.
    Secret, 22, 22
);
opaque_id!(
    /// One login (the record behind one JWT), as its owner sees it in the list of logins.
    LoginId, 22, 22
);
