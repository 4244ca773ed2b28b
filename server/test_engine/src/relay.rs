//! A relay between a node and the engine, which can hold back, lose and slow down what goes through it, each way by itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of what goes one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It passes at once.
    Open,
    /// Nothing passes and nothing is closed, as where a cable was pulled.
    Cut,
    /// Everything comes later.
    Slow(Duration),
}

/// One of them a node; it ends with the runtime of its test.
#[derive(Debug)]
pub struct Relay {
    /// Where the node finds it.
    pub at: SocketAddr,
    to_engine: watch::Sender<Way>,
    to_node: watch::Sender<Way>,
}

impl Relay {
    /// In front of the engine at this address.
    pub async fn start(engine: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
        let at = listener.local_addr().expect("a bound port has an address");
        let ((to_engine, there), (to_node, back)) = (watch::channel(Way::Open), watch::channel(Way::Open));
        tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                // Where the engine is away the line ends, as it would without a relay.
                let Ok(engine) = TcpStream::connect(engine).await else { continue };
                let (from_node, to_node) = node.into_split();
                let (from_engine, to_engine) = engine.into_split();
                tokio::spawn(pass(from_node, to_engine, there.clone()));
                tokio::spawn(pass(from_engine, to_node, back.clone()));
            }
        });
        Self { at, to_engine, to_node }
    }

    /// From now on, also on lines that are there.
    pub fn set(&self, to_engine: Way, to_node: Way) {
        self.to_engine.send_replace(to_engine);
        self.to_node.send_replace(to_node);
    }

    /// The address, as a broker's.
    pub fn url(&self) -> String {
        format!("redis://{}", self.at)
    }

    /// All is well again.
    pub fn open(&self) {
        self.set(Way::Open, Way::Open);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        let now = *way.borrow_and_update();
        if let Way::Slow(wait) = now {
            tokio::time::sleep(wait).await;
        }
        // It comes late, also where its sender has given the line up: so do the packets of a network.
        if way.wait_for(|way| *way != Way::Cut).await.is_err() || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
