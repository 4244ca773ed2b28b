//! What a text that starts with a slash means. Pure.
//!
//! `/word` is a command; one that there is not is relayed as little as one that there is: its writer would be surprised.
//! `//word` says `/word`. Paths (`/usr/bin`) and comments (`// so`) are text.

use protocol::Power;

/// Everything that can be done by a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Be called something else.
    Nick,
    /// Say something of oneself, in the third person.
    Me,
    /// Whisper to somebody.
    Msg,
    /// Look who is inside.
    Who,
    /// Bring others in.
    Invite,
    /// Say what the room is about.
    Topic,
    /// Put somebody out.
    Kick,
    /// Put somebody out for good.
    Ban,
    /// Let nobody new in.
    Lock,
    /// Let newcomers in again.
    Unlock,
    /// Let what one says burn after it was read.
    Timer,
    /// End the room for everybody.
    Burn,
    /// Empty the log of this page.
    Clear,
    /// See what there is.
    Help,
}

/// What a command is followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// Words.
    Words,
    /// The name of somebody inside.
    Person,
    /// The name of somebody inside, and words.
    PersonAndWords,
    /// A span, or that there is to be none.
    Span,
}

impl Command {
    /// In the order in which they are offered.
    pub const ALL: &[Self] = &[
        Self::Me,
        Self::Msg,
        Self::Nick,
        Self::Who,
        Self::Invite,
        Self::Topic,
        Self::Kick,
        Self::Ban,
        Self::Lock,
        Self::Unlock,
        Self::Timer,
        Self::Burn,
        Self::Clear,
        Self::Help,
    ];

    /// What is typed behind the slash.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nick => "nick",
            Self::Me => "me",
            Self::Msg => "msg",
            Self::Who => "who",
            Self::Invite => "invite",
            Self::Topic => "topic",
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Timer => "timer",
            Self::Burn => "burn",
            Self::Clear => "clear",
            Self::Help => "help",
        }
    }

    /// What is typed behind that.
    pub const fn takes(self) -> Takes {
        match self {
            Self::Nick | Self::Me | Self::Topic => Takes::Words,
            Self::Kick | Self::Ban => Takes::Person,
            Self::Msg => Takes::PersonAndWords,
            Self::Timer => Takes::Span,
            Self::Who | Self::Invite | Self::Lock | Self::Unlock | Self::Burn | Self::Clear | Self::Help => {
                Takes::Nothing
            }
        }
    }

    /// What only some may do.
    pub const fn power(self) -> Option<Power> {
        match self {
            Self::Topic => Some(Power::SetTopic),
            Self::Kick => Some(Power::Kick),
            Self::Ban => Some(Power::Ban),
            Self::Lock | Self::Unlock => Some(Power::Lock),
            Self::Burn => Some(Power::Burn),
            Self::Nick | Self::Me | Self::Msg | Self::Who | Self::Invite | Self::Timer | Self::Clear | Self::Help => {
                None
            }
        }
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|command| command.word() == word)
    }
}

/// What is in the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed<'t> {
    /// To be sent as it stands here.
    Text(&'t str),
    /// A command, and what is behind it.
    Command(Command, &'t str),
    /// A command that there is not, by its word.
    Unknown(&'t str),
    /// A command with too much or too little behind it.
    Unclear(Command),
}

/// A text to be sent as it stands here; `None` for a command.
pub fn said(typed: &str) -> Option<&str> {
    let text = typed.trim_start();
    if is_command(text) {
        return None;
    }
    Some(text.strip_prefix('/').filter(|rest| is_command(rest)).unwrap_or(typed))
}

/// Reads what is in the box.
pub fn parse(typed: &str) -> Typed<'_> {
    if let Some(text) = said(typed) {
        return Typed::Text(text);
    }
    let text = typed.trim_start().trim_start_matches('/');
    let (word, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let argument = argument.trim();
    match Command::named(&word.to_ascii_lowercase()) {
        None => Typed::Unknown(word),
        Some(command) if argument.is_empty() != (command.takes() == Takes::Nothing) => Typed::Unclear(command),
        Some(command) => Typed::Command(command, argument),
    }
}

fn is_command(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| {
        let word =
            rest.split_whitespace().next().filter(|_| !rest.starts_with(char::is_whitespace)).unwrap_or_default();
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    })
}

/// Whether a typed name, with or without the `@` of a mention, is this one. `lowercase`: a browser has a table of all
/// scripts by itself.
pub fn is_called(name: &str, typed: &str, lowercase: fn(&str) -> String) -> bool {
    lowercase(typed.strip_prefix('@').unwrap_or(typed)) == lowercase(name)
}

/// The name that words begin with, of somebody for whom `is_name` holds, and the words behind it. Of two names that fit
/// it is the longer.
pub fn addressed(typed: &str, is_name: impl Fn(&str) -> bool) -> Option<(&str, &str)> {
    let ends = typed.match_indices(char::is_whitespace).map(|(at, _)| at).chain([typed.len()]);
    let end = ends.filter(|at| is_name(&typed[..*at])).last()?;
    Some((&typed[..end], typed[end..].trim()))
}

/// The seconds of a span such as `30s`, `5 min` or `1h`; a number alone counts them, and `off` is none.
pub fn span_s(typed: &str) -> Option<u64> {
    let typed = typed.to_ascii_lowercase();
    if typed == "off" {
        return Some(0);
    }
    let digits = typed.bytes().take_while(u8::is_ascii_digit).count();
    let unit_s = match typed[digits..].trim() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        _ => return None,
    };
    typed[..digits].parse::<u64>().ok()?.checked_mul(unit_s)
}

/// What `/me` says: one emphasised sentence that begins with its writer's name. So clients that know nothing of it, those
/// of Socket.IO and plain text show it as it is meant.
pub fn action(name: &str, what: &str) -> String {
    ["*", name, " ", what, "*"].concat()
}

/// Whether a text is such a sentence of whoever is called so.
pub fn is_action(name: &str, text: &str) -> bool {
    let inner = text.strip_prefix('*').and_then(|text| text.strip_suffix('*'));
    inner.and_then(|inner| inner.strip_prefix(name)).is_some_and(|rest| rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::{Command, Typed, action, addressed, is_action, is_called, parse, said, span_s};

    #[test]
    fn commands_are_not_said() {
        for typed in ["/help", "/help me", " /Nick Ada", "/me\nwaves", "/помощь", "/1"] {
            assert_eq!(said(typed), None, "{typed}");
        }
    }

    #[test]
    fn two_slashes_say_one() {
        assert_eq!(said("//help me"), Some("/help me"));
        assert_eq!(said(" //help"), Some("/help"));
        assert_eq!(parse("//kick Ada"), Typed::Text("/kick Ada"));
    }

    #[test]
    fn everything_else_is_said_as_typed() {
        for typed in
            ["", "/", "//", "/ help", "// so", "///help", "/usr/bin", "/r/KW7P-3MXQ", "a /help", "/?", "/:)", " a"]
        {
            assert_eq!(said(typed), Some(typed), "{typed}");
            assert_eq!(parse(typed), Typed::Text(typed), "{typed}");
        }
    }

    #[test]
    fn a_command_is_read_with_what_is_behind_it() {
        let table = [
            ("/help", Typed::Command(Command::Help, "")),
            (" /HELP ", Typed::Command(Command::Help, "")),
            ("/me\nwaves  twice ", Typed::Command(Command::Me, "waves  twice")),
            ("/kick Low Tide", Typed::Command(Command::Kick, "Low Tide")),
            ("/kick", Typed::Unclear(Command::Kick)),
            ("/nick  ", Typed::Unclear(Command::Nick)),
            ("/clear the table", Typed::Unclear(Command::Clear)),
            ("/helpme", Typed::Unknown("helpme")),
            ("/помощь я", Typed::Unknown("помощь")),
        ];
        for (typed, read) in table {
            assert_eq!(parse(typed), read, "{typed}");
        }
    }

    #[test]
    fn each_command_is_found_by_its_word() {
        for command in Command::ALL {
            let typed = format!("/{} x", command.word());
            assert!(matches!(parse(&typed), Typed::Command(it, _) | Typed::Unclear(it) if it == *command), "{typed}");
        }
    }

    #[test]
    fn words_are_addressed_to_the_longest_name() {
        let names = ["Low", "Low Tide"];
        let is_name = |typed: &str| names.iter().any(|name| is_called(name, typed, str::to_lowercase));
        let table = [
            ("Low Tide, hello", Some(("Low", "Tide, hello"))),
            ("@low tide  hello\nthere", Some(("@low tide", "hello\nthere"))),
            ("Low tidehello", Some(("Low", "tidehello"))),
            ("low tide", Some(("low tide", ""))),
            ("Lower", None),
            ("", None),
        ];
        for (typed, read) in table {
            assert_eq!(addressed(typed, is_name), read, "{typed}");
        }
    }

    #[test]
    fn a_span_is_read_in_its_unit() {
        let table = [
            ("30", Some(30)),
            ("30s", Some(30)),
            ("5 min", Some(300)),
            ("5M", Some(300)),
            ("1h", Some(3_600)),
            ("off", Some(0)),
            ("", None),
            ("s", None),
            ("-5", None),
            ("5 days", None),
            ("99999999999999999999", None),
            ("18446744073709551615h", None),
        ];
        for (typed, seconds) in table {
            assert_eq!(span_s(typed), seconds, "{typed}");
        }
    }

    #[test]
    fn an_action_is_known_by_its_writers_name() {
        let said = action("Low Tide", "waves");
        assert_eq!(said, "*Low Tide waves*");
        assert!(is_action("Low Tide", &said));
        for (name, text) in
            [("Low", "*Lower waves*"), ("Ada", &said), ("Ada", "*Ada*"), ("Ada", "*Ada waves"), ("", "*")]
        {
            assert!(!is_action(name, text), "{text}");
        }
    }

    #[test]
    fn a_person_is_named_in_either_case_and_as_in_a_mention() {
        assert!(is_called("Low Tide", "@low tide", str::to_lowercase) && is_called("Ada", "ADA", str::to_lowercase));
        assert!(!is_called("Ada", "Ad", str::to_lowercase));
    }
}
