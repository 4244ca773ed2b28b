//! How a broker is, for those who look after it. Nothing here names a node, a room or an address.

use std::time::Duration;

/// Whether other nodes can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// There is one node, and nothing between.
    Local,
    /// The first attempt is under way.
    Unknown,
    /// They are reached.
    Together,
    /// They are not: this node serves its own people alone.
    Alone,
}

/// As it is at one moment; counts are since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerState {
    /// Whether other nodes can be reached.
    pub reach: Reach,
    /// Other nodes that were heard of lately.
    pub others: usize,
    /// Events handed over.
    pub published: u64,
    /// Events of other nodes that came.
    pub brought: u64,
    /// Times that events of other nodes were found missing.
    pub missed: u64,
    /// Bytes that wait for the engine.
    pub waiting_bytes: usize,
    /// Times that other nodes went out of reach.
    pub losses: u64,
    /// How long the last sign of life took to the engine and back.
    pub round_trip: Option<Duration>,
}

impl BrokerState {
    /// Of a single node.
    pub const LOCAL: Self = Self {
        reach: Reach::Local,
        others: 0,
        published: 0,
        brought: 0,
        missed: 0,
        waiting_bytes: 0,
        losses: 0,
        round_trip: None,
    };
}
