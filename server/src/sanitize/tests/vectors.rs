//! Typed texts and their HTML; `None` where the text alone is what is shown.

use super::html;

const LINK: &str = r#"target="_blank" rel="noopener noreferrer nofollow""#;

/// Compares; `LINK` in an expectation stands for what every link carries.
fn check(cases: &[(&str, Option<&str>)]) {
    for &(typed, expected) in cases {
        assert_eq!(html(typed), expected.map(|html| html.replace("LINK", LINK)), "of {typed:?}");
    }
}
