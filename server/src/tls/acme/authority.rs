//! The line to an authority: one request each, by HTTPS only, bounded in time and in what is read of an answer. Follows no
//! redirect and knows no proxy.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, Uri, header};
use bytes::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// For one request and its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A chain of certificates is some ten thousand.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Authority(TlsConnector);

impl Authority {
    /// One that the common authorities vouch for, or those in this file alone.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(super) fn trusting(ca: Option<&Path>) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        match ca {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                let told = || format!("{} (--acme-ca) has no certificates in PEM that can be read", file.display());
                for certificate in CertificateDer::pem_file_iter(file).with_context(told)? {
                    roots.add(certificate.with_context(told)?).with_context(told)?;
                }
                anyhow::ensure!(!roots.is_empty(), told());
            }
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self(Arc::new(config).into()))
    }

    async fn ask(self, request: Request<BodyWrapper<Bytes>>) -> io::Result<BytesResponse> {
        let asking = timeout(PATIENCE, self.exchange(request));
        asking.await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it took too long to answer")))
    }

    async fn exchange(self, mut request: Request<BodyWrapper<Bytes>>) -> io::Result<BytesResponse> {
        let uri = request.uri().clone();
        let (Some("https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(io::Error::other("it names an address that is not https"));
        };
        // An address of IPv6 stands in brackets.
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let stream = TcpStream::connect((host.as_str(), authority.port_u16().unwrap_or(443))).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        let line = self.0.connect(name, stream).await?;
        let host = HeaderValue::try_from(authority.as_str()).map_err(io::Error::other)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse::<Uri>().map_err(io::Error::other)?;
        request.headers_mut().insert(header::HOST, host);
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let (mut sender, line) = http1::handshake(TokioIo::new(line)).await.map_err(io::Error::other)?;
        let exchange = async {
            let (head, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
            let body = to_bytes(Body::new(body), ANSWER_BYTES_MAX).await.map_err(io::Error::other)?;
            Ok(BytesResponse { parts: head, body: Box::new(body) })
        };
        tokio::pin!(exchange);
        let line = async {
            let _ = line.await;
        };
        tokio::pin!(line);
        tokio::select! {
            biased;
            answer = &mut exchange => return answer,
            () = &mut line => {}
        }
        // The line has ended: what came is all there is.
        exchange.await
    }
}

impl HttpClient for Authority {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let asking = self.clone().ask(request);
        Box::pin(async move { asking.await.map_err(|error| Error::Other(Box::new(error))) })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(…)")
    }
}
