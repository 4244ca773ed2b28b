//! Leads whoever comes without TLS to where there is: the same host and path by `https`. Beside that it answers the
//! challenges of an authority, and says where there is no certificate yet; it serves nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::acme::Acme;

/// Lines at once; beyond them one waits in the system's queue.
const LINES_MAX: usize = 256;
/// For the head of a request, and for all of a line.
const HEAD: Duration = Duration::from_secs(5);
const LINE: Duration = Duration::from_secs(15);
/// Where an authority asks for its challenge (HTTP-01, RFC 8555).
const CHALLENGES: &str = "/.well-known/acme-challenge/";
/// While there is no certificate: when to come again, in seconds.
const COME_AGAIN: HeaderValue = HeaderValue::from_static("30");
/// After a failed accept.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopping`. `port` is that of the pages by `https`.
pub(super) async fn redirect(listener: TcpListener, port: u16, acme: Option<Acme>, stopping: CancellationToken) {
    let places = Arc::new(Semaphore::new(LINES_MAX));
    loop {
        let accepting = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let Some((place, accepted)) = stopping.run_until_cancelled(accepting).await else { return };
        let (Ok(place), Ok((stream, _))) = (place, accepted) else {
            sleep(PAUSE).await;
            continue;
        };
        let acme = acme.clone();
        tokio::spawn(stopping.clone().run_until_cancelled_owned(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let by_acme = acme.as_ref().and_then(|acme| of_acme(acme, request.uri().path()));
                let (host, path) = (request.headers().get(header::HOST), request.uri().path_and_query());
                let answer = by_acme.unwrap_or_else(|| answer(host, path, port));
                std::future::ready(Ok::<_, Infallible>(answer))
            });
            let serving = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(16 * 1024)
                .serve_connection(TokioIo::new(stream), answer);
            // Broken lines and bad requests are the peer's business.
            let _ = timeout(LINE, serving).await;
            drop(place);
        }));
    }
}

/// What an authority asks for; and nobody is led to where there is no certificate yet.
fn of_acme(acme: &Acme, path: &str) -> Option<Response<Body>> {
    let token = path.strip_prefix(CHALLENGES);
    if let Some(answer) = token.and_then(|token| acme.answer(token)) {
        return Some(closing(StatusCode::OK, answer));
    }
    if acme.has_certificate() {
        return None;
    }
    let told = "There is no certificate yet: the server's log says why. Try again in a moment.\n";
    let mut response = closing(StatusCode::SERVICE_UNAVAILABLE, told.to_owned());
    response.headers_mut().insert(header::RETRY_AFTER, COME_AGAIN);
    Some(response)
}

fn closing(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// 308 keeps the method, so nothing that was sent is lost. Who names no host cannot be led anywhere.
fn answer(host: Option<&HeaderValue>, path: Option<&axum::http::uri::PathAndQuery>, port: u16) -> Response<Body> {
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let to = authority.map(|authority| {
        let (host, path) = (authority.host(), path.map_or("/", |path| path.as_str()));
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        format!("https://{host}{port}{path}")
    });
    let location = to.and_then(|to| HeaderValue::try_from(to).ok());
    let mut response = Response::new(Body::empty());
    match location {
        Some(location) => {
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(header::LOCATION, location);
        }
        None => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::answer;

    #[test]
    fn one_is_led_to_the_same_host_and_path() {
        for (host, path, port, to) in [
            ("chat.example", "/r/KW7P3MXQ?x=1", 443, Some("https://chat.example/r/KW7P3MXQ?x=1")),
            ("chat.example:80", "/", 443, Some("https://chat.example/")),
            ("[::1]:8080", "/", 8443, Some("https://[::1]:8443/")),
            ("evil example", "/", 443, None),
            ("", "/", 443, None),
        ] {
            let (host, path) = (HeaderValue::from_static(host), path.parse().expect("is a path"));
            let answer = answer(Some(&host), Some(&path), port);
            let location = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            assert_eq!((answer.status().as_u16(), location), (if to.is_some() { 308 } else { 400 }, to));
        }
        assert_eq!(answer(None, None, 443).status(), 400);
    }
}
