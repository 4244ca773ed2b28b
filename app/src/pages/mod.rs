//! One file a page. A page reads its address, wires components to the client, and draws nothing by itself.
#![expect(unreachable_pub, reason = "the component macro makes the props of a pub(crate) component pub")]

pub(crate) mod about;
pub(crate) mod account;
pub(crate) mod join;
pub(crate) mod landing;
pub(crate) mod not_found;
pub(crate) mod room;
