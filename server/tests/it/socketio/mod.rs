//! Existing Socket.IO clients: the official ones (`clients`), and the wire itself where they are too polite (`raw`,
//! `heartbeat`, `upgrade`, `bursts`, `strangers`).

mod bursts;
mod clients;
mod heartbeat;
mod polling;
mod puppet;
pub(crate) mod raw;
mod strangers;
mod upgrade;

pub(crate) use polling::Polling;
pub(crate) use raw::Raw;
