//! R10, R20: what is typed is what is read. Markup that is not allowed stays text, and nothing makes a reader's
//! browser fetch or run anything.

use protocol::ErrorCode;

use crate::harness::{Guest, Room, TestClient, TestServer};

/// Typed text that no markup rule touches: it goes through as it is, and there is no HTML for it.
const PLAIN: &[&str] = &[
    "javascript: the good parts",
    "onclick = f",
    "%",
    "100 %s %n %x",
    "a < b & c",
    "2 < 3 && x > 1",
    "&amp; &lt;b&gt; &#x41;",
    "Vec<String> and Option<&str>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<style>*{background:url(x)}</style>",
    "<!-- comment --> <![CDATA[ x ]]>",
    "</div></body></html>",
    "\u{202e}right to left\u{202c} \u{200f}mark\u{200e}",
    "zero\u{200b}width\u{feff}and\u{2060}joiners",
    "e\u{301}\u{302}\u{303} combining",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪",
    "tab\there, line\nthere",
    "'; DROP TABLE users; --",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "\\ud800 as text",
    "\u{1}\u{7f}\u{85}\u{fffd} controls",
    "../../../etc/passwd",
    "CON PRN NUL",
    "undefined null NaN true",
];

/// Typed text with markup in it; what must be in the HTML, whatever else is.
const MARKUP: &[(&str, &[&str])] = &[
    ("**bold** and <script>alert(1)</script>", &["<strong>bold</strong>", "&lt;script&gt;alert(1)&lt;/script&gt;"]),
    ("**x** <img src=x onerror=alert(1)>", &["&lt;img src=x onerror=alert(1)&gt;"]),
    ("*a* < b & c &amp; d", &["<em>a</em> &lt; b &amp; c &amp;amp; d"]),
    ("`Vec<String>`", &["<code>Vec&lt;String&gt;</code>"]),
    ("**x** ![pic](https://evil.example/x.png)", &["<strong>x</strong>"]),
    ("[x](javascript:alert(1)) **y**", &["<strong>y</strong>"]),
    ("[x](JaVaScRiPt:alert(1)) **y**", &["<strong>y</strong>"]),
    ("[x](data:text/html,<script>alert(1)</script>) **y**", &["<strong>y</strong>"]),
    ("[x](vbscript:x) **y**", &["<strong>y</strong>"]),
    ("[x](//evil.example) **y**", &["<strong>y</strong>"]),
    ("[x](https://example.org/?a=1&b=\"2\") **y**", &["href=\"https://example.org/", "<strong>y</strong>"]),
    ("https://example.org/<script>", &["href=\"https://example.org/"]),
    ("> quote\n> <b>not bold</b>", &["<blockquote>", "&lt;b&gt;not bold&lt;/b&gt;"]),
    ("```html\n<script>alert(1)</script>\n```", &["<code", "&lt;script&gt;"]),
    ("* one\n* two <style>x</style>", &["<li>", "&lt;style&gt;"]),
    ("**nul\0byte**", &["<strong>nul"]),
];

const TAGS: &[&str] = &["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"];
const ATTRIBUTES: &[&str] = &["href", "rel", "target", "class", "start"];

/// Reads HTML tag by tag: only known tags and attributes, every link on purpose and to the open web.
fn assert_harmless(html: &str) {
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').unwrap_or_else(|| panic!("an open tag in {html}"));
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert!(TAGS.contains(&name), "<{name}> in {html}");
        for attribute in tag.split_inclusive("\" ").flat_map(|part| part.split(' ')).filter(|part| part.contains("=\""))
        {
            let (name, value) = attribute.split_once("=\"").expect("has one");
            assert!(ATTRIBUTES.contains(&name), "{name} in {html}");
            let safe = ["http://", "https://", "mailto:"].iter().any(|scheme| value.starts_with(scheme));
            assert!(name != "href" || safe, "{value} in {html}");
        }
    }
    let lower = html.to_lowercase();
    for never in ["src=", "srcset", "style=", "<link", "<meta", "url(", " on"] {
        let outside_text = lower.split('<').skip(1).filter_map(|part| part.split('>').next());
        assert!(!outside_text.into_iter().any(|tag| tag.contains(never)), "{never} in {html}");
    }
}

async fn pair(server: &TestServer) -> (Room, TestClient, TestClient) {
    let (one, two) = (Guest::new(server).await, Guest::new(server).await);
    let room = one.room().await;
    let (sender, reader) = (one.enter(&room).await, two.enter(&room).await);
    (room, sender, reader)
}

async fn generous() -> TestServer {
    TestServer::limited(|limits| limits.sends_burst = 1_000).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_plain_text_is_read_as_it_was_typed_and_is_no_html() {
    let server = generous().await;
    let (room, mut sender, mut reader) = pair(&server).await;
    for typed in PLAIN {
        sender.say(&room.code, typed).await;
        let message = reader.expect_message(typed).await;
        assert_eq!(message.html, None, "{typed}");
    }
    let nul = "a\0b";
    sender.say(&room.code, nul).await;
    reader.expect_message(nul).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_r20_markup_keeps_the_text_and_fetches_and_runs_nothing() {
    let server = generous().await;
    let (room, mut sender, mut reader) = pair(&server).await;
    for (typed, wanted) in MARKUP {
        sender.say(&room.code, typed).await;
        let message = reader.expect_message(typed).await;
        let html = message.html.unwrap_or_else(|| panic!("no markup in {typed}"));
        assert_harmless(&html);
        for part in *wanted {
            assert!(html.contains(part), "{part} is not in {html}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_no_hostile_text_is_made_dangerous_by_markup_around_it() {
    let server = generous().await;
    let (room, mut sender, mut reader) = pair(&server).await;
    for typed in PLAIN {
        for around in [
            format!("**x** {typed}"),
            format!("> {typed}"),
            format!("[{typed}](https://example.org)"),
            format!("[x]({typed}) *y*"),
        ] {
            sender.say(&room.code, &around).await;
            let message = reader.expect_message(&around).await;
            if let Some(html) = message.html {
                assert_harmless(&html);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_a_lone_surrogate_is_refused_and_the_connection_goes_on() {
    let server = generous().await;
    let (room, mut sender, mut reader) = pair(&server).await;
    let cid = sender.cid();
    let frame = |text: &str| {
        format!("{{\"t\":\"send\",\"cid\":\"{}\",\"room\":\"{}\",\"text\":\"{text}\"}}", cid.as_str(), room.code)
    };
    for lone in ["\\ud800", "x\\udfffy", "\\ud83e and then"] {
        sender.wire.text(&frame(lone)).await;
        let (code, _) = sender
            .expect("error", |frame| match frame {
                protocol::ServerFrame::Error { code, retry_after_ms, .. } => Some((*code, *retry_after_ms)),
                _ => None,
            })
            .await;
        assert_eq!(code, ErrorCode::BadFrame);
    }
    // The pair of them is a character.
    sender.wire.text(&frame("\\ud83e\\udd80")).await;
    reader.expect_message("🦀").await;
}
