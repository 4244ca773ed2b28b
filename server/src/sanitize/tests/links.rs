//! What becomes a link, and where it may go.

use super::{LINK, check, html};

const LINKS: &[(&str, Option<&str>)] = &[
    ("https://x.com", Some("<p><a href=\"https://x.com\" LINK>https://x.com</a></p>")),
    (
        "HTTP://X.com/a?b=1&c=\"2\"",
        Some("<p><a href=\"HTTP://X.com/a?b=1&amp;c=\" LINK>HTTP://X.com/a?b=1&amp;c=</a>\"2\"</p>"),
    ),
    ("(http://x.com/a_(b)).", Some("<p>(<a href=\"http://x.com/a_(b)\" LINK>http://x.com/a_(b)</a>).</p>")),
    (
        "**http://x.com/a*b_c~~**!",
        Some("<p><strong><a href=\"http://x.com/a*b_c\" LINK>http://x.com/a*b_c</a>~~</strong>!</p>"),
    ),
    (
        "<http://localhost:3000/>",
        Some("<p>&lt;<a href=\"http://localhost:3000/\" LINK>http://localhost:3000/</a>&gt;</p>"),
    ),
    ("http://пример.рф/ä", Some("<p><a href=\"http://пример.рф/ä\" LINK>http://пример.рф/ä</a></p>")),
    ("||http://x.com||", Some("<p><span class=\"spoiler\"><a href=\"http://x.com\" LINK>http://x.com</a></span></p>")),
    ("[a **b**](https://x.com/?q=1#z)", Some("<p><a href=\"https://x.com/?q=1#z\" LINK>a <strong>b</strong></a></p>")),
    (
        "[a](http://x.com/(b)) [c]( http://x.com )",
        Some("<p><a href=\"http://x.com/(b)\" LINK>a</a> <a href=\"http://x.com\" LINK>c</a></p>"),
    ),
    ("[write](mailto:me@x.com?subject=a)", Some("<p><a href=\"mailto:me@x.com?subject=a\" LINK>write</a></p>")),
    ("[`a`\nb](http://x.com)", Some("<p><a href=\"http://x.com\" LINK><code>a</code><br>b</a></p>")),
    ("[x](http://x.com \"title\")", Some("<p>[x](<a href=\"http://x.com\" LINK>http://x.com</a> \"title\")</p>")),
    ("[](http://x.com)", Some("<p>[](<a href=\"http://x.com\" LINK>http://x.com</a>)</p>")),
    ("[x](<http://x.com>)", Some("<p>[x](&lt;<a href=\"http://x.com\" LINK>http://x.com</a>&gt;)</p>")),
    ("[x](http://a@x.com) *y*", Some("<p>[x](http://a@x.com) <em>y</em></p>")),
    ("[x](http:\\\\x.com) *y*", Some("<p>[x](http:\\\\x.com) <em>y</em></p>")),
    ("[x](//x.com) [x](/a) [x](x.com) *y*", Some("<p>[x](//x.com) [x](/a) [x](x.com) <em>y</em></p>")),
    ("[x]: http://x.com\n\n[x]", Some("<p>[x]: <a href=\"http://x.com\" LINK>http://x.com</a></p><p>[x]</p>")),
];

/// Typed without a scheme, as people do.
const BARE: &[(&str, Option<&str>)] = &[
    // Found by the fuzzer: no more than the prefix, and no sentence's dot is a part of an address.
    ("www. and **www.**", Some("<p>www. and <strong>www.</strong></p>")),
    ("www.example.org", Some("<p><a href=\"https://www.example.org\" LINK>www.example.org</a></p>")),
    (
        "(see WWW.Example.org/a_b?c=1), or not.",
        Some("<p>(see <a href=\"https://WWW.Example.org/a_b?c=1\" LINK>WWW.Example.org/a_b?c=1</a>), or not.</p>"),
    ),
    ("**www.x.org:8080**", Some("<p><strong><a href=\"https://www.x.org:8080\" LINK>www.x.org:8080</a></strong></p>")),
    ("www.пример.рф", Some("<p><a href=\"https://www.пример.рф\" LINK>www.пример.рф</a></p>")),
    ("ada@example.org", Some("<p><a href=\"mailto:ada@example.org\" LINK>ada@example.org</a></p>")),
    (
        "Mail: Ada.L+x_y@mail.example.org. Or _b-c@x.org_!",
        Some(
            "<p>Mail: <a href=\"mailto:Ada.L+x_y@mail.example.org\" LINK>Ada.L+x_y@mail.example.org</a>. Or <em><a href=\"mailto:b-c@x.org\" LINK>b-c@x.org</a></em>!</p>",
        ),
    ),
    ("||me@x.org||", Some("<p><span class=\"spoiler\"><a href=\"mailto:me@x.org\" LINK>me@x.org</a></span></p>")),
    ("`www.x.org me@x.org`", Some("<p><code>www.x.org me@x.org</code></p>")),
    ("[www.x.org](https://x.org)", Some("<p><a href=\"https://x.org\" LINK>www.x.org</a></p>")),
    (
        "https://www.x.org/~me@x.org me@x.org",
        Some(
            "<p><a href=\"https://www.x.org/~me@x.org\" LINK>https://www.x.org/~me@x.org</a> <a href=\"mailto:me@x.org\" LINK>me@x.org</a></p>",
        ),
    ),
];

#[test]
fn links_what_is_typed_without_a_scheme() {
    check(BARE);
}

#[test]
fn renders_links() {
    check(LINKS);
}

/// A link whose text is an address goes there, or it is shown with both as typed.
#[test]
fn links_name_no_other_address() {
    let honest = [
        ("x.com", "https://x.com/a"),
        ("X.com", "https://www.x.com"),
        ("https://x.com", "https://x.com/"),
        ("www.x.com/a", "http://x.com/a?b"),
        ("me@x.com", "mailto:me@x.com"),
        ("Node.js 22.1.0 (see main.cpp)", "https://nodejs.org"),
        ("read this, e.g. the intro...", "https://x.com"),
    ];
    for (text, address) in honest {
        let typed = format!("[{text}]({address})");
        assert_eq!(html(&typed), Some(format!("<p><a href=\"{address}\" {LINK}>{text}</a></p>")), "of {typed}");
    }
    let lies = [
        "bank.com",
        "https://bank.com",
        "http://evil.com.bank.com",
        "evil.com:8080",
        "evil.com/other",
        "evil.community",
        "see bank.com now",
        "(bank.com)",
        "**bank**.com",
        "bank\u{200B}.com",
        "bank。com",
        "ｂank．com",
        "127.0.0.1",
        "me@evil.com",
        "evil.com@bank.com",
        "\u{202E}moc.knab",
        "mailto:me@bank.com",
        "\u{200B}",
    ];
    for text in lies {
        let typed = format!("[{text}](https://evil.com/a)");
        let html = html(&typed).expect("the target by itself is a link");
        let link = format!("](<a href=\"https://evil.com/a\" {LINK}>https://evil.com/a</a>)</p>");
        assert!(html.starts_with("<p>[") && html.ends_with(&link), "{typed} became {html}");
    }
}

const IMAGES: &[(&str, Option<&str>)] = &[
    ("![x](http://x.com/a.png)", Some("<p>![x](<a href=\"http://x.com/a.png\" LINK>http://x.com/a.png</a>)</p>")),
    ("**a** ![*x*](//x.com/a.png)", Some("<p><strong>a</strong> ![*x*](//x.com/a.png)</p>")),
    (
        "[![x](http://x.com/a.png)](http://y.org)",
        Some(
            "<p>[![x](<a href=\"http://x.com/a.png\" LINK>http://x.com/a.png</a>)](<a href=\"http://y.org\" LINK>http://y.org</a>)</p>",
        ),
    ),
    ("![a][b] *c*\n\n[b]: /x.png", Some("<p>![a][b] <em>c</em></p><p>[b]: /x.png</p>")),
];

#[test]
fn never_makes_an_image() {
    check(IMAGES);
}
