//! The one thread that owns the connection, and the bounded queue of jobs before it.
//!
//! Jobs that wait together share a transaction, each in a savepoint of its own: one that fails takes nothing with it.
//! No job is answered before the commit, so what was acknowledged outlives the process.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, ffi};
use tokio::sync::{mpsc, oneshot};

use super::open::BUSY_MAX;
use crate::store::{Result, StoreError};

/// Jobs that wait; a caller beyond them waits for a place.
const QUEUE_MAX: usize = 1_024;
/// Jobs in one transaction, so that the first of them is not kept waiting for long.
const BATCH_MAX: usize = 64;

/// What follows a job's commit, before it is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterCommit {
    Nothing,
    /// Fold the write-ahead log into the file and cut it to nothing.
    EmptyLog,
}

pub(super) struct Writer {
    /// `None` once closed. The locks are held for one assignment.
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    ended: Mutex<Option<oneshot::Receiver<Result<()>>>>,
}

impl Writer {
    /// Opens the connection in the thread that will own it.
    pub(super) async fn start<E>(
        open: impl FnOnce() -> std::result::Result<Connection, E> + Send + 'static,
        no_thread: impl FnOnce(io::Error) -> E,
    ) -> std::result::Result<Self, E>
    where
        E: Send + 'static,
    {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let (started, start) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let serving = move || match open() {
            // Nobody listens when the caller gave up, or dropped the store without closing it.
            Ok(connection) => {
                let _ = started.send(Ok(()));
                let _ = end.send(serve(connection, jobs));
            }
            Err(error) => {
                let _ = started.send(Err(error));
            }
        };
        if let Err(error) = thread::Builder::new().name("sqlite".to_owned()).spawn(serving) {
            return Err(no_thread(error));
        }
        match start.await {
            Ok(opened) => opened?,
            Err(_) => return Err(no_thread(io::Error::other("the thread ended at once"))),
        }
        Ok(Self { queue: Mutex::new(Some(queue)), ended: Mutex::new(Some(ended)) })
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.run_and(AfterCommit::Nothing, work).await
    }

    pub(super) async fn run_and<T, F>(&self, after: AfterCommit, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Work { function: Some(work), outcome: None, caller, after });
        let queue = queue.ok_or(StoreError::Unavailable)?;
        queue.send(job).await.map_err(|_| StoreError::Unavailable)?;
        answer.await.map_err(|_| StoreError::Unavailable)?
    }

    /// Lets the jobs that wait finish, then closes the file. Later jobs are refused.
    pub(super) async fn close(&self) -> Result<()> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        match ended {
            Some(ended) => ended.await.map_err(|_| StoreError::Unavailable)?,
            None => Ok(()),
        }
    }
}

trait Job: Send {
    /// Does the work. Answers whether its changes stay.
    fn run(&mut self, db: &Connection) -> bool;
    fn after(&self) -> AfterCommit;
    fn answer(self: Box<Self>, commit: std::result::Result<(), ffi::Error>);
}

struct Work<T, F> {
    function: Option<F>,
    outcome: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
    after: AfterCommit,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T> + Send,
{
    fn run(&mut self, db: &Connection) -> bool {
        self.outcome = self.function.take().map(|function| function(db));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn after(&self) -> AfterCommit {
        self.after
    }

    fn answer(self: Box<Self>, commit: std::result::Result<(), ffi::Error>) {
        let outcome = match (self.outcome, commit) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(_)) | None, Err(error)) => Err(rusqlite::Error::SqliteFailure(error, None).into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Failed("a job of the database panicked".into())),
        };
        // A caller that is gone wants no answer.
        let _ = self.caller.send(outcome);
    }
}

fn serve(mut db: Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>) -> Result<()> {
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        let commit = commit_all(&mut db, &mut batch)
            .map_err(|error| error.sqlite_error().copied().unwrap_or_else(|| ffi::Error::new(ffi::SQLITE_ERROR)));
        if batch.iter().any(|job| job.after() == AfterCommit::EmptyLog) {
            empty_log(&db);
        }
        for job in batch {
            job.answer(commit);
        }
    }
    empty_log(&db);
    db.close().map_err(|(_, error)| error.into())
}

fn commit_all(db: &mut Connection, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    // Immediate: another program's write (a repair by hand) is waited for here, and cannot fail a job half way.
    let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        let savepoint = transaction.savepoint()?;
        // A panic is a bug in one job; the thread serves the whole server and goes on.
        let kept = catch_unwind(AssertUnwindSafe(|| job.run(&savepoint)));
        // Where an error of the disk ended the whole transaction, there is no savepoint any more and this fails.
        if kept.unwrap_or(false) {
            savepoint.commit()?;
        } else {
            savepoint.finish()?;
        }
    }
    transaction.commit()
}

/// Another program that reads may keep part of the log alive. It is not waited for: the next time empties it.
fn empty_log(db: &Connection) {
    let emptied =
        db.busy_timeout(Duration::ZERO).and_then(|()| db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    let emptied = db.busy_timeout(BUSY_MAX).and(emptied);
    if let Err(error) = emptied {
        tracing::warn!(%error, "the database's log could not be emptied; it is tried again");
    }
}
