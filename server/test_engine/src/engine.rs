//! A real Redis server for one test: `redis-server` of the search path (or of the variable `REDIS_SERVER`) on a free port,
//! which can be killed and started again there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longer than a start takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// It keeps nothing, and ends with this.
#[derive(Debug)]
pub struct Engine {
    server: Child,
    port: u16,
    arguments: Vec<String>,
}

impl Engine {
    /// One that anybody on this machine may use.
    pub async fn start() -> Self {
        Self::start_with(|port| vec!["--port".to_owned(), port.to_string()]).await
    }

    /// One with these arguments beside those that keep it from writing anything; they are told its port.
    pub async fn start_with(arguments: impl FnOnce(u16) -> Vec<String>) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let port = free.local_addr().expect("a bound port has an address").port();
        drop(free);
        let arguments = arguments(port);
        let engine = Self { server: spawn(&arguments), port, arguments };
        engine.answers().await;
        engine
    }

    async fn answers(&self) {
        let waiting = async {
            while tokio::net::TcpStream::connect(self.at()).await.is_err() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the Redis server answers in time");
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The same, as a broker's address.
    pub fn url(&self) -> String {
        format!("redis://{}", self.at())
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.server.kill().expect("it runs");
        self.server.wait().expect("it has ended");
    }

    /// Another one at the same address.
    pub async fn start_again(&mut self) {
        self.server = spawn(&self.arguments);
        self.answers().await;
    }

    /// The names of all keys that it holds.
    pub fn keys(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(self.at()).expect("it runs");
        stream.write_all(b"KEYS *\r\n").expect("it listens");
        let mut lines = BufReader::new(stream).lines().map(|line| line.expect("it answers"));
        let count = lines.next().expect("it answers");
        let count = count.strip_prefix('*').and_then(|count| count.parse::<usize>().ok()).expect("a list");
        lines.filter(|line| !line.starts_with('$')).take(count).collect()
    }
}

fn spawn(arguments: &[String]) -> Child {
    let program = std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    let mut server = Command::new(program);
    server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(arguments);
    let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    server.expect("redis-server is there: `cargo xtask test` finds or installs it")
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
