//! Standard error as the place for log lines: whatever becomes of it, nobody who logs waits or fails.
//!
//! A line goes into a bounded queue, and one thread writes it. So a full disk, a pipe that nobody reads any more and one
//! whose reader has stopped reading cost lines and nothing else. Lines that could not be written are counted, and told
//! as soon as writing works again. Writing where the line is logged was rejected: a reader that stops (`| less`) would
//! stop every task of the server at its next line.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Bytes that wait to be written; beyond it lines are lost.
const WAITING_BYTES_MAX: usize = 1024 * 1024;
/// When lines were lost and no new one comes, how often it is tried to tell so.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// At the end of the process, how long what waits may take.
const FINISH_MAX: Duration = Duration::from_secs(1);
/// A place that takes nothing for the moment (another program made it non-blocking) is tried again after this.
const AGAIN_AFTER: Duration = Duration::from_millis(10);
/// And given up for one line after so many tries.
const AGAIN_MAX: u32 = 100;

/// Where log lines go. Clones share the queue.
#[derive(Clone, Debug)]
pub(super) struct Output(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// A line waits.
    filled: Condvar,
    /// Nothing waits and nothing is being written.
    idle: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    is_writing: bool,
    /// Since the last time it was told.
    lost: u64,
}

thread_local! {
    /// What the writing thread itself logs, which is how it gives its own line the form of all others.
    static OWN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

impl Output {
    /// Starts the thread that writes to `place`.
    pub(super) fn start(place: impl Write + Send + 'static) -> io::Result<Self> {
        let output = Self(Arc::default());
        let shared = Arc::clone(&output.0);
        thread::Builder::new().name("log".to_owned()).spawn(move || shared.run(place))?;
        Ok(output)
    }

    /// Waits until everything is written, but no longer than a moment: a reader that has stopped holds up no end.
    pub(super) fn finish(&self) {
        let deadline = Instant::now() + FINISH_MAX;
        let mut state = self.0.lock();
        while state.is_writing || !state.waiting.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.0.idle.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn put(&self, line: Vec<u8>) {
        let mut state = self.0.lock();
        if state.bytes.saturating_add(line.len()) > WAITING_BYTES_MAX {
            state.lost += 1;
            return;
        }
        state.bytes += line.len();
        state.waiting.push_back(line);
        self.0.filled.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, place: impl Write) {
        let mut sink = Sink { place, is_torn: false };
        OWN.set(Some(Vec::new()));
        loop {
            let (line, lost) = self.next();
            let told = lost == 0 || sink.write(&notice(lost));
            let written = told && line.as_ref().is_none_or(|line| sink.write(line));
            let mut state = self.lock();
            state.is_writing = false;
            if !told {
                state.lost += lost;
            }
            if !written && line.is_some() {
                state.lost += 1;
            }
            if state.waiting.is_empty() {
                self.idle.notify_all();
            }
        }
    }

    /// The next line, and how many were lost before it; no line where only that is to be told.
    fn next(&self) -> (Option<Vec<u8>>, u64) {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.lost == 0 {
                state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let (woken, timer) =
                    self.filled.wait_timeout(state, TELL_EVERY).unwrap_or_else(PoisonError::into_inner);
                state = woken;
                if timer.timed_out() {
                    break;
                }
            }
        }
        let line = state.waiting.pop_front();
        state.bytes -= line.as_ref().map_or(0, Vec::len);
        state.is_writing = true;
        (line, std::mem::take(&mut state.lost))
    }
}

/// The line that tells of lost ones. At the level of faults, so that every level that logs anything has it.
fn notice(lost: u64) -> Vec<u8> {
    tracing::error!(lost, "log lines are lost: standard error could not be written, or was not read");
    OWN.with_borrow_mut(|own| own.as_mut().map(std::mem::take)).unwrap_or_default()
}

/// The end of the way.
struct Sink<W> {
    place: W,
    /// The last line was cut in the middle.
    is_torn: bool,
}

impl<W: Write> Sink<W> {
    /// Returns whether the whole line was written.
    fn write(&mut self, line: &[u8]) -> bool {
        if self.is_torn {
            if self.push(b"\n").is_err() {
                return false;
            }
            self.is_torn = false;
        }
        match self.push(line) {
            Ok(()) => self.place.flush().is_ok(),
            Err(pushed) => {
                self.is_torn = pushed > 0;
                false
            }
        }
    }

    /// As [`Write::write_all`], with patience for a place that is non-blocking; else answers how much was written.
    fn push(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let (mut pushed, mut tries) = (0, 0);
        while pushed < bytes.len() {
            match self.place.write(&bytes[pushed..]) {
                Ok(0) => return Err(pushed),
                Ok(more) => pushed += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && tries < AGAIN_MAX => {
                    tries += 1;
                    thread::sleep(AGAIN_AFTER);
                }
                Err(_) => return Err(pushed),
            }
        }
        Ok(())
    }
}

/// One line in the making.
#[derive(Debug)]
pub(super) struct LogLine {
    output: Output,
    bytes: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine { output: self.clone(), bytes: Vec::new() }
    }
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let line = std::mem::take(&mut self.bytes);
        // A thread that ends has no locals any more; its line goes the way of all lines.
        let is_own = OWN.try_with(|own| match &mut *own.borrow_mut() {
            Some(own) => {
                own.extend_from_slice(&line);
                true
            }
            None => false,
        });
        if !is_own.unwrap_or(false) && !line.is_empty() {
            self.output.put(line);
        }
    }
}

#[cfg(test)]
mod tests;
