//! The page's connection to the server: who the person is, the socket, and the rooms this page is in.
//!
//! What decides is the crate `client`, tested natively. Here that state machine is given what it needs of the browser
//! (`socket` alone touches a WebSocket, `timer` the clock, `fetch` sends requests), and what it knows is written to
//! signals. Components read those and call the handles; they hold no protocol logic.

mod cells;
mod handle;
pub(crate) mod http;

#[cfg(feature = "hydrate")]
mod events;
#[cfg(feature = "hydrate")]
mod fetch;
#[cfg(feature = "hydrate")]
mod session_storage;
#[cfg(feature = "hydrate")]
mod signals;
#[cfg(feature = "hydrate")]
mod socket;
#[cfg(feature = "hydrate")]
mod timer;

#[cfg(feature = "hydrate")]
#[path = "in_browser.rs"]
mod platform;
#[cfg(not(feature = "hydrate"))]
#[path = "on_server.rs"]
mod platform;

pub(crate) use handle::{Client, Room, provide_client, use_client};
pub(crate) use http::{Wish, emoji_names};
