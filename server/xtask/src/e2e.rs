//! The end-to-end tests: Playwright drives a real Chromium against the binary. This finds or provides what they need;
//! what they test is in end2end/.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::debian;
use crate::shell;
use crate::steps::say;
use crate::summary::{self, Totals};
use crate::workspace::Workspace;

const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/// Names and messages have emoji, and a missing glyph has another width.
const EMOJI_FONT: &str = "fonts-noto-color-emoji";

/// What has to be there before a test can run.
#[derive(Debug)]
pub(crate) struct Ready {
    folder: PathBuf,
    chromium: PathBuf,
}

impl Ready {
    /// Where the tests are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The browser.
    pub(crate) fn chromium(&self) -> &Path {
        &self.chromium
    }
}

pub(crate) fn prepare(workspace: &Workspace) -> Result<Ready> {
    let folder = workspace.root().join("end2end");
    ensure!(folder.join("package-lock.json").is_file(), "end2end has no package-lock.json: is the clone complete?");
    let chromium = chromium()?;
    say(&format!("    browser: {}", chromium.display()));
    if !node_modules_are_current(&folder) {
        shell::find_program(&["npm"]).context("there is no npm; install Node.js 20 or newer")?;
        shell::run(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
                .current_dir(&folder),
        )?;
    }
    Ok(Ready { folder, chromium })
}

/// Runs the tests whose title holds one of the filters, or all.
pub(crate) fn run(ready: &Ready, binary: &Path, filters: &[String]) -> Result<Totals> {
    let mut playwright = Command::new("npx");
    playwright
        .args(["--no-install", "playwright", "test"])
        .current_dir(&ready.folder)
        .env("WHISPERSPACE_BIN", binary)
        .env("CHROMIUM", &ready.chromium)
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .env_remove("LD_LIBRARY_PATH");
    if !filters.is_empty() {
        playwright.args(["--pass-with-no-tests", "--grep", &grep(filters)]);
    }
    let (content, output) = shell::tee(&mut playwright)?;
    Ok(summary::of_playwright(&output).with_exit(content))
}

/// The variable CHROMIUM, a browser on the search path, or Debian's.
fn chromium() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        let path = PathBuf::from(named);
        ensure!(path.is_file(), "CHROMIUM names {}, which is not there", path.display());
        return Ok(path);
    }
    if debian::is_debian() {
        let missing = match shell::find_program(CHROMIUM) {
            Some(_) => vec![EMOJI_FONT],
            None => vec!["chromium", EMOJI_FONT],
        };
        let provided = debian::ensure_installed(&missing);
        if shell::find_program(CHROMIUM).is_none() {
            provided?;
        }
    }
    shell::find_program(CHROMIUM).context("there is no Chromium; install one, or name it in the variable CHROMIUM")
}

/// npm writes a list of what it installed; one that is older than the lock file is not current.
pub(crate) fn node_modules_are_current(folder: &Path) -> bool {
    let changed = |name: &str| -> Option<SystemTime> { fs::metadata(folder.join(name)).ok()?.modified().ok() };
    match (changed("package-lock.json"), changed("node_modules/.package-lock.json")) {
        (Some(wanted), Some(installed)) => installed >= wanted,
        (None | Some(_), None) | (None, Some(_)) => false,
    }
}

/// Playwright takes a regular expression, a person types words.
fn grep(filters: &[String]) -> String {
    let mut pattern = String::new();
    for filter in filters {
        if !pattern.is_empty() {
            pattern.push('|');
        }
        for c in filter.chars() {
            if !c.is_alphanumeric() && !c.is_whitespace() && c.is_ascii() {
                pattern.push('\\');
            }
            pattern.push(c);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_words_not_expressions() {
        assert_eq!(grep(&["2 < 3 (x)".to_owned(), "blns".to_owned()]), r"2 \< 3 \(x\)|blns");
    }

    #[test]
    fn packages_are_installed_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!node_modules_are_current(folder.path()));
        fs::write(folder.path().join("package-lock.json"), "{}").expect("writes");
        assert!(!node_modules_are_current(folder.path()));
        fs::create_dir(folder.path().join("node_modules")).expect("makes a folder");
        fs::write(folder.path().join("node_modules/.package-lock.json"), "{}").expect("writes");
        assert!(node_modules_are_current(folder.path()));
    }
}
