//! Words about commands and keys: read when somebody asks for them.

use protocol::Role;

use client::slash::{Command, Takes};

/// How a command is typed.
pub(super) fn usage(command: Command) -> String {
    let behind = match command.takes() {
        Takes::Nothing => "",
        Takes::Words if command == Command::Nick => " name",
        Takes::Words => " words",
        Takes::Person => " name",
        Takes::PersonAndWords => " name words",
        Takes::Span => " 30s",
    };
    ["/", command.word(), behind].concat()
}

/// What it does.
pub(super) fn what(command: Command) -> &'static str {
    match command {
        Command::Me => "Say what you do: “Ada waves”",
        Command::Nick => "Change your name",
        Command::Msg => "Whisper to somebody",
        Command::Who => "See who is inside",
        Command::Invite => "Bring others in",
        Command::Topic => "Set the topic",
        Command::Kick => "Put somebody out",
        Command::Ban => "Put somebody out for good",
        Command::Lock => "Let nobody new in",
        Command::Unlock => "Let newcomers in again",
        Command::Timer => "Let what you say burn: 5s to 1h, or off",
        Command::Burn => "End the room for everybody",
        Command::Clear => "Empty the log, on this page only",
        Command::Help => "Show all keys and commands",
    }
}

/// Why a command is not for the reader.
pub(super) fn only_for(role: Role) -> &'static str {
    match role {
        Role::Member => "For members",
        Role::Moderator => "For moderators",
        Role::Owner => "For the owner",
    }
}

pub(super) fn unknown(word: &str) -> String {
    ["There is no command /", word, ". Type / to see them; to begin a message with a slash, type two."].concat()
}

pub(super) fn unclear(command: Command) -> String {
    ["Type it like this: ", &usage(command)].concat()
}

/// What keys do, and where.
pub(super) const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "Anywhere",
        &[
            ("? · Ctrl+/", "This list"),
            ("Ctrl", "⌘ on a Mac"),
            ("Ctrl+K", "Go to a room"),
            ("Alt+↑ · Alt+↓", "The room before, the next"),
            ("Esc", "Close, cancel, or read to the end"),
        ],
    ),
    (
        "Message box",
        &[
            ("Enter", "Send"),
            ("Shift+Enter", "New line"),
            ("↑", "Edit your last message, when empty"),
            ("Ctrl+B · Ctrl+I", "Bold, italic"),
            ("Ctrl+E", "Code"),
            ("Ctrl+Shift+X", "Struck out"),
            ("@ · / · :", "Mention, command, emoji"),
            ("PageUp · PageDown", "Scroll the messages"),
            ("Shift+Tab", "To the messages"),
        ],
    ),
    (
        "Messages",
        &[
            ("↑ · ↓ · Home · End", "From message to message"),
            ("R", "Reply"),
            ("+", "React"),
            ("W", "Whisper"),
            ("E", "Edit"),
            ("Del", "Delete"),
            ("Enter", "To its buttons"),
            ("M", "Menu of all actions"),
            ("← · →", "Links, code and buttons"),
        ],
    ),
];
