//! The page's end of the wire: who the person is, the line to the server, and the rooms this page is in.
//!
//! Everything that decides is pure (`state` and what it uses) and tested natively; `socket` alone touches the browser's
//! WebSocket, `timer` its clock, `fetch` alone fetches. Components get signals from here and hold no
//! protocol logic.

pub mod backoff;
pub mod connection;
mod failure;
mod handle;
pub mod http;
pub mod lines;
pub mod moment;
pub mod order;
pub mod outbox;
pub mod own_typing;
pub mod phase;
pub mod room_state;
pub mod roster;
mod row;
pub mod state;
pub mod timeline;

#[cfg(feature = "hydrate")]
mod events;
#[cfg(feature = "hydrate")]
mod fetch;
#[cfg(feature = "hydrate")]
mod kept;
#[cfg(feature = "hydrate")]
mod line;
#[cfg(feature = "hydrate")]
mod shown;
#[cfg(feature = "hydrate")]
mod socket;
#[cfg(feature = "hydrate")]
mod timer;

#[cfg(not(feature = "hydrate"))]
#[path = "offstage.rs"]
mod line;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use connection::Connection;
pub use failure::Failure;
pub use handle::{Client, Room, provide_client, use_client};
pub use phase::{Returned, RoomPhase};
pub use row::{Delivery, MessageLine, Row, RowKind};
