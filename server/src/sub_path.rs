//! Where on its host the server is, as far as it has not the host for itself: what stands in front of each of its
//! addresses (`https://example.org/chat`). Parsed once from `--public-url`; knows no request and no page.
//!
//! A request that begins with it came through a proxy that hands paths on as they are, and any other through one that
//! has taken it away. That can be told apart because none of the server's own addresses begins with it: those that do
//! are refused here.

use std::fmt;

/// Of the whole, with its slashes.
const CHARS_MAX: usize = 100;
/// How deep it may be.
const SEGMENTS_MAX: usize = 8;

/// What the addresses at the root of this server begin with.
pub(crate) const TAKEN: [&str; 21] = [
    "R",
    "about",
    "account",
    "admin",
    "api",
    "create",
    "favicon-unread.svg",
    "favicon.svg",
    "healthz",
    "icon-180.png",
    "icon-192.png",
    "icon-512.png",
    "join",
    "leave",
    "manifest.webmanifest",
    "pkg",
    "r",
    "readyz",
    "robots.txt",
    "socket.io",
    "ws",
];

/// Nothing, or `/` and a name, up to eight times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubPath(String);

impl SubPath {
    /// Reads the path of an address. One slash behind it is what browsers show, and does not count.
    ///
    /// # Errors
    /// A sentence that repeats the path and says what to write instead.
    pub fn parse(typed: &str) -> anyhow::Result<Self> {
        let path = typed.strip_suffix('/').unwrap_or(typed);
        if path.is_empty() {
            return Ok(Self::default());
        }
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        anyhow::ensure!(
            path.len() <= CHARS_MAX && segments.len() <= SEGMENTS_MAX,
            "the path '{typed}' is too long: at most {SEGMENTS_MAX} names, and {CHARS_MAX} characters"
        );
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        for segment in &segments {
            anyhow::ensure!(!segment.is_empty(), "the path '{typed}' has two slashes in a row: write one, like /chat");
            anyhow::ensure!(
                !matches!(*segment, "." | ".."),
                "the path '{typed}' has steps: write it without '{segment}'"
            );
            anyhow::ensure!(
                segment.bytes().all(known),
                "the path '{typed}' has other characters than letters, digits, '-', '.', '_' and '~': write one like /chat"
            );
        }
        let first = segments.first().copied().unwrap_or_default();
        anyhow::ensure!(
            !TAKEN.contains(&first),
            "the path '{typed}' is one of this server's own addresses (/{first}): choose another, like /chat"
        );
        Ok(Self(["/", &segments.join("/")].concat()))
    }

    /// Whether the server has its host for itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands in front of an address that begins with a slash: nothing, or `/chat`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole address of a path of this server.
    pub fn at(&self, path: &str) -> String {
        [&self.0, path].concat()
    }

    /// The path of its cookies: they are sent to it and to all below it, and nowhere else on the host.
    pub fn of_cookies(&self) -> &str {
        if self.is_root() { "/" } else { &self.0 }
    }

    /// What is behind it in a path (or in a path with its query) that begins with it; nothing may be.
    pub fn behind<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.0).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

impl fmt::Display for SubPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CHARS_MAX, SubPath};

    fn of(typed: &str) -> SubPath {
        SubPath::parse(typed).expect(typed)
    }

    #[test]
    fn a_path_is_names_with_one_slash_before_each() {
        let eight = "/a".repeat(8);
        let table = [
            ("", ""),
            ("/", ""),
            ("/chat", "/chat"),
            ("/chat/", "/chat"),
            ("/Team/chat", "/Team/chat"),
            ("/a-b_c.d~e/0", "/a-b_c.d~e/0"),
            ("/...", "/..."),
            ("/chat/r", "/chat/r"),
            ("/API", "/API"),
            (eight.as_str(), eight.as_str()),
        ];
        for (typed, path) in table {
            assert_eq!(of(typed).as_str(), path, "{typed}");
        }
    }

    #[test]
    fn what_is_none_is_refused_with_a_sentence() {
        let (long, deep) = (format!("/{}", "a".repeat(CHARS_MAX)), "/a".repeat(9));
        let table = [
            ("//", "two slashes"),
            ("//chat", "two slashes"),
            ("/chat//", "two slashes"),
            ("/chat//a", "two slashes"),
            ("/..", "steps"),
            ("/chat/../a", "steps"),
            ("/./chat", "steps"),
            ("/ch at", "other characters"),
            ("/ch%61t", "other characters"),
            ("/%2e%2e", "other characters"),
            ("/plaudereck\u{e9}", "other characters"),
            ("/a\\b", "other characters"),
            ("/a;b", "other characters"),
            ("/a\"b", "other characters"),
            ("/a+b", "other characters"),
            ("/r", "own addresses (/r)"),
            ("/R/chat", "own addresses (/R)"),
            ("/api/chat", "own addresses (/api)"),
            ("/ws", "own addresses (/ws)"),
            ("/socket.io/", "own addresses"),
            ("/healthz", "own addresses"),
            ("/favicon.svg", "own addresses"),
            (long.as_str(), "too long"),
            (deep.as_str(), "too long"),
        ];
        for (typed, said) in table {
            let error = SubPath::parse(typed).expect_err(typed).to_string();
            assert!(error.contains(said) && error.contains(typed), "{typed}: {error}");
        }
    }

    #[test]
    fn addresses_are_joined_and_taken_apart() {
        let (root, chat) = (SubPath::default(), of("/chat"));
        assert!(root.is_root() && !chat.is_root());
        assert_eq!((root.at("/about"), chat.at("/about")), ("/about".to_owned(), "/chat/about".to_owned()));
        assert_eq!((root.of_cookies(), chat.of_cookies()), ("/", "/chat"));
        let table = [
            ("/chat", Some("")),
            ("/chat/", Some("/")),
            ("/chat/r/KW7P3MXQ", Some("/r/KW7P3MXQ")),
            ("/chat?x=1", Some("?x=1")),
            ("/chat//evil.example", Some("//evil.example")),
            ("/chat/chat/about", Some("/chat/about")),
            ("/chatter", None),
            ("/Chat/", None),
            ("/about", None),
            ("/", None),
            ("*", None),
            ("", None),
        ];
        for (path, behind) in table {
            assert_eq!(chat.behind(path), behind, "{path}");
        }
    }
}
