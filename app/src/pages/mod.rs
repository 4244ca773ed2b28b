//! One file a page. A page takes what it was rendered with, wires components to the client, and draws nothing by itself.
#![expect(unreachable_pub, reason = "the component macro makes the props of a pub(crate) component pub")]

mod about;
mod account;
mod join;
mod landing;
mod no_room;
mod not_found;
mod room;

pub(crate) use about::About;
pub(crate) use account::Account;
use join::Join;
pub(crate) use landing::Landing;
pub(crate) use no_room::NoRoom;
pub(crate) use not_found::NotFound;
pub(crate) use room::Room;
