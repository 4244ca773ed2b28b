//! Questions to an application's backend about who may hear a channel. Whoever is put out of the channel while the answer is on
//! its way does not come into it by that answer: it was given before.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use channels::{AppUser, ChannelName};

use super::lock::lock;

type Key = (AppUser, ChannelName);

/// Those that wait for an answer: no more than there are connections that ask. A cheap handle; locked inside of what holds it.
#[derive(Clone, Default)]
pub(super) struct Questions(Arc<Mutex<HashMap<Key, Waiting>>>);

#[derive(Default)]
struct Waiting {
    questions: usize,
    put_out: u64,
}

/// One question, until what follows from its answer is done.
pub(crate) struct Asking {
    all: Questions,
    key: Key,
    put_out: u64,
}

impl Questions {
    fn waiting(&self) -> MutexGuard<'_, HashMap<Key, Waiting>> {
        lock(&self.0)
    }

    /// Before the backend is asked.
    pub(super) fn begin(&self, user: &AppUser, channel: &ChannelName) -> Asking {
        let key = (user.clone(), channel.clone());
        let put_out = {
            let mut all = self.waiting();
            let waiting = all.entry(key.clone()).or_default();
            waiting.questions += 1;
            waiting.put_out
        };
        Asking { all: self.clone(), key, put_out }
    }

    /// The application puts a user out of a channel.
    pub(super) fn put_out(&self, user: &AppUser, channel: &ChannelName) {
        if let Some(waiting) = self.waiting().get_mut(&(user.clone(), channel.clone())) {
            waiting.put_out += 1;
        }
    }
}

impl Asking {
    /// Whether the user was put out of the channel since the question was asked.
    pub(super) fn is_over(&self) -> bool {
        self.all.waiting().get(&self.key).is_none_or(|waiting| waiting.put_out != self.put_out)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut all = self.all.waiting();
        if let Some(waiting) = all.get_mut(&self.key) {
            waiting.questions -= 1;
            if waiting.questions == 0 {
                all.remove(&self.key);
            }
        }
    }
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asking(…)")
    }
}
