//! The list of rooms: what is told of each, in which order, and which of them is meant. Pure.

use std::cmp::Reverse;

use protocol::{LeaveReason, Millis, Role, RoomCode, RoomName};

/// One room of the list.
#[derive(Clone, PartialEq, Eq)]
pub struct RoomEntry {
    /// Its code.
    pub code: RoomCode,
    /// What it is called; absent until the server has told.
    pub name: Option<RoomName>,
    /// What others said since the person looked away.
    pub unread: u32,
    /// How many of that name the person.
    pub mentions: u32,
    /// How the last one of these begins, where neither a timer nor a whisper makes it one that nobody else should see.
    pub mentioned_by: Option<Box<str>>,
    /// When something was last said, as far as this client has heard.
    pub last_at: Option<Millis>,
    /// Where this client stands with it.
    pub standing: Standing,
    /// Words wait in it: a draft, or messages that are not acknowledged.
    pub holds_words: bool,
    /// What the person is there; absent until the server has told.
    pub role: Option<Role>,
    /// When it ends at the latest; absent until the server has told.
    pub expires_at: Option<Millis>,
    /// Why it or the seat has ended.
    pub ended: Option<LeaveReason>,
}

/// Where a client stands with a room, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Asked for a seat, or waits for the connection.
    Connecting,
    /// Has a seat on the present connection.
    Connected,
    /// The room did not take it.
    Refused,
    /// The room or the seat ended; what was said can be read until the room is closed.
    Ended,
}

impl RoomEntry {
    /// What the room is called, or its code where that is not known.
    pub fn title(&self) -> String {
        self.name.as_ref().map_or_else(|| self.code.dashed(), |name| name.as_str().to_owned())
    }
}

/// Sorts by name. An order that others' messages change would move a link away from under a finger.
pub fn sort(entries: &mut [RoomEntry]) {
    entries.sort_by_cached_key(|entry| (entry.title().to_ascii_lowercase(), entry.code));
}

/// What is unread in all rooms together.
pub fn unread(entries: &[RoomEntry]) -> u32 {
    entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.unread))
}

/// The room after this one in the list, or before it; behind the last comes the first. `None` where there is no other.
pub fn neighbour(entries: &[RoomEntry], code: RoomCode, forward: bool) -> Option<RoomCode> {
    let index = entries.iter().position(|entry| entry.code == code);
    let count = entries.len();
    let next = match index {
        None => 0,
        Some(index) if forward => (index + 1) % count,
        Some(index) => (index + count - 1) % count,
    };
    entries.get(next).map(|entry| entry.code).filter(|next| *next != code)
}

/// Those that a few typed letters may mean: each word typed is in the name or in the code. Those with something unread come
/// first, then those in which something was said last.
pub fn matching(entries: &[RoomEntry], typed: &str, lowercase: fn(&str) -> String) -> Vec<RoomEntry> {
    let typed = lowercase(typed);
    let is_meant = |entry: &&RoomEntry| {
        let told = lowercase(&[&entry.title(), " ", entry.code.as_str(), " ", &entry.code.dashed()].concat());
        typed.split_whitespace().all(|word| told.contains(word))
    };
    let mut meant: Vec<_> = entries.iter().filter(is_meant).cloned().collect();
    meant.sort_by_key(|entry| Reverse((entry.unread > 0, entry.last_at)));
    meant
}

/// Holds a name.
impl std::fmt::Debug for RoomEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RoomEntry({:?}, {} unread)", self.standing, self.unread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(code: &str, name: &str, unread: u32, last_at: Option<Millis>) -> RoomEntry {
        RoomEntry {
            code: RoomCode::parse(code).expect("a code"),
            name: RoomName::parse(name).ok(),
            unread,
            last_at,
            standing: Standing::Connected,
            holds_words: false,
            mentioned_by: None,
            mentions: 0,
            role: None,
            expires_at: None,
            ended: None,
        }
    }

    fn rooms() -> Vec<RoomEntry> {
        let mut rooms = vec![
            entry("KW7P3MXQ", "low tide", 0, Some(5)),
            entry("AAAA2222", "Book club", 3, Some(2)),
            entry("BBBB2222", "Night shift", 0, None),
        ];
        sort(&mut rooms);
        rooms
    }

    fn titles(rooms: &[RoomEntry]) -> Vec<String> {
        rooms.iter().map(RoomEntry::title).collect()
    }

    #[test]
    fn rooms_stand_by_name_whatever_is_said_in_them() {
        assert_eq!(titles(&rooms()), ["Book club", "low tide", "Night shift"]);
        assert_eq!(unread(&rooms()), 3);
    }

    #[test]
    fn the_last_is_followed_by_the_first() {
        let rooms = rooms();
        let step = |from: usize, forward| neighbour(&rooms, rooms[from].code, forward);
        assert_eq!(step(0, true), Some(rooms[1].code));
        assert_eq!(step(2, true), Some(rooms[0].code));
        assert_eq!(step(0, false), Some(rooms[2].code));
        assert_eq!(neighbour(&rooms[..1], rooms[0].code, true), None);
        assert_eq!(neighbour(&[], rooms[0].code, true), None);
        assert_eq!(neighbour(&rooms[..1], rooms[1].code, false), Some(rooms[0].code), "from a room that is gone");
    }

    #[test]
    fn letters_of_the_name_or_the_code_find_a_room_and_what_is_unread_comes_first() {
        let rooms = rooms();
        assert_eq!(titles(&matching(&rooms, "", str::to_lowercase)), ["Book club", "low tide", "Night shift"]);
        assert_eq!(titles(&matching(&rooms, "  TIDE low", str::to_lowercase)), ["low tide"]);
        assert_eq!(titles(&matching(&rooms, "kw7p-3", str::to_lowercase)), ["low tide"]);
        assert_eq!(titles(&matching(&rooms, "kw7p3mx", str::to_lowercase)), ["low tide"]);
        assert_eq!(titles(&matching(&rooms, "i", str::to_lowercase)), ["low tide", "Night shift"]);
        assert!(matching(&rooms, "nothing of the kind", str::to_lowercase).is_empty());
    }
}
