//! How the protocols are spoken here: their times and sizes.

use std::time::Duration;

use protocol::Limits;
use socketio::Settings;

/// How long an upgrade may take.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// Packets of one poll: python-engineio takes no more (`max_decode_packets`), and drops its line over one.
const POLL_PACKETS_MAX: usize = 16;
/// Bytes of one poll.
const POLL_BYTES_MAX: usize = 64 * 1024;
/// Small packets that may wait in a session beside its queue.
const QUEUE_PACKETS_MAX: usize = 256;
/// No event has attachments. One with a few is refused as an event, so that its client is told.
const ATTACHMENTS_MAX: usize = 4;
/// The chat has one, an application a few.
const NAMESPACES_MAX: usize = 16;
/// How long a goodbye may take.
pub(super) const GOODBYE: Duration = Duration::from_secs(1);

/// How the protocols are spoken by the limits in force.
pub(super) fn settings(limits: &Limits) -> Settings {
    let silence_ms = limits.silence_ms_max.saturating_sub(limits.ping_every_ms).max(limits.ping_every_ms / 4);
    Settings {
        ping_interval: Duration::from_millis(limits.ping_every_ms),
        ping_timeout: Duration::from_millis(silence_ms.max(1)),
        // Some clients say who they are when they have tried their upgrade.
        connect_timeout: Duration::from_millis(limits.hello_ms_max) + UPGRADE_TIMEOUT,
        upgrade_timeout: UPGRADE_TIMEOUT,
        payload_bytes_max: usize::try_from(limits.frame_bytes_max).unwrap_or(usize::MAX),
        poll_packets_max: POLL_PACKETS_MAX,
        poll_bytes_max: POLL_BYTES_MAX,
        queue_packets_max: QUEUE_PACKETS_MAX,
        attachments_max: ATTACHMENTS_MAX,
        namespaces_max: NAMESPACES_MAX,
    }
}
