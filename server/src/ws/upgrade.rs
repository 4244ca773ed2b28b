//! From a request to its WebSocket: the handshake of the crate `websocket` on hyper's connections.

use std::future::Future;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use realtime::request_id::carried;
use tokio_util::either::Either;
use websocket::SizeLimits;
use websocket::handshake::{Handshake, Refusal, offered};

use super::socket::Socket;
use crate::abortable_stream::AbortableStream;

/// What a WebSocket runs over: the accept loop's own stream, or whatever else hyper was given.
pub type Stream = Either<AbortableStream, TokioIo<Upgraded>>;

/// A request that asks for a WebSocket as it should.
#[derive(Debug)]
pub struct Upgrade {
    handshake: Handshake,
    subprotocol: Option<HeaderValue>,
    line: OnUpgrade,
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    /// Given the one form of refusals by `http::problem::unify`.
    type Rejection = (StatusCode, HeaderMap);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let refused = |refusal: Refusal| (refusal.status(), refusal.headers());
        let handshake = Handshake::read(&parts.method, parts.version, &parts.headers).map_err(refused)?;
        // Not there on a connection that cannot become anything else.
        let line = parts.extensions.remove::<OnUpgrade>().ok_or(Refusal::NoUpgrade).map_err(refused)?;
        Ok(Self { handshake, subprotocol: None, line })
    }
}

impl Upgrade {
    /// Agrees on this subprotocol where the client offers it.
    #[must_use]
    pub fn subprotocol(mut self, headers: &HeaderMap, name: &'static str) -> Self {
        self.subprotocol = offered(headers).any(|offer| offer == name).then(|| HeaderValue::from_static(name));
        self
    }

    /// The answer, behind which `run` has the socket, in a task of its own.
    #[must_use]
    pub fn accept<F>(self, limits: SizeLimits, run: impl FnOnce(Box<Socket<Stream>>) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { handshake, subprotocol, line } = self;
        // What is logged on the way of this connection has the id of the request that opened it.
        tokio::spawn(carried(async move {
            // A line that ended before the answer was written is nobody's.
            if let Ok(upgraded) = line.await {
                // Boxed: a task holds whatever it hands on more than once.
                run(Box::new(socket(upgraded, limits))).await;
            }
        }));
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = handshake.headers(subprotocol);
        response
    }
}

/// Without the layers that hyper puts around a stream, where it is the accept loop's own.
fn socket(upgraded: Upgraded, limits: SizeLimits) -> Socket<Stream> {
    match upgraded.downcast::<TokioIo<AbortableStream>>() {
        Ok(parts) => Socket::new(Either::Left(parts.io.into_inner()), parts.read_buf.to_vec(), limits),
        Err(upgraded) => Socket::new(Either::Right(TokioIo::new(upgraded)), Vec::new(), limits),
    }
}
