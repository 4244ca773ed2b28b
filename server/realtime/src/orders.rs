//! What an operator has said for all nodes: what is closed for now, and what is told to everybody. Decides nothing.

use std::fmt;

use protocol::ErrorCode;
use protocol::admin::ANNOUNCEMENT_CHARS_MAX;
use serde::{Deserialize, Serialize};

/// One short text on one line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Announcement(Box<str>);

/// See the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// No accounts are made.
    pub registration_closed: bool,
    /// No rooms are made.
    pub rooms_closed: bool,
    /// Told to everybody.
    pub announcement: Option<Announcement>,
}

impl Announcement {
    /// What was typed.
    ///
    /// # Errors
    /// [`ErrorCode::EmptyText`], [`ErrorCode::TextTooLong`], [`ErrorCode::BadFrame`] for what does not fit on one line.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        let text = typed.trim();
        match text.chars().take(ANNOUNCEMENT_CHARS_MAX + 1).count() {
            0 => Err(ErrorCode::EmptyText),
            count if count > ANNOUNCEMENT_CHARS_MAX => Err(ErrorCode::TextTooLong),
            _ if text.chars().any(|c| c.is_control() || turns_what_follows(c)) => Err(ErrorCode::BadFrame),
            _ => Ok(Self(text.into())),
        }
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Marks that change the direction of all that is behind them (UAX #9, 2.1 and 2.2); those that end with a part of the text
/// (2.4) and single marks stay.
const fn turns_what_follows(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}')
}

/// What the operator says is for people, and not for the log.
impl fmt::Debug for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Announcement(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_one_short_line() {
        let longest = "é".repeat(ANNOUNCEMENT_CHARS_MAX);
        let table = [
            ("  Back at ten.  ", Ok("Back at ten.")),
            (longest.as_str(), Ok(longest.as_str())),
            ("", Err(ErrorCode::EmptyText)),
            (" \n ", Err(ErrorCode::EmptyText)),
            ("one\ntwo", Err(ErrorCode::BadFrame)),
            ("a\u{7}b", Err(ErrorCode::BadFrame)),
            ("closed \u{202e}ta thgie", Err(ErrorCode::BadFrame)),
            ("\u{2068}שלום\u{2069} at eight", Ok("\u{2068}שלום\u{2069} at eight")),
        ];
        for (typed, read) in table {
            assert_eq!(Announcement::parse(typed).as_ref().map(Announcement::as_str).map_err(|code| *code), read);
        }
        assert_eq!(Announcement::parse(&(longest + "é")), Err(ErrorCode::TextTooLong));
    }
}
