//! The shipped files as an operator handles them: checked, with API keys added and taken away while the server runs.

use std::path::Path;

use serde_json::json;

use super::running::{NAMES, key, secrets, shipped};
use crate::harness::process::Folder;
use crate::harness::{Answer, Ask, poll};

#[tokio::test]
async fn the_shipped_files_are_good_and_what_they_miss_is_named_with_its_line() {
    let folder = Folder::new();
    let apps = shipped();
    let arguments = ["apps", "check", apps.to_str().expect("the path is UTF-8")];
    let mut command = folder.command(&arguments);
    command.envs(secrets());
    let output = Folder::finish(command).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).expect("the output is UTF-8");
    assert!(NAMES.iter().all(|name| told.contains(&format!("{name}.toml"))), "{told}");
    let output = folder.run(&arguments).await;
    assert!(!output.status.success(), "without the secrets there is nothing to check tokens with");
    let told = String::from_utf8(output.stderr).expect("the output is UTF-8");
    for name in NAMES {
        let line = told.lines().find(|line| line.starts_with(&format!("{name}.toml:"))).unwrap_or_default();
        assert!(line.contains(&format!("WHISPERSPACE_APP_{}_SECRET", name.to_uppercase())), "{name}: {told}");
    }
}

/// Draws a key as an operator does; answers it, and its lines for the file.
async fn draw(folder: &Folder) -> (String, String) {
    let output = folder.run(&["apps", "key", "tasks"]).await;
    let told = String::from_utf8(output.stdout).expect("the output is UTF-8");
    let line = |start: &str| told.lines().map(str::trim).find(|line| line.starts_with(start)).map(str::to_owned);
    let (key, hash) = (line("wsk_").expect("a key"), line("hash = ").expect("its hash"));
    assert!(!hash.contains(&key), "the hash does not tell the key");
    (key, format!("\n[[api_keys]]\n{hash}\n"))
}

fn copy_shipped(to: &Path) {
    std::fs::create_dir(to).expect("the folder can be written");
    for name in NAMES {
        let file = format!("{name}.toml");
        std::fs::copy(shipped().join(&file), to.join(&file)).expect("is shipped");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaked_key_is_revoked_while_the_server_runs() {
    let folder = Folder::new();
    let apps = folder.path().join("apps");
    copy_shipped(&apps);
    let (leaked, lines) = draw(&folder).await;
    let file = apps.join("tasks.toml");
    let before = std::fs::read_to_string(&file).expect("was copied");
    std::fs::write(&file, format!("{before}{lines}")).expect("can be written");
    let server = folder.serve_with(&secrets(), &["--apps", "apps"]).await;
    let publish = async |key: &str| -> Answer {
        let body = json!({"channel": "tasks-ann", "event": "task-updated", "data": {}});
        Ask::post("/api/v1/apps/tasks/publish").bearer(key).json(&body).send(server.addr).await
    };
    publish(&leaked).await.assert_status(200);
    publish(&key("tasks")).await.assert_status(200);
    std::fs::write(&file, &before).expect("can be written");
    server.signal(libc::SIGHUP);
    poll("the key is refused", async || (publish(&leaked).await.status == 401).then_some(())).await;
    publish(&key("tasks")).await.assert_status(200);
    // A file with a mistake changes nothing.
    std::fs::write(&file, "name = 7").expect("can be written");
    server.signal(libc::SIGHUP);
    let log = || std::fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
    poll("the mistake is told", async || log().contains("tasks.toml").then_some(())).await;
    publish(&key("tasks")).await.assert_status(200);
    assert!(!log().contains(&leaked), "no key is in the log");
}
