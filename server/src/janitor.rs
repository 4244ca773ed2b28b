//! Ends what nobody ends: expired rooms and guests, and after a restart the rooms to which nobody returns; and tells
//! the database what it could not be told while it was away.
//!
//! A live room ends itself (see `chat::Room`); this is for those that have no task. The time is an argument.

use std::time::Duration;

use protocol::{LeaveReason, Millis};
use tokio_util::sync::CancellationToken;

use crate::clock::{self, HOUR_MS};
use crate::state::{AppState, State};
use crate::store::{RoomId, StoreError};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often the store is purged.
const PURGE_EVERY_MS: Millis = 60_000;

/// A login unused for so long ends.
const LOGIN_IDLE_MS: u64 = 30 * 24 * HOUR_MS;

/// Runs until the server halts.
pub(crate) async fn run(state: AppState, halt: CancellationToken) {
    let mut janitor = Janitor::default();
    let looking = async {
        loop {
            janitor.look(&state, clock::now()).await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        () = looking => {}
        () = halt.cancelled() => {}
    }
}

/// What it remembers between two looks.
#[derive(Debug, Default)]
pub struct Janitor {
    last_run: LastRun,
    purge_at: Millis,
}

/// The rooms that were in the store when the server started.
#[derive(Debug, Default)]
enum LastRun {
    /// The database has not told them yet.
    #[default]
    Unknown,
    /// They end then, unless somebody has returned.
    Waiting { rooms: Vec<RoomId>, until: Millis },
    /// They are like all others now.
    Over,
}

impl Janitor {
    /// Does what is due at `now`. What the database does not take is tried again at the next look.
    pub async fn look(&mut self, state: &State, now: Millis) {
        state.hub.settle().await;
        self.end_abandoned(state, now).await;
        if now >= self.purge_at {
            self.purge(state, now).await;
        }
    }

    /// After a restart every stored room counts as without a seat from now on: from the first moment, that is, at which
    /// somebody could have come back.
    async fn end_abandoned(&mut self, state: &State, now: Millis) {
        match &mut self.last_run {
            LastRun::Unknown => match state.store.live_rooms(now).await {
                Ok(rooms) => {
                    let until = now.saturating_add(state.config.limits.room_empty_ms);
                    self.last_run = LastRun::Waiting { rooms, until };
                }
                // The store has said that it waits for its database.
                Err(StoreError::Unavailable) => {}
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the rooms of the last run cannot be read"
                    );
                    self.last_run = LastRun::Over;
                }
            },
            LastRun::Waiting { rooms, until } if now >= *until => {
                let mut ended = 0_u32;
                while let Some(room) = rooms.last().copied() {
                    if !state.hub.is_live(room) {
                        match state.store.delete_room(room).await {
                            Ok(deleted) => {
                                // Whoever came in the meantime is told.
                                state.hub.end_room(room, LeaveReason::Empty);
                                ended += u32::from(deleted);
                            }
                            Err(StoreError::Unavailable) => return,
                            Err(error) => {
                                tracing::warn!(error = &error as &dyn std::error::Error, "a room could not be deleted");
                            }
                        }
                    }
                    rooms.pop();
                }
                if ended > 0 {
                    tracing::info!(ended, "rooms ended to which nobody returned after the restart");
                }
                self.last_run = LastRun::Over;
            }
            LastRun::Waiting { .. } | LastRun::Over => {}
        }
    }

    /// Forgets what has expired, and tells the live rooms what that means for them.
    async fn purge(&mut self, state: &State, now: Millis) {
        state.gates.prune(now);
        match state.store.purge(now, now.saturating_sub(LOGIN_IDLE_MS)).await {
            Ok(purged) => {
                self.purge_at = now.saturating_add(PURGE_EVERY_MS);
                for room in &purged.rooms {
                    state.hub.end_room(*room, LeaveReason::Expired);
                }
                for (room, owner) in &purged.passed_on {
                    state.hub.passed_on(*room, *owner);
                }
            }
            Err(StoreError::Unavailable) => {}
            Err(error) => {
                self.purge_at = now.saturating_add(PURGE_EVERY_MS);
                tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be purged");
            }
        }
    }
}
