//! Whatever is typed: nothing panics, nothing is lost, and only allowed HTML comes out.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::limits::DEPTH_MAX;
use super::{CHARS_MAX, html, promises};

/// What markdown, HTML and their parsers stumble over.
const PIECES: &[&str] = &[
    "*",
    "**",
    "***",
    "_",
    "__",
    "~",
    "~~",
    "~~~",
    "`",
    "``",
    "```",
    "````",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "> ",
    ">",
    ">> ",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "2. ",
    "3. ",
    "2) ",
    "01. ",
    "123456789. ",
    "1234567890. ",
    "  ",
    "    ",
    "\t",
    "||",
    "|",
    "[",
    "](",
    ")",
    "(",
    "]",
    "![",
    "]:",
    "[]",
    "<",
    "</",
    "<b>",
    "<!--",
    "<script>",
    "<?",
    "&",
    "&amp;",
    "&#0;",
    "\\",
    "#",
    "# ",
    "---",
    "===",
    "+++",
    "!",
    ":",
    "://",
    "http://",
    "https://x.com",
    "http://x.com/a_b*c",
    "www.",
    "www.y.org",
    "mailto:a@b.c",
    "javascript:x",
    "data:text/html,x",
    "x.com",
    "@",
    "\"",
    "'",
    "a",
    "B",
    "word",
    "rust",
    "7",
    ".",
    ",",
    "é",
    "字",
    "👩‍👩‍👧",
    "\u{202E}",
    "\u{200B}",
    "\u{FEFF}",
    "\u{A0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "\u{1}",
    "\u{B}",
    "\u{C}",
    "\u{7F}",
    "\u{FFFD}",
];

fn marked_up() -> impl Strategy<Value = String> {
    vec(select(PIECES), 1..60).prop_map(|pieces| pieces.concat())
}

fn check(typed: &str) -> Result<(), TestCaseError> {
    promises::check(typed).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_markup_keeps_every_character(typed in marked_up()) {
        check(&typed)?;
    }

    #[test]
    fn any_text_keeps_every_character(typed in any::<String>()) {
        check(&typed)?;
    }

    #[test]
    fn any_line_of_signs_keeps_every_character(typed in "[*_~`|><#\\-\\[\\]()!&:/.ab1 \\n\\\\]{1,40}") {
        check(&typed)?;
    }
}

/// Each is repeated until the text is as long as a text may be.
const PATTERNS: &[&str] = &[
    "*a ",
    "**a **",
    "*a **a ",
    "_a __a ",
    "*a_ ",
    "[",
    "[a](",
    "![",
    "[a](http://x.com/",
    "](",
    "`",
    "`a``",
    "``` ",
    "```\n",
    "~~a ",
    "||a ",
    "|| ||",
    "> ",
    ">> ",
    "> a\nb\n",
    "> > a\n> b\n",
    "- ",
    "- a\n",
    "1. ",
    "1. a\n",
    "* * ",
    "<",
    "<a ",
    "<!--",
    "&",
    "&amp;",
    "\\",
    "\\|",
    "www.",
    "www.a.bc ",
    "a@",
    "a@b.cd ",
    "@a.b",
    "http://a",
    "http://a)",
    "http://a.b ",
    "://",
    "http://",
    "(",
    ")",
    "!",
    "a\n    ",
    "\t- a\n",
    "\n",
    "a\n---\n",
    "*.*",
    "^_^",
    "\u{1F468}\u{200D}",
    "\u{202E}*a* ",
    "[a]: ",
    "- ```\n",
    "[[a](http://b.c)](http://d.e) ",
    "*a*_b_~~c~~||d||`e`",
];

/// Text that the parsers could spend more than linear time, memory or stack on.
#[test]
fn the_longest_and_deepest_texts_are_bounded() {
    for pattern in PATTERNS {
        let typed: String = pattern.chars().cycle().take(CHARS_MAX - 1).chain(['x']).collect();
        if let Err(failure) = check(&typed) {
            panic!("{pattern:?}: {failure}");
        }
    }
    // Lists in lists, each on its own line.
    let indents = (0..80).map(|depth| "  ".repeat(depth));
    let lines: Vec<String> = indents.map(|indent| format!("{indent}- a\n{indent}- b\n")).collect();
    let typed = lines.concat();
    check(&typed).expect("deep lists keep every character");
    let depth = html(&typed).expect("the outer lists are lists").matches("<ul>").count();
    assert_eq!(depth, DEPTH_MAX);
    // Marks in marks, and quotes in quotes.
    let typed = format!("{}x{}", "*a **b ".repeat(50), " b** a*".repeat(50));
    let html_of_marks = html(&typed).expect("the outer marks are marks");
    let depth = html_of_marks.matches("<em>").count() + html_of_marks.matches("<strong>").count();
    assert_eq!(depth, DEPTH_MAX);
    let html_of_quotes = html(&format!("{}x", "> ".repeat(200))).expect("the outer quotes are quotes");
    assert_eq!(html_of_quotes.matches("<blockquote>").count(), DEPTH_MAX);
}
