//! The browser's WebSocket, and nothing else of the browser. Knows no frame and no state.

use std::rc::Rc;

use leptos::prelude::window;
use protocol::SUBPROTOCOL;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use crate::base::at;

/// What happens to a socket.
pub(super) enum SocketEvent {
    /// Frames can be sent.
    Opened,
    /// A text frame arrived.
    Text(String),
    /// It was closed from outside, with this code.
    Closed(u16),
}

/// At most one open socket. The callbacks are made once and serve each socket in turn.
pub(super) struct Socket {
    current: Option<WebSocket>,
    on_open: Closure<dyn FnMut()>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// None open yet; tells `hear` of what happens.
    pub(super) fn new(hear: Rc<dyn Fn(SocketEvent)>) -> Self {
        let (on_open, on_message, on_close) = (Rc::clone(&hear), Rc::clone(&hear), hear);
        Self {
            current: None,
            on_open: Closure::new(move || on_open(SocketEvent::Opened)),
            on_message: Closure::new(move |event: MessageEvent| {
                // The server sends text only; a binary message would be of a later version and is ignored.
                if let Some(text) = event.data().as_string() {
                    on_message(SocketEvent::Text(text));
                }
            }),
            on_close: Closure::new(move |event: CloseEvent| on_close(SocketEvent::Closed(event.code()))),
        }
    }

    /// Begins to connect. False where the browser does not even try.
    pub(super) fn open(&mut self) -> bool {
        self.close();
        let Some(socket) = address().and_then(|url| WebSocket::new_with_str(&url, SUBPROTOCOL).ok()) else {
            return false;
        };
        socket.set_onopen(Some(self.on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(self.on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(self.on_close.as_ref().unchecked_ref()));
        self.current = Some(socket);
        true
    }

    /// Closes it; its further events are ignored.
    pub(super) fn close(&mut self) {
        if let Some(socket) = self.current.take() {
            socket.set_onopen(None);
            socket.set_onmessage(None);
            socket.set_onclose(None);
            // Without a code: only this connection ends, not the session. Closing twice fails, which changes nothing.
            let _ = socket.close();
        }
    }

    /// Sends a frame. Errors are ignored: unacknowledged frames are sent again on the next socket.
    pub(super) fn send(&self, text: &str) {
        if let Some(socket) = &self.current {
            let _ = socket.send_with_str(text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.close();
    }
}

fn address() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss://" } else { "ws://" };
    Some(String::from(scheme) + &location.host().ok()? + &at("/ws"))
}
