//! How much of what the library was handed is still on its way, so that what waits for a slow reader waits in the session's
//! queue, which is bounded in bytes, and not in the library's buffer, which is bounded in packets only.
//!
//! The library does not tell. But each packet's length is known when it is handed over, and so is what went out below the
//! library: bytes of a WebSocket (`crate::cord`), bodies of polls (`door.rs`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use socketioxide::TransportType;

/// Bytes that may be on their way.
const WINDOW_BYTES: u64 = 64 * 1024;
/// What stands around the packets of one poll.
pub(super) const SEPARATOR_BYTES: u64 = 1;

/// One session's packets on their way.
pub(super) struct Flow {
    /// In all, whatever it was.
    passed: Arc<AtomicU64>,
    handed: u64,
}

impl Flow {
    /// Nothing is on its way.
    pub(super) fn new(passed: Arc<AtomicU64>) -> Self {
        let handed = passed.load(Ordering::Relaxed);
        Self { passed, handed }
    }

    /// Whether the library may be handed another packet: always, where it has none.
    pub(super) fn has_room(&mut self) -> bool {
        let passed = self.passed.load(Ordering::Relaxed);
        // Pings and answers of the library go out too, and were never handed over.
        self.handed = self.handed.max(passed);
        self.handed - passed < WINDOW_BYTES
    }

    /// Notes a packet of so many bytes.
    pub(super) fn hand(&mut self, bytes: usize, transport: TransportType) {
        // Never more than what will go out, or a reader that keeps up would look like one that does not.
        let around = match transport {
            TransportType::Polling => SEPARATOR_BYTES,
            // The head of a frame (RFC 6455, section 5.2).
            TransportType::Websocket if bytes < 126 => 2,
            TransportType::Websocket if bytes < 65_536 => 4,
            TransportType::Websocket => 10,
        };
        self.handed = self.handed.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX)).saturating_add(around);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use socketioxide::TransportType;

    use super::{Flow, WINDOW_BYTES};

    #[test]
    fn a_window_is_open_until_it_is_full_and_again_when_something_went_out() {
        let passed = Arc::new(AtomicU64::new(500));
        let mut flow = Flow::new(Arc::clone(&passed));
        let packet = 8 * 1024 - 4;
        let mut handed = 0;
        while flow.has_room() {
            flow.hand(packet, TransportType::Websocket);
            handed += 1;
        }
        assert_eq!(handed, WINDOW_BYTES / (8 * 1024));
        passed.fetch_add(1, Ordering::Relaxed);
        assert!(flow.has_room());
        // More went out than was handed over: that is no credit.
        passed.fetch_add(10 * WINDOW_BYTES, Ordering::Relaxed);
        assert!(flow.has_room());
        flow.hand(packet * 9, TransportType::Polling);
        assert!(!flow.has_room());
    }
}
