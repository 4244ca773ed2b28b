//! Origins as browsers write them in the header Origin, and the list of those whose pages may use this server.
//!
//! An origin is `scheme://host` with a port where it is not the scheme's own (RFC 6454). Whatever no browser would send
//! is refused when the server starts: an entry that never matches is a mistake that nobody would find.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::sub_path::SubPath;

/// Schemes whose pages send `Origin: null` or none, or that are no schemes of pages.
const NEVER_SENT: [&str; 9] = ["about", "blob", "data", "file", "ftp", "javascript", "mailto", "ws", "wss"];
/// The longest name in the domain name system.
const HOST_CHARS_MAX: usize = 253;

/// Pages that the operator lets use this server as if they were its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Those of one origin, in lower case.
    One(String),
    /// Those of every host below one: `https://*.example.com`.
    Below {
        /// `https://`
        start: String,
        /// `.example.com`, with the port where there is one.
        end: String,
    },
}

impl AllowedOrigin {
    /// Whether a page of this origin is meant; `told` is what its browser sends, in lower case.
    pub fn allows(&self, told: &str) -> bool {
        match self {
            Self::One(origin) => origin == told,
            Self::Below { start, end } => {
                let below = told.strip_prefix(start.as_str()).and_then(|rest| rest.strip_suffix(end.as_str()));
                below.is_some_and(|labels| labels.split('.').all(is_label))
            }
        }
    }
}

impl FromStr for AllowedOrigin {
    type Err = anyhow::Error;

    /// # Errors
    /// A sentence that repeats the text and says what to write instead.
    fn from_str(typed: &str) -> anyhow::Result<Self> {
        let lower = lower(typed)?;
        anyhow::ensure!(lower != "null", "'null' is what a page of any site can send: it can't be allowed");
        let (scheme, authority) = split(typed, &lower)?;
        match scheme {
            "http" | "https" => match authority.strip_prefix("*.") {
                Some(base) => {
                    let (start, base) = (format!("{scheme}://"), web_authority(typed, scheme, base)?);
                    let name = base.split(':').next().unwrap_or_default();
                    let is_name = name.parse::<Ipv4Addr>().is_err() && !name.starts_with('[');
                    anyhow::ensure!(
                        is_name && (name.contains('.') || name == "localhost"),
                        "'{typed}' would let in the pages of strangers: a wildcard stands for the hosts below one of \
                         yours, like https://*.example.com"
                    );
                    Ok(Self::Below { start, end: format!(".{base}") })
                }
                None => Ok(Self::One(format!("{scheme}://{}", web_authority(typed, scheme, authority)?))),
            },
            never if NEVER_SENT.contains(&never) => {
                anyhow::bail!("'{typed}' is no origin that a page sends: {never} is not the scheme of pages")
            }
            _ => {
                refuse_wildcard(typed, authority)?;
                let (name, port) =
                    authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
                let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
                let fits = (1..=HOST_CHARS_MAX).contains(&name.len()) && name.bytes().all(known);
                let numbered = port.is_none_or(|port| port.parse::<u16>().is_ok());
                anyhow::ensure!(fits && numbered, "'{typed}' is not an origin like capacitor://localhost");
                Ok(Self::One(lower))
            }
        }
    }
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(origin) => f.write_str(origin),
            Self::Below { start, end } => write!(f, "{start}*{end}"),
        }
    }
}

/// The address that people use, as the origin of its pages, and where on that host they are.
///
/// # Errors
/// A sentence that repeats the text and says what to write instead.
pub fn public_address(typed: &str) -> anyhow::Result<(String, SubPath)> {
    let trimmed = typed.trim();
    anyhow::ensure!(
        !trimmed.contains(['?', '#']),
        "'{typed}' has a query or a fragment: an address is like https://chat.example or https://example.org/chat"
    );
    let host = trimmed.find("://").map_or(0, |at| at + 3);
    let path = trimmed[host..].find('/').map_or(trimmed.len(), |at| host + at);
    let (origin, path) = trimmed.split_at(path);
    Ok((public_origin(origin)?, SubPath::parse(path)?))
}

fn public_origin(typed: &str) -> anyhow::Result<String> {
    let lower = lower(typed)?;
    let (scheme, authority) = split(typed, &lower)?;
    anyhow::ensure!(
        matches!(scheme, "http" | "https"),
        "'{typed}' is not an address that people open in a browser, like https://chat.example"
    );
    Ok(format!("{scheme}://{}", web_authority(typed, scheme, authority)?))
}

/// In lower case and without the slash that browsers show behind a host.
fn lower(typed: &str) -> anyhow::Result<String> {
    let trimmed = typed.trim();
    anyhow::ensure!(
        trimmed.is_ascii(),
        "'{typed}' is not written as browsers send it: a name in other letters begins with xn-- there"
    );
    let bare = trimmed.strip_suffix('/').filter(|bare| !bare.ends_with('/')).unwrap_or(trimmed);
    Ok(bare.to_ascii_lowercase())
}

fn split<'a>(typed: &str, lower: &'a str) -> anyhow::Result<(&'a str, &'a str)> {
    let (scheme, authority) = lower
        .split_once("://")
        .ok_or_else(|| anyhow::anyhow!("'{typed}' is not an origin like https://chat.example"))?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(known);
    anyhow::ensure!(is_scheme, "'{typed}' is not an origin like https://chat.example");
    anyhow::ensure!(
        !authority.contains(['/', '?', '#', '\\']),
        "'{typed}' has a path: an origin ends with its host, like https://chat.example"
    );
    anyhow::ensure!(!authority.contains('@'), "'{typed}' names a user: an origin is like https://chat.example");
    Ok((scheme, authority))
}

fn refuse_wildcard(typed: &str, authority: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        !authority.contains('*'),
        "'{typed}' has a wildcard in the wrong place: one may stand in front of a host, like https://*.example.com"
    );
    Ok(())
}

/// Host and port as browsers write them.
fn web_authority(typed: &str, scheme: &str, authority: &str) -> anyhow::Result<String> {
    refuse_wildcard(typed, authority)?;
    let wrong = || anyhow::anyhow!("'{typed}' is not an origin like https://chat.example");
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        Some(_) | None => (authority, None),
    };
    let host = host(name).ok_or_else(wrong)?;
    let default_port = if scheme == "https" { 443 } else { 80 };
    match port.map(str::parse::<u16>) {
        None => Ok(host),
        Some(Ok(port)) if port == default_port => Ok(host),
        Some(Ok(port)) if port != 0 => Ok(format!("{host}:{port}")),
        Some(Ok(_) | Err(_)) => Err(wrong()),
    }
}

fn host(name: &str) -> Option<String> {
    if let Some(bare) = name.strip_prefix('[') {
        let v6: Ipv6Addr = bare.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{v6}]"));
    }
    let labels: Vec<_> = name.split('.').collect();
    let is_number = labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number {
        // Browsers read every name that ends in a number as an IPv4 address.
        return name.parse::<Ipv4Addr>().ok().map(|v4| v4.to_string());
    }
    (name.len() <= HOST_CHARS_MAX && labels.into_iter().all(is_label)).then(|| name.to_owned())
}

fn is_label(label: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&label.len()) && label.bytes().all(known) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::{AllowedOrigin, public_address};

    fn parse(typed: &str) -> Result<AllowedOrigin, String> {
        typed.parse().map_err(|error: anyhow::Error| error.to_string())
    }

    #[test]
    fn origins_of_sites_applications_and_extensions_can_be_allowed() {
        let table = [
            ("https://other.example", "https://other.example"),
            (" HTTPS://Other.Example:443/ ", "https://other.example"),
            ("http://other.example:80", "http://other.example"),
            ("http://other.example:443", "http://other.example:443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://192.0.2.7:3000", "http://192.0.2.7:3000"),
            ("https://[2001:DB8:0:0::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("https://my_host.example", "https://my_host.example"),
            ("http://tauri.localhost", "http://tauri.localhost"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("capacitor://localhost/", "capacitor://localhost"),
            ("ionic://localhost", "ionic://localhost"),
            ("tauri://localhost", "tauri://localhost"),
            ("app://.", "app://."),
            ("app://obsidian.md", "app://obsidian.md"),
            (
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            ),
            (
                "moz-extension://1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f",
                "moz-extension://1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f",
            ),
            (
                "safari-web-extension://E5A5D2E2-0000-4000-8000-1A2B3C4D5E6F",
                "safari-web-extension://e5a5d2e2-0000-4000-8000-1a2b3c4d5e6f",
            ),
        ];
        for (typed, sent) in table {
            let allowed = parse(typed).expect(typed);
            assert!(allowed.allows(sent), "{typed}");
            assert_eq!(allowed.to_string(), sent);
            assert!(parse(sent) == Ok(allowed), "{typed} is printed as what gives it");
        }
    }

    #[test]
    fn a_leading_wildcard_stands_for_the_hosts_below() {
        let allowed = parse("https://*.Example.com").expect("is one");
        assert_eq!(allowed.to_string(), "https://*.example.com");
        for own in ["https://a.example.com", "https://a.b.example.com", "https://x-1.example.com"] {
            assert!(allowed.allows(own), "{own}");
        }
        let foreign = [
            "https://example.com",
            "https://.example.com",
            "https://a..example.com",
            "http://a.example.com",
            "https://a.example.com:8443",
            "https://aexample.com",
            "https://a.example.com.evil.example",
            "https://evil.example/.example.com",
            "https://evil.example#.example.com",
            "https://user@a.example.com",
            "https://*.example.com",
            "null",
            "",
        ];
        for foreign in foreign {
            assert!(!allowed.allows(foreign), "{foreign}");
        }
        let with_port = parse("http://*.localhost:8080").expect("is one");
        assert!(with_port.allows("http://a.localhost:8080") && !with_port.allows("http://a.localhost"));
    }

    #[test]
    fn what_no_page_would_ever_send_is_refused_with_a_sentence() {
        let table = [
            ("", "origin like"),
            ("*", "origin like"),
            ("null", "null"),
            ("other.example", "origin like"),
            ("https:/other.example", "origin like"),
            ("://other.example", "origin like"),
            ("1http://other.example", "origin like"),
            ("https://", "origin like"),
            ("https:///", "path"),
            ("https://other.example/path", "path"),
            ("https://other.example//", "path"),
            ("https://other.example?x", "path"),
            ("https://other.example#x", "path"),
            ("https://user@other.example", "user"),
            ("https://other.example:", "origin like"),
            ("https://other.example:0", "origin like"),
            ("https://other.example:65536", "origin like"),
            ("https://other.example:https", "origin like"),
            ("https://other..example", "origin like"),
            ("https://-other.example", "origin like"),
            ("https://other example", "origin like"),
            ("https://1.2.3.4.5", "origin like"),
            ("https://[2001:db8::1", "origin like"),
            ("https://bücher.example", "xn--"),
            ("https://*", "wildcard"),
            ("https://*.com", "strangers"),
            ("https://*.192.0.2.7", "strangers"),
            ("https://*.*.example.com", "wildcard"),
            ("https://a.*.example.com", "wildcard"),
            ("https://a*.example.com", "wildcard"),
            ("https://*example.com", "wildcard"),
            ("https://example.*", "wildcard"),
            ("https://example.com:*", "wildcard"),
            ("*://example.com", "origin like"),
            ("moz-extension://*", "wildcard"),
            ("capacitor://", "capacitor://localhost"),
            ("capacitor://localhost/index.html", "path"),
            ("capacitor://local host", "capacitor://localhost"),
            ("file:///", "path"),
            ("file://localhost", "scheme"),
            ("ftp://x", "scheme"),
            ("wss://other.example", "scheme"),
        ];
        for (typed, said) in table {
            let error = parse(typed).expect_err(typed);
            assert!(error.contains(said) && error.contains(typed), "{typed}: {error}");
        }
    }

    #[test]
    fn the_public_address_is_one_that_a_browser_opens() {
        for (typed, origin, path) in [
            ("https://Chat.Example:443/", "https://chat.example", ""),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000", ""),
            ("https://[::1]", "https://[::1]", ""),
            ("https://Example.org/chat", "https://example.org", "/chat"),
            (" HTTPS://example.org:8443/Team/chat/ ", "https://example.org:8443", "/Team/chat"),
            ("http://[::1]:3000/chat", "http://[::1]:3000", "/chat"),
        ] {
            let (found, below) = public_address(typed).expect(typed);
            assert_eq!((found.as_str(), below.as_str()), (origin, path));
        }
        for (typed, said) in [
            ("chat.example", "origin like"),
            ("https://*.example.com", "wildcard"),
            ("capacitor://localhost", "browser"),
            ("https://example.org/chat?x=1", "query"),
            ("https://example.org/chat#x", "fragment"),
            ("https://chat.example?x", "query"),
            ("https://user@chat.example", "user"),
        ] {
            let error = public_address(typed).expect_err(typed).to_string();
            assert!(error.contains(said) && error.contains(typed), "{error}");
        }
        for (typed, said) in [
            ("https://chat.example//", "two slashes"),
            ("https://example.org/chat/../x", "steps"),
            ("https://example.org/ch%61t", "other characters"),
            ("https://example.org/r", "own addresses"),
            ("https:///chat", "origin like"),
            ("/chat", "origin like"),
        ] {
            let error = public_address(typed).expect_err(typed).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
