//! The browser's clock, timer and random numbers, as the driver uses them.

use leptos::prelude::window;
use protocol::Millis;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Timers are set again after this at the latest: a machine that slept has missed its timers.
const TIMER_MS_MAX: Millis = 30_000;

/// Milliseconds since the epoch that never run backwards, whatever is done to the machine's clock.
#[derive(Default)]
pub(super) struct PageClock {
    last: Millis,
    behind: Millis,
}

impl PageClock {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the clock is a whole number after 1970"
    )]
    pub(super) fn now(&mut self) -> Millis {
        let now = js_sys::Date::now() as Millis + self.behind;
        if now < self.last {
            self.behind += self.last - now;
        }
        self.last = self.last.max(now);
        self.last
    }
}

/// One timer. It may fire early; it never fires late by more than the browser makes it.
pub(super) struct Timer {
    callback: Closure<dyn FnMut()>,
    armed: Option<(i32, Millis)>,
}

impl Timer {
    pub(super) fn new(callback: impl FnMut() + 'static) -> Self {
        Self { callback: Closure::new(callback), armed: None }
    }

    /// It fired.
    pub(super) fn fired(&mut self) {
        self.armed = None;
    }

    /// Makes sure that it fires at `due` at the latest.
    pub(super) fn arm(&mut self, now: Millis, due: Millis) {
        let due = due.clamp(now, now + TIMER_MS_MAX);
        if self.armed.is_some_and(|(_, armed)| armed <= due) {
            return;
        }
        self.disarm();
        let delay = i32::try_from(due - now).unwrap_or(i32::MAX);
        let callback = self.callback.as_ref().unchecked_ref();
        let id = window().set_timeout_with_callback_and_timeout_and_arguments_0(callback, delay);
        self.armed = id.ok().map(|id| (id, due));
    }

    fn disarm(&mut self) {
        if let Some((id, _)) = self.armed.take() {
            window().clear_timeout_with_handle(id);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// 64 random bits of the browser's generator.
pub(super) fn throw() -> u64 {
    let mut bytes = [0; 8];
    // Every browser that runs WebAssembly has `crypto`, on plain HTTP too. Without it ids repeat, and the server
    // takes the second of two for a repetition of the first.
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u64::from_le_bytes(bytes)
}
