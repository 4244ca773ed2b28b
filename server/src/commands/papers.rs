//! The manual page and the completions of shells, made from the declarations of the options (`config.rs`).

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::config::Options;

/// As it is called.
const NAME: &str = "whisperspace";

/// The manual page, for `man -l`.
///
/// # Errors
/// It could not be put together.
pub fn man() -> anyhow::Result<String> {
    let mut page = Vec::new();
    Man::new(Options::command()).render(&mut page)?;
    Ok(String::from_utf8(page)?)
}

/// What a shell reads to complete the options.
///
/// # Errors
/// It could not be put together.
pub fn completions(shell: Shell) -> anyhow::Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Options::command(), NAME, &mut script);
    Ok(String::from_utf8(script)?)
}
