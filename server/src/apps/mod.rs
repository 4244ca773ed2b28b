//! Applications that use this server for their own events: what their files say, made ready to be used.
//!
//! Knows no room and is known by none. `registry` has them all, `tokens` and `keys` say who asks, `backend` asks them,
//! `handle` is the seam to those who keep the channels.

pub(crate) mod admissions;
pub mod backend;
pub mod commands;
pub mod files;
pub mod handle;
pub mod keys;
pub mod loaded;
pub mod publication;
pub mod registry;
pub mod repeats;
pub mod tokens;

#[cfg(test)]
mod fixtures;
