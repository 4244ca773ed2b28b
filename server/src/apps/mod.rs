//! Applications that use this server for their own events: what their files say, made ready to be used.
//!
//! Knows no room and is known by none. `registry` has them all, `tokens` and `keys` say who asks, `backend` asks them,
//! `api` is asked by them, `live` keeps the channels and who hears them, `handle` is the seam between these two, `client`
//! is one connection of a user, `sse` one that only reads.

pub(crate) mod admissions;
pub(crate) mod api;
mod asked;
pub mod backend;
pub(crate) mod client;
pub mod commands;
pub mod files;
pub mod handle;
pub(crate) mod handler;
pub mod keys;
pub mod lines;
pub mod live;
pub mod loaded;
pub(crate) mod native;
pub mod publication;
pub(crate) mod recent;
pub mod registry;
pub mod repeats;
pub mod sessions;
mod sse;
pub mod tokens;
mod trouble;

#[cfg(test)]
mod fixtures;
