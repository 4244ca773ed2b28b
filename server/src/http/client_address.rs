//! Where a request comes from, through the proxies that the operator trusts and through no others.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use axum::http::HeaderMap;

use crate::config::Config;
use realtime::address::Address;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The address to count: the peer's, or behind trusted proxies the last one that they were called from.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, config: &Config) -> Address {
    if !headers.contains_key(FORWARDED_FOR) {
        return peer.into();
    }
    if !is_trusted(peer, config) {
        warn_once();
        return peer.into();
    }
    // Each proxy adds its caller on the right. What stands left of the first stranger is the stranger's own claim.
    let mut nearest = peer;
    for hop in hops(headers).rev() {
        let Some(ip) = parse_hop(hop) else { break };
        nearest = ip;
        if !is_trusted(ip, config) {
            break;
        }
    }
    nearest.into()
}

/// Whether the person came by https, to this server or to a trusted proxy in front of it.
pub fn is_https(peer: IpAddr, headers: &HeaderMap, config: &Config) -> bool {
    config.https
        || is_trusted(peer, config)
            && headers
                .get(FORWARDED_PROTO)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.rsplit(',').next())
                .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

/// Whether the operator trusts a proxy there.
pub fn is_trusted(ip: IpAddr, config: &Config) -> bool {
    config.proxies.iter().any(|network| network.contains(ip))
}

fn hops(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = &str> {
    headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|value| value.to_str().unwrap_or_default())
        .flat_map(|value| value.split(','))
}

/// An address, as some proxies write it with a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

/// Logged once only: whoever sends the header could fill the log otherwise.
fn warn_once() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "ignoring X-Forwarded-For from an address that is not trusted: name the reverse proxy with --trust-proxy, \
             or all who come through it count as one"
        );
    });
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue};

    use super::{client_address, is_https};
    use crate::config::{Config, Options};
    use realtime::address::Address;

    fn config(proxies: &[&str]) -> Config {
        let trust_proxy = proxies.iter().map(|&proxy| proxy.to_owned()).collect();
        Config::try_from(Options { trust_proxy, ..Options::default() }).expect("is valid")
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("is an address")
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
