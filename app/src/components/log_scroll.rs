//! Keeps the scroll of the log where the reader wants it.
//!
//! It follows the newest message only while the reader is within about one message of the end, and never while a button
//! is down or text is selected in the log: a selection would grow, or what is pressed would move away. Otherwise nothing
//! moves and a button says how many are new. An own message always brings the end into view.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::browser;
use crate::signals::RwSignal;
use client::{Block, Delivery, Place, RowKind};

pub(super) const LOG_ID: &str = "log";
/// About one message: nearer to the end than this counts as being there.
const NEAR_PX: i32 = 96;

/// Where the reader is, and what came since they left the end.
#[derive(Clone, Copy)]
pub(super) struct Scroll {
    pub(super) log: NodeRef<Div>,
    /// What came below since the reader left the end.
    pub(super) unseen: RwSignal<u32>,
    follows: StoredValue<bool>,
    pressed: StoredValue<bool>,
    planned: StoredValue<bool>,
    /// Where the log was when it last moved, and how high.
    place: StoredValue<(i32, i32)>,
    /// The key of the first row, and whether rows before it were taken away since the end was last in view: what is left
    /// then stands higher, and nobody went up.
    oldest: StoredValue<(Option<u64>, bool)>,
    /// The log was drawn just now: its reader comes from another room.
    arrives: StoredValue<bool>,
    on_hold: Callback<bool>,
}

impl Scroll {
    /// At the end, or where the reader was among the older rows. `on_hold` hears when they leave the end and come back.
    pub(super) fn new(on_hold: Callback<bool>, place: Option<Place>) -> Self {
        Self {
            log: NodeRef::new(),
            unseen: RwSignal::new(0),
            follows: StoredValue::new(place.is_none()),
            pressed: StoredValue::new(false),
            planned: StoredValue::new(false),
            place: StoredValue::new((0, 0)),
            oldest: StoredValue::new((None, false)),
            arrives: StoredValue::new(true),
            on_hold,
        }
    }

    /// The log moved: the reader scrolled, or what is drawn changed its height.
    pub(super) fn moved(self) {
        let Some(log) = self.log.get_untracked() else {
            return;
        };
        let (top, height) = (log.scroll_top(), log.scroll_height());
        let (top_before, height_before) = self.place.get_value();
        self.place.set_value((top, height));
        if from_end(&log) <= NEAR_PX {
            self.oldest.update_value(|oldest| oldest.1 = false);
            self.follow(true);
            self.see_all();
        } else if !self.oldest.get_value().1 && top_before - top > (height_before - height).max(0) {
            // Further up than rows that became lower carry it.
            self.follow(false);
        } else {
            // Nobody went up: rows became lower or higher, and who was at the end stays there.
            self.keep_up();
        }
    }

    /// A button or a finger went down in the log, or came up.
    pub(super) fn pressed(self, is_down: bool) {
        self.pressed.set_value(is_down);
        if !is_down {
            self.keep_up();
        }
    }

    /// Goes to the newest message and follows from there.
    pub(super) fn to_end(self) {
        browser::drop_selection();
        self.follow(true);
        self.see_all();
        self.keep_up();
    }

    /// After the next drawing, the end is in view again if it was before. One such plan at a time: a hidden tab draws
    /// nothing, and would pile them up.
    pub(super) fn keep_up(self) {
        if !self.follows.get_value() || self.planned.get_value() {
            return;
        }
        self.planned.set_value(true);
        let comes_back = browser::is_hidden() || self.arrives.get_value();
        self.arrives.set_value(false);
        request_animation_frame(move || {
            // The page may be another by then.
            self.planned.try_set_value(false);
            let log = self.log.try_get_untracked().flatten();
            // The reader may have gone up meanwhile.
            let follows = self.follows.try_get_value().unwrap_or(false);
            if let Some(log) = log.filter(|log| follows && !self.holds(log)) {
                log.set_scroll_top(log.scroll_height());
                self.oldest.update_value(|oldest| oldest.1 = false);
                // Who comes back reads on where they stopped.
                if comes_back && browser::show_above(&log, ".unread-mark") {
                    self.follow(false);
                } else {
                    self.see_all();
                }
            }
        });
    }

    /// Brings the row into view at which the reader was. Twice, since what comes into view by that may be of another height
    /// than it was taken for.
    pub(super) fn restore(self, place: Place, blocks: &[Block]) {
        let find = |block: &Block| block.rows.iter().position(|row| row.key == place.row);
        let found = blocks.iter().enumerate().find_map(|(index, block)| Some((index, find(block)?)));
        let show = move || {
            let log = self.log.try_get_untracked().flatten();
            if let (Some(log), Some((block, row))) = (log, found)
                && !self.follows.try_get_value().unwrap_or(true)
            {
                browser::show_row(&log, block, row, place.offset_px);
            }
        };
        request_animation_frame(move || {
            show();
            request_animation_frame(show);
        });
    }

    /// New rows arrived.
    pub(super) fn grown(self, news: &News) {
        self.oldest.update_value(|oldest| *oldest = (news.oldest, oldest.1 || oldest.0 != news.oldest));
        let held = || self.log.get_untracked().is_some_and(|log| self.holds(&log));
        let unseen = !self.follows.get_value() || self.arrives.get_value() || browser::is_hidden() || held();
        if news.just_typed {
            self.to_end();
        } else if news.others > 0 && unseen {
            self.unseen.update(|unseen| *unseen += news.others);
        }
        self.keep_up();
    }

    /// Something is pressed or selected: nothing may move.
    fn holds(self, log: &Element) -> bool {
        self.pressed.try_get_value().unwrap_or(false) || browser::has_selection(log)
    }

    fn follow(self, follows: bool) {
        if self.follows.get_value() != follows {
            self.follows.set_value(follows);
            self.on_hold.run(!follows);
        }
    }

    fn see_all(self) {
        if self.unseen.try_get_untracked().is_some_and(|unseen| unseen > 0) {
            self.unseen.set(0);
        }
    }
}

/// Where the reader of this log is, to be found again when it is drawn anew; `None` at the end.
pub(crate) fn place(blocks: &[Block]) -> Option<Place> {
    let log = browser::find(LOG_ID).filter(|log| from_end(log) > NEAR_PX)?;
    let (block, row, offset_px) = browser::row_at_edge(&log)?;
    let row = blocks.get(block)?.rows.get(row)?.key;
    Some(Place { row, offset_px })
}

/// What is new in a log.
pub(super) struct News {
    /// The key of the newest row.
    pub(super) newest: Option<u64>,
    oldest: Option<u64>,
    others: u32,
    just_typed: bool,
}

impl News {
    /// The newest row that a log which is drawn now has shown before: what follows it came while nobody looked.
    pub(super) fn newest_read(blocks: &[Block]) -> Option<u64> {
        let rows = || blocks.iter().flat_map(|block| &block.rows);
        let mark = rows().find(|row| row.kind == RowKind::Unread).map(|row| row.key);
        mark.or_else(|| rows().map(|row| row.key).max())
    }

    /// What came since `newest` was the newest row.
    pub(super) fn since(newest: Option<u64>, blocks: &[Block]) -> Self {
        let oldest = blocks.first().and_then(|block| block.rows.first()).map(|row| row.key);
        let mut news = Self { newest, oldest, others: 0, just_typed: false };
        // Keys grow in the order of arrival; an own message that waited keeps its key and may stand behind newer ones.
        for row in blocks.iter().flat_map(|block| &block.rows) {
            if newest.is_some_and(|newest| row.key <= newest) {
                continue;
            }
            news.newest = news.newest.max(Some(row.key));
            if let RowKind::Message(line) = &row.kind {
                news.others += u32::from(!line.own);
                news.just_typed |= line.own && line.delivery != Delivery::Sent;
            }
        }
        news
    }
}

fn from_end(log: &Element) -> i32 {
    log.scroll_height() - log.scroll_top() - log.client_height()
}
