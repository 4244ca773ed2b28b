//! Sessions of applications' users that wait for their clients or have them: who comes back is found here.
//!
//! Holds sessions of the native protocol only; clients of others cannot come back to one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::{Limits, SessionId};
use realtime::session::{Flushers, Generation, Host, Session};

use super::client::Person;
use super::live::ForChannels;

/// A cheap handle to all of them.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<HashMap<SessionId, Arc<Person>>>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Person>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, person: &Arc<Person>) {
        self.lock().insert(person.member.session().id.clone(), Arc::clone(person));
    }

    pub(crate) fn find(&self, id: &SessionId) -> Option<Arc<Person>> {
        self.lock().get(id).cloned()
    }

    fn forget(&self, id: &SessionId) {
        self.lock().remove(id);
    }
}

/// Keeps one session. `resumable`: its client may come back to it.
#[derive(Debug)]
pub(crate) struct SessionHost {
    person: Arc<Person>,
    resumable: Option<Sessions>,
}

impl SessionHost {
    /// Of a session whose client goes for good when its line does.
    pub(crate) fn new(person: Arc<Person>) -> Self {
        Self { person, resumable: None }
    }

    /// Of one whose client may come back.
    pub(crate) fn resumable(person: Arc<Person>, sessions: Sessions) -> Self {
        Self { person, resumable: Some(sessions) }
    }
}

impl Host<ForChannels> for SessionHost {
    fn limits(&self) -> &Limits {
        self.person.live().limits()
    }

    fn flushers(&self) -> &Flushers {
        self.person.live().flushers()
    }

    fn dropped(&self, session: &Arc<Session<ForChannels>>, generation: Generation) {
        if !session.detach(generation) {
            return;
        }
        self.person.lost("transport close");
        let (person, session) = (Arc::clone(&self.person), Arc::clone(session));
        let Some(sessions) = self.resumable.clone() else {
            session.end();
            return person.gone();
        };
        let end = move |is_over_now: bool| {
            let is_over = if is_over_now {
                session.end();
                true
            } else {
                session.end_if_detached(generation).is_some() || session.is_over()
            };
            if is_over {
                sessions.forget(&session.id);
                person.gone();
            }
        };
        if self.person.member.is_dismissed() {
            end(true);
        } else {
            self.person.live().after_grace(move || end(false));
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sessions({})", self.lock().len())
    }
}
