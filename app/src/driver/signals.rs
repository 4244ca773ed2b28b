//! Writes what a room is into the signals that components read, where that says something new.

use client::{Block, Reach, Returned, RoomPhase, RoomState};
use protocol::{DisplayName, ErrorCode, Knocking, Member, MemberId, Millis, RoomInfo};

use super::cells::RoomCells;

/// What one room shows from now on.
pub(super) struct SignalUpdate {
    pub(super) cells: RoomCells,
    pub(super) blocks: Option<Vec<Block>>,
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
    knocks: Vec<Knocking>,
    returned: Option<Returned>,
    slow_down_s: Option<u32>,
    refused: Option<ErrorCode>,
    used: bool,
    reach: Option<Reach>,
    timer_s: Option<u64>,
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
            knocks: room.waiting().to_vec(),
            returned: room.returned(),
            slow_down_s: room.slow_down_s(now),
            refused: room.refused(),
            used: room.is_used(),
            reach: room.reach(),
            timer_s: room.timer(),
        }
    }
}

impl SignalUpdate {
    pub(super) fn show(self) {
        let Self { cells, blocks, rest } = self;
        if let Some(rest) = rest {
            cells.info.put(rest.info);
            cells.you.put(rest.you);
            cells.members.put(rest.members);
            cells.count.put(rest.count);
            cells.typing.put(rest.typing);
            cells.knocks.put(rest.knocks);
            cells.returned.put(rest.returned);
            cells.slow_down_s.put(rest.slow_down_s);
            cells.refused.put(rest.refused);
            cells.used.put(rest.used);
            cells.reach.put(rest.reach);
            cells.timer_s.put(rest.timer_s);
            cells.phase.put(rest.phase);
        }
        if let Some(blocks) = blocks {
            cells.blocks.set(blocks);
        }
    }
}
