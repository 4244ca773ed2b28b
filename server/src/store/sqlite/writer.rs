//! The one thread that owns the connection, and the bounded queue of jobs before it.
//!
//! Jobs that wait together share a transaction, each in a savepoint of its own: one that fails takes nothing with it.
//! No job is answered before the commit, so what was acknowledged outlives the process.
//!
//! Another program may hold the file's only place for a writer (a repair by hand). Jobs that write wait for it, up to
//! [`BUSY_MAX`]; those that only read need no such place and go past them. A second connection for these would keep pages
//! of what was deleted in its own memory, and its reading would keep the log of changes from being emptied.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior, ffi};
use tokio::sync::{mpsc, oneshot};

use super::faults::{self, Fault};
use super::open::BUSY_MAX;
use crate::store::trouble::Trouble;
use crate::store::{Result, StoreError};

/// Jobs that wait; a caller beyond them waits for a place.
const QUEUE_MAX: usize = 1_024;
/// Jobs in one transaction, so that the first of them is not kept waiting for long.
const BATCH_MAX: usize = 64;
/// Jobs that wait for another program; more are refused at once.
const HELD_MAX: usize = 1_024;
/// How long reading is held up between two tries for the writer's place.
pub(super) const STEP: Duration = Duration::from_millis(50);

/// What follows a job's commit, before it is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterCommit {
    Nothing,
    /// Fold the write-ahead log into the file and cut it to nothing.
    EmptyLog,
}

/// What a job does to the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write(AfterCommit),
}

pub(super) struct Writer {
    /// `None` once closed. The locks are held for one assignment.
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    ended: Mutex<Option<oneshot::Receiver<Result<()>>>>,
    pub(super) state: Arc<FileState>,
}

/// What is known of the file while it is in use.
#[derive(Debug, Default)]
pub(super) struct FileState {
    pub(super) trouble: Trouble,
    /// A job found it damaged.
    is_damaged: AtomicBool,
}

impl FileState {
    pub(super) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    fn note(&self, fault: Fault) {
        if fault.is_damage() {
            self.is_damaged.store(true, Ordering::Relaxed);
        }
        self.trouble.met(fault);
    }
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
        let state = Arc::<FileState>::default();
        let noted = Arc::clone(&state);
        let serving = move || match open() {
            // Nobody listens when the caller gave up, or dropped the store without closing it.
            Ok(connection) => {
                let _ = started.send(Ok(()));
                let _ = end.send(serve(connection, jobs, &noted));
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
        Ok(Self { queue: Mutex::new(Some(queue)), ended: Mutex::new(Some(ended)), state })
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.run_and(AfterCommit::Nothing, work).await
    }

    /// Runs what changes nothing: also while another program holds the file.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.enqueue(Kind::Read, work).await
    }

    pub(super) async fn run_and<T, F>(&self, after: AfterCommit, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.enqueue(Kind::Write(after), work).await
    }

    async fn enqueue<T, F>(&self, kind: Kind, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Work { function: Some(work), outcome: None, caller, kind });
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
    /// Does the work. Returns whether its changes stay.
    fn run(&mut self, db: &Connection) -> bool;
    fn kind(&self) -> Kind;
    /// The fault of the database that it met, if it did.
    fn fault(&self) -> Option<Fault>;
    fn answer(self: Box<Self>, commit: std::result::Result<(), Fault>);
}

struct Work<T, F> {
    function: Option<F>,
    outcome: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
    kind: Kind,
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

    fn kind(&self) -> Kind {
        self.kind
    }

    fn fault(&self) -> Option<Fault> {
        self.outcome.as_ref()?.as_ref().err().and_then(faults::behind)
    }

    fn answer(self: Box<Self>, commit: std::result::Result<(), Fault>) {
        let fault = self.fault();
        let outcome = match (self.outcome, fault.or(commit.err())) {
            // A refusal is one, whatever became of the others.
            (Some(Err(error @ (StoreError::Conflict | StoreError::NotFound | StoreError::Unavailable))), _)
            | (Some(Err(error @ StoreError::Failed(_))), None) => Err(error),
            (_, Some(fault)) if fault.passes => Err(StoreError::Unavailable),
            (_, Some(fault)) => Err(StoreError::Failed(Box::new(fault))),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(StoreError::Failed("a job of the database panicked".into())),
        };
        // A caller that is gone wants no answer.
        let _ = self.caller.send(outcome);
    }
}

type Jobs = Vec<Box<dyn Job>>;

/// Jobs that write, while another program holds the file; and until when they wait.
struct Held {
    jobs: Jobs,
    until: Instant,
}

fn serve(mut db: Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>, state: &FileState) -> Result<()> {
    db.busy_timeout(STEP)?;
    let mut held: Option<Held> = None;
    while let Some(batch) = next_batch(&mut jobs, held.is_some()) {
        held = match held.take() {
            // With those that write, for them all to go in the order in which they came.
            Some(Held { jobs: mut waiting, until }) => {
                let (reads, writes): (Jobs, Jobs) = batch.into_iter().partition(|job| job.kind() == Kind::Read);
                answer_all(&mut db, reads, state);
                waiting.extend(writes);
                write_or_hold(&mut db, waiting, until, state)
            }
            None => write_or_hold(&mut db, batch, Instant::now() + BUSY_MAX, state),
        };
        forgetting::clear_stack();
    }
    empty_log(&db, state);
    db.close().map_err(|(_, error)| error.into())
}

/// The jobs that are there; none is waited for where others are held. `None` when no more will come.
fn next_batch(jobs: &mut mpsc::Receiver<Box<dyn Job>>, holds: bool) -> Option<Jobs> {
    let mut batch = if holds { Vec::new() } else { vec![jobs.blocking_recv()?] };
    while batch.len() < BATCH_MAX {
        match jobs.try_recv() {
            Ok(job) => batch.push(job),
            Err(_) => break,
        }
    }
    Some(batch)
}

/// Runs and answers the jobs, if the place of the writer is free. If it is not, the ones that read are answered, and the
/// others come back until their time is over.
fn write_or_hold(db: &mut Connection, batch: Jobs, until: Instant, state: &FileState) -> Option<Held> {
    let writes = batch.iter().any(|job| job.kind() != Kind::Read);
    if !writes || !is_held_by_another(db) || Instant::now() >= until {
        answer_all(db, batch, state);
        return None;
    }
    let (reads, mut jobs): (Jobs, Jobs) = batch.into_iter().partition(|job| job.kind() == Kind::Read);
    answer_all(db, reads, state);
    let busy = Fault::of(ffi::Error::new(ffi::SQLITE_BUSY));
    for refused in jobs.split_off(jobs.len().min(HELD_MAX)) {
        state.note(busy);
        refused.answer(Err(busy));
    }
    Some(Held { jobs, until })
}

/// Whether another program has the writer's place, and keeps it for a step.
fn is_held_by_another(db: &mut Connection) -> bool {
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(rusqlite::Transaction::finish);
    begun.is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
}

fn answer_all(db: &mut Connection, mut batch: Jobs, state: &FileState) {
    if batch.is_empty() {
        return;
    }
    let changes = db.total_changes();
    let commit = commit_all(db, &mut batch).map_err(|error| {
        // Where a job's fault ended the transaction, what came after it failed for no other reason.
        let first = batch.iter().find_map(|job| job.fault());
        let unknown = || Fault::of(ffi::Error::new(ffi::SQLITE_ERROR));
        first.or_else(|| error.sqlite_error().map(|error| Fault::of(*error))).unwrap_or_else(unknown)
    });
    let faults: Vec<_> = batch.iter().filter_map(|job| job.fault()).chain(commit.err()).collect();
    if faults.is_empty() && db.total_changes() > changes {
        state.trouble.over();
    }
    for fault in faults {
        state.note(fault);
    }
    if batch.iter().any(|job| job.kind() == Kind::Write(AfterCommit::EmptyLog)) {
        empty_log(db, state);
    }
    for job in batch {
        job.answer(commit);
    }
}

fn commit_all(db: &mut Connection, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    // Immediate: what writes has the writer's place from the beginning, and cannot fail half way for want of it.
    let writes = batch.iter().any(|job| job.kind() != Kind::Read);
    let behavior = if writes { TransactionBehavior::Immediate } else { TransactionBehavior::Deferred };
    let mut transaction = db.transaction_with_behavior(behavior)?;
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
fn empty_log(db: &Connection, state: &FileState) {
    let emptied =
        db.busy_timeout(Duration::ZERO).and_then(|()| db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    let emptied = db.busy_timeout(STEP).and(emptied);
    if let Some(error) = emptied.err().as_ref().and_then(rusqlite::Error::sqlite_error) {
        state.note(Fault::of(*error));
    }
}
