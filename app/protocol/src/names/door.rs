//! Names as people type them: display names, names of rooms, names of accounts.
//!
//! What a language needs is a name (`line`); two names that read as one are one (`form::key`). Nothing is refused for the
//! sake of markup: the characters that could end an attribute or begin a tag are set as a printer would set them, so a
//! client that builds markup by hand cannot be broken out of.

use super::{
    DISPLAY_NAME_BYTES_MAX, DISPLAY_NAME_CHARS_MAX, DisplayName, ROOM_NAME_BYTES_MAX, ROOM_NAME_CHARS_MAX, RoomName,
    TOPIC_BYTES_MAX, TOPIC_CHARS_MAX, Topic, USERNAME_BYTES_MAX, USERNAME_CHARS, form, is_line, line, redacted,
};
use crate::error::ErrorCode;

fn name(typed: &str, chars_max: usize, bytes_max: usize) -> Option<String> {
    let name = line::typeset(&line::cleaned(typed)?);
    let fits = name.len() <= bytes_max && line::length(&name) <= chars_max;
    fits.then_some(name)
}

impl DisplayName {
    /// Trims, folds inner white space to single spaces, strips what does not show at the edges, and sets straight quotes
    /// and angle brackets as typographic ones.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidName`] for nothing visible, for marks alone, for more than 30 characters or 1,080
    /// bytes, and for controls, marks of direction and other unseen characters inside, where no language needs them.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        name(typed, DISPLAY_NAME_CHARS_MAX, DISPLAY_NAME_BYTES_MAX)
            .map(|name| Self(name.into()))
            .ok_or(ErrorCode::InvalidName)
    }

    /// The form under which two names count as the same in a room ([`form::key`]).
    #[must_use]
    pub fn folded(&self) -> String {
        form::key(&self.0)
    }

    /// The same name with a number behind it, shortened so that it still fits.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!(" {number}");
        let chars = DISPLAY_NAME_CHARS_MAX.saturating_sub(suffix.len());
        let head = line::shortened(&self.0, chars, DISPLAY_NAME_BYTES_MAX - suffix.len());
        // A cut may leave a joiner without the letter that it was for.
        let head = line::cleaned(head).unwrap_or_else(|| head.to_owned());
        Self((head + &suffix).into())
    }
}

impl RoomName {
    /// By the rules of [`DisplayName::parse`], with 50 characters or 1,800 bytes.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRoomName`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        name(typed, ROOM_NAME_CHARS_MAX, ROOM_NAME_BYTES_MAX)
            .map(|name| Self(name.into()))
            .ok_or(ErrorCode::InvalidRoomName)
    }
}

impl Topic {
    /// By the rules of [`DisplayName::parse`], with 200 characters or 7,200 bytes.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidTopic`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        name(typed, TOPIC_CHARS_MAX, TOPIC_BYTES_MAX).map(|topic| Self(topic.into())).ok_or(ErrorCode::InvalidTopic)
    }
}

/// The name of an account: 3-32 letters and digits of any script, `.`, `_`, `-`, and at least one letter or digit among
/// them; never shown to others.
///
/// Unique by [`Username::folded`]. Modelled on the `IdentifierClass` of RFC 8264 and the profile `UsernameCaseMapped` of
/// RFC 8265, with the compatibility forms of letters folded as well.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Username(Box<str>);

impl Username {
    /// # Errors
    /// [`ErrorCode::InvalidUsername`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        Self::known(typed).filter(|name| name.0.chars().any(char::is_alphanumeric)).ok_or(ErrorCode::InvalidUsername)
    }

    /// As [`Username::parse`], for signing in: names without a letter or digit were given once, and stay their owners'.
    #[must_use]
    pub fn known(typed: &str) -> Option<Self> {
        let name = line::cleaned(typed)?;
        let fits = |name: &str| name.len() <= USERNAME_BYTES_MAX && USERNAME_CHARS.contains(&line::length(name));
        let shaped = fits(&name)
            && form::compatible(&name).chars().all(line::is_of_identifiers)
            // Normalisation may make a name longer.
            && fits(&form::key(&name));
        shaped.then(|| Self(name.into()))
    }

    /// A name that was parsed at the door before, from our own store.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidUsername`] for what could not be shown on one line.
    pub fn kept(name: &str) -> Result<Self, ErrorCode> {
        if is_line(name, USERNAME_BYTES_MAX) { Ok(Self(name.into())) } else { Err(ErrorCode::InvalidUsername) }
    }

    /// The name as its owner typed it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which it is unique ([`form::key`]). Of a name in ASCII it is the name in lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        form::key(&self.0)
    }
}

redacted!(Username);
