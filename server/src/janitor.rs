//! Ends what nobody ends: expired rooms and guests, and after a restart the rooms to which nobody returns.
//!
//! A live room ends itself (see `chat::Room`); this is for those that have no task.

use std::time::Duration;

use protocol::{LeaveReason, Millis};
use tokio_util::sync::CancellationToken;

use crate::clock::{self, HOUR_MS};
use crate::state::AppState;

/// How often the store is purged.
const PURGE_EVERY: Duration = Duration::from_mins(1);

/// A login unused for so long ends.
const LOGIN_IDLE_MS: u64 = 30 * 24 * HOUR_MS;

/// Runs until the server halts.
pub(crate) async fn run(state: AppState, halt: CancellationToken) {
    let abandoned = end_abandoned(state.clone());
    let purging = purge_regularly(state);
    tokio::select! {
        () = async { tokio::join!(abandoned, purging); } => {}
        () = halt.cancelled() => {}
    }
}

/// After a restart every stored room counts as without a seat from now on.
async fn end_abandoned(state: AppState) {
    let rooms = match state.store.live_rooms(clock::now()).await {
        Ok(rooms) => rooms,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the rooms of the last run could not be read");
            return;
        }
    };
    tokio::time::sleep(Duration::from_millis(state.config.limits.room_empty_ms)).await;
    let mut ended = 0_u32;
    for room in rooms {
        if !state.hub.is_live(room) && state.store.delete_room(room).await.unwrap_or(false) {
            // Whoever came in the meantime is told.
            state.hub.end_room(room, LeaveReason::Empty);
            ended += 1;
        }
    }
    if ended > 0 {
        tracing::info!(ended, "rooms ended to which nobody returned after the restart");
    }
}

async fn purge_regularly(state: AppState) {
    let mut every = tokio::time::interval(PURGE_EVERY);
    loop {
        every.tick().await;
        purge(&state, clock::now()).await;
    }
}

/// Forgets what has expired by now, and tells the live rooms what that means for them.
pub async fn purge(state: &AppState, now: Millis) {
    state.gates.prune(now);
    match state.store.purge(now, now.saturating_sub(LOGIN_IDLE_MS)).await {
        Ok(purged) => {
            for room in &purged.rooms {
                state.hub.end_room(*room, LeaveReason::Expired);
            }
            for (room, owner) in &purged.passed_on {
                state.hub.passed_on(*room, *owner);
            }
        }
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be purged"),
    }
}
