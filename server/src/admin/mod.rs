//! What an operator sees and does while the server runs: the page `/admin`, and the API under `/api/v1/admin`.
//!
//! Operators are no users: they are in a file of the data folder (`operators`) or hold the token of another
//! (`token_file`), and never in the database. Where there is neither, both addresses are as if they did not exist. Rooms and
//! people are shown as keyed hashes; nothing here may show or log what was said, a code, a name of a person or an address.

mod acts;
pub(crate) mod api;
pub mod commands;
pub mod desk;
pub mod drain;
mod look;
pub mod operators;
pub(crate) mod page;
mod page_forms;
mod rates;
mod session;
mod sign_in;
mod signed_out;
mod token_file;
mod who;

pub(crate) use look::keep_rates;
