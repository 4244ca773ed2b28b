//! What an operator does with the program beside serving: asks whether a server is well, begins a configuration, reads.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use clap::CommandFactory as _;
use protocol::ErrorCode;
use server::config::Options;

use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, TestServer, poll};

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

/// What the process of all tests has in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_bound_on_memory_those_inside_go_on_and_nobody_new_comes_in() {
    const HALF: u64 = 512 << 20;
    // Of the other tests of this process together none comes near it.
    let server = TestServer::with(|config| config.memory_max = Some(resident() + HALF)).await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut inside = guest.enter(&room).await;
    let taken = std::hint::black_box(vec![1_u8; usize::try_from(2 * HALF).expect("fits")]);
    let ready = async || Ask::get("/readyz").send(server.addr).await;
    let refused = poll("it is full", async || Some(ready().await).filter(|answer| answer.status == 503)).await;
    assert_eq!(refused.code(), ErrorCode::Overloaded);
    assert!(refused.header("retry-after").is_some());
    Ask::get("/healthz").send(server.addr).await.assert_status(200);
    let newcomer = Ask::post("/api/v1/guest").send(server.addr).await.assert_status(503);
    assert_eq!(newcomer.code(), ErrorCode::Overloaded);
    inside.say(&room.code, "still here").await;
    inside.expect_message("still here").await;
    drop(taken);
    poll("there is room again", async || Some(ready().await).filter(|answer| answer.status == 200)).await;
    Guest::new(&server).await.enter(&room).await;
}
