//! What is said in notices, and of what may call for attention. A part of the catalogue of its own.

use super::catalogue::Phrase;

/// The words.
pub(crate) struct NoticeWords {
    pub(crate) notices: Phrase,
    pub(crate) notices_named: fn(usize) -> String,
    pub(crate) no_notices: Phrase,
    pub(crate) is_new: Phrase,
    pub(crate) read_all: Phrase,
    pub(crate) a_room: Phrase,
    pub(crate) mentioned: fn(&str) -> String,
    pub(crate) closing: fn(&str, u64) -> String,
    pub(crate) kicked: fn(&str) -> String,
    pub(crate) banned: fn(&str) -> String,
    pub(crate) owner: fn(&str) -> String,
    pub(crate) moderator: fn(&str) -> String,
    pub(crate) member: fn(&str) -> String,
    pub(crate) alerts: Phrase,
    pub(crate) allow_desktop: Phrase,
    pub(crate) desktop: Phrase,
    pub(crate) names: Phrase,
    pub(crate) text: Phrase,
    pub(crate) sound_mentioned: Phrase,
    pub(crate) sound_said: Phrase,
    pub(crate) sound_other: Phrase,
    pub(crate) alerts_more: Phrase,
}

/// In English.
static EN: NoticeWords = NoticeWords {
    notices: "Notices",
    notices_named: |unread| match unread {
        0 => "Notices".to_owned(),
        more => format!("Notices, {more} unread"),
    },
    no_notices: "Nothing yet. Mentions and changes in rooms that are not in view appear here.",
    is_new: "new",
    read_all: "Mark all as read",
    a_room: "one of your rooms",
    mentioned: |room| format!("You were mentioned in {room}"),
    closing: |room, minutes| match minutes {
        1 => format!("{room} ends in a minute"),
        more => format!("{room} ends in {more} minutes"),
    },
    kicked: |room| format!("You were put out of {room}"),
    banned: |room| format!("You were banned from {room}"),
    owner: |room| format!("You own {room} now"),
    moderator: |room| format!("You are a moderator of {room} now"),
    member: |room| format!("You are a member of {room} now"),
    alerts: "Attention",
    allow_desktop: "Allow notifications on the desktop",
    desktop: "Notifications on the desktop",
    names: "Name the room in them",
    text: "Show how a mention begins in them",
    sound_mentioned: "Sound for mentions",
    sound_said: "Sound for messages",
    sound_other: "Sound for other notices",
    alerts_more: "For rooms that are not in view. The desktop may keep what a notification says; whispers and what burns are in none.",
};

/// The words in use.
pub(crate) fn notice_words() -> &'static NoticeWords {
    &EN
}

/// A type without content to show.
impl std::fmt::Debug for NoticeWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoticeWords(…)")
    }
}
