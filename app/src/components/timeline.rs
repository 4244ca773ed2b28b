//! The log: draws the rows in blocks, and below them how far the own messages came.
//!
//! Where the reader is, and when the end is followed, is `log_scroll`'s; what keys do is `log_keys`'.

use std::sync::Arc;

use leptos::ev::PointerEvent;
use leptos::prelude::*;

use super::log_keys::key_pressed;
use super::log_scroll::{LOG_ID, News, Scroll};
use super::long_press::LongPress;
use super::message_tools::{Pressed, pressed};
use super::system_row::joins_text;
use super::{Glyph, Icon, MessageRow, SystemRow, changing, focus_composer, said, told, when};
use crate::browser;
use crate::i18n::{room_news, words};
use crate::signals::{Effect, Memo, Signal};
use client::{Block, Delivery, Place, Reach, Row, RowKind};

/// The log of a room.
#[component]
pub(crate) fn Timeline(
    /// Oldest first.
    blocks: Signal<Vec<Block>>,
    /// Try the failed message with this key again.
    #[prop(into)]
    on_retry: Callback<u64>,
    /// Forget the failed message with this key.
    #[prop(into)]
    on_discard: Callback<u64>,
    /// This was pressed at the message with this key.
    #[prop(into)]
    on_tool: Callback<(u64, Pressed)>,
    /// The reader is among the older rows, or back at the end.
    #[prop(into)]
    on_hold: Callback<bool>,
    /// Where the reader was when another room was shown.
    #[prop(optional_no_strip)]
    place: Option<Place>,
    /// How far the last own message came.
    reach: Signal<Option<Reach>>,
    /// Shown while there is no message.
    children: ChildrenFn,
) -> impl IntoView {
    let scroll = followed(Scroll::new(on_hold, place), blocks, place);
    let empty = Memo::new(move |_| blocks.with(|blocks| is_silent(blocks)));
    let drawing = Drawing { blocks, on_retry, on_discard };
    let finger = LongPress::new();
    let let_go = let_go(scroll, finger);
    view! {
        <div
            class="log-frame"
            on:keydown=move |event| key_pressed(&event)
            on:click=move |event| {
                if let Some(pressed) = pressed(&event) {
                    on_tool.run(pressed);
                }
            }
        >
            <div
                class="log"
                id=LOG_ID
                role="log"
                aria-label=words().messages
                aria-live="polite"
                aria-relevant="additions"
                tabindex="0"
                node_ref=scroll.log
                on:scroll=move |_| scroll.moved()
                on:pointerdown=move |event| {
                    scroll.pressed(true);
                    if event.pointer_type() == "touch" {
                        finger.begin(&event, on_tool);
                    }
                }
                on:pointerup=let_go
                on:pointercancel=let_go
                on:touchend=move |event| finger.lifted(&event)
                on:pointerleave=let_go
            >
                {when(move || empty.get(), move || children().into_any())}
                <div class="log-rows">{drawing.list(None)}</div>
                <Foot blocks reach />
            </div>
            <Pill scroll />
        </div>
    }
    .into_any()
}

/// What was pressed in the log is let go, or moves it.
fn let_go(scroll: Scroll, finger: LongPress) -> impl Fn(PointerEvent) + Copy {
    move |_| {
        scroll.pressed(false);
        finger.end();
    }
}

/// Keeps the scroll of the log where its reader wants it, whatever is said.
fn followed(scroll: Scroll, blocks: Signal<Vec<Block>>, place: Option<Place>) -> Scroll {
    Effect::folding(move |newest: Option<Option<u64>>| {
        let news = blocks.with(|blocks| News::since(newest.unwrap_or_else(|| News::newest_read(blocks)), blocks));
        scroll.grown(&news);
        news.newest
    });
    Effect::new(move || {
        if let Some(log) = scroll.log.get() {
            browser::on_resize(&log, move || scroll.keep_up());
        }
    });
    if let Some(place) = place {
        Effect::new(move || {
            if scroll.log.get().is_some() {
                blocks.with_untracked(|blocks| scroll.restore(place, blocks));
            }
        });
    }
    scroll
}

/// Nobody has said anything here.
pub(crate) fn is_silent(blocks: &[Block]) -> bool {
    !blocks.iter().flat_map(|block| &block.rows).any(|row| matches!(row.kind, RowKind::Message(_)))
}

/// What is drawn in the log: a block, or a row of one. One type for both, since every kind of list has a weight.
#[derive(Clone)]
enum Part {
    Block(u64),
    Row(Arc<Row>),
}

impl Part {
    fn key(&self) -> (u64, u32) {
        match self {
            Self::Block(key) => (*key, 0),
            Self::Row(row) => (row.key, row.version),
        }
    }
}

/// By what is drawn: a row that changes gets another version.
impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

#[derive(Clone, Copy)]
struct Drawing {
    blocks: Signal<Vec<Block>>,
    on_retry: Callback<u64>,
    on_discard: Callback<u64>,
}

impl Drawing {
    /// The blocks, or the rows of the block with this key. Only a list that changed is compared with what is drawn.
    fn list(self, block: Option<u64>) -> AnyView {
        let parts = Memo::new(move |_| {
            self.blocks.with(|blocks| match block {
                None => blocks.iter().map(|block| Part::Block(block.key)).collect::<Vec<_>>(),
                Some(key) => {
                    let block = blocks.iter().find(|block| block.key == key);
                    block.map_or_else(Vec::new, |block| block.rows.iter().cloned().map(Part::Row).collect())
                }
            })
        });
        view! { <For each=move || parts.get() key=Part::key children=move |part| self.draw(&part) /> }.into_any()
    }

    fn draw(self, part: &Part) -> AnyView {
        match part {
            Part::Block(key) => view! { <div class="log-block">{self.list(Some(*key))}</div> }.into_any(),
            Part::Row(row) => self.row(row),
        }
    }

    fn row(self, row: &Row) -> AnyView {
        let key = row.key;
        match &row.kind {
            RowKind::Message(line) => view! {
                <MessageRow
                    key
                    line=line.clone()
                    on_retry=move |()| answered(key, self.on_retry)
                    on_discard=move |()| answered(key, self.on_discard)
                />
            }
            .into_any(),
            RowKind::Joins { joined, left } => view! { <SystemRow text=joins_text(joined, left) /> }.into_any(),
            RowKind::Missed(count) => view! { <SystemRow text=(words().missed)(*count) warns=true /> }.into_any(),
            RowKind::Unread => view! { <p class="unread-mark">{words().unread_from_here}</p> }.into_any(),
            RowKind::Changed { who, what } => view! { <SystemRow text=room_news(who.as_ref(), what) /> }.into_any(),
        }
    }
}

/// The button that was pressed goes with its row: the focus goes to where one writes.
fn answered(key: u64, answer: Callback<u64>) {
    answer.run(key);
    focus_composer();
}

/// How far the own messages at the end came, said once for all of them: what is not sent before what is.
fn delivery(blocks: &[Block]) -> Option<Delivery> {
    let rows = blocks.iter().flat_map(|block| &block.rows).rev();
    let own = rows.map_while(|row| match &row.kind {
        RowKind::Message(line) if line.own => Some(line.delivery),
        RowKind::Message(_)
        | RowKind::Joins { .. }
        | RowKind::Missed(_)
        | RowKind::Unread
        | RowKind::Changed { .. } => None,
    });
    let (mut last, mut failed) = (None, false);
    for delivery in own {
        match delivery {
            Delivery::Waiting { .. } => return Some(delivery),
            Delivery::Sending => last = Some(delivery),
            // A failed message says so in its row; "relayed" below it would seem to be about it.
            Delivery::Failed(_) => failed = true,
            // Messages are sent in order: above a sent one none waits.
            Delivery::Sent => return last.or_else(|| (!failed).then_some(delivery)),
        }
    }
    last
}

/// The last line of the log. Its height never changes.
#[component]
fn Foot(blocks: Signal<Vec<Block>>, reach: Signal<Option<Reach>>) -> impl IntoView {
    let words = words();
    let said = Memo::new(move |_| {
        blocks.with(|blocks| match delivery(blocks)? {
            Delivery::Sent => Some((Glyph::Check, reach_text(reach.get()))),
            Delivery::Sending => Some((Glyph::Clock, words.sending.to_owned())),
            Delivery::Waiting { .. } => Some((Glyph::Clock, words.waiting.to_owned())),
            Delivery::Failed(_) => None,
        })
    });
    view! {
        <p class="log-foot" aria-live="off">
            {changing(move || said.get().map(foot).into_any())}
        </p>
    }
}

/// How far the last own message came: relayed, as far as that is known to how many, or read by so many.
fn reach_text(reach: Option<Reach>) -> String {
    match reach {
        None => words().sent.to_owned(),
        Some(Reach::Relayed(people)) => (words().reach)(false, people),
        Some(Reach::Read(people)) => (words().reach)(true, people),
    }
}

fn foot((glyph, text): (Glyph, String)) -> impl IntoView {
    view! { <Icon glyph /> <span inner_html=told(&text)></span> }
}

/// "3 new": the way back to the end. The focus stays where one types.
#[component]
fn Pill(scroll: Scroll) -> impl IntoView {
    let unseen = scroll.unseen;
    let back = move |_| {
        scroll.to_end();
        // Pressed by a key it has the focus, and is about to go.
        if browser::has_focus("newer") {
            focus_composer();
        }
    };
    let pill = move || {
        view! {
            <button type="button" class="pill" id="newer" on:mousedown=|event| event.prevent_default() on:click=back>
                <span inner_html=said(move || (words().new_messages)(unseen.get()))></span>
                <Icon glyph=Glyph::Down />
            </button>
        }
        .into_any()
    };
    when(move || unseen.get() > 0, pill)
}

#[cfg(test)]
mod tests {
    use protocol::{DisplayName, ErrorCode};

    use super::*;
    use client::{MessageLine, Revision};

    fn row(key: u64, own: bool, delivery: Delivery) -> Arc<Row> {
        let name = DisplayName::parse("Ada").expect("a name");
        let (text, html) = ("said".to_owned(), None);
        let line = MessageLine {
            id: None,
            member: None,
            name,
            at: 0,
            text,
            html,
            own,
            delivery,
            reply: None,
            mentions_you: false,
            whisper: None,
            revision: Revision::Original,
            reactions: Vec::new(),
            edit: None,
            timer_s: None,
            first: true,
        };
        Arc::new(Row { key, version: 0, kind: RowKind::Message(line) })
    }

    fn said(rows: &[(bool, Delivery)]) -> Option<Delivery> {
        let rows: Vec<_> = (0..).zip(rows).map(|(key, (own, delivery))| row(key, *own, *delivery)).collect();
        let blocks: Vec<_> = (0..).zip(rows.chunks(2)).map(|(key, rows)| Block { key, rows: rows.to_vec() }).collect();
        delivery(&blocks)
    }

    #[test]
    fn the_state_of_the_last_own_messages_is_said_once() {
        let waiting = Delivery::Waiting { retry_at: None };
        let failed = Delivery::Failed(ErrorCode::TextTooLong);
        let (sent, sending) = (Delivery::Sent, Delivery::Sending);
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[(false, sent)]), None);
        assert_eq!(said(&[(true, sent)]), Some(sent));
        assert_eq!(said(&[(true, sent), (true, sent), (false, sent)]), None, "who answered has it");
        assert_eq!(said(&[(true, sent), (true, sending)]), Some(sending));
        assert_eq!(said(&[(true, sent), (true, sending), (true, waiting), (true, waiting)]), Some(waiting));
        assert_eq!(said(&[(true, waiting), (true, failed)]), Some(waiting));
        assert_eq!(said(&[(false, sent), (true, failed)]), None, "what failed says so itself");
        assert_eq!(said(&[(true, sent), (true, failed)]), None, "what is relayed stands above what failed");
        assert_eq!(said(&[(true, sent), (true, failed), (true, sending)]), Some(sending));
    }
}
