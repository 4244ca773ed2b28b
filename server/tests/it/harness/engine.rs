//! A real Redis server for one test: `redis-server` of the search path (or of the variable `REDIS_SERVER`) on a free port,
//! which can be killed and started again there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use realtime::broker::redis::RedisAddress;

use super::poll;

/// It keeps nothing, and ends with this.
pub(crate) struct Engine {
    server: Child,
    port: u16,
}

impl Engine {
    pub(crate) async fn start() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let port = free.local_addr().expect("a bound port has an address").port();
        drop(free);
        let engine = Self { server: spawn(port), port };
        engine.answers().await;
        engine
    }

    async fn answers(&self) {
        let connect = async || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok();
        drop(poll("the Redis server answers", connect).await);
    }

    pub(crate) fn address(&self) -> RedisAddress {
        RedisAddress::parse(&format!("redis://127.0.0.1:{}", self.port)).expect("is an address")
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.server.kill().expect("it runs");
        self.server.wait().expect("it has ended");
    }

    /// Another one at the same address.
    pub(crate) async fn start_again(&mut self) {
        self.server = spawn(self.port);
        self.answers().await;
    }

    /// The names of all keys that it holds.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it runs");
        stream.write_all(b"KEYS *\r\n").expect("it listens");
        let mut lines = BufReader::new(stream).lines().map(|line| line.expect("it answers"));
        let count = lines.next().expect("it answers");
        let count = count.strip_prefix('*').and_then(|count| count.parse::<usize>().ok()).expect("a list");
        lines.filter(|line| !line.starts_with('$')).take(count).collect()
    }
}

fn spawn(port: u16) -> Child {
    let program = std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    let mut server = Command::new(program);
    server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
    let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    server.expect("redis-server is there: `cargo xtask test` finds or installs it")
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
