//! A disk that is full, a file that is gone: what fails says so, the rest goes on, and it passes without a restart.
//!
//! A limit on the size of files (`RLIMIT_FSIZE`) stands for the full disk: it can be set on a running process, and
//! needs no rights.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use protocol::ErrorCode;
use serde_json::json;

use crate::harness::process::{BinServer, Folder};
use crate::harness::{Ask, Guest, poll};

const AT: &str = "127.0.0.1:0";

/// Every call of the library that is made for a limit.
fn limit_files(server: &BinServer, bytes: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    #[expect(unsafe_code, reason = "the standard library sets no limits")]
    // SAFETY: prlimit reads one struct, and writes none where the last pointer is null; the process is our child.
    let set = unsafe { libc::prlimit(server.pid(), libc::RLIMIT_FSIZE, &raw const limit, std::ptr::null_mut()) };
    assert_eq!(set, 0, "the limit of a child may be set");
}

/// The binary as a shell starts it behind `ulimit`, with files of no more than so many blocks.
fn limited(folder: &Folder, blocks: u32) -> Command {
    let mut command = Command::new("sh");
    let line = format!("ulimit -f {blocks}; exec \"$0\" --listen {AT} --data-dir data");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_whisperspace")]).env_clear().current_dir(folder.path());
    command
}

async fn readiness(server: &BinServer) -> u16 {
    Ask::get("/readyz").send(server.addr).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_unavailable_and_passes_and_costs_a_line_a_minute() {
    let folder = Folder::new();
    let mut server = folder.serve_logging(Stdio::piped(), AT, &[]).await;
    let (one, two) = (Guest::at(server.addr, None).await, Guest::at(server.addr, None).await);
    let room = one.room().await;
    let (mut first, mut second) = (one.enter(&room).await, two.enter(&room).await);
    assert_eq!(readiness(&server).await, 200);

    limit_files(&server, 0);
    poll("it is not ready", async || (readiness(&server).await == 503).then_some(())).await;
    for _ in 0..40 {
        let refused = Ask::post("/api/v1/guest").send(server.addr).await;
        assert_eq!(refused.code(), ErrorCode::Unavailable);
        assert!(refused.header("retry-after").is_some(), "it says when to try again");
    }
    let refused = Ask::get("/readyz").send(server.addr).await.assert_status(503);
    assert!(refused.header("retry-after").is_some());
    first.say(&room.code, "those inside go on").await;
    second.expect_message("those inside go on").await;
    second.leave(&room.code).await;
    one.look_up(&room.code).await.assert_status(200);

    limit_files(&server, libc::RLIM_INFINITY);
    poll("it is ready again", async || (readiness(&server).await == 200).then_some(())).await;
    let back = Guest::at(server.addr, None).await;
    back.enter(&room).await.say(&room.code, "and is back").await;
    let mut log = server.take_stderr();
    assert!(server.terminate().await.success());
    let mut told = String::new();
    log.read_to_string(&mut told).expect("the log is text");
    assert_eq!(told.matches("the database fails").count(), 1, "{told}");
    assert!(told.contains("the database works again"), "{told}");
    assert!(told.lines().count() < 20, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_disk_refuses_costs_nobody_their_allowance() {
    let folder = Folder::new();
    let few = ["guests_made_per_hour=4", "rooms_made_per_hour=2", "joins_per_minute=3"];
    let limits: Vec<String> = few.iter().map(|limit| format!("--limit={limit}")).collect();
    let server = folder.serve(&limits.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (owner, guest) = (Guest::at(server.addr, None).await, Guest::at(server.addr, None).await);
    let room = owner.room().await;
    let account = |name: &str| json!({"username": name, "password": "correct horse battery"});
    let make = async |name: &str| Ask::post("/api/v1/register").json(&account(name)).send(server.addr).await;

    limit_files(&server, 0);
    poll("it is not ready", async || (readiness(&server).await == 503).then_some(())).await;
    for _ in 0..6 {
        let asks = [
            Ask::post("/api/v1/guest").send(server.addr).await,
            make("anna").await,
            Ask::post("/api/v1/rooms").json(&json!({})).bearer(owner.token()).send(server.addr).await,
            guest.join(&room.code, None).await,
        ];
        for refused in asks {
            assert_eq!(refused.code(), ErrorCode::Unavailable);
        }
    }
    limit_files(&server, libc::RLIM_INFINITY);
    poll("it is ready again", async || (readiness(&server).await == 200).then_some(())).await;
    // What was left before is left still: two of four, one of two, three of three, and not one more.
    make("anna").await.assert_status(201);
    Ask::post("/api/v1/guest").send(server.addr).await.assert_status(201);
    assert_eq!(Ask::post("/api/v1/guest").send(server.addr).await.code(), ErrorCode::RateLimited);
    owner.room().await;
    guest.join(&room.code, None).await.assert_status(200);
    assert!(server.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_on_a_full_disk_leaves_nothing_that_a_later_one_stumbles_over() {
    let folder = Folder::new();
    // No byte; the secret alone; the secret and some of the database.
    for blocks in [0, 1, 40] {
        let failed = Folder::finish(limited(&folder, blocks)).await;
        let told = String::from_utf8_lossy(&failed.stderr);
        assert!(!failed.status.success() && told.contains("--data-dir"), "{blocks}: {} {told}", failed.status);
        let secret = folder.data().join("secret");
        let whole = std::fs::read(&secret).map_or(true, |secret| secret.len() == 32);
        assert!(whole, "a secret is whole or is not");
    }
    let left = folder.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains("secret.new"));
    assert_eq!(left.count(), 0, "nothing is left beside it");
    let server = folder.serve(&[]).await;
    Guest::at(server.addr, None).await.room().await;
    assert!(server.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_an_older_start_left_empty_is_told_with_the_line_that_mends_it() {
    for bytes in [0, 7] {
        let folder = Folder::new();
        std::fs::create_dir(folder.data()).expect("the folder can be written");
        let secret = folder.data().join("secret");
        std::fs::write(&secret, vec![7; bytes]).expect("the folder can be written");
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
        let failed = folder.run(&["--listen", AT, "--data-dir", "data"]).await;
        let told = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert!(!failed.status.success() && told.contains("rm 'data/secret'"), "{told}");
        // What it says to do is enough.
        std::fs::remove_file(&secret).expect("it is ours");
        assert!(folder.serve(&[]).await.terminate().await.success());
    }
}

fn database(folder: &Folder) -> PathBuf {
    folder.data().join("whisperspace.db")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_deleted_or_replaced_under_it_is_noticed() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    Guest::at(server.addr, None).await.room().await;
    assert_eq!(readiness(&server).await, 200);
    let (file, aside) = (database(&folder), folder.path().join("aside.db"));
    std::fs::rename(&file, &aside).expect("the folder can be written");
    poll("it is missed", async || (readiness(&server).await == 503).then_some(())).await;
    // The log is written by a thread of its own, a moment later.
    poll("it is said", async || folder.stderr().contains("its file was deleted").then_some(())).await;
    std::fs::copy(&aside, &file).expect("the folder can be written");
    assert_eq!(readiness(&server).await, 503, "a copy is another file");
    std::fs::rename(&aside, &file).expect("the folder can be written");
    poll("it is back", async || (readiness(&server).await == 200).then_some(())).await;
    assert!(server.terminate().await.success());
}
