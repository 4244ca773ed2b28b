//! How much of what the library was handed is still on its way, so that what waits for a slow reader waits in the session's
//! queue, which is bounded in bytes, and not in the library's buffer, which is bounded in packets only.
//!
//! The library does not tell. But each packet's length is known when it is handed over, and so is what went out below the
//! library: bytes of a WebSocket (`crate::cord`), packets of polls (`door.rs`). The library gives a poll all that it has;
//! python-socketio takes sixteen packets and drops its line over one more, so that is bounded here, too.

use std::sync::Arc;

use socketioxide::TransportType;

use crate::cord::Tally;

/// Bytes that may be on their way.
const WINDOW_BYTES: u64 = 64 * 1024;
/// Packets that may wait for a poll: what python-engineio takes (`max_decode_packets`), less a few of the library's own.
const POLL_PACKETS: u64 = 12;
/// What stands around the packets of one poll.
pub(super) const SEPARATOR_BYTES: u64 = 1;

/// One session's packets on their way.
pub(super) struct Flow {
    /// In all, whatever it was.
    passed: Arc<Tally>,
    bytes: u64,
    packets: u64,
}

impl Flow {
    /// Nothing is on its way.
    pub(super) fn new(passed: Arc<Tally>) -> Self {
        let (bytes, packets) = passed.read();
        Self { passed, bytes, packets }
    }

    /// What went out.
    pub(super) fn passed(&self) -> Arc<Tally> {
        Arc::clone(&self.passed)
    }

    /// Whether the library may be handed another packet: always, where it has none. Where not, the tally's bell rings when
    /// something went out.
    pub(super) fn has_room(&mut self, transport: TransportType) -> bool {
        self.is_open(transport) || {
            self.passed.ask();
            self.is_open(transport)
        }
    }

    fn is_open(&mut self, transport: TransportType) -> bool {
        let (bytes, packets) = self.passed.read();
        // What the library says of its own goes out too, and was never handed over.
        (self.bytes, self.packets) = (self.bytes.max(bytes), self.packets.max(packets));
        let fits_poll = match transport {
            TransportType::Polling => self.packets - packets < POLL_PACKETS,
            TransportType::Websocket => true,
        };
        self.bytes - bytes < WINDOW_BYTES && fits_poll
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
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX)).saturating_add(around);
        self.packets = self.packets.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::FutureExt as _;
    use socketioxide::TransportType::{Polling, Websocket};

    use super::{Flow, POLL_PACKETS, WINDOW_BYTES};
    use crate::cord::Tally;

    #[test]
    fn a_window_is_open_until_it_is_full_and_again_when_something_went_out() {
        let passed = Arc::new(Tally::default());
        passed.add(500, 0);
        let mut flow = Flow::new(Arc::clone(&passed));
        let packet = 8 * 1024 - 4;
        let mut handed = 0;
        while flow.has_room(Websocket) {
            flow.hand(packet, Websocket);
            handed += 1;
        }
        assert_eq!(handed, WINDOW_BYTES / (8 * 1024));
        assert!(passed.rung().now_or_never().is_none());
        passed.add(1, 0);
        assert!(passed.rung().now_or_never().is_some(), "who waits is rung for");
        assert!(flow.has_room(Websocket));
        // More went out than was handed over: that is no credit.
        passed.add(10 * WINDOW_BYTES, 0);
        assert!(flow.has_room(Websocket));
        flow.hand(packet * 9, Websocket);
        assert!(!flow.has_room(Websocket));
    }

    #[test]
    fn a_poll_is_given_few_packets_however_small() {
        let passed = Arc::new(Tally::default());
        let mut flow = Flow::new(Arc::clone(&passed));
        for _ in 0..POLL_PACKETS {
            assert!(flow.has_room(Polling));
            flow.hand(40, Polling);
        }
        assert!(!flow.has_room(Polling) && flow.has_room(Websocket));
        passed.add(41 * POLL_PACKETS, POLL_PACKETS);
        assert!(flow.has_room(Polling));
    }
}
