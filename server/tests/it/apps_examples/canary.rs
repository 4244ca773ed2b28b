//! What an application's clients and backend say, who they are and which channels they name is found in no log line, file
//! or database: at the most talkative level, after a clean stop and after SIGKILL.

use super::performance::perform_table;
use super::running::{Applications, is_client_there, programs};
use crate::canary::{Canary, random_word};
use crate::harness::process::Folder;

/// As many as `canary.json` has.
const CANARIES: usize = 16;

async fn run(format: &str, kill: bool) {
    if !is_client_there() {
        return;
    }
    let applications = Applications::serve(None, &["--log=trace", &format!("--log-format={format}")]).await;
    let mut table = std::fs::read_to_string(programs().join("canary.json")).expect("the table is there");
    let mut canaries = Vec::new();
    for number in 1..=CANARIES {
        let (name, word) = (format!("CANARY{number}END"), random_word());
        assert!(table.contains(&name), "{name} is not in the table");
        table = table.replace(&name, &word);
        canaries.push(Canary::new("a canary of the table", &word));
    }
    perform_table(&applications, &table, "a canary in everything").await;
    let Applications { server, folder, .. } = applications;
    search(&folder, &canaries);
    if kill {
        server.kill();
    } else {
        assert!(server.terminate().await.success());
    }
    search(&folder, &canaries);
}

fn search(folder: &Folder, canaries: &[Canary]) {
    let files = folder.files();
    assert!(files.iter().any(|(path, content)| path.ends_with("stderr") && !content.is_empty()), "there is a log");
    for (path, content) in &files {
        for (number, canary) in canaries.iter().enumerate() {
            assert!(!canary.is_in(content), "canary {} is in {}", number + 1, path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_an_application_is_found_after_a_clean_stop() {
    run("text", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_an_application_is_found_after_sigkill() {
    run("json", true).await;
}
