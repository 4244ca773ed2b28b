//! A place for lines, such as standard error or a file: whatever becomes of it, nobody who has one to write waits or fails.
//!
//! A line goes into a bounded queue, and one thread writes it. So a full disk, a pipe that nobody reads any more and one
//! whose reader has stopped reading cost lines and nothing else. Lines that could not be written are counted, and told
//! as soon as writing works again. Writing where the line is made was rejected: a reader that stops (`| less`) would
//! stop every task of the server at its next line.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

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

/// What lines are written to.
pub(crate) trait Place: Write + Send + 'static {
    /// Before each line: makes sure that there is something to write to. Answers whether that is another than before, in
    /// which no line was cut.
    fn renew(&mut self) -> io::Result<bool> {
        Ok(false)
    }
}

impl Place for io::Stderr {}

/// The line that tells how many were lost.
pub(crate) type Notice = Box<dyn Fn(u64) -> Vec<u8> + Send>;

/// Where lines go. Clones share the queue.
#[derive(Clone, Debug)]
pub(crate) struct LineOutput(Arc<Shared>);

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
    /// Nothing comes any more.
    is_over: bool,
    /// Since the last time it was told.
    lost: u64,
}

impl LineOutput {
    /// Starts the thread, of this name, that writes to `place`.
    pub(crate) fn start(name: &str, place: impl Place, notice: Notice) -> io::Result<Self> {
        let output = Self(Arc::default());
        let shared = Arc::clone(&output.0);
        thread::Builder::new().name(name.to_owned()).spawn(move || shared.run(place, notice))?;
        Ok(output)
    }

    /// Waits until everything is written, but no longer than a moment: a reader that has stopped holds up no end.
    pub(crate) fn finish(&self) {
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

    /// Ends the thread when it has written what waits.
    pub(crate) fn end(&self) {
        self.0.lock().is_over = true;
        self.0.filled.notify_one();
    }

    /// Takes a line, or counts it where there is no place for it.
    pub(crate) fn put(&self, line: Vec<u8>) {
        let mut state = self.0.lock();
        if state.is_over {
            return;
        }
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

    fn run(&self, place: impl Place, notice: Notice) {
        let mut sink = Sink { place, is_torn: false };
        while let Some((line, lost)) = self.next() {
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

    /// The next line, and how many were lost before it; no line where only that is to be told. `None` at the end.
    fn next(&self) -> Option<(Option<Vec<u8>>, u64)> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.is_over {
                return None;
            }
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
        Some((line, std::mem::take(&mut state.lost)))
    }
}

/// The end of the way.
struct Sink<W> {
    place: W,
    /// The last line was cut in the middle.
    is_torn: bool,
}

impl<W: Place> Sink<W> {
    /// Returns whether the whole line was written.
    fn write(&mut self, line: &[u8]) -> bool {
        match self.place.renew() {
            Ok(is_another) => self.is_torn &= !is_another,
            Err(_) => return false,
        }
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

#[cfg(test)]
mod tests;
