//! Which texts are one: normalisation and case folding by the tables of Unicode.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use super::line::is_ignorable;

/// The key of a name: compatibility caseless matching (Unicode, definition D146), without what does not show.
///
/// "José" and "jose\u{301}" have one key, as have "Anna" in any width, "STRASSE" and "Straße", "علی‌رضا" with and without
/// its joiner, and a name with either kind of quotes. The tags of a flag stay: they are what tells two flags apart.
pub(super) fn key(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let shown: String = name.chars().filter(|c| !is_ignorable(*c)).collect();
    let compatible = DecomposingNormalizerBorrowed::new_nfkd();
    let folded = case_folded(&DecomposingNormalizerBorrowed::new_nfd().normalize(&shown));
    let folded = case_folded(&compatible.normalize(&folded));
    let mut key = String::with_capacity(folded.len());
    for c in compatible.normalize(&folded).chars().filter(|c| !is_ignorable(*c)) {
        match c {
            '\u{2018}' | '\u{2019}' => key.push('\''),
            '\u{201C}' | '\u{201D}' => key.push('"'),
            // Signs such as "¨" decompose to a space and a mark.
            ' ' if key.ends_with(' ') => {}
            other => key.push(other),
        }
    }
    key
}

/// Full case folding, by the mappings of the standard library: the lower case of the upper case of each character.
///
/// That is how Unicode derives its folding, which leaves out one pair that this has: the dotless "ı" is an "i" here,
/// because one capital is written for both, and "IŞIK" is how a Turkish "ışık" shouts.
fn case_folded(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Canonical composition, the form in which secrets are hashed.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Compatibility composition: full-width letters become those that they stand for.
pub(super) fn compatible(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text)
}
