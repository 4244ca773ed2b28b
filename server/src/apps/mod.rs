//! Applications that use this server for their own events: what their files say, made ready to be used.
//!
//! Knows no room and is known by none. `registry` has them all, `tokens` and `keys` say who asks, `backend` asks them,
//! `live` keeps the channels and who hears them, `handle` is the seam to it, `client` is one connection of a user.

pub(crate) mod admissions;
pub mod backend;
pub(crate) mod client;
pub mod commands;
pub mod files;
pub mod handle;
pub mod keys;
pub mod live;
pub mod loaded;
pub mod publication;
pub mod registry;
pub mod repeats;
pub mod tokens;

#[cfg(test)]
mod fixtures;
