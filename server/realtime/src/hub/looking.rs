//! Looks at the record of a live room: once when its task begins, and again where what others did to it may have been missed.

use std::sync::Arc;
use std::time::Duration;

use chat::{Input, Recorded};
use protocol::LeaveReason;

use super::Hub;
use crate::channel::{RoomCommand, RoomHandle};
use crate::clock;
use crate::record::{Keeper, Record};

/// Between two questions whether a room is kept, while the database is away.
const CONFIRM_AGAIN: Duration = Duration::from_secs(1);

/// Within how long all rooms of a node have their records read, when it is with the others again.
const LOOK_SPREAD_MS: u64 = 1_000;

impl Hub {
    /// Ends a task whose room has no record: between the look-up of whoever started it and its start, the room
    /// may have been deleted, and its end found no task to tell. A deletion after this look finds one.
    pub(super) async fn confirm(self, handle: RoomHandle, keeper: Arc<dyn Keeper>) {
        let look = async {
            while !handle.is_over() {
                match keeper.exists().await {
                    Some(true) => return,
                    Some(false) => return self.end_room(handle.id, LeaveReason::Deleted),
                    None => tokio::time::sleep(CONFIRM_AGAIN).await,
                }
            }
        };
        tokio::select! {
            () = look => {}
            () = self.0.halt.cancelled() => {}
        }
    }

    /// Has the record of a room read again: what others did to it may have been missed. Within a second, and not at once,
    /// since all rooms of a node ask at one moment; however often it is wanted until then, it is read once.
    pub(crate) fn look_again(&self, handle: &RoomHandle) {
        let keeper = self.rooms().get(&handle.id).map(|live| Arc::clone(&live.keeper));
        if let Some(keeper) = keeper.filter(|_| handle.begins_to_look()) {
            self.0.tracker.spawn(self.clone().look(handle.clone(), keeper));
        }
    }

    async fn look(self, handle: RoomHandle, keeper: Arc<dyn Keeper>) {
        let spread_ms = u64::from(u16::from_be_bytes(clock::random())) % LOOK_SPREAD_MS;
        let look = async {
            tokio::time::sleep(Duration::from_millis(spread_ms)).await;
            handle.looks();
            while !handle.is_over() {
                let asked_at = self.clock().wall();
                match keeper.read().await {
                    Some(Some(Record { info, owner, moderators, members })) => {
                        let recorded = Box::new(Recorded { asked_at, info, owner, moderators, members });
                        let command = RoomCommand { input: Input::Recorded(recorded), session: None, done: None };
                        // A room that is over follows nothing.
                        let _ = handle.send_in_turn(command).await;
                        return;
                    }
                    Some(None) => return self.end_room_here(handle.id, LeaveReason::Deleted),
                    None => tokio::time::sleep(CONFIRM_AGAIN).await,
                }
            }
        };
        tokio::select! {
            () = look => {}
            () = self.0.halt.cancelled() => {}
        }
    }
}
