//! A line with TLS is one only to whom somebody vouches for, under the name that was asked for.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Lines;

const CERTIFICATE: &[u8] = include_bytes!("../../../tests/keys/tls.crt.pem");
const KEY: &[u8] = include_bytes!("../../../tests/keys/tls.pem");

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(CERTIFICATE).expect("is a certificate")
}

/// Answers every request, with the certificate of `localhost`.
async fn serve() -> SocketAddr {
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("is a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("they are a pair")));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
    let addr = listener.local_addr().expect("a bound port has an address");
    let router = axum::Router::new().fallback(|| async { "answered" });
    tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
            tokio::spawn(async move {
                let Ok(line) = acceptor.accept(line).await else { return };
                let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(line), service);
                // A client that goes is no fault of the server's.
                let _ = served.await;
            });
        }
    });
    addr
}

async fn ask(lines: &Lines, host: &str, addr: SocketAddr) -> Option<Vec<u8>> {
    let request = Request::get(format!("https://{host}:{}/", addr.port())).body(Body::empty()).expect("is a request");
    let answer = lines.0.request(request).await.ok()?;
    Some(to_bytes(Body::new(answer.into_body()), 1_024).await.expect("is short").to_vec())
}

#[tokio::test]
async fn a_certificate_is_believed_where_somebody_vouches_for_it_and_for_its_name_only() {
    let addr = serve().await;
    let trusting = Lines::of_authorities(CERTIFICATE).expect("is one");
    assert_eq!(ask(&trusting, "localhost", addr).await.as_deref(), Some(&b"answered"[..]));
    assert_eq!(ask(&trusting, "127.0.0.1", addr).await, None, "another name");
    assert_eq!(ask(&Lines::default(), "localhost", addr).await, None, "nobody vouches for it");
    for none in [&b""[..], b"no certificate", KEY, &CERTIFICATE[..CERTIFICATE.len() / 2]] {
        Lines::of_authorities(none).expect_err("is none");
    }
}
