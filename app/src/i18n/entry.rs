//! What is said about coming into rooms and being put out of them: invites, knocks, bans, and what owners and moderators
//! may do. A part of the catalogue of its own.

use super::catalogue::Phrase;

/// The words.
pub(crate) struct EntryWords {
    pub(crate) invite: Phrase,
    pub(crate) invite_people: Phrase,
    pub(crate) invite_more: Phrase,
    pub(crate) invite_once: Phrase,
    pub(crate) invite_good_for: Phrase,
    pub(crate) invite_lasts: [Phrase; 3],
    pub(crate) invite_for_one: Phrase,
    pub(crate) invite_for_all: Phrase,
    pub(crate) invite_used: fn(u32) -> String,
    pub(crate) invite_box: Phrase,
    pub(crate) invite_hint: Phrase,
    pub(crate) invites: Phrase,
    pub(crate) make_invite: Phrase,
    pub(crate) copy_invite: Phrase,
    pub(crate) share: Phrase,
    pub(crate) take_back: Phrase,
    pub(crate) qr_code: Phrase,
    pub(crate) knock: Phrase,
    pub(crate) lobby_more: Phrase,
    pub(crate) waiting_title: Phrase,
    pub(crate) waiting_more: Phrase,
    pub(crate) not_let_in: Phrase,
    pub(crate) knocks: fn(&str) -> String,
    pub(crate) knock_answer: fn(&str, &str) -> String,
    pub(crate) let_in: Phrase,
    pub(crate) turn_away: Phrase,
    pub(crate) lobby_on: Phrase,
    pub(crate) lobby_off: Phrase,
    pub(crate) set_capacity: Phrase,
    pub(crate) extend_life: Phrase,
    pub(crate) lifetime_hours: Phrase,
    pub(crate) lifetime_hint: Phrase,
    pub(crate) bans: Phrase,
    pub(crate) no_bans: Phrase,
    pub(crate) lift_ban: Phrase,
    pub(crate) lift_ban_of: fn(&str) -> String,
    pub(crate) somebody: Phrase,
    pub(crate) back: Phrase,
    pub(crate) ban_more: Phrase,
    pub(crate) ban_knocking: Phrase,
    pub(crate) make_owner_more: Phrase,
    pub(crate) burn_now: Phrase,
    pub(crate) come_back: Phrase,
}

/// In English.
static EN: EntryWords = EntryWords {
    invite: "Invite",
    invite_people: "Invite people",
    invite_more: "An invite link lets in without the PIN, also while the room is locked.",
    invite_once: "For one person only",
    invite_good_for: "Good for",
    invite_lasts: ["1 hour", "1 day", "As long as the room"],
    invite_for_one: "For one person",
    invite_for_all: "For whoever has it",
    invite_used: |used| format!("used {used}×"),
    invite_box: "Invite",
    invite_hint: "What stands behind the # of an invite link lets you in as well.",
    invites: "Invites",
    make_invite: "Make invite link",
    copy_invite: "Copy invite link",
    share: "Share",
    take_back: "Take back",
    qr_code: "QR code of the link",
    knock: "Ask to be let in",
    lobby_more: "Somebody inside lets people in one by one.",
    waiting_title: "Waiting to be let in",
    waiting_more: "Those inside see that you are here. You come in by yourself as soon as one of them says yes.",
    not_let_in: "You were not let in",
    knocks: |name| format!("{name} asks to be let in"),
    knock_answer: |answer, name| format!("{answer}: {name}"),
    let_in: "Let in",
    turn_away: "Turn away",
    lobby_on: "Ask before letting in",
    lobby_off: "Stop asking before letting in",
    set_capacity: "Set number of people",
    extend_life: "Extend lifetime",
    lifetime_hours: "Hours from its beginning",
    lifetime_hint: "Not fewer than before.",
    bans: "Banned people",
    no_bans: "Nobody is banned.",
    lift_ban: "Lift ban",
    lift_ban_of: |name| format!("Lift the ban of {name}"),
    somebody: "Somebody",
    back: "Back",
    ban_more: "They are put out, and can't come back until you lift the ban.",
    ban_knocking: "Ban them? They can't come back until you lift the ban.",
    make_owner_more: "The room is theirs then, and you are a member.",
    burn_now: "Burn it now",
    come_back: "Go back in",
};

/// The words in use.
pub(crate) fn entry_words() -> &'static EntryWords {
    &EN
}

/// A type without content to show.
impl std::fmt::Debug for EntryWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EntryWords(…)")
    }
}
