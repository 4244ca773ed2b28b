//! Existing Socket.IO clients: the official ones (`clients`), and the wire itself where they are too polite (`raw`).

mod clients;
mod puppet;
mod raw;
