//! What people type, and what comes of it. [`content`] reads the HTML back, so that nothing typed can get lost unseen.

mod allow_list;
mod attacks;
mod content;
mod links;
mod markup;
mod plain;
mod promises;
mod properties;

use protocol::Text;

use promises::CHARS_MAX;

/// The HTML of a typed text.
fn html(typed: &str) -> Option<String> {
    super::html(Text::parse(typed, CHARS_MAX).expect("the tests' texts are valid").as_str())
}

/// What every link carries; `LINK` stands for it in expectations.
const LINK: &str = r#"target="_blank" rel="noopener noreferrer nofollow""#;

/// Compares typed texts with their HTML; `None` where the text alone is what is shown.
fn check(cases: &[(&str, Option<&str>)]) {
    for &(typed, expected) in cases {
        assert_eq!(html(typed), expected.map(|html| html.replace("LINK", LINK)), "of {typed:?}");
    }
}
