//! Typed text to what is sent: the text itself and, where markup makes a difference, HTML for it.
//!
//! The way: a scan that spares most texts the parser, the markdown subset to HTML with everything else literal,
//! then ammonia with a small allow list as the last step. Nothing here fails: what cannot be rendered stays text.
//! This is the only place that makes HTML out of what people type; it must not log any of it.

pub(crate) mod allow_list;
mod content;
mod escaping;
pub(crate) mod limits;
mod links;
mod render;
mod segments;
mod spoilers;
mod subset_filter;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use content::content;

use limits::{DEPTH_MAX, EXPANSION_FLOOR, EXPANSION_MAX};
use render::Html;
use segments::Segment;

/// The HTML that is relayed beside a typed text, where there is any.
pub fn html(typed: &str) -> Option<String> {
    if !may_have_markup(typed) {
        return None;
    }
    // The parsers are other people's work on hostile input. A fault in them costs the markup, never the message.
    catch_unwind(AssertUnwindSafe(|| rendered(typed))).unwrap_or_default()
}

pub(crate) fn rendered(typed: &str) -> Option<String> {
    let whole = document(&readable(typed), 0);
    let html = whole.formatted.then(|| allow_list::clean(&whole.html))?;
    (html.len() <= EXPANSION_MAX * typed.len().max(EXPANSION_FLOOR)).then_some(html)
}

/// Whether any construct of the subset can be in this text; wrong only by saying yes too often.
fn may_have_markup(typed: &str) -> bool {
    let (mut stars, mut scores, mut ticks, mut items, mut ws) = (0, 0, 0, 0, 0);
    let mut line_start = true;
    let mut before = 0;
    for byte in typed.bytes() {
        match byte {
            b'*' => stars += 1,
            b'_' => scores += 1,
            b'`' => ticks += 1,
            b'~' | b'|' if before == byte => return true,
            b'(' if before == b']' => return true,
            b'/' if before == b':' => return true,
            b'.' if ws > 2 => return true,
            b'@' if before.is_ascii_alphanumeric() || matches!(before, b'_' | b'%' | b'+' | b'-') => return true,
            b'>' if line_start => return true,
            b'-' | b'0'..=b'9' if line_start => items += 1,
            _ => {}
        }
        // One of a pair makes no markup, and neither does a list of one item.
        if stars > 1 || scores > 1 || ticks > 1 || items > 1 {
            return true;
        }
        ws = if byte.eq_ignore_ascii_case(&b'w') { ws + 1 } else { 0 };
        line_start = matches!(byte, b'\n' | b'\r') || (line_start && matches!(byte, b' ' | b'\t'));
        before = byte;
    }
    false
}

/// The text with one kind of line ending, and with a visible sign for NUL, which HTML cannot carry.
fn readable(typed: &str) -> Cow<'_, str> {
    if typed.contains(['\r', '\0']) {
        typed.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}").into()
    } else {
        typed.into()
    }
}

/// Renders text that is inside `depth` quotes.
fn document(text: &str, depth: usize) -> Html {
    let mut whole = Html::default();
    for segment in segments::split(text, depth < DEPTH_MAX) {
        match segment {
            Segment::Quote(inner) => {
                let inner = document(&inner, depth + 1);
                whole.html.push_str("<blockquote>");
                whole.html.push_str(&inner.html);
                whole.html.push_str("</blockquote>");
                whole.formatted = true;
            }
            Segment::Flow { text, after_blank } => {
                let flow = render::flow(text);
                whole.join(&flow, after_blank);
            }
        }
    }
    whole
}
