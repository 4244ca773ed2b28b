//! The subset, construct by construct.

use super::check;

const EMPHASIS: &[(&str, Option<&str>)] = &[
    ("**bold**", Some("<p><strong>bold</strong></p>")),
    ("__bold__", Some("<p><strong>bold</strong></p>")),
    ("*it* _it_", Some("<p><em>it</em> <em>it</em></p>")),
    ("***both***", Some("<p><em><strong>both</strong></em></p>")),
    ("~~gone~~ ~kept~", Some("<p><del>gone</del> ~kept~</p>")),
    ("**a *b* ~~c~~**", Some("<p><strong>a <em>b</em> <del>c</del></strong></p>")),
    ("**B**old and 这是**重点**内容", Some("<p><strong>B</strong>old and 这是<strong>重点</strong>内容</p>")),
    ("_Really?_. (_yes_)", Some("<p><em>Really?</em>. (<em>yes</em>)</p>")),
    ("**2*3*4** = *p*", Some("<p><strong>2*3*4</strong> = <em>p</em></p>")),
    ("**a\nb**", Some("<p><strong>a<br>b</strong></p>")),
    ("**a** **b", Some("<p><strong>a</strong> **b</p>")),
    ("one\n**two**  \nthree\\\nfour", Some("<p>one<br><strong>two</strong><br>three\\<br>four</p>")),
    ("**a**\n  b\n\n c", Some("<p><strong>a</strong><br>  b</p><p> c</p>")),
    ("\\*a\\* \\<b\\> \\\\ \\x C:\\.git **c**", Some("<p>*a* \\&lt;b\\&gt; \\ \\x C:\\.git <strong>c</strong></p>")),
];

#[test]
fn renders_emphasis() {
    check(EMPHASIS);
}

const CODE: &[(&str, Option<&str>)] = &[
    ("`a`", Some("<p><code>a</code></p>")),
    ("`` a`b `` ` c `", Some("<p><code>a`b</code> <code>c</code></p>")),
    ("`<b> &amp; **x** \\* http://x.com`", Some("<p><code>&lt;b&gt; &amp;amp; **x** \\* http://x.com</code></p>")),
    ("`a\n  b`", Some("<p><code>a b</code></p>")),
    ("```\na\n\n  **b** &lt;\n```", Some("<pre><code>a\n\n  **b** &amp;lt;</code></pre>")),
    ("~~~\n> a\n~~~", Some("<pre><code>&gt; a</code></pre>")),
    ("```rust\nlet a = 1;\n```", Some("<pre><code class=\"language-rust\">let a = 1;</code></pre>")),
    ("```Rust\n1\n```", Some("<pre><code class=\"language-rust\">1</code></pre>")),
    ("```hello world\n1\n```", Some("<pre><code>hello world\n1</code></pre>")),
    ("```x\"onclick=\"y\n1\n```", Some("<pre><code>x\"onclick=\"y\n1</code></pre>")),
    ("```\nnot closed\n> a", Some("<pre><code>not closed\n&gt; a</code></pre>")),
    ("```a```", Some("<p><code>a</code></p>")),
    ("a\n```\nb\n```\nc", Some("<p>a</p><pre><code>b</code></pre><p>c</p>")),
    ("```\r\na\r\nb\r\n```", Some("<pre><code>a\nb</code></pre>")),
];

#[test]
fn renders_code() {
    check(CODE);
}

const QUOTES_AND_LISTS: &[(&str, Option<&str>)] = &[
    ("> a", Some("<blockquote><p>a</p></blockquote>")),
    ("> a\n> **b**\n>\n> c", Some("<blockquote><p>a<br><strong>b</strong></p><p>c</p></blockquote>")),
    ("> their words\nmy answer", Some("<blockquote><p>their words</p></blockquote><p>my answer</p>")),
    (">> a\n> b", Some("<blockquote><blockquote><p>a</p></blockquote><p>b</p></blockquote>")),
    ("a\n> b\nc", Some("<p>a</p><blockquote><p>b</p></blockquote><p>c</p>")),
    ("> a\n>_<", Some("<blockquote><p>a</p></blockquote><p>&gt;_&lt;</p>")),
    ("> - a\n> - b", Some("<blockquote><ul><li>a</li><li>b</li></ul></blockquote>")),
    ("> ```\n> a\n> ```", Some("<blockquote><pre><code>a</code></pre></blockquote>")),
    ("- a\n- b", Some("<ul><li>a</li><li>b</li></ul>")),
    ("* a\n* **b**", Some("<ul><li>a</li><li><strong>b</strong></li></ul>")),
    ("1. a\n2. b\n3. c", Some("<ol><li>a</li><li>b</li><li>c</li></ol>")),
    ("1986. a\n1987. b", Some("<ol start=\"1986\"><li>a</li><li>b</li></ol>")),
    ("0. a\n1. b", Some("<ol start=\"0\"><li>a</li><li>b</li></ol>")),
    ("- a\n  1. b\n  2. c\n- d", Some("<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul>")),
    ("- a\n  - b\n- c", Some("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>")),
    ("- a\n- b\nthat is all", Some("<ul><li>a</li><li>b</li></ul><p>that is all</p>")),
    ("- a\n\n- b", Some("<ul><li><p>a</p></li><li><p>b</p></li></ul>")),
    ("- a\n  **b**\n- c", Some("<ul><li>a<br><strong>b</strong></li><li>c</li></ul>")),
    ("- [ ] a\n- [x] b", Some("<ul><li>[ ] a</li><li>[x] b</li></ul>")),
    ("1. a\n3. **b**", Some("<p>1. a<br>3. <strong>b</strong></p>")),
    ("- - a\n- b", Some("<ul><li>- a</li><li>b</li></ul>")),
    ("1. *a*\nb", Some("<p>1. <em>a</em><br>b</p>")),
];

#[test]
fn renders_quotes_and_lists() {
    check(QUOTES_AND_LISTS);
}

const SPOILERS: &[(&str, Option<&str>)] = &[
    ("||a||", Some("<p><span class=\"spoiler\">a</span></p>")),
    (
        "x ||a **b** `c`|| ||d||!",
        Some(
            "<p>x <span class=\"spoiler\">a <strong>b</strong> <code>c</code></span> <span class=\"spoiler\">d</span>!</p>",
        ),
    ),
    ("**||a||**", Some("<p><strong><span class=\"spoiler\">a</span></strong></p>")),
    ("||a\nb||", Some("<p><span class=\"spoiler\">a<br>b</span></p>")),
    ("**||a** b||", Some("<p><strong>||a</strong> b||</p>")),
    ("||a\n\n**b**||", Some("<p>||a</p><p><strong>b</strong>||</p>")),
    ("- ||a\n- b||", Some("<ul><li>||a</li><li>b||</li></ul>")),
    ("\\||a|| `||b||` **c**", Some("<p>||a|| <code>||b||</code> <strong>c</strong></p>")),
    ("|||a||| **b**", Some("<p>|||a||| <strong>b</strong></p>")),
    ("a || b ||c|| d||e", Some("<p>a || b <span class=\"spoiler\">c</span> d||e</p>")),
    ("||a ||b||", Some("<p>||a <span class=\"spoiler\">b</span></p>")),
];

#[test]
fn renders_spoilers() {
    check(SPOILERS);
}
