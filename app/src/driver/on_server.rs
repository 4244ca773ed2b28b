//! The driver's twin on the server, where pages are rendered in their first state: no connection, no events.

use client::{Aside, Confidant, RowAction};
use protocol::{ErrorCode, Limits, Me, Millis, RoomCode};

use super::cells::{PageCells, RoomCells};

/// Does nothing, and keeps nothing between two requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct DriverHandle;

#[expect(clippy::unused_self, reason = "the same methods as the line in the browser")]
impl DriverHandle {
    pub(super) fn new(cells: PageCells, _me: Option<Me>, _limits: &Limits) -> Self {
        let PageCells { connection: _, rooms: _, me: _, text_chars_max: _, clock_ahead: _ } = cells;
        Self
    }

    pub(super) fn begin_guest(self) {}

    pub(super) fn guest_made(self) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    pub(super) fn retry_now(self) {}

    pub(super) fn set_me(self, _me: Me, _same: bool) {}

    pub(super) fn sign_out(self) {}

    pub(super) fn enter(self, _code: RoomCode, _pin: Option<String>) -> RoomCells {
        RoomCells::default()
    }

    pub(super) fn close(self, _code: RoomCode) {}

    pub(super) fn take_aside(self, _code: RoomCode) -> Aside {
        Aside::default()
    }

    pub(super) fn put_aside(self, _code: RoomCode, _aside: Aside) {}

    pub(super) fn look_away(self, _code: RoomCode) {}

    pub(super) fn send(
        self,
        _code: RoomCode,
        _text: &str,
        _about: (Option<Confidant>, Option<u64>),
    ) -> Result<(), ErrorCode> {
        Err(ErrorCode::NotInRoom)
    }

    pub(super) fn take_given_back(self, _code: RoomCode) -> Option<(u64, String)> {
        None
    }

    pub(super) fn changeable(self, _code: RoomCode, _key: Option<u64>) -> Result<(u64, String), ErrorCode> {
        Err(ErrorCode::NotInRoom)
    }

    pub(super) fn act_on(self, _code: RoomCode, _key: u64, _action: RowAction) -> Result<(), ErrorCode> {
        Err(ErrorCode::NotInRoom)
    }

    pub(super) fn tell_reading(self, _tells: bool) {}

    pub(super) fn set_timer(self, _code: RoomCode, _timer_s: Option<u64>) {}

    pub(super) fn see(self, _code: RoomCode, _keys: &[u64]) {}

    pub(super) fn burn_unread_ms(self) -> u64 {
        0
    }

    pub(super) fn timers(self, _code: RoomCode) -> Vec<(u64, Option<Millis>)> {
        Vec::new()
    }

    pub(super) fn refuse(self, _code: RoomCode, _why: ErrorCode) {}

    pub(super) fn retry(self, _code: RoomCode, _key: u64) {}

    pub(super) fn discard(self, _code: RoomCode, _key: u64) {}

    pub(super) fn hold(self, _code: RoomCode, _held: bool) {}

    pub(super) fn read(self, _code: RoomCode) {}

    pub(super) fn clear(self, _code: RoomCode) {}

    pub(super) fn typing(self, _code: RoomCode, _on: bool) {}

    pub(super) fn join_again(self, _code: RoomCode, _pin: Option<String>) {}

    pub(super) fn leave(self, _code: RoomCode, _unheard: impl FnOnce() + 'static) {}
}
