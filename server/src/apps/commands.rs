//! What an operator does with the files of applications, on the command line.

use std::path::Path;

use anyhow::{Context as _, bail};
use channels::AppName;
use protocol::Limits;

use super::files::read_folder;
use super::keys::NewKey;
use super::lines::Lines;
use crate::config::Apps;

/// Does what the operator asked for; answers what to print.
///
/// # Errors
/// A sentence, or all mistakes of all files, each with its file and line.
pub fn tend(command: &Apps, limits: &Limits) -> anyhow::Result<String> {
    match command {
        Apps::Check { folder } => check(folder, limits),
        Apps::Key { name } => {
            let name = AppName::parse(name).context("an application's name has small letters, digits and dashes")?;
            let NewKey { key, hash } = NewKey::draw(name.as_str());
            Ok(format!(
                "The key, shown this once; the application's backend sends it as a bearer token:\n\n  {key}\n\nThe lines \
                 for the application's file, which know the key and do not tell it:\n\n  [[api_keys]]\n  hash = \
                 \"{hash}\"\n"
            ))
        }
    }
}

fn check(folder: &Path, limits: &Limits) -> anyhow::Result<String> {
    let read = read_folder(folder, &Lines::default(), limits);
    if !read.mistakes.is_empty() {
        let lines: Vec<String> = read.mistakes.iter().map(ToString::to_string).collect();
        bail!("the files of applications have mistakes:\n{}", lines.join("\n"));
    }
    let lines = read.good.iter().map(|(file, loaded)| format!("{file}: {} is good\n", loaded.rules.name().as_str()));
    Ok(if read.good.is_empty() { "there is no file\n".to_owned() } else { lines.collect() })
}
