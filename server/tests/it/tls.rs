//! TLS of the server's own: pages, sockets and health by it, certificates that change while it runs, and the way there for
//! whoever comes without.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::{SinkExt as _, StreamExt as _};
use protocol::SUBPROTOCOL;
use serde_json::{Value, json};
use server::commands::health;
use server::config::Config;
use server::listener::ListenAt;
use server::tls::TlsFiles;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::harness::{PATIENCE, TestServer};

const FIRST: [&[u8]; 2] = [include_bytes!("../keys/tls.crt.pem"), include_bytes!("../keys/tls.pem")];
const SECOND: [&[u8]; 2] = [include_bytes!("../keys/tls2.crt.pem"), include_bytes!("../keys/tls2.pem")];

fn write(files: &TlsFiles, [certificate, key]: [&[u8]; 2]) {
    for (path, bytes) in [(&files.certificate, certificate), (&files.key, key)] {
        std::fs::write(path, bytes).expect("can be written");
    }
}

fn files(folder: &Path) -> TlsFiles {
    TlsFiles { certificate: folder.join("chat.pem"), key: folder.join("chat.key") }
}

struct Secure {
    server: TestServer,
    files: TlsFiles,
    _folder: TempDir,
}

impl Secure {
    async fn start(change: impl FnOnce(&mut protocol::Limits)) -> Self {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let files = files(folder.path());
        write(&files, FIRST);
        let tls = files.clone();
        let server = TestServer::with(move |config| {
            config.tls = Some(tls);
            config.https = true;
            config.tls_redirect = Some(([127, 0, 0, 1], 0).into());
            change(&mut config.limits);
        })
        .await;
        Self { server, files, _folder: folder }
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        for certificate in [FIRST[0], SECOND[0]] {
            roots.add(CertificateDer::from_pem_slice(certificate).expect("is one")).expect("is one");
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(self.server.addr).await.expect("the server listens");
        let name = ServerName::try_from("localhost").expect("is a name");
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        timeout(PATIENCE, connecting).await.expect("in time").expect("agrees on keys")
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.server.addr.port())
    }

    async fn ask(&self, head: &str, body: &str) -> String {
        let mut line = self.connect().await;
        let request = format!(
            "{head} HTTP/1.1\r\nhost: {host}\r\norigin: https://{host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
            host = self.host()
        );
        line.write_all(request.as_bytes()).await.expect("is sent");
        let mut answer = String::new();
        timeout(PATIENCE, line.read_to_string(&mut answer)).await.expect("in time").expect("is answered");
        answer
    }
}

fn der(pem: &[u8]) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem).expect("is one").to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_logins_come_by_https() {
    let secure = Secure::start(|_| {}).await;
    let page = secure.ask("GET /", "").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.to_ascii_lowercase().contains("strict-transport-security: max-age="), "{page}");
    let guest = secure.ask("POST /api/v1/guest", "").await;
    assert!(guest.starts_with("HTTP/1.1 201"), "{guest}");
    assert!(guest.contains("__Host-ws=") && guest.contains("; Secure"), "{guest}");

    let mut plain = TcpStream::connect(secure.server.addr).await.expect("the server listens");
    plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("is sent");
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.expect("the line ends");
    assert!(!answer.starts_with(b"HTTP"), "nothing is served without TLS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_talks_over_it() {
    let secure = Secure::start(|_| {}).await;
    let guest = secure.ask("POST /api/v1/guest", "").await;
    let body = guest.split("\r\n\r\n").nth(1).expect("has a body");
    let token = serde_json::from_str::<Value>(body).expect("is JSON")["token"].clone();
    let mut request = format!("wss://{}/ws", secure.host()).into_client_request().expect("is a URL");
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let line = secure.connect().await;
    let (mut socket, _) = tokio_tungstenite::client_async(request, line).await.expect("is upgraded");
    let hello = json!({"t": "hello", "token": token});
    socket.send(Message::text(hello.to_string())).await.expect("is sent");
    let mut next = async |kind: &str| loop {
        let frame = timeout(PATIENCE, socket.next()).await.expect("in time").expect("lasts").expect("lasts");
        let Message::Text(text) = frame else { continue };
        let frame: Value = serde_json::from_str(&text).expect("is JSON");
        if frame["t"] == kind {
            return frame;
        }
    };
    assert_eq!(next("welcome").await["resumed"], false);
    // From then on nothing that is written passes hyper.
    let large = "x".repeat(100_000);
    socket.send(Message::text(json!({"t": "ping", "x": large}).to_string())).await.expect("is sent");
    let closed = timeout(PATIENCE, async { while let Some(Ok(_)) = socket.next().await {} }).await;
    closed.expect("what is too large ends the line, as without TLS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_are_counted_behind_the_encryption() {
    let secure = Secure::start(|limits| limits.frames_per_minute = 60_000).await;
    let mut request = format!("wss://{}/ws", secure.host()).into_client_request().expect("is a URL");
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let line = secure.connect().await;
    let (socket, _) = tokio_tungstenite::client_async(request, line).await.expect("is upgraded");
    let (mut writing, mut reading) = socket.split();
    let began = Instant::now();
    let sending = async {
        for _ in 0..6_000 {
            writing.feed(Message::Ping(Vec::new().into())).await.expect("is open");
        }
        writing.flush().await.expect("is open");
    };
    let answers = async {
        let mut count = 0;
        while count < 6_000 {
            let frame = timeout(PATIENCE, reading.next()).await.expect("in time").expect("lasts").expect("lasts");
            count += usize::from(matches!(frame, Message::Pong(_)));
        }
    };
    tokio::join!(sending, answers);
    assert!(began.elapsed() >= Duration::from_millis(300), "a burst at once, the rest at the rate");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_certificate_is_shown_when_the_files_change() {
    let secure = Secure::start(|_| {}).await;
    let shown = |line: &TlsStream<TcpStream>| line.get_ref().1.peer_certificates().map(|chain| chain[0].to_vec());
    let tls = secure.server.state.tls.clone().expect("is there");
    let mut before = secure.connect().await;
    assert_eq!(shown(&before), Some(der(FIRST[0])));
    let touch = |hours: u64| {
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000 + 3_600 * hours);
        for path in [&secure.files.certificate, &secure.files.key] {
            let file = std::fs::File::options().append(true).open(path).expect("is there");
            file.set_modified(later).expect("can be set");
        }
    };
    write(&secure.files, [SECOND[0], FIRST[1]]);
    touch(1);
    tls.look();
    assert_eq!(shown(&secure.connect().await), Some(der(FIRST[0])), "a key of another certificate changes nothing");
    write(&secure.files, SECOND);
    touch(2);
    tls.look();
    assert_eq!(shown(&secure.connect().await), Some(der(SECOND[0])));
    let ask = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", secure.host());
    before.write_all(ask.as_bytes()).await.expect("a line that is there stays");
    let mut answer = String::new();
    timeout(PATIENCE, before.read_to_string(&mut answer)).await.expect("in time").expect("is answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_asks_by_it_and_others_are_led_to_it() {
    let secure = Secure::start(|_| {}).await;
    let config = Config { listen: ListenAt::Tcp(secure.server.addr), ..secure.server.state.config.clone() };
    let asked = health::check(&config).await.expect("is ready");
    assert!(asked.contains("is ready"), "{asked}");
    health::check(&Config { tls: None, ..config.clone() }).await.expect_err("not without TLS");
    write(&secure.files, SECOND);
    health::check(&config).await.expect_err("it shows another certificate");

    let at = secure.server.state.redirect_at.expect("is there");
    let mut line = TcpStream::connect(at).await.expect("listens");
    line.write_all(b"POST /r/KW7P3MXQ?x=1 HTTP/1.1\r\nhost: chat.example:80\r\n\r\n").await.expect("is sent");
    let mut answer = String::new();
    timeout(PATIENCE, line.read_to_string(&mut answer)).await.expect("in time").expect("is answered");
    let to = format!("location: https://chat.example:{}/r/KW7P3MXQ?x=1\r\n", secure.server.addr.port());
    assert!(
        answer.starts_with("HTTP/1.1 308") && answer.to_ascii_lowercase().contains(&to.to_ascii_lowercase()),
        "{answer}"
    );
}

#[test]
fn files_that_are_none_are_named_at_the_start() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let files = files(folder.path());
    let load = || server::tls::Tls::load(&files).map(drop).map_err(|error| format!("{error:#}"));
    assert!(load().expect_err("not there").contains("chat.pem (--tls-cert)"));
    write(&files, [FIRST[0], SECOND[1]]);
    assert!(load().expect_err("no pair").contains("is not the key of the certificate"));
    write(&files, [b"", FIRST[1]]);
    assert!(load().expect_err("empty").contains("has no certificate"));
    write(&files, FIRST);
    load().expect("is a pair");
}
