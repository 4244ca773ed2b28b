//! The ways from polling to WebSocket: who is on one, and when a session's polls have to stand aside for it.
//!
//! Knows no packet and no socket. A session is in the table only while a poll or an upgrade of it runs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socketioxide::socket::Sid;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a poll that comes during an upgrade waits for its end: as long as at the reference.
const STAND_ASIDE: Duration = Duration::from_millis(100);

/// All that are in use.
#[derive(Clone, Default)]
pub(super) struct Passages(Arc<Mutex<HashMap<Sid, Used>>>);

struct Used {
    passage: Arc<Passage>,
    /// So many that use it.
    ways: usize,
}

struct Passage {
    claimed: AtomicBool,
    /// The upgrade waits for the client's poll to end.
    pausing: watch::Sender<bool>,
}

/// One use of a session's passage.
pub(super) struct Way {
    passages: Passages,
    sid: Sid,
    passage: Arc<Passage>,
}

/// The only upgrade of a session. Dropped, it is over and polls go on.
pub(super) struct Claim(Way);

impl Passages {
    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Used>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session's passage.
    pub(super) fn of(&self, sid: Sid) -> Way {
        let mut table = self.lock();
        let used = table.entry(sid).or_insert_with(|| {
            let passage = Passage { claimed: AtomicBool::new(false), pausing: watch::Sender::new(false) };
            Used { passage: Arc::new(passage), ways: 0 }
        });
        used.ways += 1;
        Way { passages: self.clone(), sid, passage: Arc::clone(&used.passage) }
    }

    /// The right to upgrade a session; `None` while another has it.
    pub(super) fn claim(&self, sid: Sid) -> Option<Claim> {
        let way = self.of(sid);
        let is_free = !way.passage.claimed.swap(true, Ordering::AcqRel);
        is_free.then(|| Claim(way))
    }
}

impl Way {
    /// Holds up a poll that comes while an upgrade is at its end: mostly it is over in a moment, and with it the polls.
    /// Answers whether it is not.
    pub(super) async fn holds_up(&self) -> bool {
        let mut pausing = self.passage.pausing.subscribe();
        let over = timeout(STAND_ASIDE, pausing.wait_for(|pausing| !pausing));
        over.await.is_err()
    }

    /// Resolves when an upgrade waits for the session's poll to end.
    pub(super) async fn pauses(&self) {
        // Fails only without a sender, and that is in `self`.
        let _ = self.passage.pausing.subscribe().wait_for(|pausing| *pausing).await;
    }
}

impl Claim {
    /// From now on the session's polls end.
    pub(super) fn pause(&self) {
        self.0.passage.pausing.send_replace(true);
    }

    /// The upgrade is done or was given up: polls are as they were.
    pub(super) fn go_on(&self) {
        self.0.passage.pausing.send_replace(false);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.go_on();
        self.0.passage.claimed.store(false, Ordering::Release);
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        let mut table = self.passages.lock();
        if let Entry::Occupied(mut used) = table.entry(self.sid) {
            used.get_mut().ways -= 1;
            if used.get().ways == 0 {
                used.remove();
            }
        }
    }
}

impl std::fmt::Debug for Passages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passages({})", self.lock().len())
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claim(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures::FutureExt as _;
    use socketioxide::socket::Sid;

    use super::{Passages, STAND_ASIDE};

    #[tokio::test]
    async fn polls_stand_aside_for_an_upgrade_and_for_nothing_else() {
        let (passages, sid) = (Passages::default(), Sid::new());
        let poll = passages.of(sid);
        let mut waiting = Box::pin(poll.pauses());
        let claim = passages.claim(sid).expect("nobody else upgrades");
        assert!(passages.claim(sid).is_none(), "one upgrade at a time");
        assert!(passages.claim(Sid::new()).is_some(), "of one session");
        assert!((&mut waiting).now_or_never().is_none(), "the probe has not begun");
        assert_eq!(passages.of(sid).holds_up().now_or_never(), Some(false));
        claim.pause();
        assert!(waiting.now_or_never().is_some(), "a poll that waits already ends");
        let began = Instant::now();
        assert!(passages.of(sid).holds_up().await, "the upgrade goes on");
        assert!(began.elapsed() >= STAND_ASIDE, "so polls are answered in measure");
        let (held, ()) = tokio::join!(poll.holds_up(), async { drop(claim) });
        assert!(!held && poll.pauses().now_or_never().is_none(), "it is over");
        assert!(passages.claim(sid).is_some(), "another may be tried");
        drop(poll);
        assert_eq!(format!("{passages:?}"), "Passages(0)", "nothing is left behind");
    }
}
