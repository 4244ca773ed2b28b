//! Reads the header Cookie as RFC 6265 writes it: pairs divided by `;`, names compared byte for byte as they were sent.
//!
//! Nothing is percent-decoded. Browsers guard the prefix `__Host-` by the name as it is sent: under `__%48ost-ws` a
//! sibling domain may set what it likes, and a server that decodes names would take it for the guarded one.

use axum::http::{HeaderMap, header};

/// The values of every cookie with this name, in the order of the request, as bytes: what another site of the same
/// domain put beside them need not be text.
pub fn cookies<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b';'));
    pairs.filter_map(move |pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let (found, value) = pair.split_at(equals);
        (found.trim_ascii() == name.as_bytes()).then(|| value[1..].trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::cookies;

    fn found(lines: &[&[u8]], name: &str) -> Vec<Vec<u8>> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).expect("is a header's value"));
        }
        cookies(&headers, name).map(<[u8]>::to_vec).collect()
    }

    /// Header lines, the name, and the values that are found.
    type Row<'a> = (&'a [&'a [u8]], &'a str, &'a [&'a [u8]]);

    #[test]
    fn names_are_compared_as_they_were_sent() {
        let none: [&[u8]; 0] = [];
        let table: [Row<'_>; 14] = [
            (&[], "ws", &none),
            (&[b"ws=a"], "ws", &[b"a"]),
            (&[b"theme=dark; ws=a; other=1"], "ws", &[b"a"]),
            (&[b"theme=dark;ws=a;other=1"], "ws", &[b"a"]),
            (&[b"ws = a "], "ws", &[b"a"]),
            (&[b"ws=a=b"], "ws", &[b"a=b"]),
            (&[b"ws="], "ws", &[b""]),
            (&[b"ws"], "ws", &none),
            (&[b"WS=a; %77s=b; w%73=c; xws=d; wsx=e; \"ws\"=f"], "ws", &none),
            (&[b"__%48ost-ws=a; __host-ws=b; __HOST-ws=c; __Host-WS=d"], "__Host-ws", &none),
            (&[b"__%48ost-ws=a; __Host-ws=b"], "__Host-ws", &[b"b"]),
            (&[b"ws=a; ws=b"], "ws", &[b"a", b"b"]),
            (&[b"ws=a", b"ws=b"], "ws", &[b"a", b"b"]),
            (&[b"name=M\xfcller \xe2\x98\x83; ws=a"], "ws", &[b"a"]),
        ];
        for (lines, name, expected) in table {
            assert_eq!(found(lines, name), expected, "{name} in {lines:?}");
        }
    }
}
