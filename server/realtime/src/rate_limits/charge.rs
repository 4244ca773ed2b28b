//! What is counted on one node and has to count on all: whoever guesses, or makes accounts, has one allowance however many
//! servers there are. Each node tells the others what it has counted; nothing is kept between them, and none waits for
//! another, so that who asks several at the same moment may be ahead by what is under way.

use serde::{Deserialize, Serialize};

use super::attempts::Counting;
use super::caller::Caller;

/// One change of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Charge {
    /// One was taken of what is allowed.
    Took(Guarded, Caller),
    /// It came to nothing.
    GaveBack(Guarded, Caller),
    /// A secret is tried.
    Tried(Counting),
    /// It was not looked at.
    Withdrawn(Counting),
    /// It was right.
    Succeeded(Counting),
}

/// The limits that guard something against all who come, over all nodes. Those of what a user says are each node's own: a
/// user has few connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Guarded {
    /// Rooms that somebody makes.
    RoomsMade,
    /// Guests and accounts that somebody makes.
    UsersMade,
    /// Look-ups of codes that no room has.
    Misses,
}
