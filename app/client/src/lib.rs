//! A client without its IO: the connection to the server, the rooms it is in, what is to be sent and what is to be shown.
//!
//! [`ClientState`] is a state machine. Whoever owns a socket and a timer calls one method for each event (the socket
//! opened, a frame arrived, time passed, the person wrote something), then carries out the [`Action`]s that
//! [`ClientState::take_actions`] returns, and shows what has changed. Time and randomness are arguments ([`Env`]). The
//! page does this in WASM; a terminal client or a bot does the same on its own socket, and tests do it against a
//! simulated server.
//!
//! Nothing here knows a clock, a socket, a thread, a browser or how anything is drawn.

pub mod aside;
pub mod backoff;
pub mod emoji;
pub mod env;
mod fuse;
pub mod hues;
pub mod link;
pub mod message_list;
pub mod notices;
pub mod outbox;
mod outgoing;
pub mod own_typing;
pub mod phase;
mod receipts;
mod request_error;
pub mod room_entry;
pub mod room_state;
pub mod roster;
mod row;
pub mod sequence;
pub mod slash;
pub mod state;
pub mod timeline;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use aside::{Aside, Place};
pub use env::Env;
pub use link::{Action, Claim, LinkStatus};
pub use notices::{Alert, Alerts, Notice, NoticeKind};
pub use outgoing::Outgoing;
pub use phase::{Returned, RoomPhase};
pub use receipts::Reach;
pub use request_error::RequestError;
pub use room_entry::{RoomEntry, Standing};
pub use room_state::RoomState;
pub use row::{
    Block, Confidant, Delivery, MessageLine, PendingEdit, Quote, Quoted, REACTIONS_SHOWN, Reaction, Reactor, Revision,
    RoomNews, Row, RowAction, RowKind,
};
pub use state::ClientState;
