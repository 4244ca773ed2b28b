//! The names of emoji, as a file of the site that a page fetches when somebody first looks for one.
//!
//! Line by line: a tab and a number begin a group; the others are an emoji, a `*` where it comes in five tones of skin, a
//! tab, its name, a tab, and its short names with spaces between. `client::emoji` reads it.

use std::fmt::Write as _;

use emojis::{Emoji, Group, SkinTone};

const TONES: [SkinTone; 5] =
    [SkinTone::Light, SkinTone::MediumLight, SkinTone::Medium, SkinTone::MediumDark, SkinTone::Dark];

/// The whole file.
pub(crate) fn names() -> String {
    let mut text = String::new();
    for (number, group) in Group::iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "\t{number}");
        for emoji in group.emojis() {
            let codes: Vec<&str> = emoji.shortcodes().collect();
            let tones = if has_tones(emoji) { "*" } else { "" };
            let _ = writeln!(text, "{}{tones}\t{}\t{}", emoji.as_str(), emoji.name(), codes.join(" "));
        }
    }
    text
}

/// Whether its tones are made by a sign behind its first character, which is all that a page knows of them. Those of two
/// people are not.
fn has_tones(emoji: &Emoji) -> bool {
    let made = |tone: SkinTone| client::emoji::toned(emoji.as_str(), tone as usize);
    TONES.iter().all(|tone| emoji.with_skin_tone(*tone).is_some_and(|toned| toned.as_str() == made(*tone)))
}

#[cfg(test)]
mod tests {
    use client::emoji::{entries, find};

    #[test]
    fn a_page_finds_emoji_in_the_file_that_is_made_for_it() {
        let text = super::names();
        let count = entries(&text).count();
        assert!(count > 1_800, "{count}");
        assert!(entries(&text).all(|entry| !entry.name.is_empty() && entry.group < 9));
        let wave = find(&text, "waving hand", 1).remove(0);
        assert!(wave.has_tones && wave.emoji == "\u{1f44b}" && wave.codes.contains("wave"), "{}", wave.emoji);
        let grinning = find(&text, "grinning", 1).remove(0);
        assert!(!grinning.has_tones && grinning.group == 0);
        assert!(text.len() < 128 * 1_024, "{}", text.len());
    }
}
