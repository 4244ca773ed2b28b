//! What is no markup is shown as typed.

use super::{check, html};

const TEXTS: &[&str] = &[
    "hello",
    "javascript: the good parts",
    "onclick = f",
    "%",
    "a < b & c",
    "2 < 3 && x > 1",
    "&amp;",
    "&#106;&#0;&nbsp;",
    "a<b>c",
    "Vec<String>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- x -->",
    "a\0b",
    "one\r\ntwo\rthree",
    "\u{202E}desrever\u{202C} and \u{2067}so\u{2069}",
    "2 * 3 * 4",
    "2*3*4 = 24 and x**2 + y**2",
    "int *p, *q; f(*args, **kwargs)",
    "src/*/*.rs and **/*.rs and *.*",
    "/*one*/ /*two*/",
    "snake_case_name and other_snake_name",
    "a_b_ c__d__e",
    "^_^ hello ^_^ (*) and (*)",
    ">_< >_<",
    "-_- ... -_-",
    "`",
    "it's 5` or 6 feet",
    "~5 minutes, ~6 at most",
    "\\*not bold\\*",
    "¯\\_(ツ)_/¯",
    "1. x",
    "1986. A great year",
    "- one line",
    "- Bob",
    "1) x\n2) y",
    "1. x\n1. y",
    "3. x\n7. y",
    "01. x\n02. y",
    "+ 1\n+ 2",
    "-\n-",
    "-",
    "***",
    "---",
    ">",
    ">>>\n>",
    ">implying",
    "```",
    "```\n```",
    "```rust\n\n```",
    "` `",
    "**",
    "****",
    "** a **",
    "# heading",
    "heading\n===",
    "heading\n---",
    "| a | b |\n|---|---|\n| c | d |",
    "text\n\n    indented **code**\n\n    more",
    "[x][y] [^1] [z]",
    "[x]: /url \"title\"",
    "- [ ] to do",
    "a || b || c",
    "if x||y||z {}",
    "||",
    "||||",
    "xhttp://x.com",
    "http://",
    "https:// x",
    "ftp://x.com/",
    "www.example and www. and www.example.js and awww.example.org",
    "@ada @ada@example.org ada@localhost a@b.c",
    "react@18.2.0 git@example.org:team/repository.git ada@example.org/desk",
    "//www.example.org /www.example.org x=ada@example.org a..b@example.org",
    "www.bаnk.example and me@bаnk.example",
    "http://bank.example@evil.example/",
    "http://user:secret@x.com/",
    "http://bаnk.example/",
];

#[test]
fn shows_text_as_typed() {
    for &text in TEXTS {
        assert_eq!(html(text), None, "of {text:?}");
    }
}

const NOT_OF_THE_SUBSET: &[(&str, Option<&str>)] = &[
    ("# a *b*", Some("<p># a <em>b</em></p>")),
    ("a\n===\n*b*\n---", Some("<p>a<br>===<br><em>b</em><br>---</p>")),
    ("*a*\n\n***\n\nb", Some("<p><em>a</em></p><p>***</p><p>b</p>")),
    ("*a*\n\n    b *c*\n     d", Some("<p><em>a</em></p><p>    b *c*<br>     d</p>")),
    ("*a* &amp; &lt; &#42;b&#42;", Some("<p><em>a</em> &amp;amp; &amp;lt; &amp;#42;b&amp;#42;</p>")),
    ("| a |\n|---|\n| *b* |", Some("<p>| a |<br>|---|<br>| <em>b</em> |</p>")),
    ("*a*\0b", Some("<p><em>a</em>\u{FFFD}b</p>")),
    ("*a* \u{202E}b\u{202C} \u{200F}", Some("<p><em>a</em> \u{202E}b\u{202C} \u{200F}</p>")),
    ("*a*\rb\r\nc", Some("<p><em>a</em><br>b<br>c</p>")),
    ("*a* [^1] a^2^ $x$ :smile: H~2~O", Some("<p><em>a</em> [^1] a^2^ $x$ :smile: H~2~O</p>")),
];

#[test]
fn keeps_what_markdown_would_take() {
    check(NOT_OF_THE_SUBSET);
}

#[test]
fn html_that_outgrows_its_text_is_left_out() {
    let links = "http://a ".repeat(300);
    assert_eq!(html(&links), None);
    assert!(html("http://a").is_some());
}
