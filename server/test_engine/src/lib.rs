//! What tests of several nodes stand on: a real Redis server that can be killed and started again, and a relay in front of
//! it that can hold back and slow down what goes through. For tests only: it panics where something is not as they need it.

mod engine;
mod relay;

pub use engine::Engine;
pub use relay::{Relay, Way};
