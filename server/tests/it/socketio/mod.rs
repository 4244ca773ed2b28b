//! Existing Socket.IO clients: the official ones (`clients`), and the wire itself where they are too polite (`raw`,
//! `heartbeat`, `upgrade`, `bursts`).

mod bursts;
mod clients;
mod heartbeat;
mod polling;
mod puppet;
mod raw;
mod upgrade;
