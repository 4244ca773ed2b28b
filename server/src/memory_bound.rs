//! `--memory-max`: where the process has taken so much memory, nobody new comes in until it has less. Those inside go on,
//! and the kernel has no reason to end the process with everybody in it.
//!
//! What counts is what the process has in memory, looked at a few times a second. A bound on allocations was rejected: one
//! that fails ends a task at a place of nobody's choice.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::process::Process;
use crate::state::AppState;

/// Between two looks: at full speed connections take some megabytes in this time.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// There is room again with this part less, so that the door does not swing. In hundredths.
const AGAIN_AT: u64 = 95;
/// Between two lines in the log.
const TELL_EVERY: Duration = Duration::from_mins(1);
/// Between two tries to give back to the system what is free.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// Watches until `halt`, where there is a bound.
pub(crate) async fn watch(state: AppState, halt: CancellationToken) {
    let Some(max) = state.config.memory_max else { return };
    let mut watch = Watch { state, max, told_at: None, trimmed_at: None };
    let watching = async {
        loop {
            watch.look().await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    halt.run_until_cancelled(watching).await;
}

struct Watch {
    state: AppState,
    max: u64,
    told_at: Option<Instant>,
    trimmed_at: Option<Instant>,
}

impl Watch {
    async fn look(&mut self) {
        // Where the system does not tell, there is nothing to go by.
        let Some(resident) = Process::resident() else { return };
        let (was, is) =
            (self.state.connections.is_closed(), is_full(resident, self.max, self.state.connections.is_closed()));
        if was != is {
            self.state.connections.close_door(is);
            self.tell(resident, is);
        }
        if is && is_due(self.trimmed_at, TRIM_EVERY) {
            self.trimmed_at = Some(Instant::now());
            // Walks through all that is free: not on a thread that serves.
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
    }

    fn tell(&mut self, resident: u64, is_full: bool) {
        let (resident, max) = (resident >> 20, self.max >> 20);
        if !is_due(self.told_at, TELL_EVERY) {
            return;
        }
        self.told_at = Some(Instant::now());
        if is_full {
            tracing::warn!(resident_mib = resident, max_mib = max, "--memory-max is reached: nobody new is let in");
        } else {
            tracing::info!(resident_mib = resident, max_mib = max, "there is memory again: newcomers are let in");
        }
    }
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|at| at.elapsed() >= every)
}

const fn is_full(resident: u64, max: u64, was: bool) -> bool {
    if was { resident / AGAIN_AT >= max / 100 } else { resident >= max }
}

/// What was freed may still be the process's; the C library of GNU keeps it until it is asked.
fn give_back() {
    #[cfg(target_env = "gnu")]
    #[expect(unsafe_code, reason = "malloc_trim has no safe wrapper; it takes a number")]
    // SAFETY: it touches free memory only, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::is_full;

    #[test]
    fn the_door_closes_at_the_bound_and_opens_well_below_it() {
        let max = 1 << 30;
        assert!(!is_full(max - 1, max, false) && is_full(max, max, false));
        assert!(is_full(max / 100 * 96, max, true) && !is_full(max / 100 * 94, max, true));
        assert!(!is_full(max / 100 * 96, max, false));
    }
}
