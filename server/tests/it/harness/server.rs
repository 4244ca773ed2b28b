//! A whole server in this process, on a port that the system chooses, with its state in sight.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::Limits;
use realtime::broker::redis::RedisAddress;
use server::auth::Identity;
use server::config::{Config, Database, Options};
use server::listener::{ListenAt, Listener};
use server::state::AppState;
use server::store::SharedStore;
use tempfile::TempDir;
use test_engine::Engine;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::PATIENCE;
use super::database::{self, Scratch};
use super::held::{HeldStore, LockFile};

/// A free port.
const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Stops, at the latest, when it is dropped with its runtime.
pub(crate) struct TestServer {
    pub(crate) addr: SocketAddr,
    pub(crate) state: AppState,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<anyhow::Result<()>>>,
    /// Goes last.
    _scratch: Option<Scratch>,
    /// Of one of several nodes; goes with it.
    folder: Option<TempDir>,
}

/// The configuration of a server that keeps everything in memory.
pub(crate) fn config() -> Config {
    let options =
        Options { database: Some("memory:".to_owned()), listen: Some(ListenAt::Tcp(ANY)), ..Options::default() };
    Config::try_from(options).expect("the defaults are valid")
}

impl TestServer {
    /// In memory, with the default limits.
    pub(crate) async fn spawn() -> Self {
        Self::with(|_| {}).await
    }

    /// In memory, with other limits.
    pub(crate) async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        Self::with(|config| change(&mut config.limits)).await
    }

    /// With a database and a secret in this folder.
    pub(crate) async fn in_folder(folder: impl Into<PathBuf>, change: impl FnOnce(&mut Limits)) -> Self {
        let folder = folder.into();
        Self::with(|config| {
            config.database = database::of_folder(&folder);
            config.data_dir = folder;
            change(&mut config.limits);
        })
        .await
    }

    /// With other limits, and sockets that hold little of what is not read: it waits in the server instead. How much a
    /// socket takes by itself is the system's choice, and may be megabytes.
    pub(crate) async fn narrow(change: impl FnOnce(&mut Limits)) -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        // Those that are accepted inherit it.
        socket.set_send_buffer_size(16 * 1024).expect("the size may be set");
        socket.bind(ANY).expect("there is a free port");
        Self::on(socket.listen(128).expect("a bound port"), |config| change(&mut config.limits)).await
    }

    /// With any configuration; in memory means: on the database of this run.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind(ANY).await.expect("there is a free port");
        Self::on(listener, change).await
    }

    /// In memory, with a hand on the answers of its store.
    pub(crate) async fn held() -> (Self, Arc<LockFile>) {
        let listener = TcpListener::bind(ANY).await.expect("there is a free port");
        let hold = Arc::<LockFile>::default();
        let held = Arc::clone(&hold);
        let wrap = move |inner| -> SharedStore { Arc::new(HeldStore { inner, hold: held }) };
        (Self::over(listener, |_| {}, wrap).await, hold)
    }

    /// One of several nodes: over this engine, with the database and the secret of the first.
    pub(crate) async fn node(engine: &Engine, first: Option<&Self>) -> Self {
        Self::node_with(engine, first, |_| {}).await
    }

    /// The same, configured otherwise.
    pub(crate) async fn node_with(engine: &Engine, first: Option<&Self>, set: impl FnOnce(&mut Config)) -> Self {
        let address = RedisAddress::parse(&engine.url()).expect("is an address");
        Self::node_at(address, first, set).await
    }

    /// As [`TestServer::node`], with the engine at this address and with any configuration.
    pub(crate) async fn node_at(broker: RedisAddress, first: Option<&Self>, set: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind(ANY).await.expect("there is a free port");
        let store = first.map(|first| Arc::clone(&first.state.store));
        let folder = TempDir::new().expect("there is room for a temporary folder");
        if let Some(first) = first {
            let secret = first.state.config.data_dir.join("secret");
            std::fs::copy(secret, folder.path().join("secret")).expect("the first node has a secret");
        }
        let data_dir = folder.path().to_owned();
        let change = move |config: &mut Config| {
            config.broker = Some(broker);
            // Its own file goes unused where another node's is shared: the broker does not look at the database.
            config.database = Database::Sqlite(data_dir.join("whisperspace.db"));
            config.data_dir = data_dir;
            set(config);
        };
        let mut node = Self::over(listener, change, move |own| store.unwrap_or(own)).await;
        node.folder = Some(folder);
        node
    }

    /// On a listener of the test's own, with any configuration.
    pub(crate) async fn on(listener: TcpListener, change: impl FnOnce(&mut Config)) -> Self {
        Self::over(listener, change, |store| store).await
    }

    async fn over(
        listener: TcpListener,
        change: impl FnOnce(&mut Config),
        wrap: impl FnOnce(SharedStore) -> SharedStore + Send + 'static,
    ) -> Self {
        let addr = listener.local_addr().expect("a bound port has an address");
        Self::at(listener.into(), addr, change, wrap).await
    }

    /// At an address of the test's own.
    pub(crate) async fn at_address(address: SocketAddr, change: impl FnOnce(&mut Config)) -> Self {
        Self::on(TcpListener::bind(address).await.expect("can be had"), change).await
    }

    /// At a Unix socket; it has no address.
    pub(crate) async fn in_path(path: &Path, change: impl FnOnce(&mut Config)) -> Self {
        let at = ListenAt::Unix(path.to_owned());
        let listener = Listener::bind(&at, None).await.expect("nobody is there");
        let change = |config: &mut Config| {
            config.listen = at;
            change(config);
        };
        Self::at(listener, ANY, change, |store| store).await
    }

    async fn at(
        listener: Listener,
        addr: SocketAddr,
        change: impl FnOnce(&mut Config),
        wrap: impl FnOnce(SharedStore) -> SharedStore + Send + 'static,
    ) -> Self {
        let mut config = config();
        change(&mut config);
        let scratch = (config.database == Database::Memory).then(Scratch::fresh);
        let secret = TempDir::new().expect("there is room for a temporary folder");
        if let Some(scratch) = &scratch {
            config.database = scratch.database.clone();
            config.data_dir = scratch.folder().unwrap_or(secret.path()).to_owned();
        }
        config.limits.check().expect("the limits of a test are possible ones");
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, state) = oneshot::channel();
        let serving = tokio::spawn(server::serve_over(
            config,
            listener,
            async move {
                let _ = stopped.await;
            },
            wrap,
            move |state| {
                // Nobody waits yet: tests let spans pass at once.
                state.clock.make_movable();
                drop(started.send(state.clone()));
            },
        ));
        let state = state.await.expect("the server starts");
        Self { addr, state, stop: Some(stop), serving: Some(serving), _scratch: scratch, folder: None }
    }

    /// The origin of the server's own pages.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Whom a token stands for.
    pub(crate) async fn identity(&self, token: &str) -> Identity {
        let identity = self.state.auth.authenticate(&*self.state.store, token, self.state.clock.wall());
        identity.await.expect("the token is good")
    }

    /// Asks it to stop, without waiting.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops it; answers how long that took.
    pub(crate) async fn stop(mut self) -> Duration {
        let asked = Instant::now();
        self.begin_stop();
        let serving = self.serving.take().expect("a server stops once");
        let ended = tokio::time::timeout(PATIENCE, serving).await.expect("the server stops in time");
        ended.expect("serving does not panic").expect("serving ends without a fault");
        asked.elapsed()
    }
}
