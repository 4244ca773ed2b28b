//! Burn timers in the room that is shown: which rows are read, and how long each is still there.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser;
use crate::components::{BurnTimers, Draft};
use crate::driver::{Room, use_client};
use crate::format::seconds;
use crate::i18n::words;
use crate::signals::{Effect, Memo, RwSignal, Signal};
use client::{Block, Revision, RowKind};

/// Countdowns in seconds are drawn this often.
const TICK: Duration = Duration::from_millis(500);

/// The choices of a room.
pub(super) fn timers(room: Room) -> BurnTimers {
    let of_room = move || room.info.with(|info| info.as_ref().and_then(|info| info.timer_s).map_or(0, u64::from));
    BurnTimers {
        chosen: room.timer_s,
        of_room: Signal::derive(of_room),
        choose: Callback::new(move |timer| room.set_timer(timer)),
        unread_s: Callback::new(move |()| room.burn_unread_ms() / 1_000),
        open: RwSignal::new(false),
    }
}

/// While there are messages that burn, looks which of them are in view, and says how long they are still there. All of it
/// by one timer: a row that began to count is not drawn anew under its reader.
pub(super) fn count_down(room: Room, draft: Draft) {
    let ahead = use_client().clock_ahead;
    let burns = Memo::new(move |_| room.blocks.with(|blocks| has_timers(blocks)));
    Effect::new(move || {
        if burns.get()
            && let Ok(ticking) = set_interval_with_handle(move || tick(room, ahead), TICK)
        {
            on_cleanup(move || ticking.clear());
        }
    });
    Effect::new(move || room.blocks.with(|blocks| draft.let_go(|key| is_burnt(blocks, key))));
}

fn has_timers(blocks: &[Block]) -> bool {
    let mut rows = blocks.iter().flat_map(|block| &block.rows);
    rows.any(|row| matches!(&row.kind, RowKind::Message(line) if line.timer_s.is_some()))
}

fn is_burnt(blocks: &[Block], key: u64) -> bool {
    let mut rows = blocks.iter().flat_map(|block| &block.rows);
    rows.any(|row| row.key == key && matches!(&row.kind, RowKind::Message(line) if line.revision == Revision::Burned))
}

fn tick(room: Room, ahead: Signal<i64>) {
    let now = browser::now().saturating_add_signed(ahead.get_untracked());
    let (mut counting, mut unread) = (Vec::new(), Vec::new());
    for (key, over_at) in room.timers() {
        match over_at {
            Some(over_at) => counting.push((key, over_at)),
            None => unread.push(key),
        }
    }
    let seen = browser::rows_in_view(&unread);
    if !seen.is_empty() {
        room.see(&seen);
    }
    for (key, over_at) in counting {
        browser::say_in_row(key, ".message-burns", &(words().burns_in)(seconds(over_at.saturating_sub(now))));
    }
}
