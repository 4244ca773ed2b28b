//! Certificates that the server gets by itself, from a real authority for tests (Pebble): the first, the next, none yet,
//! refused ones, and what is kept.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use server::commands::health;
use server::config::{Config, Database};
use server::listener::ListenAt;
use server::tls::AcmeSettings;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::rustls::RootCertStore;

use crate::harness::pebble::{Looks, Pebble, connect, free_port};
use crate::harness::process::Folder;
use crate::harness::{PATIENCE, TestServer, poll};

const NAMES: [&str; 2] = ["chat.example", "www.chat.example"];
/// More than the longest first wait after a failure, in milliseconds.
const AFTER_A_FAILURE: u64 = 180_000;
/// A short life in seconds, and a bit more than two thirds of it in milliseconds.
const SHORT: u64 = 600;
const DUE: u64 = 420_000;

/// A server that wants a certificate, in a folder that outlives it.
struct Site {
    server: TestServer,
    redirect: u16,
}

fn looks(by_tls: u16, by_http: u16) -> Looks {
    Looks { by_tls, by_http, seconds: 90 * 24 * 3_600, bad_nonces: 0 }
}

async fn port() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let port = listener.local_addr().expect("a bound port has an address").port();
    (listener, port)
}

impl Site {
    async fn start(listener: TcpListener, pebble: &Pebble, folder: &Path, redirect: Option<u16>) -> Self {
        let change = |config: &mut Config| {
            let names = NAMES.map(str::to_owned);
            let contact = ["mailto:admin@chat.example".to_owned()];
            let settings = AcmeSettings::parse(&names, &contact, Some(&pebble.directory()), Some(pebble.ca()));
            config.acme = settings.expect("is valid");
            config.https = true;
            config.database = Database::Sqlite(folder.join("whisperspace.db"));
            folder.clone_into(&mut config.data_dir);
            config.tls_redirect = redirect.map(|port| ([127, 0, 0, 1], port).into());
        };
        let server = TestServer::on(listener, change).await;
        Self { server, redirect: redirect.unwrap_or_default() }
    }

    /// The certificate that a client sees who trusts these, as soon as it can come in.
    async fn shown(&self, name: &str, roots: &RootCertStore) -> Vec<u8> {
        let port = self.server.addr.port();
        let line = poll("a certificate", async || connect(port, name, roots.clone(), &[]).await.ok()).await;
        line.get_ref().1.peer_certificates().expect("it shows one")[0].to_vec()
    }

    async fn shows_another(&self, before: &[u8], roots: &RootCertStore) -> Vec<u8> {
        poll("another certificate", async || {
            let shown = self.shown(NAMES[0], roots).await;
            (shown != before).then_some(shown)
        })
        .await
    }

    /// As an authority asks, by HTTP.
    async fn plain(&self, path: &str) -> String {
        let mut line = TcpStream::connect(("127.0.0.1", self.redirect)).await.expect("listens");
        let ask = format!("GET {path} HTTP/1.1\r\nhost: chat.example\r\n\r\n");
        line.write_all(ask.as_bytes()).await.expect("is sent");
        let mut answer = String::new();
        timeout(PATIENCE, line.read_to_string(&mut answer)).await.expect("in time").expect("is answered");
        answer
    }
}

/// As `whisperspace health` has it.
fn asked(server: &TestServer) -> Config {
    Config { listen: ListenAt::Tcp(server.addr), ..server.state.config.clone() }
}

/// The one folder of an authority.
fn kept(folder: &Path) -> PathBuf {
    let mut all = std::fs::read_dir(folder.join("acme")).expect("is there");
    let kept = all.next().expect("one authority").expect("can be read").path();
    assert!(all.next().is_none());
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_certificate_is_got_kept_and_shown_by_the_next_server_without_asking() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let ((listener, port), mut pebble) = (port().await, Pebble::away());
    // Pebble's habit: a request in seven is refused for its nonce.
    pebble.start(Looks { bad_nonces: 15, ..looks(port, 1) }).await;
    let (roots, site) = (pebble.roots().await, Site::start(listener, &pebble, folder.path(), None).await);
    let first = site.shown(NAMES[0], &roots).await;
    assert_eq!(site.shown(NAMES[1], &roots).await, first, "one certificate has all names");
    let mut line = connect(port, NAMES[0], roots.clone(), &[b"http/1.1"]).await.expect("has a certificate");
    let ask = b"GET /readyz HTTP/1.1\r\nhost: chat.example\r\nconnection: close\r\n\r\n";
    line.write_all(ask).await.expect("is sent");
    let mut answer = String::new();
    timeout(PATIENCE, line.read_to_string(&mut answer)).await.expect("in time").expect("is answered");
    let answer = answer.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 200") && answer.contains("strict-transport-security"), "{answer}");
    let challenge = connect(port, NAMES[0], roots.clone(), &[b"acme-tls/1"]).await;
    challenge.expect_err("no challenge is open any more");
    health::check(&asked(&site.server)).await.expect("is ready");

    let mode = |path: &Path| std::fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    let kept = kept(folder.path());
    assert_eq!([mode(&folder.path().join("acme")), mode(&kept)], [0o700; 2]);
    assert_eq!([mode(&kept.join("account.json")), mode(&kept.join("certificate.pem"))], [0o600; 2]);

    site.server.stop().await;
    pebble.stop();
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("is free again");
    let again = Site::start(listener, &pebble, folder.path(), None).await;
    let mut line = connect(port, NAMES[0], roots, &[]).await.expect("at once, and with the authority away");
    assert_eq!(line.get_ref().1.peer_certificates().expect("it shows one")[0].to_vec(), first);
    line.shutdown().await.expect("is open");
    again.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_and_the_one_before_used_while_that_fails() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let ((listener, port), mut pebble) = (port().await, Pebble::away());
    pebble.start(Looks { seconds: SHORT, ..looks(port, 1) }).await;
    let (roots, site) = (pebble.roots().await, Site::start(listener, &pebble, folder.path(), None).await);
    let clock = &site.server.state.clock;
    let first = site.shown(NAMES[0], &roots).await;
    clock.advance(DUE);
    let second = site.shows_another(&first, &roots).await;

    // An account that cannot be read: nothing is ordered until it can be, or is gone.
    let account = kept(folder.path()).join("account.json");
    std::fs::write(&account, "no account").expect("can be written");
    clock.advance(DUE);
    assert_eq!(site.shown(NAMES[0], &roots).await, second, "the one before is used on");
    std::fs::remove_file(&account).expect("is there");
    clock.advance(AFTER_A_FAILURE);
    site.shows_another(&second, &roots).await;
    assert!(account.exists(), "a new account was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_that_is_away_at_the_start_is_asked_again_and_nobody_is_let_in_before() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let ((listener, port), mut pebble, redirect) = (port().await, Pebble::away(), free_port());
    let site = Site::start(listener, &pebble, folder.path(), Some(redirect)).await;
    let nobody = RootCertStore::empty();
    connect(port, NAMES[0], nobody, &[]).await.expect_err("there is no certificate");
    let why = health::check(&asked(&site.server)).await.expect_err("is not ready").to_string();
    assert!(why.ends_with("is not ready: it has no certificate yet; its log says why"), "{why}");
    let told = site.plain("/readyz").await;
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("There is no certificate yet"), "{told}");

    pebble.start(looks(port, redirect)).await;
    let roots = pebble.roots().await;
    site.server.state.clock.advance(AFTER_A_FAILURE);
    site.shown(NAMES[0], &roots).await;
    assert!(site.plain("/").await.starts_with("HTTP/1.1 308"), "now it leads there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_finds_it_by_tls_the_authority_is_answered_by_http() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let ((listener, _), mut pebble, redirect) = (port().await, Pebble::away(), free_port());
    // Nobody listens where the authority looks first.
    pebble.start(looks(1, redirect)).await;
    let (roots, site) = (pebble.roots().await, Site::start(listener, &pebble, folder.path(), Some(redirect)).await);
    let account = async || folder.path().join("acme").exists().then(|| kept(folder.path()).join("account.json"));
    let account = poll("a folder", account).await;
    poll("an account", async || account.exists().then_some(())).await;
    assert!(site.plain("/.well-known/acme-challenge/x").await.starts_with("HTTP/1.1 503"), "a token of nobody");
    // The first attempt fails after a moment, and the next is by HTTP; however the two meet, time passes until it was.
    let port = site.server.addr.port();
    poll("a certificate", async || {
        site.server.state.clock.advance(AFTER_A_FAILURE);
        connect(port, NAMES[0], roots.clone(), &[]).await.ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_told_once_with_what_to_do_and_the_server_goes_on() {
    let folder = Folder::new();
    let mut pebble = Pebble::away();
    pebble.start(looks(1, 1)).await;
    let (directory, ca) = (pebble.directory(), pebble.ca().display().to_string());
    let serve = |name: &str| {
        let arguments = ["--listen", "127.0.0.1:0", "--data-dir", "data", "--database", "memory:", "--acme", name];
        folder.begin(&[&arguments[..], &["--acme-directory", &directory, "--acme-ca", &ca]].concat())
    };
    let told = async |text: &str| {
        let log = async || Some(folder.stderr()).filter(|log| log.contains(text));
        poll(text, log).await
    };
    let mut server = serve("blocked.example");
    let log = told("no new certificate: connections are refused").await;
    assert!(log.contains("the authority refuses") && log.contains("one that this authority gives"), "{log}");
    assert_eq!(log.matches("no new certificate").count(), 1, "{log}");
    assert!(folder.stdout().starts_with("WhisperSpace is at https://127.0.0.1:"), "{}", folder.stdout());
    server.signal(libc::SIGTERM);
    assert!(server.end().await.success());

    let account = kept(&folder.data()).join("account.json");
    std::fs::set_permissions(&account, PermissionsExt::from_mode(0o644)).expect("can be set");
    let mut server = serve("chat.example");
    told("account.json can be read by others: run chmod 600 on it").await;
    server.signal(libc::SIGTERM);
    assert!(server.end().await.success());
    std::fs::set_permissions(&account, PermissionsExt::from_mode(0o600)).expect("can be set");
    let mut server = serve("chat.example");
    let log = told("port 443 of it lead to --listen").await;
    assert!(!log.contains("PRIVATE") && !log.contains("key_pkcs8"), "{log}");
    server.signal(libc::SIGTERM);
    assert!(server.end().await.success());
}
