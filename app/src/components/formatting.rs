//! Marks of markdown around what is selected in the box: put there by a key, and taken away by the same.

use leptos::ev::KeyboardEvent;
use leptos::web_sys::HtmlTextAreaElement;

use crate::browser;

/// The marks that a key with Ctrl or Cmd puts around a selection.
fn mark_of(key: &str, shift: bool) -> Option<&'static str> {
    match (key, shift) {
        ("b" | "B", false) => Some("**"),
        ("i" | "I", false) => Some("*"),
        ("e" | "E", false) => Some("`"),
        ("x" | "X", true) => Some("~~"),
        _ => None,
    }
}

/// Takes a key that formats with Ctrl or Cmd. False where it is for something else.
pub(super) fn formats(event: &KeyboardEvent, area: Option<HtmlTextAreaElement>) -> bool {
    let (Some(mark), Some(area)) = (mark_of(&event.key(), event.shift_key()), area) else {
        return false;
    };
    event.prevent_default();
    let units: Vec<u16> = area.value().encode_utf16().collect();
    let at = |end: Result<Option<u32>, _>| end.ok().flatten().map_or(units.len(), |at| at as usize).min(units.len());
    let (start, end) = (at(area.selection_start()), at(area.selection_end()));
    if !area.read_only() {
        let change = toggled(&units, start, end, mark);
        let units = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (part, selected) = (change.part, change.selected);
        let text = String::from_utf16_lossy(&change.text);
        browser::retype(&area, (units(part.0), units(part.1)), &text, (units(selected.0), units(selected.1)));
    }
    true
}

/// A part of the text that becomes another, and what is selected of the whole then. In units of UTF-16.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    part: (usize, usize),
    text: Vec<u16>,
    selected: (usize, usize),
}

/// Puts the mark around the selection, or takes it away where it is there, inside or outside of what is selected.
fn toggled(text: &[u16], start: usize, end: usize, mark: &str) -> Change {
    let mark: Vec<u16> = mark.encode_utf16().collect();
    let (start, end) = without_edges(text, start, end);
    let (selected, length) = (&text[start..end], mark.len());
    if selected.len() >= 2 * length && is_marked(selected, &mark) {
        let inner = selected[length..selected.len() - length].to_vec();
        return Change { part: (start, end), selected: (start, start + inner.len()), text: inner };
    }
    // Only as far as there are the same signs on both sides.
    let sign = mark[0];
    let before = text[..start].iter().rev().take_while(|it| **it == sign).count();
    let behind = text[end..].iter().take_while(|it| **it == sign).count();
    if has(before.min(behind), length, sign) {
        let part = (start - length, end + length);
        return Change { part, text: selected.to_vec(), selected: (part.0, part.0 + selected.len()) };
    }
    let whole = [&mark[..], selected, &mark[..]].concat();
    Change { part: (start, end), text: whole, selected: (start + length, end + length) }
}

/// Whether so many signs in a row hold this mark: three stars are both of one and of two.
fn has(signs: usize, length: usize, sign: u16) -> bool {
    if sign == u16::from(b'*') && length == 1 { signs % 2 == 1 } else { signs >= length }
}

fn is_marked(selected: &[u16], mark: &[u16]) -> bool {
    let sign = mark[0];
    let first = selected.iter().take_while(|it| **it == sign).count();
    let last = selected.iter().rev().take_while(|it| **it == sign).count();
    first < selected.len() && has(first.min(last), mark.len(), sign)
}

/// Marks touch what they are about: white space at the edges of a selection is left outside of them.
fn without_edges(text: &[u16], start: usize, end: usize) -> (usize, usize) {
    let is_space = |unit: &u16| char::from_u32(u32::from(*unit)).is_some_and(char::is_whitespace);
    let words = &text[start..end];
    let lead = words.iter().take_while(|unit| is_space(unit)).count();
    if lead == words.len() {
        return (start, end);
    }
    let trail = words.iter().rev().take_while(|unit| is_space(unit)).count();
    (start + lead, end - trail)
}

#[cfg(test)]
mod tests {
    use super::toggled;

    /// The selection stands between brackets.
    fn pressed(before: &str, mark: &str) -> String {
        let start = before.find('[').expect("a start");
        let end = before.find(']').expect("an end") - 1;
        let text: Vec<u16> = before.replace(['[', ']'], "").encode_utf16().collect();
        let units = |bytes: usize| before.replace(['[', ']'], "")[..bytes].encode_utf16().count();
        let change = toggled(&text, units(start), units(end), mark);
        let mut text = text;
        text.splice(change.part.0..change.part.1, change.text);
        text.insert(change.selected.1, u16::from(b']'));
        text.insert(change.selected.0, u16::from(b'['));
        String::from_utf16(&text).expect("text")
    }

    #[test]
    fn a_mark_is_put_around_a_selection_and_taken_away_again() {
        let table = [
            ("so [much] more", "**", "so **[much]** more"),
            ("so **[much]** more", "**", "so [much] more"),
            ("so [**much**] more", "**", "so [much] more"),
            ("so [much ]more", "~~", "so ~~[much]~~ more"),
            ("[]", "`", "`[]`"),
            ("`[]`", "`", "[]"),
            ("**[much]**", "*", "***[much]***"),
            ("***[much]***", "*", "**[much]**"),
            ("***[much]***", "**", "*[much]*"),
            ("[**much**]", "*", "*[**much**]*"),
            ("😀 [grüße 😀] x", "**", "😀 **[grüße 😀]** x"),
            ("[ ]", "*", "*[ ]*"),
            ("*[much] more*", "*", "**[much]* more*"),
        ];
        for (before, mark, after) in table {
            assert_eq!(pressed(before, mark), after, "{before} {mark}");
        }
    }
}
