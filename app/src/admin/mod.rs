//! The page `/admin`: an operator's, rendered on the server alone. It has no program and no script: links and forms do
//! everything, and what ends something is asked about once more on a page of its own.
//!
//! Shows what it is handed, which knows rooms and people by keyed hashes. Decides nothing.

mod act;
mod overview;
mod page;
mod panels;
mod seen;

pub use act::Act;
pub use page::document;
pub use seen::{AdminPage, Seen};
