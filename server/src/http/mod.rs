//! Everything that is asked by HTTP: pages, the API under `/api/v1`, forms for people without scripts, files.
//!
//! One resource a file. Handlers parse, ask `admission` or the store, and answer; they decide nothing about rooms.
//! `routes` is the only list of addresses.

pub(crate) mod account;
pub(crate) mod assets;
mod body;
pub mod client_address;
pub(crate) mod cors;
pub(crate) mod forms;
pub mod headers;
pub(crate) mod health;
pub mod identity;
mod login;
pub(crate) mod logins;
pub(crate) mod observe;
pub mod origin;
pub mod pages;
pub mod problem;
pub(crate) mod rooms;

#[cfg(test)]
mod tests;
