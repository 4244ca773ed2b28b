//! Identifiers as they travel: opaque to clients, checked for shape when they arrive.
//!
//! Nothing here makes an identifier: random bytes and keyed hashes come from the server.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::decode::Read;
use crate::error::ErrorCode;
use crate::json::Value;
use crate::names::is_unseen;

/// Digits and capitals without 0, 1, I, L and O, which are misread or misheard.
pub const ROOM_CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Characters in a room code.
pub const ROOM_CODE_CHARS: usize = 8;

/// The canonical code of a room: eight characters of [`ROOM_CODE_ALPHABET`], no dash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct RoomCode([u8; ROOM_CODE_CHARS]);

impl RoomCode {
    /// Accepts what people type or paste: either case, full-width forms, spaces and dashes between, quotes, brackets and
    /// marks of punctuation around, a whole link (as it is or percent-encoded) with words behind it, the words "room" and
    /// "code" before, and characters anywhere that show nothing.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCode`] when eight characters of the alphabet do not remain.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        if let Some(code) = Self::canonical(typed.as_bytes()) {
            return Ok(code);
        }
        let plain: String = unescaped(typed).chars().filter(|c| !is_unseen(*c)).map(narrow).collect();
        let plain = plain.to_ascii_uppercase();
        // None of these can be a part of a code: there is no "O" in the alphabet.
        let behind = |mark: &&str| plain.rfind(*mark).and_then(|at| Self::leading(&plain[at + mark.len()..], true));
        let found = ["/R/", "CODE", "ROOM"].iter().find_map(behind);
        // The end of a link, without the slash before it.
        let end = || Self::leading(plain.trim_start_matches(is_around).strip_prefix("R/")?, true);
        found.or_else(end).or_else(|| Self::leading(&plain, false)).ok_or(ErrorCode::InvalidCode)
    }

    /// The code at the head of a text in capitals, with nothing behind it but the rest of a link. `announced` tells that
    /// a code must begin here: then other words may follow.
    fn leading(text: &str, announced: bool) -> Option<Self> {
        let text = text.trim_start_matches(is_around).split(['?', '#', '/', '&']).next()?;
        let mut code = [0; ROOM_CODE_CHARS];
        let mut length = 0;
        for character in text.trim_end_matches(is_around).chars() {
            if length == ROOM_CODE_CHARS && announced && is_around(character) && character != '-' {
                break;
            }
            if !is_separator(character) {
                *code.get_mut(length)? = u8::try_from(character).ok()?;
                length += 1;
            }
        }
        Self::canonical(&code[..length])
    }

    /// What programs send: the eight characters themselves.
    fn canonical(code: &[u8]) -> Option<Self> {
        let code: [u8; ROOM_CODE_CHARS] = code.try_into().ok()?;
        code.iter().all(|letter| ROOM_CODE_ALPHABET.contains(letter)).then_some(Self(code))
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

/// What stands between the characters of a code: white space, and dashes of many keyboards, the Japanese one among them.
fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '_' | '.' | '+' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FE63}' | '\u{FF70}'
        )
}

/// What stands around a code in a sentence: punctuation, quotes and brackets of many languages.
fn is_around(character: char) -> bool {
    character.is_ascii_punctuation()
        || character.is_whitespace()
        || matches!(character, '\u{A1}'..='\u{BF}' | '\u{2010}'..='\u{205E}' | '\u{2329}' | '\u{232A}'
            | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{301F}' | '\u{FE10}'..='\u{FE1F}' | '\u{FE30}'..='\u{FE6B}'
            | '\u{FF5F}'..='\u{FF65}')
}

/// The text that a percent-encoded one stands for, as links carry it (RFC 3986, section 2.1).
fn unescaped(typed: &str) -> String {
    let mut bytes = Vec::with_capacity(typed.len());
    let mut rest = typed.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |at: usize| char::from(*tail.get(at)?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let escaped = (*first == b'%').then(|| Some(digit(0)? * 16 + digit(1)?)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| typed.to_owned())
}

/// The ASCII character that a full-width form stands for.
fn narrow(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        other => other,
    }
}

/// A code opens a room: it is shown on purpose ([`RoomCode::as_str`]), never by accident in a log line.
impl fmt::Debug for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomCode(…)")
    }
}

/// No log line needs an identifier.
macro_rules! unshown {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

/// What every identifier does, whatever holds its characters.
macro_rules! travels_as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = ErrorCode;
            fn try_from(text: String) -> Result<Self, ErrorCode> {
                Self::parse(&text)
            }
        }

        impl Read for $name {
            fn read(value: Value) -> Option<Self> {
                Self::parse(value.as_str()?).ok()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        /// Without a copy of it: a list of people has hundreds.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

travels_as_text!(RoomCode);

/// base64url characters.
fn is_base64url(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the shape: base64url characters, within the length.
            ///
            /// # Errors
            /// [`ErrorCode::BadFrame`] when the shape is another.
            pub fn parse(text: &str) -> Result<Self, ErrorCode> {
                let shaped = (1..=$max).contains(&text.len()) && is_base64url(text);
                if shaped { Ok(Self(text.into())) } else { Err(ErrorCode::BadFrame) }
            }

            /// The identifier as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        travels_as_text!($name);
        unshown!($name);
    };
}

/// Characters of 128 bits in base64url.
const ID_CHARS: usize = 22;

/// One of 128 bits. It is kept in many tables, so it is no allocation of its own.
macro_rules! fixed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name([u8; ID_CHARS]);

        impl $name {
            /// Checks the shape: 22 base64url characters.
            ///
            /// # Errors
            /// [`ErrorCode::BadFrame`] when the shape is another.
            pub fn parse(text: &str) -> Result<Self, ErrorCode> {
                let characters = text.as_bytes().try_into().ok().filter(|_| is_base64url(text));
                characters.map(Self).ok_or(ErrorCode::BadFrame)
            }

            /// The identifier as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                // It was made of ASCII.
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        travels_as_text!($name);
        unshown!($name);
    };
}

opaque_id!(
    /// The `cid` of a request: made by the client, unique to it. 128 random bits are recommended; 1-64 characters are taken.
    ClientId, 64
);
fixed_id!(
    /// What others see of a person in one room: the same on return, unlinkable between rooms.
    MemberId
);
opaque_id!(
    /// Names one message and proves where it came from; clients compare whole ids and read nothing out of them.
    MessageId, 96
);
fixed_id!(
    /// One tab or client, through its drops; told to its owner only.
    SessionId
);
fixed_id!(
    /// Proves that a resuming connection is the one that dropped; a new one comes with each `welcome`.
    Secret
);
fixed_id!(
    /// One login (the record behind one JWT), as its owner sees it in the list of logins.
    LoginId
);
fixed_id!(
    /// One invite of a room, as those who may make some see it in the list. It lets nobody in.
    InviteId
);
fixed_id!(
    /// What an invite's link carries: it lets in whoever has it. Told once, when the invite is made.
    InviteToken
);
