//! What is tried against markdown and HTML.

use super::{check, html};

/// OWASP's filter evasion sheet, and what is used against markdown.
const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "<IMG SRC=\"javascript:alert('XSS');\">",
    "<img src=x onerror=alert(1)>",
    "<IMG \"\"\"><SCRIPT>alert(\"XSS\")</SCRIPT>\"\\>",
    "<a onmouseover=\"alert(document.cookie)\">x</a>",
    "<svg/onload=alert(1)>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<body onload=alert(1)>",
    "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
    "<style>@import 'http';</style>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "</p></div><script>alert(1)</script>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=\"1.0\"?><!DOCTYPE x>",
    "\"><img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x6A;avascript:alert(1)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](\u{1}javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)",
    "[x](mailto:)",
    "[x](mailto:javascript)",
    "![x](javascript:alert(1))",
    "![x](x \"onerror=alert(1)\")",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "[x](http://\u{202E}moc.live)",
    "[x](http://)",
    "[x](https:javascript:alert(1))",
    "[x](http:/\\evil)",
];

/// Attacks inside markup of the subset.
const ATTACKS_IN_MARKUP: &[(&str, Option<&str>)] = &[
    ("```<script>\nalert(1)</script>\n```", Some("<pre><code>&lt;script&gt;\nalert(1)&lt;/script&gt;</code></pre>")),
    ("`<img src=x onerror=alert(1)>`", Some("<p><code>&lt;img src=x onerror=alert(1)&gt;</code></p>")),
    ("> <script>alert(1)</script>", Some("<blockquote><p>&lt;script&gt;alert(1)&lt;/script&gt;</p></blockquote>")),
    ("**<b onclick=x>**", Some("<p><strong>&lt;b onclick=x&gt;</strong></p>")),
    (
        "[<img src=x onerror=y>](http://x.com)",
        Some("<p><a href=\"http://x.com\" LINK>&lt;img src=x onerror=y&gt;</a></p>"),
    ),
    (
        "http://x.com/'onclick='alert(1)",
        Some("<p><a href=\"http://x.com/'onclick='alert(1)\" LINK>http://x.com/'onclick='alert(1)</a></p>"),
    ),
    (
        "[x](https://a\"onclick=\"alert(1))",
        Some("<p>[x](<a href=\"https://a\" LINK>https://a</a>\"onclick=\"alert(1))</p>"),
    ),
    (
        "[x](http://x.com/'><script>)",
        Some("<p>[x](<a href=\"http://x.com/\" LINK>http://x.com/</a>'&gt;&lt;script&gt;)</p>"),
    ),
];

#[test]
fn attacks_are_text() {
    for &attack in ATTACKS {
        let shown = attack.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert_eq!(html(attack), None, "of {attack}");
        // With a mark beside it, it goes through parser and allow list.
        let typed = format!("*x* `y` {attack}");
        let expected = format!("<p><em>x</em> <code>y</code> {shown}</p>");
        assert_eq!(html(&typed), Some(expected), "of {typed}");
    }
    check(ATTACKS_IN_MARKUP);
}
