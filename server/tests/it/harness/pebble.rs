//! A real authority for one test: Pebble, on ports of its own, with a name server that sends every name to this
//! machine. It can be stopped, and another one started at the same address.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::poll;

/// What vouches for the line to it, which is its certificate itself.
const OWN: [&str; 2] = [include_str!("../../keys/tls.crt.pem"), include_str!("../../keys/tls.pem")];

/// Where it finds the server that wants a certificate, and what it gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looks {
    pub(crate) by_tls: u16,
    pub(crate) by_http: u16,
    /// How long a certificate lasts.
    pub(crate) seconds: u64,
    /// Of a hundred requests, how many have to be sent again with another nonce.
    pub(crate) bad_nonces: u8,
}

/// An address, and the authority there while it runs.
pub(crate) struct Pebble {
    folder: TempDir,
    port: u16,
    management: u16,
    running: Option<(Child, tokio::task::JoinHandle<()>)>,
}

impl Pebble {
    /// Nobody is there yet.
    pub(crate) fn away() -> Self {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let pebble = Self { folder, port: free_port(), management: free_port(), running: None };
        for (name, text) in ["own.pem", "own.key"].into_iter().zip(OWN) {
            std::fs::write(pebble.folder.path().join(name), text).expect("can be written");
        }
        pebble
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("own.pem")
    }

    /// Starts it, with no memory of another that was there before.
    pub(crate) async fn start(&mut self, looks: Looks) {
        let names = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        names.set_nonblocking(true).expect("can be set");
        let resolver = names.local_addr().expect("a bound port has an address").to_string();
        let names = tokio::net::TcpListener::from_std(names).expect("is a listener");
        let naming = tokio::spawn(async move {
            while let Ok((line, _)) = names.accept().await {
                tokio::spawn(answer(line));
            }
        });
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": "own.pem", "privateKey": "own.key",
            "httpPort": looks.by_http, "tlsPort": looks.by_tls,
            "domainBlocklist": ["blocked.example"], "keyAlgorithm": "ecdsa",
            "profiles": {"default": {"description": "of tests", "validityPeriod": looks.seconds}},
        }});
        std::fs::write(self.folder.path().join("config.json"), config.to_string()).expect("can be written");
        let program = std::env::var_os("PEBBLE").filter(|named| !named.is_empty()).unwrap_or_else(|| "pebble".into());
        let mut command = Command::new(program);
        command.args(["-config", "config.json", "-dnsserver", &resolver]).current_dir(self.folder.path());
        command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_WFE_NONCEREJECT", looks.bad_nonces.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("pebble is there: `cargo xtask test` finds or builds it");
        self.running = Some((child, naming));
        for port in [self.port, self.management] {
            drop(poll("the authority answers", async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await);
        }
    }

    pub(crate) fn stop(&mut self) {
        if let Some((mut child, naming)) = self.running.take() {
            naming.abort();
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What vouches for its certificates.
    pub(crate) async fn roots(&self) -> RootCertStore {
        let mut line = connect(self.management, "localhost", roots(OWN[0].as_bytes()), &[]).await.expect("it runs");
        line.write_all(b"GET /roots/0 HTTP/1.0\r\nhost: localhost\r\n\r\n").await.expect("is sent");
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await.expect("is answered");
        roots(&answer)
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
    }
}

fn roots(pem: &[u8]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem).expect("is one")).expect("is one");
    roots
}

/// A client that checks the name and the authority, as a browser does.
pub(crate) async fn connect(
    port: u16,
    name: &str,
    roots: RootCertStore,
    protocols: &[&[u8]],
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).expect("is a name");
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    free.local_addr().expect("a bound port has an address").port()
}

/// The name server: one question a message, over TCP (RFC 1035).
async fn answer(mut line: TcpStream) -> Option<()> {
    loop {
        let length = line.read_u16().await.ok()?;
        let mut asked = vec![0; usize::from(length)];
        line.read_exact(&mut asked).await.ok()?;
        let end = 12 + asked.get(12..)?.iter().position(|byte| *byte == 0)? + 5;
        let question = asked.get(12..end)?;
        // A for an address; of IPv6 there is none.
        let has_address = question.get(question.len() - 4..)? == [0, 1, 0, 1];
        let mut told = asked.get(..2)?.to_vec();
        told.extend([0x81, 0x80, 0, 1, 0, u8::from(has_address), 0, 0, 0, 0]);
        told.extend(question);
        if has_address {
            told.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
        }
        line.write_u16(u16::try_from(told.len()).ok()?).await.ok()?;
        line.write_all(&told).await.ok()?;
    }
}
