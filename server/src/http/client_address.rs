//! Where a request comes from, through the proxies that the operator trusts and through no others.
//!
//! Proxies tell it by X-Forwarded-* or by Forwarded. Most write the former and hand on what a client claims in the latter,
//! so where both are there X-Forwarded-* counts; an operator whose proxy writes Forwarded alone says so, and then nothing
//! else is read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use axum::http::{HeaderMap, header};

use crate::config::{Config, ProxyHeaders};
use crate::http::forwarded::{self, Element};
use realtime::address::Address;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// Proxies one behind the other. What more of them would tell is not read.
const HOPS_MAX: usize = 16;

/// The address to count: the peer's, or behind trusted proxies the last one that they were called from.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, config: &Config) -> Address {
    let (is_x, is_standard) = (headers.contains_key(FORWARDED_FOR), headers.contains_key(header::FORWARDED));
    if !is_x && !is_standard {
        return peer.into();
    }
    if !is_trusted(peer, config) {
        warn_of_a_stranger();
        return peer.into();
    }
    let by_x = || nearest(peer, x_hops(headers).map(parse_hop), config);
    let by_standard = || nearest(peer, elements(headers).map(|told| told.and_then(|told| told.caller)), config);
    match kind(FORWARDED_FOR, headers, config) {
        ProxyHeaders::XForwarded => {
            let counted = by_x();
            if is_standard && config.proxy_headers.is_none() && counted != by_standard() {
                warn_of_two();
            }
            counted
        }
        ProxyHeaders::Forwarded => by_standard(),
    }
}

/// Which of the two is read: what the operator says, or else the older where it is there.
fn kind(older: &str, headers: &HeaderMap, config: &Config) -> ProxyHeaders {
    let there = || if headers.contains_key(older) { ProxyHeaders::XForwarded } else { ProxyHeaders::Forwarded };
    config.proxy_headers.unwrap_or_else(there)
}

/// Whether the person came by https, to this server or to a trusted proxy in front of it.
pub fn is_https(peer: IpAddr, headers: &HeaderMap, config: &Config) -> bool {
    config.https || is_trusted(peer, config) && is_told_https(headers, config)
}

fn is_told_https(headers: &HeaderMap, config: &Config) -> bool {
    let is_https = |scheme: &str| scheme.trim().eq_ignore_ascii_case("https");
    let by_x = || {
        let told = headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
        told.and_then(|value| value.rsplit(',').next()).is_some_and(is_https)
    };
    // The nearest proxy's word for its own caller, which is what X-Forwarded-Proto is, too.
    let by_standard =
        || elements(headers).next().flatten().and_then(|told| told.proto).as_deref().is_some_and(is_https);
    match kind(FORWARDED_PROTO, headers, config) {
        ProxyHeaders::XForwarded => by_x(),
        ProxyHeaders::Forwarded => by_standard(),
    }
}

/// Whether the operator trusts a proxy there.
pub fn is_trusted(ip: IpAddr, config: &Config) -> bool {
    config.proxies.iter().any(|network| network.contains(ip))
}

/// Each proxy adds its caller on the right. What stands left of the first stranger is the stranger's own claim.
fn nearest(peer: IpAddr, from_the_right: impl Iterator<Item = Option<IpAddr>>, config: &Config) -> Address {
    let mut nearest = peer;
    for hop in from_the_right.take(HOPS_MAX) {
        let Some(ip) = hop else { break };
        nearest = ip;
        if !is_trusted(ip, config) {
            break;
        }
    }
    nearest.into()
}

fn x_hops(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    lines(headers, FORWARDED_FOR).flat_map(|value| value.rsplit(','))
}

/// Of the header Forwarded, the nearest proxy's first.
pub(super) fn elements(headers: &HeaderMap) -> impl Iterator<Item = Option<Element>> {
    lines(headers, header::FORWARDED.as_str()).flat_map(forwarded::from_the_right)
}

/// The last one first.
fn lines<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().rev().map(|value| value.to_str().unwrap_or_default())
}

/// An address, as some proxies write it with a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

/// Logged once only: whoever sends the header could fill the log otherwise.
fn warn_of_a_stranger() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "ignoring X-Forwarded-For or Forwarded from an address that is not trusted: name the reverse proxy with \
             --trust-proxy, or all who come through it count as one"
        );
    });
}

/// Once, for the same reason.
fn warn_of_two() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "X-Forwarded-For and Forwarded name different addresses, so a proxy in front writes one of them and hands on \
             what clients claim in the other: X-Forwarded-For counts. Say which the proxy writes with --proxy-headers"
        );
    });
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue};

    use super::{client_address, is_https};
    use crate::config::{Config, Options, ProxyHeaders};
    use realtime::address::Address;

    fn config(proxies: &[&str]) -> Config {
        let trust_proxy = proxies.iter().map(|&proxy| proxy.to_owned()).collect();
        Config::try_from(Options { trust_proxy, ..Options::default() }).expect("is valid")
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("is an address")
    }

    fn configured(proxies: &[&str], proxy_headers: Option<ProxyHeaders>) -> Config {
        Config { proxy_headers, ..config(proxies) }
    }

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (axum::http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_no_further_than_they_know() {
        type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static str);
        let table: [Row; 17] = [
            ("192.0.2.1", &[], &[], "192.0.2.1"),
            ("192.0.2.1", &[], &["203.0.113.9"], "192.0.2.1"),
            ("192.0.2.1", &["10.0.0.0/8"], &["203.0.113.9"], "192.0.2.1"),
            ("10.0.0.1", &["10.0.0.0/8"], &[], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.0/8"], &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["198.51.100.7", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["198.51.100.7, 203.0.113.9", "10.0.0.3,10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["10.0.0.1"], &["10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["10.0.0.0/8"], &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["[2001:db8::1]:4711"], "2001:db8::"),
            ("10.0.0.1", &["10.0.0.0/8"], &["[2001:db8::1]"], "2001:db8::"),
            ("10.0.0.1", &["10.0.0.0/8"], &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.0/8"], &["203.0.113.9, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("::ffff:10.0.0.1", &["10.0.0.0/8"], &["203.0.113.9"], "203.0.113.9"),
        ];
        for (peer, proxies, forwarded, expected) in table {
            let counted = client_address(ip(peer), &headers("x-forwarded-for", forwarded), &config(proxies));
            assert!(counted == Address::from(ip(expected)), "{peer} by way of {forwarded:?} is not {expected}");
        }
    }

    #[test]
    fn forwarded_is_read_as_far_as_it_is_trusted() {
        type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static str);
        let table: [Row; 11] = [
            ("192.0.2.1", &[], &["for=203.0.113.9"], "192.0.2.1"),
            ("192.0.2.1", &["10.0.0.0/8"], &["for=203.0.113.9"], "192.0.2.1"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=203.0.113.9;proto=https"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=198.51.100.7, for=203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=198.51.100.7", "for=203.0.113.9, for=10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=10.0.0.3", "for=10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=\"[2001:db8::1]:4711\""], "2001:db8::"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=203.0.113.9, for=_hidden, for=10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=\"open, for=203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.0/8"], &["for=203.0.113.9, by=10.0.0.1"], "10.0.0.1"),
        ];
        for (peer, proxies, forwarded, expected) in table {
            let counted = client_address(ip(peer), &headers("forwarded", forwarded), &config(proxies));
            assert!(counted == Address::from(ip(expected)), "{peer} by way of {forwarded:?} is not {expected}");
        }
    }

    #[test]
    fn of_two_kinds_of_header_the_one_counts_that_proxies_write() {
        let mut both = headers("x-forwarded-for", &["203.0.113.1"]);
        both.extend(headers("forwarded", &["for=203.0.113.2;proto=https"]));
        let (x, standard) = (headers("x-forwarded-for", &["203.0.113.1"]), headers("forwarded", &["for=203.0.113.2"]));
        let (by_x, by_standard) = (Some(ProxyHeaders::XForwarded), Some(ProxyHeaders::Forwarded));
        for (headers, kind, expected) in [
            (&both, None, "203.0.113.1"),
            (&both, by_x, "203.0.113.1"),
            (&both, by_standard, "203.0.113.2"),
            (&x, by_standard, "10.0.0.1"),
            (&standard, by_x, "10.0.0.1"),
            (&standard, None, "203.0.113.2"),
        ] {
            let counted = client_address(ip("10.0.0.1"), headers, &configured(&["10.0.0.1"], kind));
            assert!(counted == Address::from(ip(expected)), "{headers:?} by {kind:?} is not {expected}");
        }
        let mut schemes = headers("x-forwarded-proto", &["http"]);
        schemes.extend(headers("forwarded", &["proto=http, for=203.0.113.2;proto=HTTPS"]));
        for (headers, kind, expected) in [
            (&schemes, None, false),
            (&schemes, by_x, false),
            (&schemes, by_standard, true),
            (&both, None, true),
            (&both, by_x, false),
            (&standard, by_standard, false),
        ] {
            let config = configured(&["10.0.0.1"], kind);
            assert_eq!(is_https(ip("10.0.0.1"), headers, &config), expected, "{headers:?} by {kind:?}");
            assert!(!is_https(ip("192.0.2.1"), headers, &config));
        }
    }

    #[test]
    fn more_proxies_than_there_can_be_are_not_followed() {
        let many: &'static str = Box::leak(vec!["10.0.0.2"; 40].join(",").into_boxed_str());
        let counted = client_address(
            ip("10.0.0.1"),
            &headers("x-forwarded-for", &["203.0.113.9", many]),
            &config(&["10.0.0.0/8"]),
        );
        assert!(counted == Address::from(ip("10.0.0.2")));
    }

    #[test]
    fn https_is_believed_of_the_operator_and_of_trusted_proxies() {
        let table: [(&str, &[&str], &[&'static str], bool); 8] = [
            ("10.0.0.1", &["10.0.0.0/8"], &["https"], true),
            ("10.0.0.1", &["10.0.0.0/8"], &["HTTPS"], true),
            ("10.0.0.1", &["10.0.0.0/8"], &["http, https"], true),
            ("10.0.0.1", &["10.0.0.0/8"], &["https, http"], false),
            ("10.0.0.1", &["10.0.0.0/8"], &["http"], false),
            ("10.0.0.1", &["10.0.0.0/8"], &[], false),
            ("192.0.2.1", &["10.0.0.0/8"], &["https"], false),
            ("192.0.2.1", &[], &["https"], false),
        ];
        for (peer, proxies, forwarded, expected) in table {
            let https = is_https(ip(peer), &headers("x-forwarded-proto", forwarded), &config(proxies));
            assert_eq!(https, expected, "{peer} {forwarded:?}");
        }
        let options = Options { public_url: Some("https://chat.example".to_owned()), ..Options::default() };
        let operator = Config::try_from(options).expect("is valid");
        assert!(is_https(ip("192.0.2.1"), &HeaderMap::new(), &operator));
    }
}
