//! What holds of whatever is typed, whoever thought it up: the property tests and the fuzzer under `server/fuzz` run the same
//! checks.

use protocol::Text;

use super::content::{content, without_marks};
use crate::sanitize::limits::{EXPANSION_FLOOR, EXPANSION_MAX};
use crate::sanitize::{allow_list, html, rendered};

/// Characters of the longest text that a server may be told to take.
pub(super) const CHARS_MAX: usize = 16_000;

/// Only allowed HTML comes out, of a bounded length; no character is lost; the sanitiser has nothing to do a second time.
/// What is no message is none of this check's business.
///
/// # Errors
/// What does not hold, and of which text.
pub(crate) fn check(typed: &str) -> Result<(), String> {
    let Ok(text) = Text::parse(typed, CHARS_MAX) else { return Ok(()) };
    let typed = text.as_str();
    let html = html(typed);
    // Once more without the scan and the net under the parsers: one must not be wrong, the other never be needed.
    holds(rendered(typed) == html, "the scan or the net changes it", typed)?;
    let Some(html) = html else { return Ok(()) };
    holds(allow_list::clean(&html) == html, "the allow list changes what it made", typed)?;
    let content = content(&html).map_err(|wrong| format!("{wrong} in {html} of {typed:?}"))?;
    holds(without_marks(&content) == without_marks(typed), "characters are lost", typed)?;
    holds(html.len() <= EXPANSION_MAX * typed.len().max(EXPANSION_FLOOR), "it is too long", typed)?;
    holds(!html.contains('\0'), "it holds what HTML cannot carry", typed)
}

fn holds(holds: bool, wrong: &str, typed: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{wrong}, of {typed:?}")) }
}
