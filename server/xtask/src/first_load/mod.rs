//! `cargo xtask first-load`: finds by counting what of a room's program a page needs at once, and writes the list of the
//! rest (`wasm_later.txt`). Each function notes that it ran (`counting.rs`), a browser is driven through what must not wait
//! for the second half (`end2end/first_load`), and `choose.rs` looks for parts of names that only the others have.
//!
//! Nothing of it is in the product.

mod choose;
mod counting;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::e2e;
use crate::mode::Mode;
use crate::shell;
use crate::steps::{Steps, say, size};
use crate::wasm;
use crate::wasm_later;
use crate::workspace::Workspace;

/// What the browser writes: a byte for each function, 1 where it ran.
const RAN: &str = "ran.json";

/// Builds, counts and writes the list. `is_counted`: only the list, of what was counted before, of the same program.
pub(crate) fn run(workspace: &Workspace, steps: &mut Steps, is_counted: bool) -> Result<()> {
    let folder = workspace.target().join("first-load");
    let (program, glue) = wasm::before_the_cut(workspace, steps)?;
    let counted = counting::instrument(&program, &glue)?;
    if !is_counted {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("room.wasm"), &counted.wasm)?;
        fs::write(folder.join("room.js"), &counted.glue)?;
        drive(workspace, steps, &folder)?;
    }
    let ran = fs::read(folder.join(RAN)).context("nothing was counted yet")?;
    let marks: Vec<u8> = serde_json::from_slice(&ran)?;
    let ran = |number: usize| marks.get(number).is_some_and(|mark| *mark == 1);
    let chosen = steps.step("choose", || Ok(choose::choose(&counted.functions, ran, wasm_later::is_named_later)))?;
    for name in &chosen.wrong {
        say(&format!("    runs at once, but a list in wasm_later.rs has it: {name}"));
    }
    let list = workspace.root().join("server/xtask/src/wasm_later.txt");
    fs::write(&list, chosen.parts.iter().flat_map(|part| [part, "\n"]).collect::<String>())?;
    say(&format!(
        "    {} functions, {} ran; {} parts of names fit {} of the {} that did not",
        counted.functions.len(),
        counted.functions.iter().enumerate().filter(|(number, _)| ran(*number)).count(),
        chosen.parts.len(),
        size(chosen.fitting),
        size(chosen.idle),
    ));
    say("    build again to see what a page weighs");
    Ok(())
}

/// Has a browser use the program that counts.
fn drive(workspace: &Workspace, steps: &mut Steps, folder: &Path) -> Result<()> {
    let browser = e2e::prepare(workspace)?;
    let binary = build::everything(workspace, steps, Mode::Release)?;
    let ran = folder.join(RAN);
    if ran.exists() {
        fs::remove_file(&ran)?;
    }
    steps.step("drive a page that counts", || {
        let mut playwright = Command::new("npx");
        playwright.args(["--no-install", "playwright", "test", "--config", "first_load.config.ts"]);
        playwright.current_dir(browser.folder()).env("CHROMIUM", browser.chromium());
        shell::run(playwright.env("WHISPERSPACE_BIN", &binary).env("FIRST_LOAD", folder))
    })
}
