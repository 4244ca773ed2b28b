//! The lines to the backends of applications, kept between calls: plain, or with TLS and a certificate that one of the
//! common authorities vouches for.
//!
//! Connects to what it is given, by no proxy, and follows nothing.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::Uri;
use axum::http::uri::Scheme;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower::Service;

/// Lines that are kept open for the next call, and for how long.
const KEPT_MAX: usize = 32;
const KEPT_FOR: Duration = Duration::from_secs(30);

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Lines(pub(super) Client<Connector, Body>);

/// Opens one.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: TlsConnector,
}

/// One that is open.
pub(super) enum Line {
    Plain(TokioIo<TcpStream>),
    Secure(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Default for Lines {
    /// None yet.
    fn default() -> Self {
        Self::trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }
}

impl Lines {
    /// Lines of their own to a backend whose certificate these vouch for, and nobody else (PEM).
    ///
    /// # Errors
    /// There is no certificate, or one that cannot be read.
    pub(super) fn of_authorities(pem: &[u8]) -> Result<Self, &'static str> {
        const UNREADABLE: &str = "ca_file has certificates in PEM, each whole";
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(|_| UNREADABLE)?).map_err(|_| UNREADABLE)?;
        }
        if roots.is_empty() { Err(UNREADABLE) } else { Ok(Self::trusting(roots)) }
    }

    pub(super) fn trusting(roots: RootCertStore) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(KEPT_FOR).pool_max_idle_per_host(KEPT_MAX);
        Self(builder.build(Connector { tcp, tls: Arc::new(tls).into() }))
    }
}

impl Service<Uri> for Connector {
    type Response = Line;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Line>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_ready(context).map_err(io::Error::other)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let is_secure = uri.scheme() == Some(&Scheme::HTTPS);
        // An address of IPv6 stands in brackets.
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let (tcp, tls) = (self.tcp.call(uri), self.tls.clone());
        async move {
            let tcp = tcp.await.map_err(io::Error::other)?;
            if !is_secure {
                return Ok(Line::Plain(tcp));
            }
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let secure = tls.connect(name, tcp.into_inner()).await?;
            Ok(Line::Secure(Box::new(TokioIo::new(secure))))
        }
        .boxed()
    }
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(line) => Pin::new(line).poll_read(context, buffer),
            Self::Secure(line) => Pin::new(line).poll_read(context, buffer),
        }
    }
}

impl Write for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(line) => Pin::new(line).poll_write(context, bytes),
            Self::Secure(line) => Pin::new(line).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(line) => Pin::new(line).poll_flush(context),
            Self::Secure(line) => Pin::new(line).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(line) => Pin::new(line).poll_shutdown(context),
            Self::Secure(line) => Pin::new(line).poll_shutdown(context),
        }
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines(…)")
    }
}

#[cfg(test)]
mod tests;
