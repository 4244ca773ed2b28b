//! Against a real server: `redis-server` of the search path, started on a free port for each test.

mod checker;
mod faults;
mod relay;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chat::ChannelId;

use super::{RedisAddress, RedisBroker};
use crate::broker::conformance::{Nodes, QUEUE_MAX, broker_conformance, event};
use crate::broker::{Broker, Brought};

/// Nodes of the deployment that the suite is run on.
const NODES: usize = 3;

/// A server that keeps nothing, for as long as this lives.
pub(super) struct Engine {
    server: Child,
    port: u16,
}

impl Engine {
    pub(super) async fn start() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let port = free.local_addr().expect("a bound port has an address").port();
        drop(free);
        let engine = Self { server: spawn(port), port };
        engine.answers().await;
        engine
    }

    async fn answers(&self) {
        let waiting = async {
            while tokio::net::TcpStream::connect(self.at()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("the server answers in time");
    }

    pub(super) fn at(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// As `kill -9` does.
    pub(super) fn kill(&mut self) {
        self.server.kill().expect("it runs");
        self.server.wait().expect("it has ended");
    }

    pub(super) async fn start_again(&mut self) {
        self.server = spawn(self.port);
        self.answers().await;
    }
}

fn spawn(port: u16) -> Child {
    let mut server = Command::new(std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into()));
    server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
    let server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    server.expect("redis-server is there: `cargo xtask test` finds or installs it")
}

pub(super) fn address(at: SocketAddr) -> RedisAddress {
    RedisAddress::parse(&format!("redis://{at}")).expect("is an address")
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

async fn make() -> (Nodes, Engine) {
    let engine = Engine::start().await;
    let node = |_| -> Arc<dyn Broker> { Arc::new(RedisBroker::start(address(engine.at()), "tests", QUEUE_MAX)) };
    let nodes: Nodes = (0..NODES).map(node).collect();
    together(&nodes).await;
    (nodes, engine)
}

/// Until they hear each other: on a busy machine the first attempt to connect may come too late.
async fn together(nodes: &Nodes) {
    let room = ChannelId([255; 16]);
    let hear_one = async || {
        let mut subscriptions: Vec<_> = nodes.iter().map(|node| node.subscribe(room)).collect();
        for subscription in &mut subscriptions {
            subscription.ready().await;
        }
        let published = nodes[0].publish(room, event(0));
        let mut heard = published.is_ok();
        for subscription in &mut subscriptions {
            let next = tokio::time::timeout(Duration::from_secs(1), subscription.recv()).await;
            heard &= matches!(next, Ok(Some(Brought::Event(_))));
        }
        heard
    };
    let waiting = async { while !hear_one().await {} };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("they hear each other in time");
    for node in nodes {
        node.unsubscribe(room);
    }
}

broker_conformance!(make);
