//! Burn timers of a room: what the person has chosen, what is read, and what is over.

use protocol::Millis;

use super::RoomState;

impl RoomState {
    /// What is said from now on has this timer: 0 for none, `None` for the room's.
    pub fn set_timer(&mut self, timer_s: Option<u64>) {
        self.timer_s = timer_s;
        self.changed = true;
    }

    /// What the person has chosen.
    pub fn timer(&self) -> Option<u64> {
        self.timer_s
    }

    /// The timer that a message with this choice has.
    pub(super) fn timer_of(&self, chosen: Option<u64>) -> Option<u32> {
        match chosen {
            None => self.info.as_ref().and_then(|info| info.timer_s),
            Some(chosen) => u32::try_from(chosen).ok().filter(|chosen| *chosen > 0),
        }
    }

    /// These rows are in view.
    pub fn see(&mut self, keys: &[u64], now: Millis) {
        for key in keys {
            self.timeline.see(*key, now);
        }
    }

    /// The rows with timers, and of those that count, when they are over by the server's clock.
    pub fn timers(&self) -> Vec<(u64, Option<Millis>)> {
        self.timeline.timers()
    }

    /// When the next message is over.
    pub fn burns_at(&self) -> Option<Millis> {
        self.timeline.burns_at()
    }

    /// What is over is forgotten, and with it the edits that wait for it.
    pub fn burn(&mut self, now: Millis) {
        for cid in self.timeline.burn(now) {
            self.outbox.acknowledged(&cid);
            self.changed = true;
        }
    }
}
