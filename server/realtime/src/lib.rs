//! Rooms, sessions and what passes between them, on one node: the hub, a task a room, a queue a session, rate limits, the
//! broker. What clients speak comes in as dialects, what the server keeps as services; see [`dialect`] and [`services`].
//!
//! This crate knows no HTTP, no socket, no database and no markup, and no dialect by name. It keeps no message but in the
//! queues of sessions, for as long as those need it.

pub mod address;
pub mod attachment;
pub mod broker;
pub mod channel;
pub mod clock;
pub mod commands;
pub mod connection;
pub mod counts;
pub mod dialect;
pub mod error;
pub mod events;
pub mod following;
pub mod handler;
mod heartbeat;
pub mod hub;
pub mod identity;
pub mod knock;
pub mod orders;
pub mod rate_limits;
pub mod record;
pub mod renewal;
pub mod request_id;
pub mod rooms_handler;
pub mod services;
pub mod session;
pub mod transport;
