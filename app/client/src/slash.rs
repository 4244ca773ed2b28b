//! What a text that starts with a slash means. Pure.
//!
//! `/word` is a command, and there are none yet: relayed as a message it would surprise the writer. `//word` says
//! `/word`. Paths (`/usr/bin`) and comments (`// so`) are text.

/// A text to be sent as it stands here; `None` for a command.
pub fn said(typed: &str) -> Option<&str> {
    let text = typed.trim_start();
    if is_command(text) {
        return None;
    }
    Some(text.strip_prefix('/').filter(|rest| is_command(rest)).unwrap_or(typed))
}

fn is_command(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| {
        let word =
            rest.split_whitespace().next().filter(|_| !rest.starts_with(char::is_whitespace)).unwrap_or_default();
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::said;

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
    }

    #[test]
    fn everything_else_is_said_as_typed() {
        for typed in
            ["", "/", "//", "/ help", "// so", "///help", "/usr/bin", "/r/KW7P-3MXQ", "a /help", "/?", "/:)", " a"]
        {
            assert_eq!(said(typed), Some(typed), "{typed}");
        }
    }
}
