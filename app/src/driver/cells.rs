//! The signals that the driver writes and the handles read.

use client::{Block, LinkStatus, Reach, Returned, RoomEntry, RoomPhase};
use protocol::{DisplayName, ErrorCode, Knocking, Me, Member, MemberId, RoomInfo};

use crate::signals::{ArcRwSignal, RwSignal};

/// What concerns the whole page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageCells {
    pub(super) connection: RwSignal<LinkStatus>,
    pub(super) rooms: RwSignal<Vec<RoomEntry>>,
    pub(super) me: RwSignal<Option<Me>>,
    pub(super) text_chars_max: RwSignal<u32>,
    pub(super) clock_ahead: RwSignal<i64>,
}

/// What concerns one room that a component shows. The signals are reference-counted: the component and the driver may be
/// dropped in either order.
#[derive(Clone)]
pub(super) struct RoomCells {
    pub(super) phase: ArcRwSignal<RoomPhase>,
    pub(super) info: ArcRwSignal<Option<RoomInfo>>,
    pub(super) you: ArcRwSignal<Option<MemberId>>,
    pub(super) members: ArcRwSignal<Vec<Member>>,
    pub(super) count: ArcRwSignal<u32>,
    pub(super) blocks: ArcRwSignal<Vec<Block>>,
    pub(super) typing: ArcRwSignal<Vec<DisplayName>>,
    pub(super) knocks: ArcRwSignal<Vec<Knocking>>,
    pub(super) returned: ArcRwSignal<Option<Returned>>,
    pub(super) slow_down_s: ArcRwSignal<Option<u32>>,
    pub(super) refused: ArcRwSignal<Option<ErrorCode>>,
    pub(super) used: ArcRwSignal<bool>,
    pub(super) reach: ArcRwSignal<Option<Reach>>,
    pub(super) timer_s: ArcRwSignal<Option<u64>>,
}

impl Default for RoomCells {
    fn default() -> Self {
        Self {
            phase: ArcRwSignal::new(RoomPhase::Joining),
            info: ArcRwSignal::new(None),
            you: ArcRwSignal::new(None),
            members: ArcRwSignal::new(Vec::new()),
            count: ArcRwSignal::new(0),
            blocks: ArcRwSignal::new(Vec::new()),
            typing: ArcRwSignal::new(Vec::new()),
            knocks: ArcRwSignal::new(Vec::new()),
            returned: ArcRwSignal::new(None),
            slow_down_s: ArcRwSignal::new(None),
            refused: ArcRwSignal::new(None),
            used: ArcRwSignal::new(false),
            reach: ArcRwSignal::new(None),
            timer_s: ArcRwSignal::new(None),
        }
    }
}
