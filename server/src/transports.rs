//! How many connections each transport carries at this moment. Knows no socket and nobody's address.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What carries a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// A `WebSocket` of the native protocol.
    WebSocket,
    /// A Socket.IO session on a `WebSocket`.
    SocketIoWebSocket,
    /// A Socket.IO session whose client comes for what there is.
    SocketIoPolling,
    /// A `WebSocket` of an application's client that only hears.
    ApplicationWebSocket,
    /// A stream of events (SSE) of such a client.
    EventStream,
}

impl Carries {
    /// Each of them, in the order of their declaration.
    pub const ALL: [Self; 5] = [
        Self::WebSocket,
        Self::SocketIoWebSocket,
        Self::SocketIoPolling,
        Self::ApplicationWebSocket,
        Self::EventStream,
    ];

    /// As an operator's numbers name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::SocketIoWebSocket => "socketio_websocket",
            Self::SocketIoPolling => "socketio_polling",
            Self::ApplicationWebSocket => "application_websocket",
            Self::EventStream => "event_stream",
        }
    }
}

/// The numbers of one server; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Transports(Arc<[AtomicU64; Carries::ALL.len()]>);

/// One connection that is counted; dropping it gives it back.
#[derive(Debug)]
pub struct Carried {
    transports: Transports,
    by: Carries,
}

impl Transports {
    /// One more.
    #[must_use = "dropped, it is not counted any more"]
    pub fn carry(&self, by: Carries) -> Carried {
        self.of(by).fetch_add(1, Ordering::Relaxed);
        Carried { transports: self.clone(), by }
    }

    /// How many this one carries.
    pub fn count(&self, by: Carries) -> u64 {
        self.of(by).load(Ordering::Relaxed)
    }

    #[expect(clippy::indexing_slicing, reason = "there is a number for each of a closed list")]
    fn of(&self, by: Carries) -> &AtomicU64 {
        &self.0[by as usize]
    }
}

impl Carried {
    /// It is carried by another from now on.
    pub fn goes_over(&mut self, by: Carries) {
        *self = self.transports.carry(by);
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.transports.of(self.by).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_where_it_is_and_given_back() {
        let transports = Transports::default();
        let counts = || Carries::ALL.map(|by| transports.count(by));
        let others: Vec<_> = Carries::ALL.into_iter().map(|by| transports.carry(by)).collect();
        let mut one = transports.carry(Carries::SocketIoPolling);
        assert_eq!(counts(), [1, 1, 2, 1, 1]);
        one.goes_over(Carries::SocketIoWebSocket);
        assert_eq!(counts(), [1, 2, 1, 1, 1]);
        drop((one, others));
        assert_eq!(counts(), [0; 5]);
    }
}
