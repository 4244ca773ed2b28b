//! English. Short, in the second person, no exclamation marks, no blame: what happened, what to do.

#[cfg(feature = "site")]
mod about;
mod commands;

use protocol::{ErrorCode, LeaveReason};

use super::Catalogue;
use crate::format::Span;

pub(super) static EN: Catalogue = Catalogue {
    #[cfg(feature = "ssr")]
    language: "en",
    #[cfg(feature = "ssr")]
    direction: "ltr",
    product: "WhisperSpace",
    #[cfg(feature = "ssr")]
    description: "A room for a conversation that nobody keeps. No account, no history, nothing on disk.",
    title: |page| format!("{page} · WhisperSpace"),

    #[cfg(feature = "ssr")]
    start_slow: "This page is still loading what it needs to send and receive. What you type stays in its box.",
    #[cfg(feature = "ssr")]
    start_missing: "This browser does not run WebAssembly here, and talking needs it. A strict security level or lockdown mode turns it off: allow it for this site, or open the page in another browser.",
    #[cfg(feature = "ssr")]
    start_failed: "A part of this page did not load, so nothing can be sent. Check the connection and whatever blocks scripts, then reload. What you typed is still in its box.",
    #[cfg(feature = "ssr")]
    start_broken: "Something in this page broke and it has stopped. What you typed is still in its box: copy it, then reload.",

    #[cfg(feature = "site")]
    headline: "Say it. Then it's gone.",
    #[cfg(feature = "site")]
    promise: "A room for a conversation that nobody keeps.",
    #[cfg(feature = "site")]
    promise_more: "No account, no history, nothing on disk.",
    your_name: "Your name",
    your_name_hint: "Leave it empty and one is drawn for you.",
    create_room: "Create room",
    or: "or",
    room_code: "Room code",
    room_code_example: "KW7P-3MXQ",
    join_room: "Join room",
    #[cfg(feature = "site")]
    options: "Options for a new room",
    room_name: "Room name",
    room_name_hint: "Leave it empty and one is drawn.",
    pin: "PIN",
    #[cfg(feature = "site")]
    new_pin_hint: "4 to 64 characters. Empty: whoever has the link may enter.",
    capacity: "People at once",
    #[cfg(feature = "site")]
    capacity_hint: |most| format!("From 2 to {most}."),
    #[cfg(feature = "site")]
    lifetime: "Lasts at most",
    #[cfg(feature = "site")]
    lasts,
    #[cfg(feature = "site")]
    wrong_capacity: |most| format!("That many people don't fit. Choose a number from 2 to {most}."),
    #[cfg(feature = "site")]
    wrong_lifetime: |most| format!("A room lasts from 1 hour to {}. Choose another time.", lasts(most)),
    wrong_pin: |left| match left {
        0 => "That PIN doesn't match. Wait until the time is up, then try again.".to_owned(),
        1 => "That PIN doesn't match. 1 try left before a wait.".to_owned(),
        more => ["That PIN doesn't match. ", &more.to_string(), " tries left before a wait."].concat(),
    },
    other_code: "Or enter another code",
    has_ended: "This room has ended",
    sealed_room: "This room is sealed",
    #[cfg(feature = "site")]
    promises: &[
        "Messages are relayed, never stored",
        "Rooms end when the last one leaves",
        "No cookies but your seat and theme",
    ],
    how_do_i_know: "How do I know?",
    sign_in: "Sign in",
    account: "Account",
    back_to_start: "WhisperSpace, back to the start",
    start_in_new_tab: "WhisperSpace, opens in a new tab",
    no_script: "Your browser runs no scripts here. You can create and join rooms, but talking needs them.",

    join_named: |room| format!("Join {room}"),
    join_unnamed: |code| format!("Join room {code}"),
    inside_now: |count| match count {
        0 => "Nobody is inside right now".to_owned(),
        1 => "1 person is inside".to_owned(),
        more => format!("{more} people are inside"),
    },
    pin_hint: "This room has one. Ask somebody inside for it.",

    message: "Message",
    messages: "Messages",
    message_to: |room| format!("Message {room}"),
    send_message: "Send message",
    leave_room: "Leave room",
    copy_link: "Copy link",
    link_copied: "Link copied",
    copy_code: |code| format!("{code}, copy the code"),
    code_copied: "Code copied",
    copy_failed: "Copying is not allowed here. Take it from the address bar.",
    copied: "Copied",
    not_copied: "Not allowed here",
    copy_code_block: "Copy code",
    copy_text: "Copy your text",
    skip_to_composer: "Skip to the message box",
    skip_to_log: "Skip to the messages",
    you_in_brackets: " (you)",
    gone: "What was here is gone",
    gone_more: "This page was loaded again, and nothing that was said is kept. What comes next appears here.",
    unread_title: |count, title| format!("({count}) {title}"),
    unread_from_here: "new",
    left_elsewhere: "You left the room in another tab. What was said stays here until you close it.",
    room_over: "Nothing can be sent here any more",
    commands: "Commands",
    command: commands::what,
    usage: commands::usage,
    only_for: commands::only_for,
    unknown_command: commands::unknown,
    unclear_command: commands::unclear,
    shortcuts: "Keyboard shortcuts",
    keys: commands::KEYS,
    single_keys: "Single keys act: ?, R, +, W, E, M and Del",
    more: "More",
    copy_message: "Copy text",
    select_text: "Select text",
    too_many: |over, roughly| {
        let about = if roughly { "about " } else { "" };
        format!("{about}{over} too many")
    },
    just_you: "It's just you",
    just_you_more: "Share the link. Messages appear here and nowhere else.",
    say_hi: "Say hi",
    say_hi_more: "No one who joins later will see this.",
    entering: "Entering the room…",
    rooms: "Rooms",
    close_rooms: "Close the list of rooms",
    close_room: |room| format!("Close {room}"),
    close_this_room: "Close this room",
    close: "Close",
    another_room: "Another room",
    go_to_room: "Go to room",
    unread: |count| format!("{count} unread"),
    mentions: |count| match count {
        1 => "1 mention".to_owned(),
        more => format!("{more} mentions"),
    },
    last_said: |time| format!("last message at {time}"),
    refused_word: "Not entered",
    people: "People",
    people_in_room: |count| format!("People, {count}"),
    people_count: |count| {
        if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
    },
    people_more: |count| format!("and {count} more"),
    close_people: "Close the list of people",
    you: "you",
    owner: "owner",
    away: "away",
    away_reconnecting: "away, reconnecting",
    owner_more: "Owner of this room",
    mention: "Mention",
    moderator: "moderator",
    kick: "Kick",
    ban: "Ban",
    make_moderator: "Make moderator",
    make_member: "Make member",
    make_owner: "Make owner",
    powers_menu: "Room menu",
    rename_room: "Rename room",
    set_topic: "Set topic",
    topic: "Topic",
    set_pin: "Set PIN",
    set_pin_hint: "4 to 64 characters. Empty: newcomers need none.",
    lock_room: "Lock room",
    unlock_room: "Unlock room",
    locked_more: "Locked: nobody new comes in.",
    emoji: "Emoji",
    search_emoji: "Search emoji",
    recent_emoji: "Used last",
    found_emoji: "Found",
    nothing_found: "No emoji has that name.",
    no_emoji: "The names of emoji could not be fetched. Your text is as it was; try again in a moment.",
    emoji_kinds: "Kinds of emoji",
    emoji_groups: &[
        "Smileys",
        "People",
        "Animals and nature",
        "Food and drink",
        "Travel and places",
        "Activities",
        "Objects",
        "Symbols",
        "Flags",
    ],
    skin_tone: "Skin tone",
    tones: ["No tone", "Light", "Medium light", "Medium", "Medium dark", "Dark"],
    set_timer: "Set burn timer",
    room_timer_more: "For messages whose writer chooses none. It counts on each page from when the message is seen.",
    room_burns: |seconds| ["Messages burn ", &span(seconds.into()), " after they were seen."].concat(),
    burn_timer: "Burn timer",
    burn_span: |seconds| if seconds == 0 { "Off".to_owned() } else { span(seconds) },
    burn_as_room: |seconds| ["As the room: ", &span(seconds)].concat(),
    burn_note: |unread_s| {
        [
            "Counts on each page from when the message is seen; after ",
            &span(unread_s),
            " it is gone unread, too. Screenshots and copies that somebody makes meanwhile cannot be prevented.",
        ]
        .concat()
    },
    burns_after: |seconds| ["Burns ", &span(seconds.into()), " after it was seen"].concat(),
    burns_in: |seconds| match seconds {
        0..120 => format!("Burns in {seconds} s"),
        more => format!("Burns in {} min", more.div_ceil(60)),
    },
    burned: "Burned",
    quoted_burned: "Answers a message that has burned.",
    burn_room: "Burn room",
    burn_more: "The room ends for everybody at once, and nothing is kept. Hold the button until it is filled.",
    hold_to_burn: "Hold to burn",
    change_name: "Change name",
    leaving: "Nobody else is inside: the room ends when you leave.",
    leaving_in: |left| ["Leaving in ", &left.to_string(), " s."].concat(),
    stay: "Stay",
    leave_now: "Leave now",
    time_left: |span| match span {
        Span::Moment => "under a minute left".to_owned(),
        Span::Minutes(minutes) => format!("{minutes} min left"),
        Span::Hours(hours) => format!("{hours} h left"),
        Span::Days(days) => format!("{days} days left"),
    },
    typing: |names| match names {
        [] => String::new(),
        [one] => format!("{one} is typing…"),
        [one, other] => format!("{one} and {other} are typing…"),
        _ => "Several people are typing…".to_owned(),
    },
    joined: |names| format!("{} joined", some_names(names)),
    left: |names| format!("{} left", some_names(names)),
    joined_and_left: |joined, left| format!("{joined} joined, {left} left"),
    missed: |count| match count {
        None => "Some messages may have been missed.".to_owned(),
        Some(1) => "1 message was missed and cannot be fetched.".to_owned(),
        Some(more) => format!("{more} messages were missed and cannot be fetched."),
    },
    new_messages: |count| format!("{count} new"),
    spoiler: "Spoiler, show it",
    sending: "Sending…",
    sent: "Relayed",
    keep_unsent: "Keep unsent words in this tab for a reload",
    reach: |read, people| format!("{} {people}", if read { "Read by" } else { "Relayed to" }),
    tell_reading: "Tell others what I have read, and see it of them",
    waiting: "Waiting to be sent",
    not_sent: "Not sent.",
    not_changed: "Not changed.",
    edit: "Edit",
    delete: "Delete",
    cancel: "Cancel",
    editing: "Editing your message",
    deleting: "Delete this message for everybody?",
    reply: "Reply",
    replying: |name| format!("Replying to {name}"),
    whisper: "Whisper",
    whispering: |name| format!("Whispering to {name}"),
    whisper_to: |name| format!("Whisper to {name}"),
    whispers_to_you: |name| format!("{name} whispers to you"),
    quoted: |name| format!("Show the message of {name} that this answers"),
    quoted_deleted: "Answers a message that was deleted.",
    quoted_elsewhere: "Answers an earlier message.",
    mentions_you: "(mentions you)",
    react: "React",
    reacting: "React with",
    any_emoji: "Or any other emoji",
    reacted: |emoji, names| match names {
        [rest @ .., last] if names.len() <= 10 && !rest.is_empty() => {
            format!("{emoji} {}: {} and {last}", names.len(), rest.join(", "))
        }
        [one] => format!("{emoji} 1: {one}"),
        [ten @ .., _] => format!("{emoji} {}: {} and others", names.len(), ten[..ten.len().min(10)].join(", ")),
        [] => String::new(),
    },
    more_reactions: |more| format!("and {more} more"),
    edited: "edited",
    deleted: "This message was deleted.",
    retry: "Retry",
    discard: "Discard",
    characters: |count, limit| format!("{count} of {limit}"),
    slow_down: |wait| format!("Slow down: you can send again in {wait} s."),

    connected: "Connected",
    connecting: "Connecting",
    connection_lost: "Connection lost.",
    reconnecting_in: |wait| format!("Reconnecting in {wait} s"),
    reconnecting_now: "Reconnecting now",
    restarting: "Server is restarting, hold on.",
    offline: "You're offline.",
    offline_more: "Messages will be sent when you're back.",
    disconnected: "Disconnected",
    ended_word: "Ended",
    back_online: |missed| match missed {
        None => "Back online. Nothing was missed.".to_owned(),
        Some(count) => format!("Back online. {}", (EN.missed)(count)),
    },
    retry_now: "Retry now",
    reload: "Reload",

    error: ErrorCode::text,
    unreachable: "The server can't be reached. Check your connection and try again.",
    wait: |wait| format!("Wait {wait} s."),
    ended: |reason| match reason {
        LeaveReason::Left => ("You left the room", "Nothing was kept here."),
        LeaveReason::Expired => ("The room's time is over", "It ended as planned. The server kept nothing."),
        LeaveReason::Empty => ("The room has ended", "Nobody was inside for a while. The server kept nothing."),
        LeaveReason::Deleted => (
            "The room was ended",
            "It was ended for everyone. The server kept nothing; what you still read is on your page alone.",
        ),
        LeaveReason::SignedOut => ("You were signed out", "This login has ended. Sign in again, or go on as a guest."),
        LeaveReason::Kicked => {
            ("You were put out of the room", "An owner or moderator did it. You may come back with its code.")
        }
        LeaveReason::Banned => (
            "You were banned from the room",
            "Its owner or a moderator did it. You can't come back unless they lift the ban.",
        ),
    },
    left_unheard: "The server can't be reached right now. It is told as soon as it can be, while this page is open.",
    room_full: "Every seat is taken",
    cannot_enter: "You can't enter this room",
    try_again: "Try again",
    new_room: "Create a new room",
    read_what_was_said: "Read what was said",
    #[cfg(feature = "site")]
    not_found: "There is nothing here",
    #[cfg(feature = "site")]
    not_found_more: "Check the address, or go back to the start.",
    no_such_room: "No such room",
    something_wrong: "Something went wrong",

    #[cfg(feature = "site")]
    account_why: "You need no account to talk. One keeps your name and your rooms on all your devices, and nobody in a room \
                  can tell that you have it.",
    #[cfg(feature = "site")]
    sign_up: "Create account",
    #[cfg(feature = "site")]
    sign_up_more: "No e-mail address. A forgotten password cannot be recovered.",
    #[cfg(feature = "site")]
    user_name: "User name",
    #[cfg(feature = "site")]
    user_name_hint: "3 to 32 letters, digits, dots, dashes or underscores. Others never see it.",
    #[cfg(feature = "site")]
    new_name_hint: "Leave it empty for a name drawn anew. An account's name is kept, what you are called as a guest never is.",
    #[cfg(feature = "site")]
    show_password: "Show password",
    #[cfg(feature = "site")]
    hide_password: "Hide password",
    #[cfg(feature = "site")]
    show: "Show",
    #[cfg(feature = "site")]
    hide: "Hide",
    #[cfg(feature = "site")]
    signed_in: "You are signed in.",
    #[cfg(feature = "site")]
    signed_up: "Your account is there, and you are signed in.",
    #[cfg(feature = "site")]
    signed_out: "You are signed out.",
    #[cfg(feature = "site")]
    forgotten: "Erased. Nothing of you is kept here any more.",
    #[cfg(feature = "site")]
    password: "Password",
    #[cfg(feature = "site")]
    password_hint: "8 characters or more.",
    #[cfg(feature = "site")]
    signed_in_as: |name| format!("Signed in as {name}."),
    #[cfg(feature = "site")]
    guest_so_far: |name| {
        format!(
            "You are a guest, called {name}. Your rooms stay yours when you create an account; your name there changes."
        )
    },
    #[cfg(feature = "site")]
    sign_out: "Sign out",
    #[cfg(feature = "site")]
    name_in_rooms: "Name in rooms",
    name_in_rooms_more: "What others see. It changes in every room at once.",
    save: "Save",
    #[cfg(feature = "site")]
    saved: "Saved",
    #[cfg(feature = "site")]
    change_password: "Change password",
    #[cfg(feature = "site")]
    current_password: "Current password",
    #[cfg(feature = "site")]
    new_password: "New password",
    #[cfg(feature = "site")]
    wrong_password: "That isn't your password. Check it.",
    #[cfg(feature = "site")]
    password_changed: "Changed. Every other login has ended.",
    #[cfg(feature = "site")]
    logins: "Logins",
    #[cfg(feature = "site")]
    logins_more: "Where you are signed in. A login that is not used for 30 days ends by itself.",
    #[cfg(feature = "site")]
    this_login: "This one",
    #[cfg(feature = "site")]
    login_began: |when| format!("Began {when}"),
    #[cfg(feature = "site")]
    login_on: |device, when| format!("{device}, began {when}"),
    #[cfg(feature = "site")]
    login_ended: "That login has ended.",
    #[cfg(feature = "site")]
    login_used: |when| format!("last used around {when}"),
    #[cfg(feature = "site")]
    revoke: "Revoke",
    #[cfg(feature = "site")]
    revoke_named: |when| format!("Revoke the login that began {when}"),
    #[cfg(feature = "site")]
    your_rooms: "Your rooms",
    #[cfg(feature = "site")]
    your_rooms_more: "Rooms that you may enter again without their PIN. They are here until they end or you leave them.",
    #[cfg(feature = "site")]
    no_rooms: "You are in no room.",
    #[cfg(feature = "site")]
    room_until: |code, count, when| format!("{code}, {} inside, until {when}", (EN.people_count)(count)),
    #[cfg(feature = "site")]
    room_menu: "More",
    #[cfg(feature = "site")]
    room_menu_named: |room| format!("More about {room}"),
    #[cfg(feature = "site")]
    end_room: "End for everyone",
    #[cfg(feature = "site")]
    end_room_more: "Everyone inside is told, and nothing of it is kept. This can't be undone.",
    #[cfg(feature = "site")]
    room_was_ended: "The room has ended for everyone.",
    #[cfg(feature = "site")]
    room_was_left: "You have left the room.",
    #[cfg(feature = "site")]
    loading: "Loading…",
    #[cfg(feature = "site")]
    delete_account: "Delete account",
    #[cfg(feature = "site")]
    delete_account_more: "Your user name, your logins and your place in every room are erased at once. This can't be undone.",
    #[cfg(feature = "site")]
    delete_guest: "Forget me",
    #[cfg(feature = "site")]
    delete_guest_more: "Your name and your place in every room are erased at once. This can't be undone.",
    #[cfg(feature = "site")]
    appearance: "Appearance",
    theme: "Theme",
    theme_system: "System",
    theme_light: "Light",
    theme_dark: "Dark",
    #[cfg(feature = "site")]
    needs_script: "This page needs scripts, which your browser doesn't run here.",

    #[cfg(feature = "site")]
    about: "How do I know?",
    #[cfg(feature = "site")]
    about_lead: "What WhisperSpace promises, what it keeps, and what it cannot promise.",
    #[cfg(feature = "site")]
    about_sections: about::ABOUT,
};

#[cfg(feature = "site")]
fn lasts(span: Span) -> String {
    let (number, unit) = match span {
        Span::Moment => (1, "minute"),
        Span::Minutes(minutes) if minutes % 60 == 0 => (minutes / 60, "hour"),
        Span::Minutes(minutes) => (minutes, "minute"),
        Span::Hours(hours) => (hours, "hour"),
        Span::Days(days) => (days, "day"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

/// A span that people choose: whole hours, minutes or seconds.
fn span(seconds: u64) -> String {
    match seconds {
        whole if whole % 3_600 == 0 => format!("{} h", whole / 3_600),
        whole if whole % 60 == 0 => format!("{} min", whole / 60),
        seconds => format!("{seconds} s"),
    }
}

fn some_names(names: &[&str]) -> String {
    match names {
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        more => format!("{} people", more.len()),
    }
}
