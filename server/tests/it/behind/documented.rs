//! The configurations of `docs/proxies.md` and `docs/scaling.md`, taken from there, and the real proxies that run them: nginx, `HAProxy` and Caddy
//! of the search path, or those that the variables `NGINX`, `HAPROXY` and `CADDY` name.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::harness::{PATIENCE, poll};

const PROXIES: &str = include_str!("../../../../docs/proxies.md");
const SCALING: &str = include_str!("../../../../docs/scaling.md");
const CERTIFICATE: &str = include_str!("../../keys/tls.crt.pem");
const KEY: &str = include_str!("../../keys/tls.pem");

/// One block of the page, with the places of this test in it.
#[derive(Clone)]
pub(super) struct Block(String);

/// Where a block stands.
#[derive(Clone, Copy)]
pub(super) enum Page {
    Proxies,
    Scaling,
}

impl Block {
    /// The block of a language of `docs/proxies.md` that holds these words.
    pub(super) fn of(language: &str, words: &str) -> Self {
        Self::from(Page::Proxies, language, words)
    }

    /// The same of any page.
    pub(super) fn from(page: Page, language: &str, words: &str) -> Self {
        let page = match page {
            Page::Proxies => PROXIES,
            Page::Scaling => SCALING,
        };
        let start = format!("```{language}\n");
        let blocks = page.split(&start).skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0));
        let mut wanted = blocks.filter(|block| block.contains(words));
        let (block, more) = (wanted.next().expect("the page has it"), wanted.next());
        assert!(more.is_none(), "{words} is in two blocks");
        Self(block.to_owned())
    }

    /// Another place for one that the page names.
    pub(super) fn with(self, named: &str, own: &str) -> Self {
        assert!(self.0.contains(named), "{named} is not in\n{}", self.0);
        Self(self.0.replace(named, own))
    }

    /// What stands in front of these words.
    pub(super) fn before(self, words: &str) -> Self {
        Self(self.0.split_once(words).expect("the block has it").0.to_owned())
    }

    /// This and then the other.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 + "\n" + &other.0)
    }

    /// Without the line that holds this.
    pub(super) fn without(self, words: &str) -> Self {
        assert!(self.0.contains(words), "{words} is not in\n{}", self.0);
        let lines: Vec<_> = self.0.lines().filter(|line| !line.contains(words)).collect();
        Self(lines.join("\n"))
    }
}

/// A running proxy, at a port with TLS.
pub(super) struct Proxy {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Proxy {
    pub(super) async fn nginx(block: Block) -> Self {
        let (folder, port) = begin();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let block = block.with("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"));
        let block = block.with("/etc/ssl/chat.example.pem", &at("chat.pem"));
        let block = block.with("/etc/ssl/chat.example.key", &at("chat.key"));
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let paths = paths.map(|kind| format!("{kind}_temp_path {};\n", at(kind))).concat();
        let around = format!(
            "user root;\ndaemon off;\nmaster_process off;\npid {};\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{}\n}}\n",
            at("nginx.pid"),
            block.0
        );
        fs::write(folder.path().join("nginx.conf"), around).expect("can be written");
        let mut command = program("NGINX", "nginx");
        command.args(["-e", "stderr", "-p"]).arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
        Self::start(command, folder, port).await
    }

    pub(super) async fn haproxy(block: Block) -> Self {
        let (folder, port) = begin();
        let both = folder.path().join("both.pem");
        fs::write(&both, [CERTIFICATE, KEY].concat()).expect("can be written");
        let block = block.with("bind :443", &format!("bind 127.0.0.1:{port}"));
        let block = block.with("/etc/haproxy/chat.example.pem", &both.display().to_string());
        fs::write(folder.path().join("haproxy.cfg"), block.0 + "\n").expect("can be written");
        let mut command = program("HAPROXY", "haproxy");
        command.arg("-db").arg("-f").arg(folder.path().join("haproxy.cfg"));
        Self::start(command, folder, port).await
    }

    pub(super) async fn caddy(block: Block) -> Self {
        let (folder, port) = begin();
        let at = |name: &str| folder.path().join(name).display().to_string();
        // With the certificate of this test it asks nobody for one.
        let site = format!("https://chat.example:{port} {{\n\ttls {} {}", at("chat.pem"), at("chat.key"));
        let block = block.with("chat.example {", &site);
        let around = format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{}\n", block.0);
        fs::write(folder.path().join("Caddyfile"), around).expect("can be written");
        let mut command = program("CADDY", "caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        Self::start(command, folder, port).await
    }

    async fn start(mut command: Command, folder: TempDir, port: u16) -> Self {
        let log = folder.path().join("log");
        let stderr = fs::File::create(&log).expect("can be written");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).current_dir(folder.path());
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("{command:?} is not there ({error}): `cargo xtask test` finds or installs it")
        });
        let mut proxy = Self { child, port, _folder: folder };
        poll("the proxy listens", async || {
            if let Ok(Some(status)) = proxy.child.try_wait() {
                panic!("the proxy ended with {status}: {}", fs::read_to_string(&log).unwrap_or_default());
            }
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()
        })
        .await;
        proxy
    }

    /// A line to it from one of this machine's own addresses, 127.0.0.`last`.
    pub(super) async fn line(&self, last: u8) -> TlsStream<TcpStream> {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).expect("is one of this machine's");
        let connecting = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)));
        let stream = connecting.await.expect("the proxy listens");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("is one")).expect("is one");
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("is a name");
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        timeout(PATIENCE, connecting).await.expect("in time").expect("agrees on keys")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with the certificate and its key, and a port that is free.
fn begin() -> (TempDir, u16) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let write = |name: &str, text: &str| fs::write(Path::join(folder.path(), name), text).expect("can be written");
    write("chat.pem", CERTIFICATE);
    write("chat.key", KEY);
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let port = free.local_addr().expect("a bound port has an address").port();
    (folder, port)
}

fn program(variable: &str, name: &str) -> Command {
    Command::new(std::env::var_os(variable).filter(|named| !named.is_empty()).unwrap_or_else(|| name.into()))
}
