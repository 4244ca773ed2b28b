//! Existing Socket.IO clients: the official ones (`clients`), and the wire itself where they are too polite (`raw`,
//! `heartbeat`).

mod clients;
mod heartbeat;
mod puppet;
mod raw;
