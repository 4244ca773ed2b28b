//! The request that opens a connection, and its answer (RFC 6455, 4.2).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use sha1::{Digest as _, Sha1};

/// Of the protocol. A refusal of another one says it.
pub const VERSION: &str = "13";
/// 1.3: what makes the answer one of a server that knows the protocol.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES: usize = 16;

/// Of the last character of a key some bits mean nothing, and not every client has them zero.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A request that asks for a WebSocket as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    accept: HeaderValue,
}

/// Why a request opens none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 4.2.1: a GET of HTTP/1.1 or later.
    #[error("a WebSocket is opened with a GET of HTTP/1.1")]
    Request,
    /// 4.2.1: `Connection: Upgrade` and `Upgrade: websocket`.
    #[error("the request does not ask for an upgrade to a WebSocket")]
    NoUpgrade,
    /// 4.2.2, 4.4: another version than 13.
    #[error("this server speaks version 13 of the WebSocket protocol")]
    Version,
    /// 4.2.1: not one key of 16 bytes.
    #[error("Sec-WebSocket-Key is missing or not 16 bytes in Base64")]
    Key,
}

impl Refusal {
    /// The status that says so.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Request | Self::NoUpgrade | Self::Key => StatusCode::BAD_REQUEST,
        }
    }

    /// Headers that go with it: of another version, which one is spoken here (4.4; RFC 9110, 15.5.22).
    #[must_use]
    pub fn headers(self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self == Self::Version {
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        headers
    }
}

impl Handshake {
    /// Reads the head of a request. Extensions that it offers are not taken, which needs no word.
    ///
    /// # Errors
    /// The first thing that is not as it should be.
    pub fn read(method: &Method, version: Version, headers: &HeaderMap) -> Result<Self, Refusal> {
        if method != Method::GET || version < Version::HTTP_11 {
            return Err(Refusal::Request);
        }
        if !lists(headers, &CONNECTION, "upgrade") || !lists(headers, &UPGRADE, "websocket") {
            return Err(Refusal::NoUpgrade);
        }
        if only(headers, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
            return Err(Refusal::Version);
        }
        let key = only(headers, &SEC_WEBSOCKET_KEY).ok_or(Refusal::Key)?;
        if BASE64.decode(key).map_err(|_| Refusal::Key)?.len() != KEY_BYTES {
            return Err(Refusal::Key);
        }
        Ok(Self { accept: accept(key).ok_or(Refusal::Key)? })
    }

    /// The headers of the answer, whose status is 101. A subprotocol must be one that the client offered.
    #[must_use]
    pub fn headers(self, subprotocol: Option<HeaderValue>) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(subprotocol) = subprotocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        headers
    }
}

/// The subprotocols that a client offers, in its order.
pub fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    elements(headers, &SEC_WEBSOCKET_PROTOCOL)
}

/// 4.2.2, 5.4: proves that the key was read.
fn accept(key: &str) -> Option<HeaderValue> {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::from_str(&BASE64.encode(digest)).ok()
}

/// The one value of a header that may be there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?.trim();
    values.next().is_none().then_some(value)
}

/// Whether a list has this element, in upper or lower case.
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    elements(headers, name).any(|element| element.eq_ignore_ascii_case(wanted))
}

/// A list may be in one header or in several.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const WHOLE: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
    ];

    fn read(list: &[(&str, &str)]) -> Result<Handshake, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("is a name");
            headers.append(name, HeaderValue::from_str(value).expect("is a value"));
        }
        Handshake::read(&Method::GET, Version::HTTP_11, &headers)
    }

    fn with(name: &str, value: &str) -> Result<Handshake, Refusal> {
        let mut list = WHOLE.to_vec();
        list.retain(|(other, _)| *other != name);
        list.push((name, value));
        read(&list)
    }

    #[test]
    fn the_example_of_the_specification() {
        // 1.3.
        let headers = read(&WHOLE).expect("is whole").headers(Some(HeaderValue::from_static("chat")));
        assert_eq!(headers[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(
            (&headers[UPGRADE], &headers[CONNECTION]),
            (&"websocket".parse().expect("is"), &"upgrade".parse().expect("is"))
        );
        assert_eq!(headers[SEC_WEBSOCKET_PROTOCOL], "chat");
    }

    #[test]
    fn each_part_has_to_be_there_and_right() {
        for (at, (name, _)) in WHOLE.iter().enumerate() {
            let mut list = WHOLE.to_vec();
            list.remove(at);
            assert!(read(&list).is_err(), "without {name}");
        }
        assert_eq!(with("connection", "close"), Err(Refusal::NoUpgrade));
        assert_eq!(with("upgrade", "h2c"), Err(Refusal::NoUpgrade));
        assert!(with("upgrade", "h2c, websocket").is_ok());
        for version in ["8", "14", "013", "13, 8", ""] {
            assert_eq!(with("sec-websocket-version", version), Err(Refusal::Version), "{version}");
        }
        for key in
            ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA==AAAA"]
        {
            assert_eq!(with("sec-websocket-key", key), Err(Refusal::Key), "{key}");
        }
        assert!(with("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAB==").is_ok(), "bits that mean nothing");
        let two_keys = [&WHOLE[..], &[("sec-websocket-key", KEY)]].concat();
        assert_eq!(read(&two_keys), Err(Refusal::Key), "11.3.1");
        assert!(Refusal::Version.headers().contains_key(SEC_WEBSOCKET_VERSION), "4.4");
        assert_eq!(Refusal::Version.status(), 426);
    }

    #[test]
    fn only_a_get_of_http_1_1_opens_one() {
        let headers = HeaderMap::new();
        assert_eq!(Handshake::read(&Method::POST, Version::HTTP_11, &headers), Err(Refusal::Request));
        assert_eq!(Handshake::read(&Method::GET, Version::HTTP_10, &headers), Err(Refusal::Request));
    }

    #[test]
    fn offers_come_in_one_header_or_in_several() {
        let mut headers = HeaderMap::new();
        headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("a, b"));
        headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("c"));
        assert_eq!(offered(&headers).collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
