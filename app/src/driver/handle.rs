//! What the interface holds of the client: copyable handles with signals to read and a few things to do.

use client::{Aside, Block, Confidant, LinkStatus, Reach, RequestError, Returned, RoomEntry, RoomPhase, RowAction};
use leptos::prelude::*;
use protocol::{
    DisplayName, ErrorCode, Knocking, LeaveReason, Limits, Me, Member, MemberId, Millis, RoomCode, RoomInfo,
};

use super::cells::PageCells;
use super::http;
use super::platform::DriverHandle;
use crate::browser;
use crate::signals::{Effect, RwSignal, Signal};

/// The page's client, provided once by `App`. A copyable handle; its signals live as long as the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    /// The connection to the server.
    pub connection: Signal<LinkStatus>,
    /// The rooms that this page is in, by name; those that are over until they are closed.
    pub rooms: Signal<Vec<RoomEntry>>,
    /// Who the person is; absent until the first answer.
    pub me: Signal<Option<Me>>,
    /// Characters that a message may have.
    pub text_chars_max: Signal<u32>,
    /// The server's clock minus the reader's, in milliseconds: what a lifetime is measured by.
    pub clock_ahead: Signal<i64>,
    cells: PageCells,
    driver: DriverHandle,
}

/// One room as this page sees it. Lives as long as the component that entered it; the room itself goes on until it is
/// left, so coming back shows the same log.
#[derive(Clone, Copy)]
pub(crate) struct Room {
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
    pub blocks: Signal<Vec<Block>>,
    /// Who waits to be let in, for those who may do that.
    pub knocks: Signal<Vec<Knocking>>,
    /// Others who are typing now.
    pub typing: Signal<Vec<DisplayName>>,
    /// Set for some seconds after the connection came back.
    pub returned: Signal<Option<Returned>>,
    /// Seconds until the server takes the next message; `None` when it takes them now.
    pub slow_down_s: Signal<Option<u32>>,
    /// Why something could not be done to a message; set for some seconds.
    pub refused: Signal<Option<ErrorCode>>,
    /// Something was said in the room, on this page or before it.
    pub used: Signal<bool>,
    /// How far the last own message came, where that is known and nothing was said since.
    pub reach: Signal<Option<Reach>>,
    /// The burn timer that the person has chosen for what they say: 0 for none, `None` for the room's.
    pub timer_s: Signal<Option<u64>>,
    driver: DriverHandle,
}

/// Makes the client and provides it as context. Once, in `App`. `server_now` is when the server rendered the page.
pub(crate) fn provide_client(me: Option<Me>, server_now: Millis) -> Client {
    let limits = Limits::default();
    let cells = PageCells {
        connection: RwSignal::new(LinkStatus::Idle),
        rooms: RwSignal::new(Vec::new()),
        me: RwSignal::new(me.clone()),
        text_chars_max: RwSignal::new(limits.text_chars_max),
        clock_ahead: RwSignal::new(server_now.cast_signed().saturating_sub(browser::now().cast_signed())),
    };
    let client = Client {
        connection: cells.connection.into(),
        rooms: cells.rooms.into(),
        me: cells.me.into(),
        text_chars_max: cells.text_chars_max.into(),
        clock_ahead: cells.clock_ahead.into(),
        cells,
        driver: DriverHandle::new(cells, me, &limits),
    };
    // Effects run in browsers only, after hydration: the server makes nobody while it renders.
    Effect::new(move || {
        if cells.me.with_untracked(Option::is_none) {
            client.driver.begin_guest();
        }
    });
    provide_context(client);
    client
}

/// The page's client.
pub(crate) fn use_client() -> Client {
    use_context().expect("App provides the client before it renders anything")
}

impl Client {
    /// Connects at once instead of at the end of the wait.
    pub(crate) fn retry_now(self) {
        self.driver.retry_now();
    }

    /// Takes over what an answer of the HTTP API says about the person. Somebody else begins a new session.
    pub(crate) fn set_me(self, me: Me) {
        let before = self.cells.me.get_untracked();
        let same = before.is_none_or(|before| before.kind == me.kind && before.username == me.username);
        self.driver.set_me(me, same);
    }

    /// Signed out or deleted: forgets who the person was, ends every room here, drops the connection.
    pub(crate) fn forget_me(self) {
        self.driver.sign_out();
    }

    /// Makes sure that there is a user with this name: makes a guest, or renames the user. An empty name keeps the
    /// present name, or lets the server choose one for the guest. Browser only; never races with the guest that the
    /// first page makes.
    ///
    /// # Errors
    /// What the server answered.
    pub(crate) async fn be_called(self, name: String) -> Result<(), RequestError> {
        self.driver.guest_made().await;
        let name = name.trim().to_owned();
        let me = match self.cells.me.get_untracked() {
            Some(me) if name.is_empty() || me.name.as_str() == name => return Ok(()),
            Some(_) => http::rename(name).await?,
            None => http::guest((!name.is_empty()).then_some(name)).await?,
        };
        self.set_me(me);
        Ok(())
    }

    /// The person tells how far they have read, and is told it of others; or neither.
    pub(crate) fn tell_reading(self, tells: bool) {
        browser::set_tells_reading(tells);
        self.driver.tell_reading(tells);
    }

    /// Forgets a room that is over: it goes out of the list, and what was said in it with it.
    pub(crate) fn close(self, code: RoomCode) {
        self.driver.close(code);
    }

    /// What the person was at in a room when another was shown.
    pub(crate) fn take_aside(self, code: RoomCode) -> Aside {
        self.driver.take_aside(code)
    }

    /// Enters a room, or shows one of the list. Connects where there is no connection yet.
    pub(crate) fn enter(self, code: RoomCode, pin: Option<String>) -> Room {
        let cells = self.driver.enter(code, pin);
        let driver = self.driver;
        on_cleanup(move || driver.look_away(code));
        Room {
            code,
            phase: cells.phase.into(),
            info: cells.info.into(),
            you: cells.you.into(),
            members: cells.members.into(),
            count: cells.count.into(),
            blocks: cells.blocks.into(),
            knocks: cells.knocks.into(),
            typing: cells.typing.into(),
            returned: cells.returned.into(),
            slow_down_s: cells.slow_down_s.into(),
            refused: cells.refused.into(),
            used: cells.used.into(),
            reach: cells.reach.into(),
            timer_s: cells.timer_s.into(),
            driver,
        }
    }
}

impl Room {
    /// Says something to all, or to one person only; `reply` is the row of the message that it answers. The row is there when this returns; it is sent when there is a connection.
    ///
    /// # Errors
    /// [`ErrorCode::EmptyText`], [`ErrorCode::TextTooLong`], or [`ErrorCode::RateLimited`] when too much waits already:
    /// the text stays in the box.
    pub(crate) fn send(self, text: &str, to: Option<Confidant>, reply: Option<u64>) -> Result<(), ErrorCode> {
        self.driver.send(self.code, text, (to, reply))
    }

    /// An own message that can still be changed: its row's key, and its text. Without a key the last one.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(crate) fn changeable(self, key: Option<u64>) -> Result<(u64, String), ErrorCode> {
        self.driver.changeable(self.code, key)
    }

    /// Does something to the message in a row.
    ///
    /// # Errors
    /// As [`Room::send`], and why it cannot be done to this message.
    pub(crate) fn act(self, key: u64, action: RowAction) -> Result<(), ErrorCode> {
        self.driver.act_on(self.code, key, action)
    }

    /// What was typed as an emoji and is none, with the key of the row that it was for: once.
    pub(crate) fn take_given_back(self) -> Option<(u64, String)> {
        self.driver.take_given_back(self.code)
    }

    /// What is said from now on has this burn timer: 0 for none, `None` for the room's.
    pub(crate) fn set_timer(self, timer_s: Option<u64>) {
        self.driver.set_timer(self.code, timer_s);
    }

    /// These rows are in view: their timers count.
    pub(crate) fn see(self, keys: &[u64]) {
        self.driver.see(self.code, keys);
    }

    /// How long a message with a burn timer is there for those who do not see it.
    pub(crate) fn burn_unread_ms(self) -> u64 {
        self.driver.burn_unread_ms()
    }

    /// The rows with burn timers, and of those that count, when they are over by the server's clock.
    pub(crate) fn timers(self) -> Vec<(u64, Option<Millis>)> {
        self.driver.timers(self.code)
    }

    /// Says for a while that something could not be done.
    pub(crate) fn refuse(self, why: ErrorCode) {
        self.driver.refuse(self.code, why);
    }

    /// Tries a failed message again, as the newest one.
    pub(crate) fn retry(self, key: u64) {
        self.driver.retry(self.code, key);
    }

    /// Discards a failed message.
    pub(crate) fn discard(self, key: u64) {
        self.driver.discard(self.code, key);
    }

    /// The person reads older rows, or has stopped: meanwhile none of them is removed.
    pub(crate) fn hold(self, held: bool) {
        self.driver.hold(self.code, held);
    }

    /// The person has read everything.
    pub(crate) fn read(self) {
        self.driver.read(self.code);
    }

    /// Empties the log of this page.
    pub(crate) fn clear(self) {
        self.driver.clear(self.code);
    }

    /// The person types, or stopped. May be called at every key.
    pub(crate) fn typing(self, on: bool) {
        self.driver.typing(self.code, on);
    }

    /// Keeps what the person is at while another room is shown.
    pub(crate) fn put_aside(self, aside: Aside) {
        self.driver.put_aside(self.code, aside);
    }

    /// Does what an owner or a moderator wants.
    ///
    /// # Errors
    /// What the server answered.
    pub(crate) async fn exercise(self, wish: http::Wish) -> Result<(), RequestError> {
        http::exercise(self.code, wish).await
    }

    /// Asks again for a seat after a refusal.
    pub(crate) fn join_again(self, pin: Option<String>) {
        self.driver.join_again(self.code, pin);
    }

    /// Leaves for good: the membership ends, and `phase` is [`RoomPhase::Ended`] as soon as the server says so. Where
    /// it can't be reached, `unheard` is called, the room is over for this page, and the connection says it when it is
    /// back.
    pub(crate) fn leave(self, unheard: impl FnOnce() + 'static) {
        self.driver.leave(self.code, unheard);
    }

    /// Whether the person left by their own will, here or on another of their pages.
    pub(crate) fn was_left(self) -> bool {
        self.phase.get() == RoomPhase::Ended(LeaveReason::Left)
    }
}

/// Holds names and text.
impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Room(…)")
    }
}
