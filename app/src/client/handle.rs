//! What the interface holds of the client: copyable handles with signals to read and a few things to do.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::{DisplayName, ErrorCode, LeaveReason, Limits, Me, Member, MemberId, RoomCode, RoomInfo};

use super::connection::Connection;
use super::line::Line;
use super::phase::{Returned, RoomPhase};
use super::{Failure, Row, http};

/// The page's client, provided once by `App`. A copyable handle; its signals live as long as the page.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// The line to the server.
    pub connection: Signal<Connection>,
    /// Who the person is; absent until the first answer.
    pub me: Signal<Option<Me>>,
    /// Characters that a message may have.
    pub text_chars_max: Signal<u32>,
    cells: PageCells,
    line: Line,
}

/// One room as this page sees it. Lives as long as the component that entered it; the room itself goes on until it is
/// left, so coming back shows the same log.
#[derive(Clone, Copy)]
pub struct Room {
    /// Its code.
    pub code: RoomCode,
    /// Where this page stands with it.
    pub phase: Signal<RoomPhase>,
    /// Name, capacity, lifetime.
    pub info: Signal<Option<RoomInfo>>,
    /// Their own member id in this room.
    pub you: Signal<Option<MemberId>>,
    /// You first, then the owner, then by name. A large room lists some of them only.
    pub members: Signal<Vec<Member>>,
    /// People inside.
    pub count: Signal<u32>,
    /// The log, oldest first.
    pub rows: Signal<Vec<Arc<Row>>>,
    /// Others who are typing now.
    pub typing: Signal<Vec<DisplayName>>,
    /// Set for some seconds after the line came back.
    pub returned: Signal<Option<Returned>>,
    /// Seconds until the server takes the next message; `None` when it takes them now.
    pub slow_down_s: Signal<Option<u32>>,
    /// Own messages that are not acknowledged yet (those that failed included).
    pub unsent: Signal<usize>,
    line: Line,
}

/// What the line writes for the whole page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageCells {
    pub(super) connection: RwSignal<Connection>,
    pub(super) me: RwSignal<Option<Me>>,
    pub(super) text_chars_max: RwSignal<u32>,
}

/// What the line writes for one room that is looked at. Counted references: neither side has to go first.
#[derive(Clone)]
pub(super) struct RoomCells {
    pub(super) phase: ArcRwSignal<RoomPhase>,
    pub(super) info: ArcRwSignal<Option<RoomInfo>>,
    pub(super) you: ArcRwSignal<Option<MemberId>>,
    pub(super) members: ArcRwSignal<Vec<Member>>,
    pub(super) count: ArcRwSignal<u32>,
    pub(super) rows: ArcRwSignal<Vec<Arc<Row>>>,
    pub(super) typing: ArcRwSignal<Vec<DisplayName>>,
    pub(super) returned: ArcRwSignal<Option<Returned>>,
    pub(super) slow_down_s: ArcRwSignal<Option<u32>>,
    pub(super) unsent: ArcRwSignal<usize>,
}

impl Default for RoomCells {
    fn default() -> Self {
        Self {
            phase: ArcRwSignal::new(RoomPhase::Joining),
            info: ArcRwSignal::new(None),
            you: ArcRwSignal::new(None),
            members: ArcRwSignal::new(Vec::new()),
            count: ArcRwSignal::new(0),
            rows: ArcRwSignal::new(Vec::new()),
            typing: ArcRwSignal::new(Vec::new()),
            returned: ArcRwSignal::new(None),
            slow_down_s: ArcRwSignal::new(None),
            unsent: ArcRwSignal::new(0),
        }
    }
}

/// Makes the client and provides it as context. Once, in `App`.
pub fn provide_client(me: Option<Me>) -> Client {
    let limits = Limits::default();
    let cells = PageCells {
        connection: RwSignal::new(Connection::Idle),
        me: RwSignal::new(me.clone()),
        text_chars_max: RwSignal::new(limits.text_chars_max),
    };
    let client = Client {
        connection: cells.connection.into(),
        me: cells.me.into(),
        text_chars_max: cells.text_chars_max.into(),
        cells,
        line: Line::new(cells, me, &limits),
    };
    // Effects run in browsers only, after hydration: the server makes nobody while it renders.
    Effect::new(move || {
        if cells.me.with_untracked(Option::is_none) {
            client.line.begin_guest();
        }
    });
    provide_context(client);
    client
}

/// The page's client.
pub fn use_client() -> Client {
    use_context().expect("App provides the client before it renders anything")
}

impl Client {
    /// Connects at once instead of at the end of the wait.
    pub fn retry_now(self) {
        self.line.retry_now();
    }

    /// Takes over what an answer of the HTTP API says about the person. Somebody else begins a new session.
    pub fn set_me(self, me: Me) {
        let before = self.cells.me.get_untracked();
        let same = before.is_none_or(|before| before.kind == me.kind && before.username == me.username);
        self.line.set_me(me, same);
    }

    /// Signed out or deleted: forgets who the person was, ends every room here, drops the line.
    pub fn forget_me(self) {
        self.line.sign_out();
    }

    /// Makes sure that there is somebody, called so: a guest where there was nobody, a new name where it is another. An
    /// empty name leaves a name as it is, or lets the server draw one. Browser only; never races with the guest that the
    /// first page makes.
    ///
    /// # Errors
    /// What the server answered.
    pub async fn be_called(self, name: String) -> Result<(), Failure> {
        self.line.guest_made().await;
        let name = name.trim().to_owned();
        let me = match self.cells.me.get_untracked() {
            Some(me) if name.is_empty() || me.name.as_str() == name => return Ok(()),
            Some(_) => http::rename(name).await?,
            None => http::guest((!name.is_empty()).then_some(name)).await?,
        };
        self.set_me(me);
        Ok(())
    }

    /// Enters a room, or returns to it. Connects where there is no line yet.
    pub fn enter(self, code: RoomCode, pin: Option<String>) -> Room {
        let cells = self.line.enter(code, pin);
        let line = self.line;
        on_cleanup(move || line.look_away(code));
        Room {
            code,
            phase: cells.phase.into(),
            info: cells.info.into(),
            you: cells.you.into(),
            members: cells.members.into(),
            count: cells.count.into(),
            rows: cells.rows.into(),
            typing: cells.typing.into(),
            returned: cells.returned.into(),
            slow_down_s: cells.slow_down_s.into(),
            unsent: cells.unsent.into(),
            line,
        }
    }
}

impl Room {
    /// Says something. The row is there when this returns; it is sent when there is a line.
    ///
    /// # Errors
    /// [`ErrorCode::EmptyText`], [`ErrorCode::TextTooLong`], or [`ErrorCode::RateLimited`] when too much waits already:
    /// the text stays in the box.
    pub fn send(self, text: &str) -> Result<(), ErrorCode> {
        self.line.send(self.code, text)
    }

    /// Tries a failed message again, as the newest one.
    pub fn retry(self, key: u64) {
        self.line.retry(self.code, key);
    }

    /// Discards a failed message.
    pub fn discard(self, key: u64) {
        self.line.discard(self.code, key);
    }

    /// The person types, or stopped. May be called at every key.
    pub fn typing(self, on: bool) {
        self.line.typing(self.code, on);
    }

    /// Asks again for a seat after a refusal.
    pub fn join_again(self, pin: Option<String>) {
        self.line.join_again(self.code, pin);
    }

    /// Leaves for good: the membership ends, and `phase` is [`RoomPhase::Ended`] as soon as the server says so. Where it
    /// can't be reached, `unheard` is called, the room is over for this page, and the line says it when it is back.
    pub fn leave(self, unheard: impl FnOnce() + 'static) {
        self.line.leave(self.code, unheard);
    }

    /// Whether the person left by their own will, here or on another of their pages.
    pub fn was_left(self) -> bool {
        self.phase.get() == RoomPhase::Ended(LeaveReason::Left)
    }
}

/// Holds names and text.
impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Room(…)")
    }
}
