//! What is an emoji: one character as people count them, of the code points that Unicode lists as emoji (UTS #51).

use icu_properties::CodePointSetData;
use icu_properties::props::{Emoji as EmojiProperty, EmojiPresentation, RegionalIndicator};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{EMOJI_BYTES_MAX, EMOJI_FORM, Emoji};
use crate::error::ErrorCode;

/// Joins emoji into one.
const JOINER: char = '\u{200D}';
/// Puts a digit on a key.
const KEYCAP: char = '\u{20E3}';

impl Emoji {
    /// One emoji, in one spelling: a sign that is drawn as text by default gets the selector that colours it, one that is
    /// coloured by default has none behind it.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidEmoji`] for anything else, also for an emoji with other marks on it.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        let typed = typed.trim();
        let is_one = typed.len() <= EMOJI_BYTES_MAX && typed.graphemes(true).count() == 1;
        let emoji = spelled(typed).filter(|emoji| is_one && emoji.len() <= EMOJI_BYTES_MAX);
        emoji.map(|emoji| Self(emoji.into())).ok_or(ErrorCode::InvalidEmoji)
    }
}

fn spelled(grapheme: &str) -> Option<String> {
    let mut rest = grapheme.chars();
    let first = rest.next()?;
    if matches!(first, '0'..='9' | '#' | '*') {
        return matches!(rest.as_str(), "\u{FE0F}\u{20E3}" | "\u{20E3}")
            .then(|| [first, EMOJI_FORM, KEYCAP].iter().collect());
    }
    if is_region(first) {
        let second = rest.next().filter(|second| is_region(*second) && rest.as_str().is_empty())?;
        return Some([first, second].iter().collect());
    }
    if !is_emoji(first) || !rest.clone().all(|c| c == JOINER || c == EMOJI_FORM || is_tag(c) || is_emoji(c)) {
        return None;
    }
    // What joins, joins two.
    if rest.as_str().ends_with(JOINER) || rest.as_str().contains("\u{200D}\u{200D}") {
        return None;
    }
    let is_coloured = CodePointSetData::new::<EmojiPresentation>().contains(first);
    Some(match (rest.as_str(), is_coloured) {
        ("", false) => [first, EMOJI_FORM].iter().collect(),
        ("\u{FE0F}", true) => first.to_string(),
        _ => grapheme.to_owned(),
    })
}

fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<EmojiProperty>().contains(c) && !c.is_ascii()
}

fn is_region(c: char) -> bool {
    CodePointSetData::new::<RegionalIndicator>().contains(c)
}

/// Spells the region of a flag.
const fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0020}'..='\u{E007F}')
}
