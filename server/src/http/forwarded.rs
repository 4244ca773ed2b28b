//! The header Forwarded (RFC 7239), read from the right: each proxy adds what it knows on that side.
//!
//! Pure. What stands further left may be the claim of whoever asked, so nothing there changes how the right is read: not a
//! quote that never ends, and not an element that is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What one proxy says of whoever called it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its caller's address; `None` where that is `unknown`, hidden (`_name`) or not told.
    pub(crate) caller: Option<IpAddr>,
    /// By which scheme it was called.
    pub(crate) proto: Option<String>,
    /// Which host it was asked for.
    pub(crate) host: Option<String>,
}

/// The elements of one line of the header, the last one first; `None` is one that is none.
pub(crate) fn from_the_right(line: &str) -> impl Iterator<Item = Option<Element>> {
    let pieces = Pieces { rest: Some(line), between: b',' };
    pieces.map(str::trim).filter(|piece| !piece.is_empty()).map(element)
}

/// Pieces of a text, the last one first, without a look into quotes.
struct Pieces<'a> {
    rest: Option<&'a str>,
    between: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.take()?;
        let mut is_quoted = false;
        for (at, byte) in rest.bytes().enumerate().rev() {
            if byte == b'"' && !is_escaped(rest.as_bytes(), at) {
                is_quoted = !is_quoted;
            } else if byte == self.between && !is_quoted {
                self.rest = rest.get(..at);
                return rest.get(at + 1..);
            }
        }
        Some(rest)
    }
}

/// An odd number of backslashes stands before it.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes.iter().take(at).rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Each parameter at most once, in any order; others than these three are passed over.
fn element(text: &str) -> Option<Element> {
    let mut element = Element::default();
    let (mut caller, mut seen) = (None, [false; 3]);
    for pair in (Pieces { rest: Some(text), between: b';' }).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = unquoted(value)?;
        let (place, kept) = match name.to_ascii_lowercase().as_str() {
            "for" => (0, &mut caller),
            "proto" => (1, &mut element.proto),
            "host" => (2, &mut element.host),
            other if is_token(other) => continue,
            _ => return None,
        };
        if std::mem::replace(&mut seen[place], true) {
            return None;
        }
        *kept = Some(value);
    }
    element.caller = match caller {
        Some(node) => node_address(&node)?,
        None => None,
    };
    Some(element)
}

fn is_token(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(known)
}

/// A value without its quotes. Without quotes it may also have what stands in addresses, as some proxies write them.
fn unquoted(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else {
        let plain = value.chars().all(|one| one.is_ascii_graphic() && !matches!(one, '"' | '\\' | ',' | ';' | '='));
        return (plain && !value.is_empty()).then(|| value.to_owned());
    };
    let (mut text, mut letters) = (String::new(), quoted.chars());
    loop {
        match letters.next()? {
            '"' => return letters.next().is_none().then_some(text),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

/// The outer `None`: it is no node. The inner one: it has no address.
#[expect(clippy::option_option, reason = "the two are told apart by the only caller")]
fn node_address(node: &str) -> Option<Option<IpAddr>> {
    if let Some(bracketed) = node.strip_prefix('[') {
        let (ip, port) = bracketed.split_once(']')?;
        let ip: Ipv6Addr = ip.parse().ok()?;
        return (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(Some(ip.into()));
    }
    if let Ok(ip) = node.parse::<Ipv6Addr>() {
        return Some(Some(ip.into()));
    }
    let (name, port) = node.split_once(':').map_or((node, None), |(name, port)| (name, Some(port)));
    if !port.is_none_or(is_port) {
        return None;
    }
    if name.eq_ignore_ascii_case("unknown") || is_hidden(name) {
        return Some(None);
    }
    name.parse::<Ipv4Addr>().ok().map(|ip| Some(ip.into()))
}

fn is_hidden(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(known))
}

fn is_port(port: &str) -> bool {
    (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()) || is_hidden(port)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::{Element, from_the_right};

    fn read(line: &str) -> Vec<Option<Element>> {
        from_the_right(line).collect()
    }

    fn called(ip: &str) -> Element {
        Element { caller: Some(ip.parse().expect("is an address")), ..Element::default() }
    }

    #[test]
    fn elements_are_read_as_the_standard_has_them() {
        let table: Vec<(&str, Vec<Option<Element>>)> = vec![
            ("", vec![]),
            (" , ,", vec![]),
            ("for=192.0.2.60", vec![Some(called("192.0.2.60"))]),
            ("For=192.0.2.60:47011", vec![Some(called("192.0.2.60"))]),
            ("for=\"192.0.2.60:_port\"", vec![Some(called("192.0.2.60"))]),
            ("for=\"[2001:db8:cafe::17]:4711\"", vec![Some(called("2001:db8:cafe::17"))]),
            ("for=\"[2001:db8::1]\"", vec![Some(called("2001:db8::1"))]),
            ("for=[2001:db8::1]:4711", vec![Some(called("2001:db8::1"))]),
            ("for=\"2001:db8::1\"", vec![Some(called("2001:db8::1"))]),
            ("for=\"19\\2.0.2.60\"", vec![Some(called("192.0.2.60"))]),
            ("for=unknown", vec![Some(Element::default())]),
            ("for=\"_gazonk\"", vec![Some(Element::default())]),
            ("for=_hidden, for=_SEVKISEK", vec![Some(Element::default()), Some(Element::default())]),
            ("for=192.0.2.43, for=198.51.100.17", vec![Some(called("198.51.100.17")), Some(called("192.0.2.43"))]),
            ("by=\"a,b;c\\\"\";for=192.0.2.43;x=1", vec![Some(called("192.0.2.43"))]),
            (";for=192.0.2.43;;", vec![Some(called("192.0.2.43"))]),
            // What another wrote further left.
            ("for=\"open, for=192.0.2.43", vec![Some(called("192.0.2.43")), None]),
            ("\", for=192.0.2.43", vec![Some(called("192.0.2.43")), None]),
            ("for=192.0.2.43;for=192.0.2.44", vec![None]),
            ("for=192.0.2.43;secret", vec![None]),
            ("for=", vec![None]),
            ("for=192.0.2.256", vec![None]),
            ("for=192.0.2.43:123456", vec![None]),
            ("for=\"[2001:db8::1\"", vec![None]),
            ("for=\"[2001:db8::1]x\"", vec![None]),
            ("for=chat.example", vec![None]),
            ("for=_", vec![None]),
            ("fo r=192.0.2.43;a b=c", vec![None]),
            ("for=\"192.0.2.43\"x", vec![None]),
        ];
        for (line, expected) in table {
            assert_eq!(read(line), expected, "{line}");
        }
        let whole = Element {
            caller: Some(IpAddr::from([192, 0, 2, 60])),
            proto: Some("https".to_owned()),
            host: Some("chat.example:8443".to_owned()),
        };
        assert_eq!(read("for=192.0.2.60;proto=https;by=203.0.113.43;Host=\"chat.example:8443\""), [Some(whole)]);
    }

    fn ip() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
            any::<u128>().prop_map(|bits| IpAddr::V6(bits.into()))
        ]
    }

    /// As a proxy may write it.
    fn written() -> impl Strategy<Value = (String, Option<Element>)> {
        (
            proptest::option::of(ip()),
            any::<bool>(),
            proptest::option::of("[a-z]{1,5}"),
            proptest::option::of(any::<u16>()),
        )
            .prop_map(|(caller, by, proto, port)| {
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                let node = match caller {
                    Some(IpAddr::V4(ip)) => format!("\"{ip}{port}\""),
                    Some(IpAddr::V6(ip)) => format!("\"[{ip}]{port}\""),
                    None => "_hidden".to_owned(),
                };
                let mut text = format!("{}for={node}", if by { "by=\"x\\\",;\";" } else { "" });
                if let Some(proto) = &proto {
                    text = format!("{text};proto={proto}");
                }
                (text, Some(Element { caller, proto, host: None }))
            })
    }

    proptest! {
        #[test]
        fn what_is_further_left_changes_nothing_on_the_right(
            junk in "[ -~]{0,60}",
            elements in proptest::collection::vec(written(), 1..6),
        ) {
            let texts: Vec<_> = elements.iter().map(|(text, _)| text.as_str()).collect();
            let line = format!("{junk}, {}", texts.join(","));
            let right: Vec<_> = from_the_right(&line).take(elements.len()).collect();
            let expected: Vec<_> = elements.into_iter().rev().map(|(_, element)| element).collect();
            prop_assert_eq!(right, expected);
        }

        #[test]
        fn anything_is_read_without_a_fault(line in "\\PC{0,200}") {
            prop_assert!(from_the_right(&line).count() <= line.len());
        }
    }
}
