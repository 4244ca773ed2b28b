//! `whisperspace admin add | remove | list`: who may use the page `/admin`. A server that runs sees the change by itself.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use protocol::{Password, Username};

use super::operators::{OPERATORS_MAX, Operator, file_of, find, read, write};
use crate::auth;
use crate::config::Admin;
use crate::folders::make_folder;

/// Longer than any password.
const LINE_BYTES_MAX: u64 = 4_096;

/// Does what was asked for in this data folder; answers what to print.
///
/// # Errors
/// A sentence.
pub fn tend(command: &Admin, data_dir: &Path) -> anyhow::Result<String> {
    let file = file_of(data_dir);
    let mut operators = read(&file)?;
    match command {
        Admin::Add { name } => {
            let name = Username::parse(name).map_err(|code| anyhow::Error::msg(code.text()))?;
            let password = password()?;
            make_folder(data_dir)?;
            let phc = auth::hash_now(password.as_bytes()).map_err(|failure| anyhow::Error::msg(failure.code.text()))?;
            let known = find(&operators, &name).is_some();
            operators.retain(|operator| operator.name.folded() != name.folded());
            if operators.len() >= OPERATORS_MAX {
                bail!("there are {OPERATORS_MAX} operators already: remove one first");
            }
            let did = if known { "has another password, and is signed out everywhere" } else { "is an operator" };
            let told = format!("{} {did}: the page is at /admin\n", name.as_str());
            operators.push(Operator { name, phc });
            write(&file, &operators)?;
            Ok(told)
        }
        Admin::Remove { name } => {
            let known = Username::known(name).filter(|name| find(&operators, name).is_some());
            let Some(known) = known else { bail!("there is no such operator: whisperspace admin list names all") };
            operators.retain(|operator| operator.name.folded() != known.folded());
            write(&file, &operators)?;
            Ok(format!("{} is no operator any more, and is signed out\n", known.as_str()))
        }
        Admin::List => {
            let mut told = String::new();
            operators.iter().try_for_each(|operator| writeln!(told, "{}", operator.name.as_str()))?;
            Ok(if told.is_empty() { "there are no operators\n".to_owned() } else { told })
        }
    }
}

/// The first line of standard input.
fn password() -> anyhow::Result<Password> {
    let input = io::stdin().lock();
    if input.is_terminal() {
        let _ = io::stderr().write_all(b"The password (it is shown as you type; pipe it in to avoid that): ");
    }
    let mut line = String::new();
    let read = io::Read::take(input, LINE_BYTES_MAX).read_line(&mut line);
    read.context("the password could not be read from standard input")?;
    let typed = line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Password::parse(typed).map_err(|code| anyhow::Error::msg(code.text()))
}
