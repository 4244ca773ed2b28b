//! Requests that a misconfigured proxy has damaged: a warning for the operator, with the setting that helps.
//!
//! Each once in the life of the process, because whoever sends such requests could fill the log otherwise, and without
//! anything of the request: no name and no address.

use std::net::IpAddr;
use std::sync::Once;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, Version, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::config::Config;
use crate::http::client_address::elements;
use crate::http::host::{host, is_same_host};

/// What is wrong with a request that a proxy handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProxyFault {
    /// A WebSocket is asked for, and the header that asks did not arrive.
    UpgradeTaken,
    /// The page is the site's own, but the host that it was asked of did not arrive.
    HostRewritten,
    /// The page is this server's, opened at another address than the public one.
    AnotherAddress,
}

/// Looks at every request for a WebSocket, whatever the path.
pub(crate) async fn advise(request: Request, next: Next) -> Response {
    if lost_its_upgrade(&request) {
        tell(ProxyFault::UpgradeTaken);
    }
    next.run(request).await
}

/// Looks at a request whose Origin is none of ours. `told` is empty where it cannot be read.
pub(super) fn on_foreign_origin(told: &str, headers: &HeaderMap, config: &Config) {
    if let Some(fault) = fault_of_host(told, headers, config) {
        tell(fault);
    }
}

fn lost_its_upgrade(request: &Request) -> bool {
    let headers = request.headers();
    let holds = |name: header::HeaderName, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(wanted))
    };
    // Proxies take away what is theirs to take (Connection, Upgrade) and leave the rest of the handshake.
    let asks = headers.contains_key(header::SEC_WEBSOCKET_KEY)
        || headers.get("sec-fetch-mode").is_some_and(|mode| mode == "websocket")
        || request.uri().path() == "/ws" && headers.contains_key(header::ORIGIN);
    let arrived = holds(header::CONNECTION, "upgrade") && holds(header::UPGRADE, "websocket");
    request.method() == Method::GET && asks && !(arrived && request.version() > Version::HTTP_10)
}

fn fault_of_host(told: &str, headers: &HeaderMap, config: &Config) -> Option<ProxyFault> {
    let authority = told.split_once("://")?.1;
    let site = headers.get("sec-fetch-site").map(|site| site == "same-origin");
    if config.public_url.is_some() {
        let here = site.unwrap_or_else(|| is_same_host(told, headers, false));
        return here.then_some(ProxyFault::AnotherAddress);
    }
    // Where the browser does not say that the page is the site's own, the names do: a proxy tells the one it was asked
    // by, or asks by one that only a machine behind it would use.
    let named = || {
        let forwarded = headers.get("x-forwarded-host").and_then(|host| host.to_str().ok());
        let by_x =
            || forwarded.is_some_and(|host| host.split(',').any(|host| host.trim().eq_ignore_ascii_case(authority)));
        let standard = || elements(headers).flatten().filter_map(|told| told.host);
        by_x() || standard().any(|host| host.eq_ignore_ascii_case(authority))
    };
    let inner = || host(headers).is_some_and(is_inner) && !is_inner(authority);
    site.unwrap_or_else(|| named() || inner()).then_some(ProxyFault::HostRewritten)
}

/// Whether a host is a name or number that means something on one machine or network of containers only.
fn is_inner(authority: &str) -> bool {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => authority,
    };
    let number: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
    number.map_or_else(|| !name.contains('.'), |ip| ip.is_loopback())
}

fn tell(fault: ProxyFault) {
    static UPGRADE: Once = Once::new();
    static HOST: Once = Once::new();
    static ADDRESS: Once = Once::new();
    match fault {
        ProxyFault::UpgradeTaken => UPGRADE.call_once(|| {
            tracing::warn!(
                "a WebSocket was asked for, but the header Upgrade did not arrive: a proxy in front takes it away, and \
                 pages can't connect. Let it pass (nginx: proxy_http_version 1.1; proxy_set_header Upgrade \
                 $http_upgrade; proxy_set_header Connection \"upgrade\";)"
            );
        }),
        ProxyFault::HostRewritten => HOST.call_once(|| {
            tracing::warn!(
                "requests of what may be this site's own pages are refused, because the header Host is not the one that \
                 people see: a proxy in front rewrites it. Start with --public-url and the address that people use, or \
                 let Host pass (nginx: proxy_set_header Host $http_host;)"
            );
        }),
        ProxyFault::AnotherAddress => ADDRESS.call_once(|| {
            tracing::warn!(
                "requests of this server's pages are refused, because people opened them at another address than \
                 --public-url: lead people to that one, or add the other with --allow-origin"
            );
        }),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Version};

    use super::{ProxyFault, fault_of_host, lost_its_upgrade};
    use crate::config::{Config, Options};

    type List = &'static [(&'static str, &'static str)];

    const WHOLE: [(&str, &str); 3] =
        [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket"), ("sec-websocket-key", "x")];

    fn headers(list: List) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn an_upgrade_that_a_proxy_took_is_seen() {
        let table: [(&str, List, Version, bool); 9] = [
            ("/ws", &WHOLE, Version::HTTP_11, false),
            ("/ws", &WHOLE, Version::HTTP_10, true),
            ("/ws", &[WHOLE[1], WHOLE[2]], Version::HTTP_11, true),
            ("/ws", &[WHOLE[0], WHOLE[2]], Version::HTTP_11, true),
            ("/socket.io/", &[("connection", "close"), WHOLE[2]], Version::HTTP_10, true),
            ("/ws", &[("sec-fetch-mode", "websocket")], Version::HTTP_11, true),
            ("/ws", &[("origin", "https://chat.example")], Version::HTTP_11, true),
            ("/ws", &[], Version::HTTP_11, false),
            ("/r/KW7P3MXQ", &[("origin", "https://chat.example")], Version::HTTP_11, false),
        ];
        for (path, list, version, expected) in table {
            let mut request = Request::builder().uri(path).version(version).body(Body::empty()).expect("is a request");
            *request.headers_mut() = headers(list);
            assert_eq!(lost_its_upgrade(&request), expected, "{path} {list:?} {version:?}");
        }
    }

    #[test]
    fn a_host_that_a_proxy_rewrote_is_told_from_another_site() {
        let table: [(Option<&str>, List, &str, Option<ProxyFault>); 15] = [
            (
                None,
                &[("host", "inner.example"), ("forwarded", "for=192.0.2.1;host=Chat.example")],
                "https://chat.example",
                Some(ProxyFault::HostRewritten),
            ),
            (None, &[("host", "127.0.0.1:3000")], "https://chat.example", Some(ProxyFault::HostRewritten)),
            (None, &[("host", "whisperspace:3000")], "https://chat.example", Some(ProxyFault::HostRewritten)),
            (None, &[("host", "[::1]:3000")], "https://chat.example", Some(ProxyFault::HostRewritten)),
            (
                None,
                &[("host", "inner.example"), ("x-forwarded-host", "Chat.example")],
                "https://chat.example",
                Some(ProxyFault::HostRewritten),
            ),
            (
                None,
                &[("host", "inner.example"), ("sec-fetch-site", "same-origin")],
                "https://chat.example",
                Some(ProxyFault::HostRewritten),
            ),
            (None, &[("host", "inner.example")], "https://chat.example", None),
            // A server on somebody's own machine, and a page of elsewhere that tries it.
            (None, &[("host", "localhost:3000"), ("sec-fetch-site", "cross-site")], "https://evil.example", None),
            (None, &[("host", "localhost:3000")], "http://localhost:8080", None),
            (None, &[("host", "127.0.0.1:3000")], "null", None),
            (None, &[("host", "127.0.0.1:3000")], "", None),
            (
                Some("https://chat.example"),
                &[("host", "www.chat.example")],
                "https://www.chat.example",
                Some(ProxyFault::AnotherAddress),
            ),
            (
                Some("https://chat.example"),
                &[("host", "127.0.0.1:3000"), ("sec-fetch-site", "same-origin")],
                "https://www.chat.example",
                Some(ProxyFault::AnotherAddress),
            ),
            (Some("https://chat.example"), &[("host", "127.0.0.1:3000")], "https://evil.example", None),
            (
                Some("https://chat.example"),
                &[("host", "chat.example"), ("sec-fetch-site", "cross-site")],
                "https://evil.example",
                None,
            ),
        ];
        for (public_url, list, told, expected) in table {
            let options = Options { public_url: public_url.map(str::to_owned), ..Options::default() };
            let config = Config::try_from(options).expect("is valid");
            assert_eq!(fault_of_host(told, &headers(list), &config), expected, "{told} with {list:?}");
        }
    }
}
