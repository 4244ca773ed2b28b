//! A folder of files, and what changes in it while a server runs.

use std::path::Path;

use channels::AppName;
use protocol::Limits;
use tempfile::TempDir;

use super::Applications;
use crate::apps::keys::NewKey;

fn write(folder: &Path, file: &str, text: &str) {
    std::fs::write(folder.join(file), text).expect("the folder can be written");
}

/// A file whose secret lies beside it.
fn text(name: &str, more: &str) -> String {
    format!(
        "name = \"{name}\"\n[[tokens]]\nalgorithm = \"HS256\"\nsecret_file = \"secret\"\n{more}\n[[channels]]\npattern = \
         \"chat:{{chat}}\"\nsubscribe = [{{ anyone = true }}]\n"
    )
}

fn folder() -> TempDir {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    write(folder.path(), "secret", "a secret of thirty-two characters");
    folder
}

fn names(applications: &Applications, asked: &[&str]) -> Vec<bool> {
    asked.iter().map(|name| applications.find_by_name(name).is_some()).collect()
}

#[test]
fn without_a_folder_there_is_none() {
    let applications = Applications::load(None, &Limits::default());
    assert_eq!(format!("{applications:?}"), "Applications(0)");
    assert!(applications.find("market").is_none() && applications.of_token("x.eyJpc3MiOiJhIn0.y").is_none());
    assert!(applications.reload().running.is_empty());
}

#[test]
fn a_file_with_a_mistake_keeps_no_other_from_running() {
    let folder = folder();
    write(folder.path(), "market.toml", &text("market", ""));
    write(folder.path(), "broken.toml", "name = \"broken\"\ncolour = 1\n");
    write(folder.path(), "key.toml", &text("key", "[[api_keys]]\nhash = \"sha256:1\""));
    write(folder.path(), "twice.toml", &text("market", ""));
    write(folder.path(), "notes.txt", "no file of an application");
    let applications = Applications::load(Some(folder.path()), &Limits::default());
    assert_eq!(names(&applications, &["market", "broken", "key"]), [true, false, false]);
    let report = applications.reload();
    assert_eq!(report.running, [AppName::parse("market").expect("is one")]);
    let files: Vec<&str> = report.mistakes.iter().map(|mistake| mistake.file.as_str()).collect();
    assert_eq!(files, ["broken.toml", "key.toml", "twice.toml"], "{:?}", report.mistakes);
    assert!(report.mistakes.iter().all(|mistake| mistake.line > 0), "{:?}", report.mistakes);
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = folder();
    let applications = Applications::load(Some(&folder.path().join("nowhere")), &Limits::default());
    assert_eq!(applications.reload().mistakes.len(), 1);
}

#[test]
fn a_folder_that_cannot_be_read_any_more_ends_nobody() {
    let folder = folder();
    write(folder.path(), "market.toml", &text("market", ""));
    let applications = Applications::load(Some(folder.path()), &Limits::default());
    let app = applications.find("market").expect("is there");
    let elsewhere = self::folder();
    std::fs::rename(folder.path(), elsewhere.path().join("moved")).expect("moves it");
    assert_eq!(applications.reload().mistakes.len(), 1);
    assert!(applications.find("market").is_some() && !app.gone.is_cancelled());
}

#[test]
fn a_reload_changes_what_an_application_is_and_not_which() {
    let folder = folder();
    let (old, new) = (NewKey::draw("market"), NewKey::draw("market"));
    let with = |key: &NewKey| text("market", &format!("[[api_keys]]\nhash = \"{}\"", key.hash));
    write(folder.path(), "market.toml", &with(&old));
    let applications = Applications::load(Some(folder.path()), &Limits::default());
    let app = applications.find("market").expect("is there");
    let before = app.loaded();
    assert!(before.has_api_key(&old.key) && !before.has_api_key(&new.key));

    write(folder.path(), "market.toml", &with(&new));
    write(folder.path(), "other.toml", &text("other", ""));
    applications.reload();
    assert!(app.loaded().has_api_key(&new.key) && !app.loaded().has_api_key(&old.key), "revoked at once");
    assert!(before.has_api_key(&old.key), "who holds what was read goes on with it");
    assert_eq!(names(&applications, &["market", "other"]), [true, true]);

    write(folder.path(), "market.toml", "broken");
    assert_eq!(applications.reload().mistakes.len(), 1);
    assert!(app.loaded().has_api_key(&new.key) && !app.gone.is_cancelled(), "goes on as it was");

    std::fs::remove_file(folder.path().join("market.toml")).expect("is there");
    let report = applications.reload();
    assert_eq!(report.gone, [AppName::parse("market").expect("is one")]);
    assert!(app.gone.is_cancelled() && applications.find("market").is_none());
}
