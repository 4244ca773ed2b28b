//! One file a page. A page takes what it was rendered with, wires components to the client, and draws nothing by itself.
#![expect(unreachable_pub, reason = "the component macro makes the props of a pub(crate) component pub")]

#[cfg(feature = "site")]
mod about;
#[cfg(feature = "site")]
mod account;
#[cfg(feature = "room")]
mod join;
#[cfg(feature = "site")]
mod landing;
#[cfg(feature = "site")]
mod no_room;
#[cfg(feature = "site")]
mod not_found;
#[cfg(feature = "room")]
mod room;

#[cfg(feature = "site")]
pub(crate) use about::About;
#[cfg(feature = "site")]
pub(crate) use account::Account;
#[cfg(feature = "room")]
use join::Join;
#[cfg(feature = "site")]
pub(crate) use landing::Landing;
#[cfg(feature = "site")]
pub(crate) use no_room::NoRoom;
#[cfg(feature = "site")]
pub(crate) use not_found::NotFound;
#[cfg(feature = "room")]
pub(crate) use room::Room;
