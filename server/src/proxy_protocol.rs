//! The PROXY protocol, versions 1 and 2, without IO: what a proxy puts in front of everything else on a line to say whose
//! line it is (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>).
//!
//! Nothing is read that stands behind the header: each step says how many bytes more belong to it in any case.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The longest header, with what a proxy may add to the addresses (certificates, names). Senders keep to 536.
pub(crate) const BYTES_MAX: usize = 2_048;
/// What this server's own questions say to itself: nobody is behind them.
pub(crate) const OWN: &[u8] = b"PROXY UNKNOWN\r\n";

const TEXT: &[u8] = b"PROXY ";
const TEXT_BYTES_MAX: usize = 107;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, command, family, length.
const FIXED: usize = 16;

/// How far a header was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    /// At least so many bytes more belong to it.
    More(usize),
    /// All of it. Whose line it is; `None`: the proxy's own (a check of it), or of somebody who has no address.
    Whole(Option<SocketAddr>),
}

/// What was read begins no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoHeader;

/// Reads what has come, which is never more than was asked for.
pub(crate) fn read(bytes: &[u8]) -> Result<Header, NoHeader> {
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(byte, wanted)| byte == wanted);
    if begins(TEXT) {
        // The shortest of both; also while nothing is known of either.
        return if bytes.len() < OWN.len() { Ok(Header::More(OWN.len() - bytes.len())) } else { text(bytes) };
    }
    if begins(SIGNATURE) { binary(bytes) } else { Err(NoHeader) }
}

/// Version 1, from the moment that it can be whole.
fn text(bytes: &[u8]) -> Result<Header, NoHeader> {
    let Some(line) = bytes.strip_suffix(b"\r\n") else {
        let end = if bytes.ends_with(b"\r") { 1 } else { 2 };
        let goes_on = !bytes.contains(&b'\n') && bytes.len() + end <= TEXT_BYTES_MAX;
        return if goes_on { Ok(Header::More(end)) } else { Err(NoHeader) };
    };
    let line = line.strip_prefix(TEXT).and_then(|line| str::from_utf8(line).ok()).ok_or(NoHeader)?;
    let mut fields = line.split(' ');
    let source = match fields.next() {
        // The rest of such a line means nothing.
        Some("UNKNOWN") => return Ok(Header::Whole(None)),
        Some("TCP4") => text_source::<Ipv4Addr>(&mut fields),
        Some("TCP6") => text_source::<Ipv6Addr>(&mut fields),
        _ => None,
    };
    source.filter(|_| fields.next().is_none()).map(|source| Header::Whole(Some(source))).ok_or(NoHeader)
}

fn text_source<'a, A: FromStr + Into<IpAddr>>(fields: &mut impl Iterator<Item = &'a str>) -> Option<SocketAddr> {
    let mut ip = || fields.next().and_then(|ip| ip.parse::<A>().ok());
    let (source, _destination) = (ip()?, ip()?);
    let mut port = || {
        let port = fields.next()?;
        let is_plain = port.bytes().all(|byte| byte.is_ascii_digit()) && (port == "0" || !port.starts_with('0'));
        is_plain.then(|| port.parse::<u16>().ok())?
    };
    let (from, _to) = (port()?, port()?);
    Some(SocketAddr::new(source.into(), from))
}

/// Version 2.
fn binary(bytes: &[u8]) -> Result<Header, NoHeader> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else {
        return Ok(Header::More(FIXED - bytes.len()));
    };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > BYTES_MAX - FIXED {
        return Err(NoHeader);
    }
    if rest.len() < length {
        return Ok(Header::More(length - rest.len()));
    }
    match (command, family) {
        // The proxy itself asks; or it does not say who does.
        (0x20, _) | (0x21, 0x00) => Ok(Header::Whole(None)),
        (0x21, 0x11) => binary_source::<4>(rest),
        (0x21, 0x21) => binary_source::<16>(rest),
        // Two paths, by a socket in a folder.
        (0x21, 0x31) if length >= 216 => Ok(Header::Whole(None)),
        // Datagrams come on no line, and other commands are of no version that there is.
        (_, _) => Err(NoHeader),
    }
}

/// Source and destination, their ports, and whatever was added to them.
fn binary_source<const N: usize>(rest: &[u8]) -> Result<Header, NoHeader>
where
    IpAddr: From<[u8; N]>,
{
    let (source, rest) = rest.split_first_chunk::<N>().ok_or(NoHeader)?;
    let (_destination, rest) = rest.split_first_chunk::<N>().ok_or(NoHeader)?;
    let &[high, low, _, _, ..] = rest else { return Err(NoHeader) };
    Ok(Header::Whole(Some(SocketAddr::new((*source).into(), u16::from_be_bytes([high, low])))))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use proptest::prelude::*;
    use proxy_header::{ProxiedAddress, ProxyHeader, Tlv};

    use super::{BYTES_MAX, Header, NoHeader, OWN, read};

    /// As a line brings it, in portions; what was taken of it, and what it said.
    fn take(bytes: &[u8], portion: usize) -> (usize, Result<Header, NoHeader>) {
        let mut taken = 0;
        loop {
            match read(&bytes[..taken]) {
                Ok(Header::More(more)) if taken < bytes.len() => {
                    assert!(more > 0 && taken + more <= BYTES_MAX, "{more} behind {taken}");
                    taken = bytes.len().min(taken + more.min(portion));
                }
                read => return (taken, read),
            }
        }
    }

    fn binary(command: u8, family: u8, length: u16, rest: &[u8]) -> Vec<u8> {
        [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[command, family], &length.to_be_bytes(), rest].concat()
    }

    #[test]
    fn headers_are_read_as_they_are_described() {
        let of = |text: &str| Ok(Header::Whole(Some(text.parse().expect("is an address"))));
        let four = [203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x67, 1, 187];
        let table: Vec<(Vec<u8>, Result<Header, NoHeader>)> = vec![
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\r\n".to_vec(), of("203.0.113.9:4711")),
            (b"PROXY TCP6 2001:db8::9 ::1 4711 443\r\n".to_vec(), of("[2001:db8::9]:4711")),
            (OWN.to_vec(), Ok(Header::Whole(None))),
            (b"PROXY UNKNOWN ffff:f...f:ffff whatever 1 2 3\r\n".to_vec(), Ok(Header::Whole(None))),
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 443 \r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4  203.0.113.9 10.0.0.1 4711 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 +711 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 04711 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 65536 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4 203.0.113.009 10.0.0.1 1 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4 2001:db8::9 ::1 4711 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP6 203.0.113.9 10.0.0.1 4711 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY UDP4 203.0.113.9 10.0.0.1 4711 443\r\n".to_vec(), Err(NoHeader)),
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\n".to_vec(), Err(NoHeader)),
            ([b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat(), Err(NoHeader)),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), Err(NoHeader)),
            (b"\x16\x03\x01".to_vec(), Err(NoHeader)),
            (binary(0x21, 0x11, 12, &four), of("203.0.113.9:4711")),
            (binary(0x20, 0x11, 12, &four), Ok(Header::Whole(None))),
            (binary(0x20, 0xff, 0, &[]), Ok(Header::Whole(None))),
            (binary(0x21, 0x00, 3, &[1, 2, 3]), Ok(Header::Whole(None))),
            (binary(0x21, 0x31, 216, &[0; 216]), Ok(Header::Whole(None))),
            (binary(0x21, 0x31, 215, &[0; 215]), Err(NoHeader)),
            (binary(0x21, 0x12, 12, &four), Err(NoHeader)),
            (binary(0x21, 0x11, 11, &four[..11]), Err(NoHeader)),
            (binary(0x21, 0x21, 12, &four), Err(NoHeader)),
            (binary(0x22, 0x11, 12, &four), Err(NoHeader)),
            (binary(0x11, 0x11, 12, &four), Err(NoHeader)),
            (binary(0x21, 0x11, 0xffff, &[]), Err(NoHeader)),
        ];
        for (bytes, expected) in table {
            for portion in [1, 7, BYTES_MAX] {
                let (_, read) = take(&bytes, portion);
                assert_eq!(read, expected, "{}", String::from_utf8_lossy(&bytes));
            }
        }
        assert_eq!(take(b"PROXY TCP4 203.0.113.9", 99).1, Ok(Header::More(2)));
    }

    fn address() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
        let four = any::<(u32, u16, u32, u16)>().prop_map(|(a, b, c, d)| {
            (SocketAddr::new(IpAddr::V4(a.into()), b), SocketAddr::new(IpAddr::V4(c.into()), d))
        });
        let six = any::<(u128, u16, u128, u16)>().prop_map(|(a, b, c, d)| {
            (SocketAddr::new(IpAddr::V6(a.into()), b), SocketAddr::new(IpAddr::V6(c.into()), d))
        });
        prop_oneof![four, six]
    }

    proptest! {
        /// Another implementation writes them.
        #[test]
        fn headers_of_another_are_read_to_their_end_and_no_further(
            (source, destination) in address(),
            is_binary in any::<bool>(),
            added in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..129)),
            behind in proptest::collection::vec(any::<u8>(), 0..50),
            portion in 1_usize..60,
        ) {
            let mut header = ProxyHeader::with_address(ProxiedAddress::stream(source, destination));
            let mut room = [0; 600];
            let length = if is_binary {
                if let Some(added) = added {
                    header.append_tlv(Tlv::UniqueId(added.into()));
                }
                header.encode_to_slice_v2(&mut room)
            } else {
                header.encode_to_slice_v1(&mut room)
            };
            let length = length.expect("there is room");
            let bytes = [&room[..length], &behind].concat();
            prop_assert_eq!(take(&bytes, portion), (length, Ok(Header::Whole(Some(source)))));
            for cut in 0..length {
                prop_assert!(matches!(read(&bytes[..cut]), Ok(Header::More(more)) if cut + more <= length));
            }
        }

        #[test]
        fn anything_is_read_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..100), is_binary in any::<bool>()) {
            let begin: &[u8] = if is_binary { b"\r\n\r\n\0\r\nQUIT\n\x21" } else { b"PROXY TCP" };
            let _ = take(&bytes, 9);
            let _ = take(&[begin, &bytes].concat(), 9);
        }
    }
}
