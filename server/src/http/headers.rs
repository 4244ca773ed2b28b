//! What every answer tells the browser: where scripts, styles and sockets may come from, and what the page never uses.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::client_address::is_https;
use crate::http::host::host;
use crate::state::AppState;

/// For what is no page: nothing in it may run or load, whoever opens it.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Sent with everything, unless the handler has said otherwise.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, NOTHING),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Everything a browser could be asked for and this page never asks for. The clipboard is written to by "Copy link".
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), \
    encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), \
    microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), \
    serial=(), usb=(), xr-spatial-tracking=()";

/// Only where https is spoken, and without the subdomains: those are not this server's to speak for. Nor is the host of
/// which it has a path only.
const HSTS: &str = "max-age=31536000";

/// The policy of one page. Scripts run by the nonce of this answer only, and so does what they load.
pub(crate) fn page_policy(nonce: &str, socket: Option<&str>) -> HeaderValue {
    let socket = socket.map(|socket| format!(" {socket}")).unwrap_or_default();
    let text = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'{socket}; font-src 'none'; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(NOTHING))
}

/// Where the page's socket is, for browsers to which `'self'` means http only.
pub(crate) fn socket_source(public_url: Option<&str>, headers: &HeaderMap, https: bool) -> Option<String> {
    if let Some(public) = public_url {
        // `ws` for `http`, with the `s` where there is one.
        return public.strip_prefix("http").map(|rest| format!("ws{rest}"));
    }
    let host = host(headers)?;
    // It becomes part of a policy: nothing that could end its directive.
    let plain =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
    plain.then(|| format!("{}://{host}", if https { "wss" } else { "ws" }))
}

/// Adds what every answer tells.
pub(crate) async fn secure(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let https = is_https(peer.ip(), request.headers(), &state.config);
    // Browsers ignore this one on plain http, with a complaint in the console; on the own machine they take it.
    let isolated = https || host(request.headers()).is_some_and(is_loopback);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if isolated {
        let name = HeaderName::from_static("cross-origin-opener-policy");
        headers.insert(name, HeaderValue::from_static("same-origin"));
    }
    if https && state.config.sub_path.is_root() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    response
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(name.map_or(host, |(name, _)| name), "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{is_loopback, page_policy, socket_source};

    #[test]
    fn a_page_runs_nothing_but_what_carries_its_nonce() {
        let policy = page_policy("abc", Some("ws://127.0.0.1:3000"));
        let policy = policy.to_str().expect("is text");
        assert!(policy.contains("script-src 'nonce-abc' 'strict-dynamic' 'wasm-unsafe-eval';"), "{policy}");
        assert!(policy.contains("connect-src 'self' ws://127.0.0.1:3000;"), "{policy}");
        for never in ["unsafe-inline", "'unsafe-eval'", "*", "http:", "https:"] {
            assert!(!policy.contains(never), "{never}");
        }
    }

    #[test]
    fn a_host_cannot_write_the_policy() {
        let source = |host: &'static str, https| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            socket_source(None, &headers, https)
        };
        assert_eq!(
            socket_source(Some("https://chat.example:8443"), &HeaderMap::new(), true).as_deref(),
            Some("wss://chat.example:8443")
        );
        assert_eq!(source("chat.example", true).as_deref(), Some("wss://chat.example"));
        assert_eq!(source("[::1]:3000", false).as_deref(), Some("ws://[::1]:3000"));
        for hostile in ["x; script-src *", "x *", "x,y", "x'y", "user@x", "x/y", ""] {
            assert_eq!(source(hostile, false), None, "{hostile}");
        }
    }

    #[test]
    fn the_own_machine_is_known_by_its_names() {
        for own in ["localhost", "localhost:3000", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:3000"] {
            assert!(is_loopback(own), "{own}");
        }
        for other in ["chat.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "192.168.0.2:3000", ""] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
