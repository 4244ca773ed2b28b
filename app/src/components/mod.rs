//! What pages are put together from: components that take signals and callbacks, draw, and decide nothing.
//!
//! None of them knows a socket or a request; texts come from the catalogue, colours from `style/tokens.css`.
#![expect(unreachable_pub, reason = "the component macro makes the props of a pub(crate) component pub")]

mod avatar;
mod banner;
mod composer;
mod copy;
mod empty_room;
mod field;
mod form;
mod frame;
mod icon;
mod join_card;
mod message_row;
mod notice;
mod people;
mod room_header;
mod system_row;
mod theme_switch;
mod timeline;
mod typing_line;

pub(crate) use avatar::Avatar;
pub(crate) use banner::Banner;
pub(crate) use composer::{Composer, focus_composer};
pub(crate) use copy::{CopyCode, CopyLink};
pub(crate) use empty_room::EmptyRoom;
pub(crate) use field::{Field, FormError, keep_filled, typed};
pub(crate) use form::Form;
pub(crate) use frame::{Brand, Footer, Frame, Heading, Mark, focus_heading, provide_arrived};
pub(crate) use icon::{Glyph, Icon};
pub(crate) use join_card::{JOIN_BOXES, JoinAnswer, JoinCard};
use message_row::MessageRow;
pub(crate) use notice::Notice;
pub(crate) use people::People;
pub(crate) use room_header::RoomHeader;
use system_row::SystemRow;
pub(crate) use theme_switch::ThemeSwitch;
pub(crate) use timeline::Timeline;
pub(crate) use typing_line::TypingLine;
