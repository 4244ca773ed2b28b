//! The allow list by itself: what would happen if the renderer were wrong.

use super::super::allow_list::clean;

#[test]
fn lets_only_the_allow_list_through() {
    let cases = [
        ("<script>alert(1)</script>x", "x"),
        ("<style>p{}</style>x", "x"),
        ("<img src=http://e.com/x onerror=alert(1)>x", "x"),
        ("<svg onload=alert(1)>x</svg>", "x"),
        ("<iframe src=http://e.com>x</iframe>", "x"),
        ("<p id=a style=color:red onclick=x dir=rtl>x</p>", "<p>x</p>"),
        ("<p class=spoiler>x</p>", "<p>x</p>"),
        (r#"<span class="a spoiler b">x</span>"#, r#"<span class="spoiler">x</span>"#),
        (r#"<code class="language-rust x">x</code>"#, r#"<code class="language-rust">x</code>"#),
        (r#"<ol start="3" type="a"><li>x</li></ol>"#, r#"<ol start="3"><li>x</li></ol>"#),
        (r#"<ol start="x"><li>x</li></ol>"#, "<ol><li>x</li></ol>"),
        (
            r#"<a href="https://e.com/" target="_self" rel="opener" onclick="x" download>x</a>"#,
            r#"<a href="https://e.com/" target="_blank" rel="noopener noreferrer nofollow">x</a>"#,
        ),
        (r#"<a href="javascript:alert(1)">x</a>"#, r#"<a target="_blank" rel="noopener noreferrer nofollow">x</a>"#),
        (r#"<a href="//e.com/">x</a>"#, r#"<a target="_blank" rel="noopener noreferrer nofollow">x</a>"#),
        ("<!-- x --><b>y</b>", "y"),
        ("a<template><p>x</p></template>", "a"),
        ("<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">", ""),
    ];
    for (html, expected) in cases {
        assert_eq!(clean(html), expected, "of {html}");
    }
}
