//! What the page is handed by whoever knows it.

use protocol::admin::{Drain, LiveRooms, NodeOverview, Switches};

use super::Act;
use client::RequestError;

/// What an operator sees.
#[derive(Debug, Clone)]
pub struct Seen {
    /// As whom they are signed in.
    pub operator: String,
    /// The numbers.
    pub overview: NodeOverview,
    /// The rooms.
    pub rooms: LiveRooms,
    /// What is closed, and what is announced.
    pub switches: Switches,
    /// Whether people are sent elsewhere.
    pub drain: Drain,
    /// What was done before this page.
    pub done: Option<Act>,
    /// Why something was not done.
    pub failure: Option<RequestError>,
    /// Whether the page refreshes itself.
    pub refreshes: bool,
}

/// Which page it is.
#[derive(Debug, Clone)]
pub enum AdminPage {
    /// Nobody is signed in.
    SignIn {
        /// What stands in the box for it.
        name: String,
        /// Why the attempt before failed.
        failure: Option<RequestError>,
    },
    /// What there is.
    Seen(Box<Seen>),
    /// Whether something is to be done: with what it is about.
    Ask(Act, String),
}
