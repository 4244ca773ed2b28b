//! Which site's page sends a request. A cookie is sent by the browser whatever page asks, so it counts only together
//! with the site's own Origin.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::config::Config;
use crate::http::client_address::is_https;

/// Where a request comes from, as the browser tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This site's page, or one that the operator lists.
    Own,
    /// Not told: no browser, or one that only follows a link.
    Absent,
    /// Another site's page.
    Foreign,
}

/// Judges the header Origin.
pub fn origin(peer: IpAddr, headers: &HeaderMap, config: &Config) -> Origin {
    let mut told = headers.get_all(header::ORIGIN).iter();
    let Some(first) = told.next() else {
        return Origin::Absent;
    };
    let own = told.next().is_none()
        && first.to_str().is_ok_and(|told| {
            let told = told.to_ascii_lowercase();
            config.origins.contains(&told) || is_same_host(&told, headers, is_https(peer, headers, config))
        });
    if own { Origin::Own } else { Origin::Foreign }
}

/// Whether an origin is the host that the request was sent to. Where https is known to be spoken, http is another
/// site; where it is not, a proxy that nobody named may speak it, and the host decides.
fn is_same_host(origin: &str, headers: &HeaderMap, https: bool) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let default_port = match (scheme, https) {
        ("https", _) => ":443",
        ("http", false) => ":80",
        _ => return false,
    };
    let Some(host) = host(headers) else {
        return false;
    };
    let host = host.to_ascii_lowercase();
    authority == host.strip_suffix(default_port).unwrap_or(&host)
}

/// The host that the request was sent to.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{Origin, origin};
    use crate::config::{Config, Options};

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn judge(host: Option<&'static str>, told: Option<&'static str>, config: &Config) -> Origin {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, told)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        origin(PEER, &headers, config)
    }

    fn config(public_url: Option<&str>) -> Config {
        let allow_origin = vec!["https://other.example".to_owned()];
        let public_url = public_url.map(str::to_owned);
        Config::try_from(Options { public_url, allow_origin, ..Options::default() }).expect("is valid")
    }

    #[test]
    fn without_a_public_address_the_host_decides() {
        let table = [
            (Some("127.0.0.1:3000"), None, Origin::Absent),
            (Some("127.0.0.1:3000"), Some("http://127.0.0.1:3000"), Origin::Own),
            (Some("127.0.0.1:3000"), Some("https://127.0.0.1:3000"), Origin::Own),
            (Some("LOCALHOST:3000"), Some("http://localhost:3000"), Origin::Own),
            (Some("chat.example"), Some("https://chat.example"), Origin::Own),
            (Some("chat.example:80"), Some("http://chat.example"), Origin::Own),
            (Some("chat.example:443"), Some("https://chat.example"), Origin::Own),
            (Some("[::1]:3000"), Some("http://[::1]:3000"), Origin::Own),
            (Some("chat.example"), Some("https://other.example"), Origin::Own),
            (Some("chat.example"), Some("https://OTHER.example"), Origin::Own),
            (Some("chat.example"), Some("http://other.example"), Origin::Foreign),
            (Some("chat.example"), Some("https://other.example:444"), Origin::Foreign),
            (Some("127.0.0.1:3000"), Some("http://127.0.0.1:3001"), Origin::Foreign),
            (Some("127.0.0.1:3000"), Some("http://localhost:3000"), Origin::Foreign),
            (Some("chat.example"), Some("https://chat.example.evil.example"), Origin::Foreign),
            (Some("chat.example"), Some("https://evil.example"), Origin::Foreign),
            (Some("chat.example"), Some("null"), Origin::Foreign),
            (Some("chat.example"), Some(""), Origin::Foreign),
            (Some("chat.example"), Some("chat.example"), Origin::Foreign),
            (Some("chat.example"), Some("ftp://chat.example"), Origin::Foreign),
            (Some("chat.example"), Some("https://chat.example/"), Origin::Foreign),
            (Some("chat.example"), Some("https://user@chat.example"), Origin::Foreign),
            (Some(""), Some("http://"), Origin::Foreign),
            (None, Some("http://chat.example"), Origin::Foreign),
        ];
        for (host, told, expected) in table {
            assert_eq!(judge(host, told, &config(None)), expected, "{told:?} at {host:?}");
        }
    }

    #[test]
    fn with_https_its_http_twin_is_another_site() {
        let config = config(Some("https://chat.example"));
        let table = [
            (Some("chat.example"), Some("https://chat.example"), Origin::Own),
            // A proxy that does not hand on the host it was asked for.
            (Some("127.0.0.1:3000"), Some("https://chat.example"), Origin::Own),
            (Some("chat.example"), Some("http://chat.example"), Origin::Foreign),
            (Some("chat.example"), Some("http://other.example"), Origin::Foreign),
            (Some("chat.example"), Some("https://other.example"), Origin::Own),
        ];
        for (host, told, expected) in table {
            assert_eq!(judge(host, told, &config), expected, "{told:?} at {host:?}");
        }
    }

    #[test]
    fn two_origins_are_none_of_ours() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("chat.example"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://chat.example"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://evil.example"));
        assert_eq!(origin(PEER, &headers, &config(None)), Origin::Foreign);
    }
}
