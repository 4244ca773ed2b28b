//! What an operator does with the program beside serving: asks whether a server is well, begins a configuration, reads.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use clap::CommandFactory as _;
use server::config::Options;

use crate::harness::poll;
use crate::harness::process::Folder;

fn said(output: &Output) -> (bool, String) {
    let bytes = if output.status.success() { &output.stdout } else { &output.stderr };
    (output.status.success(), String::from_utf8_lossy(bytes).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_one_sentence_and_a_code() {
    let folder = Folder::new();
    let server = folder.serve(&["--database", "memory:"]).await;
    let listen = server.addr.to_string();
    let health = async |at: &str| said(&folder.run(&["--listen", at, "health"]).await);
    assert_eq!(health(&listen).await, (true, format!("the server at {listen} is ready\n")));
    // Every address of the machine: it is asked at its own.
    let anywhere = format!("0.0.0.0:{}", server.addr.port());
    assert_eq!(health(&anywhere).await, (true, format!("the server at {listen} is ready\n")));
    assert!(server.terminate().await.success());
    let (is_well, why) = health(&listen).await;
    assert!(!is_well && why.starts_with(&format!("whisperspace: no server answers at {listen}")), "{why}");
    assert_eq!(why.lines().count(), 1, "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_database_is_away_is_not_well() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    // Not the file of its path any more.
    std::fs::remove_file(folder.data().join("whisperspace.db")).expect("the file is there");
    let listen = server.addr.to_string();
    // An answer stands for a second.
    let why = poll("it is not well", async || {
        let (is_well, why) = said(&folder.run(&["--listen", &listen, "health"]).await);
        (!is_well).then_some(why)
    })
    .await;
    assert!(why.contains("is not ready: The server can't reach its database."), "{why}");
}

#[tokio::test]
async fn a_configuration_is_begun_once_for_its_owner_only_and_holds_what_was_set() {
    let folder = Folder::new();
    let file = folder.path().join("whisperspace.toml");
    let (is_done, told) = said(&folder.run(&["--listen", "127.0.0.1:1", "--limit", "grace_ms=7", "init"]).await);
    assert!(is_done && told.contains("whisperspace.toml is written"), "{told}");
    let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read_to_string(&file).expect("can be read");
    let (is_done, why) = said(&folder.run(&["--listen", "127.0.0.1:2", "init"]).await);
    assert!(!is_done && why == "whisperspace: whisperspace.toml is there already and stays as it is\n", "{why}");
    assert_eq!(std::fs::read_to_string(&file).expect("can be read"), before);
    let (_, in_force) = said(&folder.run(&["--config", "whisperspace.toml", "--print-config"]).await);
    assert!(in_force.contains("listen = \"127.0.0.1:1\"") && in_force.contains("grace_ms = 7"), "{in_force}");
}

#[tokio::test]
async fn the_manual_and_the_completions_know_every_option_and_command() {
    let folder = Folder::new();
    let (_, manual) = said(&folder.run(&["man"]).await);
    let (_, bash) = said(&folder.run(&["completions", "bash"]).await);
    let command = Options::command();
    for option in command.get_arguments().filter_map(clap::Arg::get_long) {
        assert!(manual.contains(&option.replace('-', "\\-")), "--{option} is not in the manual");
        assert!(bash.contains(&format!("--{option}")), "--{option} is not completed");
    }
    for name in command.get_subcommands().map(clap::Command::get_name) {
        assert!(manual.contains(name) && bash.contains(name), "{name}");
    }
}
