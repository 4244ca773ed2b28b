//! The header Host: checked before anything reads it, so that there is one and it names a host (RFC 9112, section 3.2),
//! and read.
//!
//! Two proxies, or a proxy and this server, could each take another of two, and whatever is told by the host (whose page
//! asks, where its socket is) would be told by one and checked by the other.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use protocol::ErrorCode;

use crate::http::problem::problem;

/// Refuses requests with two hosts, with a host that is none, and with none where HTTP/1.1 wants one. HTTP/1.0 knows
/// none, and there are health checks that speak it.
pub(crate) async fn one_host(mut request: Request, next: Next) -> Response {
    if !is_well_formed(request.headers(), request.version()) {
        return problem(ErrorCode::BadFrame);
    }
    // What a request line names counts, and the header beside it does not.
    let named = request.uri().authority().map(|named| HeaderValue::try_from(named.as_str()));
    if let Some(Ok(named)) = named {
        request.headers_mut().insert(header::HOST, named);
    }
    next.run(request).await
}

fn is_well_formed(headers: &HeaderMap, version: Version) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(one), None) => one.is_empty() || is_host(one),
        (Some(_), Some(_)) => false,
    }
}

fn is_host(value: &HeaderValue) -> bool {
    Authority::try_from(value.as_bytes()).is_ok_and(|host| !host.as_str().contains('@'))
}

/// The host that the request was sent to.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok().filter(|host| !host.is_empty())
}

/// Whether an origin is the host that the request was sent to. Where https is known to be spoken, http is another
/// site; where it is not, a proxy that nobody named may speak it, and the host decides.
pub(super) fn is_same_host(origin: &str, headers: &HeaderMap, https: bool) -> bool {
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

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, Version, header};

    use super::is_well_formed;

    #[test]
    fn a_request_has_one_host() {
        let table: [(&[&'static str], Version, bool); 18] = [
            (&["chat.example"], Version::HTTP_11, true),
            (&["chat.example:3000"], Version::HTTP_11, true),
            (&["127.0.0.1:3000"], Version::HTTP_11, true),
            (&["[::1]:3000"], Version::HTTP_11, true),
            (&["whisper_space"], Version::HTTP_11, true),
            (&[""], Version::HTTP_11, true),
            (&["chat.example"], Version::HTTP_10, true),
            (&[], Version::HTTP_10, true),
            (&[], Version::HTTP_11, false),
            (&["chat.example", "chat.example"], Version::HTTP_11, false),
            (&["chat.example", "evil.example"], Version::HTTP_11, false),
            (&["chat.example", "evil.example"], Version::HTTP_10, false),
            (&["chat.example", ""], Version::HTTP_11, false),
            (&["chat.example, evil.example"], Version::HTTP_11, false),
            (&["chat.example evil.example"], Version::HTTP_11, false),
            (&["chat.example/path"], Version::HTTP_11, false),
            (&["user@chat.example"], Version::HTTP_11, false),
            (&["chat.example:port:3"], Version::HTTP_11, false),
        ];
        for (hosts, version, expected) in table {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            assert_eq!(is_well_formed(&headers, version), expected, "{hosts:?} by {version:?}");
        }
    }
}
