//! Channels for applications: what an application's file says, and what follows from it. Who a token's user is, which
//! channels there are, who may hear and say what, what a client's event means and what is told of it.
//!
//! Everything here is a function of its arguments. The crate knows no socket, task, clock, random number, HTTP, JWT or
//! database, and nothing of rooms. Whoever uses it holds the subscriptions, and does the [`Step`]s of an event.
//!
//! - [`Application`]: one file, read. [`Mistake`]s name file and line.
//! - [`Client`]: the user of a verified token.
//! - [`Channel`]: a name that fits one of the patterns, with its rules.
//! - [`Event`] and [`Step`]: what a client's event does, in its order.
//! - [`Template`]: JSON with places, filled by [`Facts`].

mod application;
pub mod bounds;
mod client;
mod event;
mod file;
mod names;
mod pattern;
mod presence;
mod refused;
mod rule;
mod schema;
mod sources;
mod template;

pub use application::{Application, Channel, Limits, Plain};
pub use client::Client;
pub use event::{Event, EventRate, Failed, Step};
pub use file::Mistake;
pub use names::{AppName, AppUser, ChannelName, EventName, Namespace};
pub use pattern::Pattern;
pub use presence::{Presence, Told};
pub use refused::{Refused, RefusedCode};
pub use rule::Access;
pub use schema::Schema;
pub use sources::{ApiKey, Backend, Sources, TokenAlgorithm, TokenKey, TokenMaterial};
pub use template::{Facts, Needs, Template, Text};
