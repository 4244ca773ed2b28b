//! What pages are put together from: components that take signals and callbacks, draw, and decide nothing.
//!
//! None of them knows a socket or a request; texts come from the catalogue, colours from `style/tokens.css`.
#![expect(unreachable_pub, reason = "the component macro makes the props of a pub(crate) component pub")]

mod another_room;
mod avatar;
mod banner;
mod composer;
mod copy;
mod dialog;
mod empty_room;
mod field;
mod form;
mod frame;
mod go_to_room;
mod icon;
mod join_card;
mod keep_unsent;
mod log_keys;
mod log_scroll;
mod mention_list;
mod message_row;
mod message_tools;
mod notice;
mod parting;
mod people;
mod person;
mod room_header;
mod room_list;
mod said;
mod system_row;
mod theme_switch;
mod timeline;
mod typing_line;
mod when;

pub(crate) use another_room::{AnotherRoom, OTHER_ROOM_BOXES, RoomWish};
pub(crate) use avatar::Avatar;
pub(crate) use banner::Banner;
pub(crate) use composer::{Composer, Draft, Mode, focus_composer, focus_writing, write_into_composer};
pub(crate) use copy::{CopyCode, CopyLink};
use dialog::Dialog;
pub(crate) use empty_room::EmptyRoom;
pub(crate) use field::{Field, FormError, keep_filled, typed};
pub(crate) use form::{Form, FormWait, WAIT_ID};
pub(crate) use frame::{Brand, Footer, Frame, Heading, Mark, focus_heading, provide_arrived};
pub(crate) use go_to_room::GoToRoom;
pub(crate) use icon::{Glyph, Icon};
pub(crate) use join_card::{JOIN_BOXES, JoinAnswer, JoinCard};
use keep_unsent::KeepUnsent;
pub(crate) use keep_unsent::provide_keep_unsent;
pub(crate) use log_keys::read_to_end;
pub(crate) use log_scroll::place;
use message_row::MessageRow;
pub(crate) use message_tools::{Pressed, Tool};
pub(crate) use notice::Notice;
pub(crate) use parting::{Parting, PartingStrip};
pub(crate) use people::People;
pub(crate) use person::Naming;
pub(crate) use room_header::RoomHeader;
pub(crate) use room_list::{RoomList, RoomsToggle};
pub(crate) use said::{said, told};
use system_row::SystemRow;
pub(crate) use theme_switch::ThemeSwitch;
pub(crate) use timeline::{Timeline, is_silent};
pub(crate) use typing_line::TypingLine;
pub(crate) use when::{changing, when};
