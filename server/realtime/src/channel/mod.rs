//! One room on this node: how others reach it (`handle`), who knocks (`knocks`), and the task that it is (`task`).

mod handle;
mod knocks;
mod task;

pub use handle::{RoomCommand, RoomHandle, SeatHandle};
pub use knocks::{Knocks, Verdict, Visitor};
pub use task::RoomTask;
