//! The connection to the server and what is known of it: there, or away. One task of its own looks after a server that
//! is away, with growing pauses; meanwhile every call is refused at once, so that nobody queues for what cannot come.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, ClientOptions, WriteConcern};
use mongodb::{Client, Collection};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::collections::Collections;
use super::documents::bytes;
use super::faults::MongoFault;
use super::indexes;
use super::uri::MongoUri;
use crate::store::trouble::Trouble;
use crate::store::{Result, StoreError};

/// How long one step of connecting may take, and the choice of a server among several.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long a call may take with all its tries; a caller waits no longer.
const CALL_MAX: Duration = Duration::from_secs(5);
/// How long a sweep over everything may take.
const SWEEP_MAX: Duration = Duration::from_secs(50);
/// How long the server waits for its copies to confirm a write.
const CONFIRM_MAX: Duration = Duration::from_secs(4);
/// Making the indexes of a large database takes its time.
const PREPARE_MAX: Duration = Duration::from_mins(1);
/// The first start waits so long for the server before it goes on without.
const START_MAX: Duration = Duration::from_secs(3);
/// Pauses between two looks at a server that is away: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Steps on a document that others change at the same time. Each repetition needs somebody else's change in between.
pub(super) const TRIES_MAX: usize = 64;
/// Connections at once. A join holds one for a millisecond or two.
const CONNECTIONS_MAX: u32 = 64;

/// What every call goes through.
pub(super) struct MongoServer {
    uri: MongoUri,
    link: OnceLock<Collections>,
    there: watch::Sender<bool>,
    looking: AtomicBool,
    pub(super) trouble: Trouble,
    closed: CancellationToken,
}

impl MongoServer {
    /// Looks for the server. Where it is away, goes on looking.
    pub(super) async fn start(uri: MongoUri) -> Arc<Self> {
        let (there, mut seen) = watch::channel(false);
        let server = Arc::new(Self {
            uri,
            link: OnceLock::new(),
            there,
            looking: AtomicBool::new(false),
            trouble: Trouble::default(),
            closed: CancellationToken::new(),
        });
        server.look();
        if timeout(START_MAX, seen.wait_for(|there| *there)).await.is_err() {
            tracing::warn!("the database is away: the server waits for it, and serves as soon as it answers");
        }
        server
    }

    /// The collections, unless the server is known to be away.
    pub(super) fn link(&self) -> Result<&Collections> {
        if self.closed.is_cancelled() || !*self.there.borrow() {
            return Err(StoreError::Unavailable);
        }
        self.link.get().ok_or(StoreError::Unavailable)
    }

    /// Runs a call to its end or to the end of patience.
    pub(super) async fn call<T>(self: &Arc<Self>, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.within(CALL_MAX, call).await
    }

    /// As [`MongoServer::call`], for work on everything that is kept, which nobody waits for.
    pub(super) async fn sweep<T>(self: &Arc<Self>, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.within(SWEEP_MAX, call).await
    }

    async fn within<T>(self: &Arc<Self>, most: Duration, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let done = timeout(most, call).await.unwrap_or(Err(StoreError::Unavailable));
        let done = done.map_err(|error| self.told(error));
        if matches!(done, Err(StoreError::Unavailable)) {
            self.look();
        }
        done
    }

    /// Tells what the server refused. That it is away is told by whoever looks after it.
    fn told(&self, error: StoreError) -> StoreError {
        let StoreError::Failed(source) = error else {
            return error;
        };
        let fault = source.downcast_ref::<MongoFault>().copied();
        if let Some(fault) = fault.filter(|fault| fault.code != 0 || !fault.passes) {
            self.trouble.met(fault);
        }
        if fault.is_some_and(|fault| fault.passes) { StoreError::Unavailable } else { StoreError::Failed(source) }
    }

    /// Starts the task that looks after a server that did not answer, unless it runs.
    fn look(self: &Arc<Self>) {
        if self.closed.is_cancelled() || self.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let server = Arc::clone(self);
        tokio::spawn(async move {
            let closed = server.closed.clone();
            tokio::select! {
                () = server.look_until_there() => {}
                () = closed.cancelled() => {}
            }
            server.looking.store(false, Ordering::Release);
        });
    }

    async fn look_until_there(&self) {
        let mut pause = PAUSES.0;
        let mut told = None;
        loop {
            let Err(fault) = self.try_once().await else {
                break;
            };
            self.there.send_replace(false);
            // Logged once for each cause, not at each attempt.
            if told != Some(fault) {
                tracing::warn!(cause = %fault, "the database is away");
                told = Some(fault);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
        if told.is_some() {
            tracing::info!("the database answers again");
        }
        self.there.send_replace(true);
    }

    async fn try_once(&self) -> std::result::Result<(), MongoFault> {
        if let Some(link) = self.link.get() {
            return answered(timeout(CALL_MAX, probe(link)).await);
        }
        let link = answered(timeout(CALL_MAX, connect(&self.uri)).await)?;
        answered(timeout(PREPARE_MAX, indexes::make(&link)).await)?;
        answered(timeout(CALL_MAX, probe(&link)).await)?;
        // Nobody else fills it: one task looks at a time.
        let _ = self.link.set(link);
        Ok(())
    }

    /// Closes it: every later call is refused.
    pub(super) async fn close(&self) {
        self.closed.cancel();
        if let Some(link) = self.link.get() {
            // Calls that are still under way are cut off when the process ends.
            let _ = timeout(CALL_MAX, link.client.clone().shutdown().immediate(true)).await;
        }
    }
}

fn answered<T>(
    result: std::result::Result<mongodb::error::Result<T>, tokio::time::error::Elapsed>,
) -> std::result::Result<T, MongoFault> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(MongoFault::of(&error)),
        Err(_) => Err(MongoFault::new("it takes too long")),
    }
}

/// Deletes the document of an id. Returns whether there was one.
///
/// A document that changes at the same moment may be missed by some servers: it is looked for once more.
pub(super) async fn delete(collection: &Collection<Document>, id: [u8; 16]) -> Result<bool> {
    let filter = doc! { "_id": bytes(id) };
    for _ in 0..TRIES_MAX {
        if collection.delete_one(filter.clone()).await?.deleted_count > 0 {
            return Ok(true);
        }
        if collection.find_one(filter.clone()).projection(doc! { "_id": 1 }).await?.is_none() {
            return Ok(false);
        }
    }
    Err(StoreError::Unavailable)
}

/// A read of data: a gateway answers `ping` by itself while its engine is away.
pub(super) async fn probe(link: &Collections) -> mongodb::error::Result<()> {
    link.rooms.find_one(doc! {}).projection(doc! { "_id": 1 }).await.map(|_| ())
}

async fn connect(uri: &MongoUri) -> mongodb::error::Result<Collections> {
    let mut options = ClientOptions::parse(uri.expose()).await?;
    options.app_name.get_or_insert_with(|| "whisperspace".to_owned());
    options.connect_timeout.get_or_insert(CONNECT_MAX);
    options.server_selection_timeout.get_or_insert(CONNECT_MAX);
    options.max_pool_size.get_or_insert(CONNECTIONS_MAX);
    options.retry_reads.get_or_insert(true);
    options.retry_writes.get_or_insert(true);
    // Not the operator's choice: an acknowledged membership must outlive the loss of one server.
    let confirmed = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(CONFIRM_MAX).build();
    options.write_concern = Some(confirmed);
    let name = MongoUri::database(options.default_database.clone());
    let client = Client::with_options(options)?;
    let database = client.database(&name);
    let (users, rooms) = (database.collection("users"), database.collection("rooms"));
    Ok(Collections { client, database, users, rooms })
}
