//! Writes what a room is into the signals that components read, where that says something new.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::{DisplayName, Member, MemberId, Millis, RoomInfo};

use super::handle::RoomCells;
use super::phase::{Returned, RoomPhase};
use super::room_state::RoomState;
use super::row::Row;

/// What one room shows from now on.
pub(super) struct Shown {
    pub(super) cells: RoomCells,
    pub(super) rows: Option<Vec<Arc<Row>>>,
    pub(super) rest: Option<Rest>,
}

/// Everything but the rows.
pub(super) struct Rest {
    phase: RoomPhase,
    info: Option<RoomInfo>,
    you: Option<MemberId>,
    members: Vec<Member>,
    count: u32,
    typing: Vec<DisplayName>,
    returned: Option<Returned>,
    slow_down_s: Option<u32>,
    unsent: usize,
}

impl Rest {
    pub(super) fn of(room: &RoomState, now: Millis) -> Self {
        let roster = room.roster();
        Self {
            phase: room.phase(),
            info: room.info().cloned(),
            you: roster.you().cloned(),
            members: roster.members().to_vec(),
            count: roster.count(),
            typing: room.typists(),
            returned: room.returned(),
            slow_down_s: room.slow_down_s(now),
            unsent: room.unsent(),
        }
    }
}

impl Shown {
    pub(super) fn show(self) {
        let Self { cells, rows, rest } = self;
        if let Some(rest) = rest {
            put(&cells.info, rest.info);
            put(&cells.you, rest.you);
            put(&cells.members, rest.members);
            put(&cells.count, rest.count);
            put(&cells.typing, rest.typing);
            put(&cells.returned, rest.returned);
            put(&cells.slow_down_s, rest.slow_down_s);
            put(&cells.unsent, rest.unsent);
            put(&cells.phase, rest.phase);
        }
        if let Some(rows) = rows {
            cells.rows.set(rows);
        }
    }
}

/// Writes a signal only where that says something new.
pub(super) fn put<T: PartialEq + Send + Sync + 'static>(cell: &ArcRwSignal<T>, value: T) {
    if cell.try_with_untracked(|before| *before != value).unwrap_or(false) {
        cell.set(value);
    }
}

/// The same for a signal of the page, which is gone when the page is.
pub(super) fn put_in<T: PartialEq + Send + Sync + 'static>(cell: RwSignal<T>, value: T) {
    if cell.try_with_untracked(|before| *before != value).unwrap_or(false) {
        let _ = cell.try_set(value);
    }
}
