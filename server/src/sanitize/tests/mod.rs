//! What people type, and what comes of it. [`content`] reads the HTML back, so that nothing typed can get lost unseen.

mod content;
mod fence;
mod properties;
mod vectors;

use protocol::Text;

/// Characters of the longest text that a server may be told to take.
const CHARS_MAX: usize = 16_000;

/// The HTML of a typed text.
fn html(typed: &str) -> Option<String> {
    super::body(Text::parse(typed, CHARS_MAX).expect("the tests' texts are valid")).html
}
