//! The log: draws the rows and keeps the scroll where the reader wants it.
//!
//! It follows the newest message only while the reader is within about one message of the end; otherwise nothing moves and
//! a button says how many are new. An own message always brings the end into view.

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::Element;

use super::system_row::joins_text;
use super::{Glyph, Icon, MessageRow, SystemRow, focus_composer};
use crate::browser;
use crate::client::{Delivery, Row, RowKind};
use crate::i18n::words;

/// About one message: nearer to the end than this counts as being there.
const NEAR_PX: i32 = 96;

/// Where the reader is, and what came since they left the end.
#[derive(Clone, Copy)]
struct Scroll {
    log: NodeRef<Div>,
    follows: StoredValue<bool>,
    planned: StoredValue<bool>,
    unseen: RwSignal<u32>,
}

impl Scroll {
    fn new() -> Self {
        Self {
            log: NodeRef::new(),
            follows: StoredValue::new(true),
            planned: StoredValue::new(false),
            unseen: RwSignal::new(0),
        }
    }

    /// The reader scrolled.
    fn moved(self) {
        if let Some(log) = self.log.get_untracked() {
            let near = from_end(&log) <= NEAR_PX;
            self.follows.set_value(near);
            if near && self.unseen.get_untracked() > 0 {
                self.unseen.set(0);
            }
        }
    }

    /// Goes to the newest message and follows from there.
    fn to_end(self) {
        self.follows.set_value(true);
        self.unseen.set(0);
        self.keep_up();
    }

    /// After the next drawing, the end is in view again if it was before. One such plan at a time: a hidden tab draws
    /// nothing, and would pile them up.
    fn keep_up(self) {
        if !self.follows.get_value() || self.planned.get_value() {
            return;
        }
        self.planned.set_value(true);
        request_animation_frame(move || {
            // The page may be another by then.
            self.planned.try_set_value(false);
            if let Some(log) = self.log.try_get_untracked().flatten() {
                log.set_scroll_top(log.scroll_height());
            }
        });
    }

    /// New rows arrived below those up to `newest`; the key of the newest one is the answer.
    fn grown(self, rows: &[Arc<Row>], newest: Option<u64>) -> Option<u64> {
        let last = rows.iter().map(|row| row.key).max();
        let fresh = rows.iter().rev().filter(|row| newest.is_none_or(|newest| row.key > newest));
        let (mut others, mut just_typed) = (0, false);
        for row in fresh {
            if let RowKind::Message(line) = &row.kind {
                others += u32::from(!line.own);
                just_typed |= line.own && line.delivery != Delivery::Sent;
            }
        }
        if just_typed {
            self.to_end();
        } else if self.follows.get_value() {
            self.keep_up();
        } else if others > 0 {
            self.unseen.update(|unseen| *unseen += others);
        }
        last.max(newest)
    }
}

fn from_end(log: &Element) -> i32 {
    log.scroll_height() - log.scroll_top() - log.client_height()
}

/// The log of a room.
#[component]
pub(crate) fn Timeline(
    /// Oldest first.
    rows: Signal<Vec<Arc<Row>>>,
    /// Try the failed message with this key again.
    #[prop(into)]
    on_retry: Callback<u64>,
    /// Forget the failed message with this key.
    #[prop(into)]
    on_discard: Callback<u64>,
    /// Shown while there is no message.
    children: ChildrenFn,
) -> impl IntoView {
    let scroll = Scroll::new();
    Effect::new(move |newest: Option<Option<u64>>| rows.with(|rows| scroll.grown(rows, newest.flatten())));
    Effect::new(move || {
        if let Some(log) = scroll.log.get() {
            browser::on_resize(&log, move || scroll.keep_up());
        }
    });
    let empty = Memo::new(move |_| rows.with(|rows| !rows.iter().any(|row| matches!(row.kind, RowKind::Message(_)))));
    view! {
        <div class="log-frame">
            <div
                class="log"
                id="log"
                role="log"
                aria-label=words().messages
                aria-live="polite"
                aria-relevant="additions"
                tabindex="0"
                node_ref=scroll.log
                on:scroll=move |_| scroll.moved()
            >
                <Show when=move || empty.get()>{children()}</Show>
                <div class="log-rows">
                    <For each=move || rows.get() key=|row| (row.key, row.version) let:row>
                        {draw(&row, on_retry, on_discard)}
                    </For>
                </div>
            </div>
            <Pill scroll />
        </div>
    }
    .into_any()
}

fn draw(row: &Row, on_retry: Callback<u64>, on_discard: Callback<u64>) -> AnyView {
    let key = row.key;
    match &row.kind {
        RowKind::Message(line) => view! {
            <MessageRow
                line=line.clone()
                on_retry=move |()| answered(key, on_retry)
                on_discard=move |()| answered(key, on_discard)
            />
        }
        .into_any(),
        RowKind::Joins { joined, left } => view! { <SystemRow text=joins_text(joined, left) /> }.into_any(),
        RowKind::Missed(count) => view! { <SystemRow text=(words().missed)(*count) warns=true /> }.into_any(),
    }
}

/// The button that was pressed goes with its row: the focus goes to where one writes.
fn answered(key: u64, answer: Callback<u64>) {
    answer.run(key);
    focus_composer();
}

/// "3 new": the way back to the end.
#[component]
fn Pill(scroll: Scroll) -> impl IntoView {
    let unseen = scroll.unseen;
    let back = move |_| {
        scroll.to_end();
        browser::focus("log");
    };
    view! {
        <Show when=move || { unseen.get() > 0 }>
            <button type="button" class="pill" on:click=back>
                <span>{move || (words().new_messages)(unseen.get())}</span>
                <Icon glyph=Glyph::Down />
            </button>
        </Show>
    }
}
