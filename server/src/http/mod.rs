//! Everything that is asked by HTTP: pages, the API under `/api/v1`, forms for people without scripts, files.
//!
//! One resource a file. Handlers parse, ask `admission` or the store, and answer; they decide nothing about rooms.
//! `routes` is the only list of addresses.

pub(crate) mod access_log;
pub(crate) mod account;
pub(crate) mod advice;
pub(crate) mod assets;
pub(crate) mod below;
pub(crate) mod body;
pub mod client_address;
mod cookie_check;
pub(crate) mod cors;
pub(crate) mod description;
pub(crate) mod forms;
mod forwarded;
pub mod headers;
pub(crate) mod health;
pub(crate) mod host;
pub mod identity;
pub(crate) mod invites;
pub(crate) mod knocks;
mod login;
pub(crate) mod logins;
pub mod origin;
pub mod pages;
pub mod problem;
pub mod reach;
pub(crate) mod request_id;
pub(crate) mod rooms;
mod tokens;
pub(crate) mod triage;
mod typed;

#[cfg(test)]
mod tests;
