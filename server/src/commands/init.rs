//! `whisperspace init`: writes a configuration with every option and every limit, each with what it means, made from their
//! declarations. What was set when it was asked for is set in it; everything else is there to be uncommented.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use protocol::Limits;

use crate::config::{Config, Options};

/// It may hold the password of a database.
const MODE: u32 = 0o600;
/// Columns of a comment.
const WIDTH: usize = 100;

/// For options that have no default: what one could be.
const EXAMPLES: &[(&str, &str)] = &[
    ("public-url", "\"https://chat.example\""),
    ("allow-origin", "[\"https://other.example\"]"),
    ("trust-proxy", "[\"127.0.0.1\"]"),
    ("proxy-headers", "\"forwarded\""),
    ("proxy-protocol", "[\"10.0.0.1\"]"),
    ("listen-mode", "\"0660\""),
    ("apps", "\"/etc/whisperspace/apps\""),
    ("tls-cert", "\"/etc/whisperspace/chat.pem\""),
    ("tls-key", "\"/etc/whisperspace/chat.key\""),
    ("tls-redirect", "\"0.0.0.0:80\""),
    ("acme", "[\"chat.example.org\"]"),
    ("acme-contact", "[\"mailto:admin@example.org\"]"),
    ("acme-directory", "\"https://acme-v02.api.letsencrypt.org/directory\""),
    ("acme-ca", "\"/etc/whisperspace/authority.pem\""),
    ("metrics", "\"127.0.0.1:9100\""),
    ("event-log", "\"/var/log/whisperspace/events.jsonl\""),
    ("admin-token-file", "\"/etc/whisperspace/admin.token\""),
    ("threads", "2"),
    ("broker", "\"redis://127.0.0.1:6379\""),
    ("broker-ca", "\"/etc/whisperspace/redis-ca.pem\""),
    ("node-name", "\"one\""),
    ("memory-max", "\"1GiB\""),
];

/// Writes it, where no file is yet; answers a sentence.
///
/// # Errors
/// There is one, or it cannot be written.
pub fn write(path: &Path, given: &Options) -> anyhow::Result<String> {
    let text = text(given)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(format!("{0} is written; start with: whisperspace --config {0}\n", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            anyhow::bail!("{} is there already and stays as it is", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

/// What it holds.
fn text(given: &Options) -> anyhow::Result<String> {
    let defaults: toml::Table = Config::try_from(Options::default())?.to_toml()?.parse()?;
    let given = toml::Table::try_from(given)?;
    let mut text = String::from(
        "# The configuration of a WhisperSpace server: whisperspace --config FILE\n\
         # A line that begins with # and a name shows a default, or an example where there is none.\n\
         # Flags win over environment variables, these over this file.\n",
    );
    let names = in_files()?;
    for argument in Options::command().get_arguments() {
        let Some(name) = argument.get_long().filter(|name| names.contains(*name)) else { continue };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = write!(text, "\n{}", comment(&help));
        let is_given = given.get(name).filter(|value| value.as_array().is_none_or(|list| !list.is_empty()));
        let example = EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, example)| (*example).to_owned());
        let value = example.or_else(|| defaults.get(name).map(ToString::to_string));
        let _ = match (is_given, value) {
            (Some(value), _) => writeln!(text, "{name} = {value}"),
            (None, Some(value)) => writeln!(text, "# {name} = {value}"),
            (None, None) => Ok(()),
        };
    }
    text.push_str("\n[limits]\n");
    let limits = given.get("limits").and_then(toml::Value::as_table);
    for (name, default, help) in Limits::REFERENCE {
        let _ = write!(text, "\n{}", comment(help));
        let _ = match limits
            .and_then(|limits| limits.get(*name))
            .filter(|value| value.as_integer() != i64::try_from(*default).ok())
        {
            Some(value) => writeln!(text, "{name} = {value}"),
            None => writeln!(text, "# {name} = {default}"),
        };
    }
    Ok(text)
}

/// The options that a file may have: those that are written even where they are not set.
fn in_files() -> anyhow::Result<BTreeSet<String>> {
    let all = serde_json::to_value(Options::default())?;
    Ok(all.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect())
}

/// A sentence as lines of a comment.
fn comment(help: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    for word in help.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() > WIDTH {
            let _ = writeln!(lines, "#{line}");
            line.clear();
        }
        line.push(' ');
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(lines, "#{line}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uncommented(text: &str) -> String {
        let names: BTreeSet<String> = in_files()
            .expect("are known")
            .into_iter()
            .chain(Limits::REFERENCE.iter().map(|(name, ..)| (*name).to_owned()))
            .collect();
        let lines = text.lines().map(|line| {
            let set = line
                .strip_prefix("# ")
                .filter(|set| set.split_once(" = ").is_some_and(|(name, _)| names.contains(name)));
            set.unwrap_or(line)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn as_it_is_written_it_changes_nothing_and_uncommented_it_is_valid_and_whole() {
        let text = text(&Options::default()).expect("can be written");
        let plain: Options = toml::from_str(&text).expect("is a configuration");
        let plain = Config::try_from(plain).expect("is valid");
        let default = Config::try_from(Options::default()).expect("is valid");
        assert_eq!(plain.to_toml().expect("can be written"), default.to_toml().expect("can be written"));
        let all = uncommented(&text);
        let table: toml::Table = all.parse().expect("is TOML");
        for name in in_files().expect("are known") {
            assert!(table.contains_key(&name), "{name} has neither a default nor an example: see EXAMPLES");
        }
        // Several nodes share a database that is none of theirs; the default is a file.
        let database = Some("mongodb://127.0.0.1/whisperspace".to_owned());
        let whole: Options = Options { database, ..toml::from_str(&all).expect("each example is one") };
        // A certificate comes from files or from an authority.
        let by_files =
            Options { acme: vec![], acme_contact: vec![], acme_directory: None, acme_ca: None, ..whole.clone() };
        let by_acme = Options { tls_cert: None, tls_key: None, ..whole };
        for options in [by_files, by_acme] {
            Config::try_from(options).expect("each example is valid");
        }
    }

    #[test]
    fn what_was_set_is_set_in_it() {
        let given = Options {
            database: Some("memory:".to_owned()),
            trust_proxy: vec!["10.0.0.0/8".to_owned()],
            limits: Some(Limits { grace_ms: 7, ..Limits::default() }),
            ..Options::default()
        };
        let text = text(&given).expect("can be written");
        for line in ["database = \"memory:\"", "trust-proxy = [\"10.0.0.0/8\"]", "grace_ms = 7"] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("\n# capacity_max = "), "others are not set");
    }

    #[test]
    fn a_comment_is_broken_between_words() {
        assert_eq!(comment("one two"), "# one two\n");
        let long = comment(&"word ".repeat(50));
        assert!(
            long.lines().count() == 3 && long.lines().all(|line| line.starts_with("# word") && line.len() <= WIDTH + 2)
        );
    }
}
