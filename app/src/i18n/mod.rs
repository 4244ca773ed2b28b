//! Every word that people read. One [`Catalogue`] a language; a second language is a second file beside `en.rs`.
//!
//! Plain Rust instead of a translation crate: a missing key does not compile, plurals are functions, nothing is parsed in
//! the browser. Texts of errors come from the protocol's table and may be translated by code.

#[cfg(feature = "ssr")]
mod admin;
mod catalogue;
mod en;
mod entry;
mod notices;
mod room_news;

#[cfg(feature = "ssr")]
pub(crate) use admin::admin_words;
pub(crate) use catalogue::Catalogue;
pub(crate) use entry::entry_words;
pub(crate) use notices::notice_words;
pub(crate) use room_news::room_news;

use protocol::ErrorCode;

#[cfg(feature = "site")]
use crate::format::Span;
use crate::format::seconds;
use client::RequestError;

/// The catalogue in use.
pub(crate) fn words() -> &'static Catalogue {
    &en::EN
}

/// What happened and what to do next, with the wait where the server named one.
pub(crate) fn failure_text(failure: &RequestError) -> String {
    let words = words();
    if failure.unreachable {
        return words.unreachable.to_owned();
    }
    let told = match (failure.code, failure.number) {
        (ErrorCode::WrongPin, Some(left)) => Some((words.wrong_pin)(left)),
        // Only where rooms are made; the other program is without these texts.
        #[cfg(feature = "site")]
        (ErrorCode::InvalidCapacity, Some(most)) => Some((words.wrong_capacity)(most)),
        #[cfg(feature = "site")]
        (ErrorCode::InvalidLifetime, Some(most_s)) => Some((words.wrong_lifetime)(Span::between(0, most_s * 1_000))),
        _ => None,
    };
    let text = told.as_deref().unwrap_or((words.error)(failure.code));
    match failure.retry_after_ms {
        Some(wait_ms) if wait_ms > 0 => format!("{text} {}", (words.wait)(seconds(wait_ms))),
        Some(_) | None => text.to_owned(),
    }
}

/// What a page says first of a room that it cannot show.
pub(crate) fn no_room_title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::RoomEnded => words().has_ended,
        ErrorCode::SealedRoom => words().sealed_room,
        code if is_about_no_room(code) => words().no_such_room,
        _ => words().something_wrong,
    }
}

/// Whether an error says that there is no such room (or none that this page can show), and not that nobody can tell.
pub(crate) const fn is_about_no_room(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::RoomNotFound | ErrorCode::InvalidCode | ErrorCode::RoomEnded | ErrorCode::SealedRoom)
}

#[cfg(test)]
mod tests {
    use protocol::ErrorCode;

    use super::{failure_text, words};
    use crate::format::Span;
    use client::RequestError;

    #[test]
    fn every_code_has_a_sentence() {
        for code in ErrorCode::ALL {
            let text = (words().error)(*code);
            assert!(text.ends_with('.'), "{code:?}");
        }
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        let failure =
            RequestError { code: ErrorCode::WrongPin, retry_after_ms: Some(29_001), number: None, unreachable: false };
        assert!(failure_text(&failure).ends_with("Wait 30 s."));
        assert_eq!(failure_text(&RequestError::UNREACHABLE), words().unreachable);
        assert!(failure_text(&RequestError::NO_COOKIES).starts_with("Cookies of this site are blocked"));
    }

    #[test]
    fn a_refusal_names_its_number() {
        let text = |code, number| failure_text(&RequestError { number: Some(number), ..RequestError::of(code) });
        assert_eq!(text(ErrorCode::WrongPin, 4), "That PIN doesn't match. 4 tries left before a wait.");
        assert_eq!(text(ErrorCode::WrongPin, 1), "That PIN doesn't match. 1 try left before a wait.");
        assert_eq!(text(ErrorCode::WrongPin, 0), "That PIN doesn't match. Wait until the time is up, then try again.");
        assert_eq!(text(ErrorCode::InvalidCapacity, 500), "That many people don't fit. Choose a number from 2 to 500.");
        assert_eq!(
            text(ErrorCode::InvalidLifetime, 604_800),
            "A room lasts from 1 hour to 7 days. Choose another time."
        );
        assert_eq!(
            text(ErrorCode::InvalidLifetime, 3_600 * 47),
            "A room lasts from 1 hour to 47 hours. Choose another time."
        );
    }

    #[test]
    fn plurals_agree() {
        let words = words();
        assert_eq!((words.people_count)(1), "1 person");
        assert_eq!((words.people_count)(7), "7 people");
        assert_eq!((words.missed)(Some(1)), "1 message was missed and cannot be fetched.");
        assert_eq!((words.missed)(Some(3)), "3 messages were missed and cannot be fetched.");
        assert_eq!((words.time_left)(Span::Hours(21)), "21 h left");
    }

    #[test]
    fn comings_and_goings_fit_one_line() {
        let words = words();
        assert_eq!((words.joined)(&["Low Tide"]), "Low Tide joined");
        assert_eq!((words.joined)(&["Low Tide", "Paper Lantern"]), "Low Tide and Paper Lantern joined");
        assert_eq!((words.joined)(&["A", "B", "C"]), "3 people joined");
        assert_eq!((words.joined_and_left)(3, 2), "3 joined, 2 left");
    }

    #[test]
    fn who_types_is_named_up_to_two() {
        let words = words();
        assert_eq!((words.typing)(&[]), "");
        assert_eq!((words.typing)(&["A"]), "A is typing…");
        assert_eq!((words.typing)(&["A", "B"]), "A and B are typing…");
        assert_eq!((words.typing)(&["A", "B", "C"]), "Several people are typing…");
    }
}
