//! The clients of one server: in which rooms they are, and what was said there in the current sample.

use std::net::SocketAddr;

use super::dialect::Dialect;
use super::publisher::Publisher;

#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) dialect: Dialect,
    pub(super) address: SocketAddr,
    pub(super) rooms: Vec<Room>,
    /// Its lines in the load.
    pub(super) lines: Vec<usize>,
    /// Messages said so far: each has a number of its own.
    pub(super) said: u64,
    /// Characters more in each message.
    pub(super) filling: usize,
    /// Who speaks instead of the members, where they only hear.
    pub(super) publisher: Option<Publisher>,
    /// Whether native clients report what they have, as the protocol says.
    pub(super) reporting: bool,
}

/// One room. All its members hear what is said in one order, so a message is known by its place.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: String,
    /// Lines of those who are inside and hear.
    pub(super) members: Vec<usize>,
    /// When each message of the sample was due, in nanoseconds of the load's clock.
    pub(super) sent_at: Vec<u64>,
    /// How many members each has not reached.
    pub(super) left: Vec<usize>,
}

impl Room {
    pub(super) fn new(name: String) -> Self {
        Self { name, members: Vec::new(), sent_at: Vec::new(), left: Vec::new() }
    }
}
