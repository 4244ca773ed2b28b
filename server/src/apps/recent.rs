//! The requests of a session that were taken last, by their `cid`: a client that comes back asks again for what it does not
//! know the answer of, and nothing is done twice.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::ClientId;

/// As many as rooms remember.
const RECENT_MAX: usize = 64;

/// See the module.
#[derive(Default)]
pub(crate) struct Recent(Mutex<VecDeque<(ClientId, bool)>>);

/// What is known of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing: it is to be done, and is remembered from now on.
    New,
    /// It is being done, and will be answered once.
    UnderWay,
    /// It was done.
    Done,
}

impl Recent {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(ClientId, bool)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is about to be done.
    pub(crate) fn begin(&self, cid: &ClientId) -> Known {
        let mut recent = self.lock();
        match recent.iter().find(|(known, _)| known == cid) {
            Some((_, true)) => Known::Done,
            Some((_, false)) => Known::UnderWay,
            None => {
                if recent.len() == RECENT_MAX {
                    recent.pop_front();
                }
                recent.push_back((cid.clone(), false));
                Known::New
            }
        }
    }

    /// It was done, or refused: then it may be tried again.
    pub(crate) fn end(&self, cid: &ClientId, is_done: bool) {
        let mut recent = self.lock();
        if is_done {
            recent.iter_mut().filter(|(known, _)| known == cid).for_each(|(_, done)| *done = true);
        } else {
            recent.retain(|(known, _)| known != cid);
        }
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recent({})", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientId, Known, RECENT_MAX, Recent};

    fn cid(number: usize) -> ClientId {
        ClientId::parse(&format!("c{number}")).expect("is a cid")
    }

    #[test]
    fn what_was_done_is_not_done_again_and_what_was_refused_may_be() {
        let recent = Recent::default();
        assert_eq!((recent.begin(&cid(0)), recent.begin(&cid(0))), (Known::New, Known::UnderWay));
        recent.end(&cid(0), true);
        assert_eq!(recent.begin(&cid(0)), Known::Done);
        assert_eq!(recent.begin(&cid(1)), Known::New);
        recent.end(&cid(1), false);
        assert_eq!(recent.begin(&cid(1)), Known::New);
        for number in 2..=RECENT_MAX {
            recent.begin(&cid(number));
        }
        assert_eq!(recent.begin(&cid(0)), Known::New, "the oldest is forgotten");
    }
}
