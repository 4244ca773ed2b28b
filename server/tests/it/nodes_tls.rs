//! Nodes whose engine wants TLS and a password.

use protocol::ServerFrame;
use realtime::broker::redis::RedisAddress;
use tempfile::TempDir;

use crate::harness::engine::Engine;
use crate::harness::{Guest, Room, TestServer};

const CERTIFICATE: &[u8] = include_bytes!("../keys/tls.crt.pem");
const KEY: &[u8] = include_bytes!("../keys/tls.pem");

struct Secure {
    engine: Engine,
    _folder: TempDir,
}

impl Secure {
    async fn start() -> Self {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("can be written");
            path.display().to_string()
        };
        let (certificate, key) = (write("crt", CERTIFICATE), write("key", KEY));
        let engine = Engine::start_with(|port| {
            let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-auth-clients", "no"];
            let door = ["--port", "0", "--tls-port", &port.to_string(), "--requirepass", "s3cret"].map(str::to_owned);
            door.into_iter().chain(files.map(str::to_owned)).collect()
        })
        .await;
        Self { engine, _folder: folder }
    }

    fn address(&self, password: &str) -> RedisAddress {
        let address = format!("rediss://:{password}@localhost:{}", self.engine.at().port());
        RedisAddress::parse(&address).expect("is an address")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_and_with_a_password_and_not_without() {
    let secure = Secure::start().await;
    let right = || secure.address("s3cret").trusting(CERTIFICATE).expect("is a certificate");
    let first = TestServer::node_at(right(), None, |_| {}).await;
    let second = TestServer::node_at(right(), Some(&first), |_| {}).await;
    let owner = Guest::new(&first).await;
    let room: Room = owner.room_for(10).await;
    let mut speaks = owner.enter(&room).await;
    let mut hears = Guest::at(second.addr, None).await.enter(&room).await;
    // The lines of the two nodes may not both stand yet: what is said before is told to nobody, as it is said.
    let heard = async {
        loop {
            speaks.say(&room.code, "by TLS").await;
            let before = hears.ping().await;
            if before.iter().any(|frame| matches!(frame, ServerFrame::Message(_))) {
                return;
            }
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, heard).await.expect("it is heard on the other node");

    let wrong = secure.address("another").trusting(CERTIFICATE).expect("is a certificate");
    let mut nodes = Vec::new();
    for refused in [wrong, secure.address("s3cret")] {
        // The first that ends closes the database of all.
        nodes.push(TestServer::node_at(refused, Some(&first), |_| {}).await);
        let Some(node) = nodes.last() else { continue };
        let mut alone = Guest::at(node.addr, None).await.enter(&room).await;
        // It is said when it is known that the engine does not let this node in.
        alone.say(&room.code, "only here").await;
        let reached = |frame: &ServerFrame| matches!(frame, ServerFrame::Message(said) if said.text == "only here");
        assert!(!hears.ping().await.iter().any(reached), "a password or an authority that is not looked at");
    }
}
