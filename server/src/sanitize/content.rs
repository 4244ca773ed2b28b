//! One text for readers of both kinds: those that show it as text, and those that put it into a page.
//!
//! What was typed, where an HTML parser sees nothing but text in it; ammonia's output with every tag removed otherwise.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use ammonia::Builder;

static NO_TAGS: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder.tags(HashSet::new());
    builder
});

/// What such readers get.
pub fn content(typed: &str) -> String {
    // The parser is other people's work on hostile input: a fault in it must not cost the message.
    catch_unwind(AssertUnwindSafe(|| judged(typed))).unwrap_or_else(|_| escaped(typed))
}

fn judged(typed: &str) -> String {
    if may_open_a_tag(typed) || ammonia::is_html(typed) {
        return NO_TAGS.clean(typed).to_string();
    }
    typed.to_owned()
}

/// A tag that is not closed is nothing to a parser that meets the end behind it, and a tag to one that meets the rest of
/// a page: so any beginning of one counts, also a last `<`.
fn may_open_a_tag(typed: &str) -> bool {
    let opens = |behind: &str| {
        let next = behind.chars().next();
        next.is_none_or(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'))
    };
    typed.contains('\0') || typed.match_indices('<').any(|(at, _)| opens(&typed[at + 1..]))
}

fn escaped(typed: &str) -> String {
    typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{content, escaped};

    /// Typed, and what both kinds of readers get.
    const VECTORS: &[(&str, &str)] = &[
        // Text and nothing but text: as it was typed.
        ("2 < 3", "2 < 3"),
        ("a & b", "a & b"),
        ("%", "%"),
        ("100% <3", "100% <3"),
        ("a < b & c > d", "a < b & c > d"),
        ("1 << 2", "1 << 2"),
        ("javascript: the good parts", "javascript: the good parts"),
        ("onclick = f", "onclick = f"),
        ("&amp;", "&amp;"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"quoted\" 'too'", "\"quoted\" 'too'"),
        ("-->", "-->"),
        ("]]>", "]]>"),
        ("a > b", "a > b"),
        ("**bold**", "**bold**"),
        ("zeile\nzeile", "zeile\nzeile"),
        ("\u{202e}abc", "\u{202e}abc"),
        ("😀 <3 😀", "😀 <3 😀"),
        // Something else in it: ammonia, no tag left.
        ("<b>bold</b>", "bold"),
        ("<script>alert(1)</script>hi", "hi"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<img src=x onerror=alert(1)", ""),
        ("a <b", "a "),
        ("x </p", "x "),
        ("<!-- hidden -->seen", "seen"),
        ("<!-- open", ""),
        ("<?php echo 1 ?>x", "x"),
        ("Vec<String>", "Vec"),
        ("2 < 3 <i>x</i> & y", "2 &lt; 3 x &amp; y"),
        ("<a href=\"javascript:alert(1)\">x</a>", "x"),
        ("tail <", "tail &lt;"),
        ("<<script>alert(1)</script>", "&lt;"),
        ("<svg/onload=alert(1)>", ""),
    ];

    #[test]
    fn both_kinds_of_readers_get_the_same_safe_text() {
        for (typed, expected) in VECTORS {
            assert_eq!(content(typed), *expected, "{typed}");
        }
    }

    #[test]
    fn a_nul_never_arrives() {
        assert!(!content("a\0b").contains('\0'));
    }

    proptest! {
        /// Whatever stands behind it in a page: no tag begins in it.
        #[test]
        fn no_content_opens_a_tag(typed in "[<>/!?a&;= \"'\\-x]{0,24}") {
            let content = content(&typed);
            for (at, _) in content.match_indices('<') {
                let next = content[at + 1..].chars().next();
                prop_assert!(next.is_some_and(|next| !next.is_ascii_alphabetic() && !matches!(next, '/' | '!' | '?')));
            }
        }

        #[test]
        fn escaping_leaves_no_tag(typed in ".{0,24}") {
            prop_assert!(!escaped(&typed).contains(['<', '>']));
        }
    }
}
