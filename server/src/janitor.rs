//! Ends what nobody ends: expired rooms and guests, and after a restart the rooms to which nobody returns; and tells
//! the database what it could not be told while it was away.
//!
//! A live room ends itself (see `chat::Room`); this is for those that have no task. The time is an argument.

use chat::{Monotonic, Now};
use protocol::LeaveReason;
use tokio_util::sync::CancellationToken;

use crate::state::{AppState, State};
use crate::store::{RoomId, StoreError, WHENEVER};
use realtime::clock::HOUR_MS;

/// How often it looks.
const LOOK_EVERY_MS: u64 = 250;

/// How often the store is purged.
const PURGE_EVERY_MS: u64 = 60_000;

/// How often it is tried again while the database is away or cannot write.
const PURGE_AGAIN_MS: u64 = 2_000;

/// How often the database is asked whether it can be written, where nobody else asks: a disk in use all the time should
/// not be worn by it.
const WATCH_EVERY_MS: u64 = 60_000;

/// And how often while it cannot, so that it is soon known (and told) that it can again.
const WATCH_AGAIN_MS: u64 = 2_000;

/// A login unused for so long ends.
const LOGIN_IDLE_MS: u64 = 30 * 24 * HOUR_MS;

/// Runs until the server halts.
pub(crate) async fn run(state: AppState, halt: CancellationToken) {
    let mut janitor = Janitor::default();
    let looking = async {
        loop {
            janitor.look(&state, state.clock.now()).await;
            state.clock.sleep(LOOK_EVERY_MS).await;
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
    purge_at: Monotonic,
    watch_at: Monotonic,
}

/// The rooms that were in the store when the server started.
#[derive(Debug, Default)]
enum LastRun {
    /// The database has not told them yet.
    #[default]
    Unknown,
    /// They end then, unless somebody has returned.
    Waiting { rooms: Vec<RoomId>, until: Monotonic },
    /// They are like all others now.
    Over,
}

impl Janitor {
    /// Does what is due at `now`. What the database does not take is tried again at the next look.
    pub async fn look(&mut self, state: &State, now: Now) {
        state.rooms.settle().await;
        // Where there are other nodes, they may be inside: such a room ends by its lifetime.
        if state.config.broker.is_none() {
            self.end_abandoned(state, now).await;
        }
        if now.mono >= self.purge_at {
            self.purge(state, now).await;
        }
        if now.mono >= self.watch_at {
            let ready = state.readiness.check(&*state.store).await.is_ok();
            self.watch_at = now.mono.after(if ready { WATCH_EVERY_MS } else { WATCH_AGAIN_MS });
        }
    }

    /// After a restart every stored room counts as without a seat from now on: from the first moment, that is, at which
    /// somebody could have come back.
    async fn end_abandoned(&mut self, state: &State, now: Now) {
        match &mut self.last_run {
            LastRun::Unknown => match state.store.live_rooms(now.wall).await {
                Ok(rooms) => {
                    let until = now.mono.after(state.config.limits.room_empty_ms);
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
            LastRun::Waiting { rooms, until } if now.mono >= *until => {
                let mut ended = 0_u32;
                while let Some(room) = rooms.last().copied() {
                    if !state.hub.is_live(room.into()) {
                        match end_stored(state, room).await {
                            Ok(deleted) => {
                                // Whoever came in the meantime is told.
                                if deleted {
                                    state.hub.end_room(room.into(), LeaveReason::Empty);
                                    ended += 1;
                                } else {
                                    state.hub.end_room_everywhere(room.into(), LeaveReason::Empty);
                                }
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
    async fn purge(&mut self, state: &State, now: Now) {
        state.rate_limits.prune(now);
        state.rooms.records().forget_ended(now);
        let (spared, logins_before) = (state.rooms.within_life(now), now.wall.saturating_sub(LOGIN_IDLE_MS));
        match state.store.purge(now.wall, logins_before, &spared).await {
            Ok(purged) => {
                self.purge_at = now.mono.after(PURGE_EVERY_MS);
                for (room, code) in &purged.rooms {
                    // Of a room without a task nobody else knows the code.
                    state.rooms.records().note_ended(*code);
                    state.hub.end_room((*room).into(), LeaveReason::Expired);
                }
                for (room, owner) in &purged.passed_on {
                    state.rooms.passed_on(*room, *owner);
                }
            }
            Err(StoreError::Unavailable) => self.purge_at = now.mono.after(PURGE_AGAIN_MS),
            Err(error) => {
                self.purge_at = now.mono.after(PURGE_EVERY_MS);
                tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be purged");
            }
        }
    }
}

/// Deletes a room that has no task. Returns whether there was one.
async fn end_stored(state: &State, room: RoomId) -> Result<bool, StoreError> {
    let kept = state.store.room(room, WHENEVER).await?;
    let deleted = state.store.delete_room(room).await?;
    if let (Some(kept), true) = (kept, deleted) {
        state.rooms.records().note_ended(kept.code);
    }
    Ok(deleted)
}
