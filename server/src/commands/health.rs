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
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio_util::either::Either;

use crate::config::Config;
use crate::listener::ListenAt;
use crate::proxy_protocol;
use crate::tls::{TlsFiles, files_shown};

/// For the whole question. The server takes two seconds at the most to find out.
const PATIENCE: Duration = Duration::from_secs(5);
/// A problem is shorter.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// A line to the server of the same configuration.
type Line = Either<TcpStream, UnixStream>;

/// A refusal, and what the server says beside the table's text.
#[derive(Deserialize)]
struct Told {
    #[serde(flatten)]
    problem: Problem,
    detail: Option<String>,
}

/// Asks `GET /readyz` where the configuration has the server listen; a sentence where it is ready.
///
/// # Errors
/// A sentence that says what is the matter.
pub async fn check(config: &Config) -> anyhow::Result<String> {
    let at = reachable(&config.listen);
    let shown = files_shown(config);
    let is_shown = shown.as_ref().is_none_or(|files| files.certificate.exists());
    if !is_shown && matches!(timeout(PATIENCE, connect(&at, config)).await, Ok(Ok(_))) {
        bail!("the server at {at} is not ready: it has no certificate yet; its log says why");
    }
    let asked = timeout(PATIENCE, ask(&at, config, shown.as_ref())).await;
    let Ok(answer) = asked else { bail!("the server at {at} does not answer") };
    let (status, body) =
        answer.with_context(|| format!("no server answers at {at}: does it run, and with this configuration?"))?;
    if status == StatusCode::OK {
        return Ok(format!("the server at {at} is ready\n"));
    }
    match serde_json::from_slice::<Told>(&body) {
        Ok(Told { problem, detail }) => {
            bail!("the server at {at} is not ready: {}", detail.unwrap_or(problem.title))
        }
        Err(_) => bail!("what listens at {at} is no WhisperSpace"),
    }
}

async fn ask(at: &ListenAt, config: &Config, shown: Option<&TlsFiles>) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let host = match at {
        ListenAt::Tcp(address) => address.to_string(),
        ListenAt::Unix(_) => "localhost".to_owned(),
    };
    let request = Request::get("/readyz").header(header::HOST, host).body(Body::empty())?;
    let line = connect(at, config).await?;
    let answer = match shown {
        Some(files) => send(own_line(line, files).await?, request).await?,
        None => send(line, request).await?,
    };
    let (head, body) = answer.into_parts();
    Ok((head.status, to_bytes(Body::new(body), ANSWER_BYTES_MAX).await?.to_vec()))
}

/// As the server expects it of this machine.
async fn connect(at: &ListenAt, config: &Config) -> std::io::Result<Line> {
    let (mut line, own) = match at {
        ListenAt::Tcp(address) => {
            let line = TcpStream::connect(address).await?;
            let own = line.local_addr()?.ip();
            (Line::Left(line), own)
        }
        ListenAt::Unix(path) => (Line::Right(UnixStream::connect(path).await?), Ipv4Addr::LOCALHOST.into()),
    };
    if config.is_introduced(own) {
        line.write_all(proxy_protocol::OWN).await?;
    }
    Ok(line)
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
async fn own_line(line: Line, files: &TlsFiles) -> anyhow::Result<TlsStream<Line>> {
    let verifier = Arc::new(Pinned { certificate: files.own_certificate()?, provider: ring::default_provider() });
    let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    // An address is no name to ask for.
    let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    Ok(TlsConnector::from(Arc::new(config)).connect(name, line).await?)
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
fn reachable(listen: &ListenAt) -> ListenAt {
    let ListenAt::Tcp(address) = listen else { return listen.clone() };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    ListenAt::Tcp(SocketAddr::new(ip, address.port()))
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
            ("unix:/run/chat.sock", "unix:/run/chat.sock"),
        ] {
            let listen = listen.parse().expect("is a place");
            assert_eq!(reachable(&listen).to_string(), asked);
        }
    }
}
