//! What a line of the log says of a room that is another, or of somebody who is something else in it. A part of the
//! catalogue of its own.

use client::RoomNews;
use protocol::{DisplayName, Role};

use super::{entry_words, words};

/// In English. Kept by itself: it is fetched when a page is idle.
#[inline(never)]
pub(crate) fn room_news(who: Option<&DisplayName>, what: &RoomNews) -> String {
    let who = who.map_or(entry_words().somebody, DisplayName::as_str);
    match what {
        RoomNews::Name(name) => [who, " renamed the room: ", name.as_str()].concat(),
        RoomNews::Topic(Some(topic)) => [who, " changed the topic: ", topic.as_str()].concat(),
        RoomNews::Topic(None) => [who, " removed the topic"].concat(),
        RoomNews::Locked(true) => [who, " locked the room"].concat(),
        RoomNews::Locked(false) => [who, " unlocked the room"].concat(),
        RoomNews::Pin(true) => [who, " set a PIN"].concat(),
        RoomNews::Pin(false) => [who, " removed the PIN"].concat(),
        RoomNews::Lobby(true) => [who, " has newcomers ask to be let in"].concat(),
        RoomNews::Lobby(false) => [who, " lets newcomers in unasked"].concat(),
        RoomNews::Capacity(people) => format!("{who} made the room one for {people} people"),
        RoomNews::Extended => [who, " extended the room's lifetime"].concat(),
        RoomNews::Timer(Some(seconds)) => format!("{who} set a burn timer. {}", (words().room_burns)(*seconds)),
        RoomNews::Timer(None) => [who, " removed the burn timer"].concat(),
        RoomNews::Role(Role::Owner) => [who, " owns the room now"].concat(),
        RoomNews::Role(Role::Moderator) => [who, " is a moderator now"].concat(),
        RoomNews::Role(Role::Member) => [who, " is no moderator any more"].concat(),
        RoomNews::Apart(true) => {
            "Some of this site’s servers are out of reach: people there get nothing from here now".to_owned()
        }
        RoomNews::Apart(false) => "All servers of this site are in reach again".to_owned(),
        RoomNews::Announced(text) => ["From whoever runs this site: ", text].concat(),
    }
}
