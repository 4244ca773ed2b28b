//! Which site's page sends a request. A cookie is sent by the browser whatever page asks, so it counts only together
//! with the site's own Origin.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use protocol::ErrorCode;

use crate::apps::registry::Applications;
use crate::auth::{Credential, Sent};
use crate::config::Config;
use crate::http::advice;
use crate::http::client_address::is_https;
use crate::http::host::is_same_host;

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
    if !headers.contains_key(header::ORIGIN) {
        return Origin::Absent;
    }
    let told = told(headers);
    if told.as_deref().is_some_and(|told| is_own(told, peer, headers, config)) {
        return Origin::Own;
    }
    advice::on_foreign_origin(told.as_deref().unwrap_or_default(), headers, config);
    Origin::Foreign
}

/// The login with which a request may open a connection. A page cannot set the header of a bearer token there: whoever
/// sends it is a program that holds the token. Without an Origin a cookie proves nothing; a token may still come later.
pub(crate) fn login(origin: Origin, sent: Sent) -> Result<Sent, ErrorCode> {
    match (origin, sent) {
        (_, Ok(Some(bearer @ Credential::Bearer(_)))) => Ok(Ok(Some(bearer))),
        (Origin::Own, Ok(Some(cookie @ Credential::Cookie(_)))) => Ok(Ok(Some(cookie))),
        (Origin::Own, Err(code)) => Ok(Err(code)),
        (Origin::Own | Origin::Absent, _) => Ok(Ok(None)),
        (Origin::Foreign, _) => Err(ErrorCode::BadOrigin),
    }
}

/// The origin of a page that is an application's: it says by that one's token who it is, and no cookie counts for it.
pub(crate) fn of_application(site: Origin, headers: &HeaderMap, apps: &Applications) -> Option<String> {
    told(headers).filter(|told| site == Origin::Foreign && apps.lists_origin(told))
}

/// What the header Origin tells, in lower case. Two of them tell nothing.
pub(crate) fn told(headers: &HeaderMap) -> Option<String> {
    let mut told = headers.get_all(header::ORIGIN).iter();
    let first = told.next()?.to_str().ok()?.to_ascii_lowercase();
    told.next().is_none().then_some(first)
}

/// Whether the pages of an origin are this site's own or listed. Where the operator tells the public address, nothing
/// else is the site's own: what a request says it was sent to is its sender's claim.
pub(crate) fn is_own(told: &str, peer: IpAddr, headers: &HeaderMap, config: &Config) -> bool {
    config.lists(told) || config.public_url.is_none() && is_same_host(told, headers, is_https(peer, headers, config))
}

/// The origin of the page that led to this request, where the browser tells it.
pub(crate) fn referer(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let host = referer.find("://")? + 3;
    let end = referer.get(host..)?.find('/').map_or(referer.len(), |at| host + at);
    referer.get(..end).map(str::to_ascii_lowercase)
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
    fn with_a_public_address_the_host_that_a_request_names_makes_no_page_an_own_one() {
        let https = config(Some("https://chat.example"));
        let plain = config(Some("http://chat.example:3000"));
        let table = [
            (&https, Some("evil.example"), Some("https://evil.example"), Origin::Foreign),
            (&https, Some("192.0.2.7:3000"), Some("http://192.0.2.7:3000"), Origin::Foreign),
            (&https, Some("evil.example"), Some("https://chat.example"), Origin::Own),
            (&plain, Some("evil.example"), Some("http://evil.example"), Origin::Foreign),
            (&plain, Some("chat.example:3000"), Some("https://chat.example:3000"), Origin::Foreign),
            (&plain, Some("chat.example:3000"), Some("http://chat.example:3000"), Origin::Own),
            (&plain, None, None, Origin::Absent),
        ];
        for (config, host, told, expected) in table {
            assert_eq!(judge(host, told, config), expected, "{told:?} at {host:?}");
        }
    }

    #[test]
    fn applications_and_wildcards_are_own_where_they_are_listed() {
        let allow_origin = ["capacitor://localhost", "moz-extension://1A2B-3C", "https://*.team.example"];
        let allow_origin = allow_origin.map(str::to_owned).to_vec();
        let config = Config::try_from(Options { allow_origin, ..Options::default() }).expect("is valid");
        let table = [
            ("capacitor://localhost", Origin::Own),
            ("moz-extension://1a2b-3c", Origin::Own),
            ("https://a.team.example", Origin::Own),
            ("https://a.b.team.example", Origin::Own),
            ("https://team.example", Origin::Foreign),
            ("ionic://localhost", Origin::Foreign),
            ("capacitor://other", Origin::Foreign),
            ("moz-extension://1a2b-3d", Origin::Foreign),
        ];
        for (told, expected) in table {
            assert_eq!(judge(Some("chat.example"), Some(told), &config), expected, "{told}");
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
