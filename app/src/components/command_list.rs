//! The commands that a text in the box may become, and the people whom it may be about.

use protocol::Role;

use super::offer::Offer;
use crate::browser;
use crate::i18n::words;
use client::slash::{Command, Takes};

/// People who are offered at once.
const PEOPLE_MAX: usize = 6;

/// What is offered for a text that begins with a slash, up to the caret.
pub(super) fn commands(before: &str, role: Role, names: &[String]) -> Vec<Offer> {
    let typed = browser::lowercase(before);
    match typed.split_once(' ') {
        None => {
            let fits = |command: &&Command| ["/", command.word()].concat().starts_with(&typed);
            Command::ALL.iter().filter(fits).map(|command| offer(*command, role)).collect()
        }
        Some((word, start)) => {
            let is_it = |command: &&Command| word.strip_prefix('/') == Some(command.word());
            let behind = match Command::ALL.iter().find(is_it).map(|it| it.takes()) {
                Some(Takes::Person) => "",
                Some(Takes::PersonAndWords) => " ",
                Some(Takes::Nothing | Takes::Words | Takes::Span) | None => return Vec::new(),
            };
            people(word, start.trim_start_matches('@'), behind, names)
        }
    }
}

fn offer(command: Command, role: Role) -> Offer {
    let takes = command.takes();
    let may = command.power().is_none_or(|power| role.may(power));
    let note = match command.power() {
        Some(power) if !may => (words().only_for)(power.needs()),
        Some(_) | None => (words().command)(command),
    };
    Offer {
        text: ["/", command.word(), if takes == Takes::Nothing { "" } else { " " }].concat(),
        shown: (words().usage)(command),
        note,
        may,
    }
}

/// Whose names begin so, and are not written whole.
fn people(word: &str, start: &str, behind: &str, names: &[String]) -> Vec<Offer> {
    let fits = |name: &&String| {
        let name = browser::lowercase(name);
        name != start && name.starts_with(start)
    };
    let offer = |name: &String| Offer { text: [word, " ", name, behind].concat(), ..Offer::of(name) };
    names.iter().filter(fits).take(PEOPLE_MAX).map(offer).collect()
}

#[cfg(test)]
mod tests {
    use protocol::Role;

    use super::commands;

    #[test]
    fn commands_and_then_people_are_offered() {
        let names: Vec<String> = ["Ada", "Ada Low", "Ben"].map(str::to_owned).into();
        let offered = |before: &str| {
            let offers = commands(before, Role::Owner, &names);
            offers.into_iter().map(|offer| offer.text).collect::<Vec<_>>()
        };
        let table: &[(&str, &[&str])] = &[
            ("/n", &["/nick "]),
            ("/K", &["/kick "]),
            ("/help", &["/help"]),
            ("/l", &["/lock"]),
            ("/kick ", &["/kick Ada", "/kick Ada Low", "/kick Ben"]),
            ("/kick @ada", &["/kick Ada Low"]),
            ("/ban b", &["/ban Ben"]),
            ("/msg b", &["/msg Ben "]),
            ("/msg Ben h", &[]),
            ("/nick a", &[]),
            ("/lock a", &[]),
            ("//", &[]),
            ("/usr/bin", &[]),
            ("/kick Ben\n", &[]),
        ];
        for (before, expected) in table {
            assert_eq!(offered(before), *expected, "{before}");
        }
        assert_eq!(offered("/").len(), client::slash::Command::ALL.len());
    }

    #[test]
    fn what_one_may_not_do_is_offered_with_the_reason() {
        let by = |role| commands("/kick", role, &[]).remove(0);
        assert!(by(Role::Moderator).may && !by(Role::Member).may);
        assert_ne!(by(Role::Moderator).note, by(Role::Member).note);
    }
}
