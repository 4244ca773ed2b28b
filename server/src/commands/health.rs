//! `whisperspace health`: asks the server of this configuration whether people may be sent to it, for supervisors and
//! containers that have no other program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use protocol::Problem;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::tls::TlsFiles;

/// For the whole question. The server takes two seconds at the most to find out.
const PATIENCE: Duration = Duration::from_secs(5);
/// A problem is shorter.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Asks `GET /readyz` where the configuration has the server listen; a sentence where it is ready.
///
/// # Errors
/// A sentence that says what is the matter.
pub async fn check(listen: SocketAddr, tls: Option<&TlsFiles>) -> anyhow::Result<String> {
    let at = reachable(listen);
    let asked = timeout(PATIENCE, ask(at, tls)).await;
    let Ok(answer) = asked else { bail!("the server at {at} does not answer") };
    let (status, body) =
        answer.with_context(|| format!("no server answers at {at}: does it run, and with this configuration?"))?;
    if status == StatusCode::OK {
        return Ok(format!("the server at {at} is ready\n"));
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => bail!("the server at {at} is not ready: {}", problem.title),
        Err(_) => bail!("what listens at {at} is no WhisperSpace"),
    }
}

async fn ask(at: SocketAddr, tls: Option<&TlsFiles>) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let request = Request::get("/readyz").header(header::HOST, at.to_string()).body(Body::empty())?;
    let stream = TcpStream::connect(at).await?;
    let answer = match tls {
        Some(files) => send(own_line(stream, files).await?, request).await?,
        None => send(stream, request).await?,
    };
    let (head, body) = answer.into_parts();
    Ok((head.status, to_bytes(Body::new(body), ANSWER_BYTES_MAX).await?.to_vec()))
}

async fn send<L>(line: L, request: Request<Body>) -> anyhow::Result<Response<Incoming>>
where
    L: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, line) = http1::handshake(TokioIo::new(line)).await?;
    tokio::spawn(line);
    Ok(sender.send_request(request).await?)
}

/// The server is asked by its address, which no certificate names: it has to show the very one of the configuration.
async fn own_line(stream: TcpStream, files: &TlsFiles) -> anyhow::Result<TlsStream<TcpStream>> {
    let verifier = Arc::new(Pinned { certificate: files.own_certificate()?, provider: ring::default_provider() });
    let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    let name = ServerName::from(stream.peer_addr()?.ip());
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}

/// Believes one certificate and no other.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: CryptoProvider,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Every address of a machine is none that can be asked: the server is there on the machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn every_address_is_asked_at_the_machines_own() {
        for (listen, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:3000", "192.0.2.1:3000"),
            ("[2001:db8::1]:1", "[2001:db8::1]:1"),
        ] {
            let listen = listen.parse().expect("is an address");
            assert_eq!(reachable(listen).to_string(), asked);
        }
    }
}
