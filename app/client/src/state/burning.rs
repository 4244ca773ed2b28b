//! Burn timers: what the person has chosen, what they read, and when the next message is over.

use protocol::{Millis, RoomCode};

use super::ClientState;
use crate::env::Env;
use crate::room_state::RoomState;

impl ClientState {
    /// What is said in a room from now on has this timer: 0 for none, `None` for the room's.
    pub fn set_timer(&mut self, env: &mut Env<'_>, code: RoomCode, timer_s: Option<u64>) {
        self.with_room(env, code, |room| room.set_timer(timer_s));
    }

    /// Whether the person tells how far they have read; who does not is not told of others either.
    pub fn tell_reading(&mut self, env: &mut Env<'_>, tells: bool) {
        self.tells_reading = tells;
        self.pump(env);
    }

    /// These rows are in view. Nobody reads in a room that is not looked at, nor on a page that is hidden.
    pub fn see(&mut self, env: &mut Env<'_>, code: RoomCode, keys: &[u64]) {
        let now = self.server_now(env.now);
        if self.is_visible && self.looked_at == Some(code) {
            self.with_room(env, code, |room| room.see(keys, now));
        }
    }

    /// When the next message of any room is over, by this machine's clock. With or without a connection.
    pub(super) fn burns_at(&self) -> Option<Millis> {
        let first = self.rooms.values().filter_map(RoomState::burns_at).min();
        first.map(|at| at.saturating_add_signed(self.clock_ahead.saturating_neg()))
    }

    pub(super) fn server_now(&self, now: Millis) -> Millis {
        now.saturating_add_signed(self.clock_ahead)
    }
}
