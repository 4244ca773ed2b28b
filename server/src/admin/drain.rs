//! Sending people elsewhere before this node stops: nobody new comes in, then those who are there are told to come back,
//! spread over a while, as a stop of the server tells them. Until the first is told it can be taken back.
//!
//! Each connection is in one of a few groups, and a group goes at once. Knows no connection: each waits for its group.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::Monotonic;
use protocol::admin::{Drain as View, DrainState};
use realtime::clock::Clock;
use tokio_util::sync::CancellationToken;

/// So many steps has a drain.
const GROUPS: usize = 64;

/// See the module.
#[derive(Debug)]
pub struct Drain {
    groups: [CancellationToken; GROUPS],
    next: AtomicUsize,
    phase: Mutex<Phase>,
    turns_away: AtomicBool,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Open,
    Soon {
        begins_at: Monotonic,
        taken_back: CancellationToken,
    },
    Going,
    Done,
}

impl Drain {
    /// None yet. When the server is `stopping`, every group goes.
    pub fn new(stopping: &CancellationToken) -> Self {
        let groups = std::array::from_fn(|_| stopping.child_token());
        Self { groups, next: AtomicUsize::new(0), phase: Mutex::default(), turns_away: AtomicBool::new(false) }
    }

    /// What ends a connection that begins now: the server's stop, or its group's turn.
    pub fn leaving(&self) -> CancellationToken {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % GROUPS;
        self.groups.get(next).cloned().unwrap_or_default()
    }

    /// Whether nobody new comes in.
    pub fn turns_away(&self) -> bool {
        self.turns_away.load(Ordering::Relaxed)
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it is.
    pub(super) fn view(&self, now: Monotonic) -> View {
        match &*self.phase() {
            Phase::Open => View { state: DrainState::Open, in_s: None },
            Phase::Soon { begins_at, .. } => {
                View { state: DrainState::Soon, in_s: Some(begins_at.since(now).div_ceil(1_000)) }
            }
            Phase::Going => View { state: DrainState::Going, in_s: None },
            Phase::Done => View { state: DrainState::Done, in_s: None },
        }
    }

    /// Nobody new comes in from now on. What is answered is cancelled where that is taken back; `None`: it has begun before.
    pub(super) fn begin(&self, begins_at: Monotonic) -> Option<CancellationToken> {
        let mut phase = self.phase();
        if !matches!(*phase, Phase::Open) {
            return None;
        }
        let taken_back = CancellationToken::new();
        *phase = Phase::Soon { begins_at, taken_back: taken_back.clone() };
        self.turns_away.store(true, Ordering::Relaxed);
        Some(taken_back)
    }

    /// Takes it back, where nobody was told yet. Answers whether it was.
    pub(super) fn take_back(&self) -> bool {
        let mut phase = self.phase();
        let Phase::Soon { taken_back, .. } = &*phase else { return false };
        taken_back.cancel();
        *phase = Phase::Open;
        self.turns_away.store(false, Ordering::Relaxed);
        true
    }

    /// Waits until it is time, and sends all away, unless that is taken back before.
    pub(super) async fn run(&self, clock: &Clock, taken_back: CancellationToken, over_ms: u64) {
        let begins_at = match &*self.phase() {
            Phase::Soon { begins_at, .. } => *begins_at,
            Phase::Open | Phase::Going | Phase::Done => return,
        };
        if taken_back.run_until_cancelled(clock.sleep_until(begins_at)).await.is_none() || !self.go(&taken_back) {
            return;
        }
        for group in &self.groups {
            group.cancel();
            clock.sleep(over_ms / GROUPS as u64).await;
        }
        *self.phase() = Phase::Done;
    }

    fn go(&self, taken_back: &CancellationToken) -> bool {
        let mut phase = self.phase();
        // It may have been taken back, and begun anew by another.
        let goes = !taken_back.is_cancelled();
        if goes {
            *phase = Phase::Going;
        }
        goes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_go_one_group_after_the_other_unless_it_is_taken_back() {
        let (clock, stopping) = (Clock::start(), CancellationToken::new());
        let drain = Drain::new(&stopping);
        let people: Vec<_> = (0..2 * GROUPS).map(|_| drain.leaving()).collect();
        let soon = clock.mono();
        let taken_back = drain.begin(soon).expect("it is the first");
        assert!(drain.turns_away() && drain.begin(soon).is_none());
        assert_eq!(drain.view(soon), View { state: DrainState::Soon, in_s: Some(0) });
        assert!(drain.take_back() && !drain.take_back() && !drain.turns_away());
        drain.run(&clock, taken_back, 0).await;
        assert!(people.iter().all(|one| !one.is_cancelled()));
        let again = drain.begin(soon).expect("it was taken back");
        drain.run(&clock, again, 0).await;
        assert!(people.iter().all(CancellationToken::is_cancelled) && !drain.take_back());
        assert_eq!(drain.view(soon).state, DrainState::Done);
    }

    #[test]
    fn a_stop_of_the_server_ends_every_group() {
        let stopping = CancellationToken::new();
        let drain = Drain::new(&stopping);
        stopping.cancel();
        assert!(drain.leaving().is_cancelled() && !drain.turns_away());
    }
}
