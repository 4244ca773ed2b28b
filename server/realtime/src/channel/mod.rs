//! One room on this node: how others reach it (`handle`), and the task that it is (`task`).

mod handle;
mod task;

pub use handle::{Command, RoomHandle, SeatHandle};
pub use task::RoomTask;
