//! The questions of this node to others that wait for answers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::broker::Answer;

/// Questions that wait at one moment; beyond that one is not asked, and finds nothing.
const ASKED_MAX: usize = 1_024;

/// All of them, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<HashMap<u64, mpsc::Sender<Answer>>>);

impl Asked {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Answer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who waits under this number.
    pub(super) fn waiting(&self, number: u64) -> Option<mpsc::Sender<Answer>> {
        self.lock().get(&number).cloned()
    }
}

/// One that waits, until this is dropped: also where whoever asked has gone.
pub(super) struct Waiting<'a>(&'a Asked, u64);

impl<'a> Waiting<'a> {
    /// `None` where too many wait.
    pub(super) fn begin(asked: &'a Asked, number: u64, answer: mpsc::Sender<Answer>) -> Option<Self> {
        let mut waiting = asked.lock();
        if waiting.len() >= ASKED_MAX {
            return None;
        }
        waiting.insert(number, answer);
        drop(waiting);
        Some(Self(asked, number))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}
