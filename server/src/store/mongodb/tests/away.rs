//! A server that is away: a typed refusal at once, no credentials in anything that is printed, and back without a restart.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::{MongoStore, MongoUri, Scratch, server};
use crate::store::conformance::fixtures::{NOW, guest, user_id};
use crate::store::{Store as _, StoreError};

/// Longer than the pauses between two looks.
const PATIENCE: Duration = Duration::from_secs(20);

/// A line to the server that can be cut.
pub(super) struct Line {
    pub(super) addr: SocketAddr,
    to: String,
    relay: Option<JoinHandle<()>>,
}

impl Line {
    pub(super) async fn new(to: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
        let addr = listener.local_addr().expect("a bound port has an address");
        Self { addr, to: to.to_owned(), relay: Some(tokio::spawn(relay(listener, to.to_owned()))) }
    }

    pub(super) async fn cut(&mut self) {
        if let Some(relay) = self.relay.take() {
            relay.abort();
            let _ = relay.await;
        }
    }

    pub(super) async fn mend(&mut self) {
        let listener = TcpListener::bind(self.addr).await.expect("the port is still free");
        self.relay = Some(tokio::spawn(relay(listener, self.to.clone())));
    }
}

/// What it has joined ends with it.
async fn relay(listener: TcpListener, to: String) {
    let mut lines = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        let to = to.clone();
        lines.spawn(async move {
            if let Ok(mut far) = TcpStream::connect(&to).await {
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        });
    }
}

async fn answers(store: &MongoStore) {
    let asked = Instant::now();
    while store.ping().await.is_err() {
        assert!(asked.elapsed() < PATIENCE, "the store does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_told_at_once_and_comes_back_by_itself() {
    let Some(server) = server() else {
        return;
    };
    let scratch = Scratch::new(&server);
    let host = server.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()).expect("is an address");
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_owned();
    let mut line = Line::new(&host).await;
    let through = scratch.uri().expose().replace(&host, &line.addr.to_string());
    let separator = if through.contains('?') { '&' } else { '?' };
    let through = MongoUri::parse(&format!("{through}{separator}directConnection=true")).expect("is an address");

    // Away from the first moment on: the store opens all the same.
    line.cut().await;
    let store = MongoStore::open(through).await;
    let refused = store.create_user(guest(1)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable)), "{refused:?}");
    line.mend().await;
    answers(&store).await;
    store.create_user(guest(1)).await.expect("is kept");

    for _ in 0..2 {
        line.cut().await;
        let first = store.user(user_id(1), NOW).await;
        assert!(matches!(first, Err(StoreError::Unavailable)), "{first:?}");
        // From then on nobody waits.
        let asked = Instant::now();
        for _ in 0..100 {
            let refused = store.ping().await;
            assert!(matches!(refused, Err(StoreError::Unavailable)), "{refused:?}");
        }
        assert!(asked.elapsed() < Duration::from_secs(6), "a hundred refusals took {:?}", asked.elapsed());
        line.mend().await;
        answers(&store).await;
        assert_eq!(store.user(user_id(1), NOW).await.expect("answers"), Some(guest(1)));
    }
}

/// Nothing listens there; the address holds a password that nothing may print.
#[tokio::test]
async fn no_error_names_the_server_or_the_password() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
    let port = listener.local_addr().expect("has an address").port();
    drop(listener);
    let uri = format!("mongodb://user:hunter2hunter2@localhost:{port}/db?serverSelectionTimeoutMS=300");
    let store = MongoStore::open(MongoUri::parse(&uri).expect("is an address")).await;
    let error = store.ping().await.expect_err("nothing listens there");
    let printed = format!("{error} {error:?} {store:?}");
    assert!(!printed.contains("hunter2") && !printed.contains("localhost"), "{printed}");
    store.close().await.expect("closes");
}
