//! The files: what an operator is told on the command line and in the log, and what a hang-up changes.

use std::process::Output;

use protocol::ErrorCode;
use serde_json::json;
use server::apps::keys::NewKey;

use super::{lets_in, write_application};
use crate::harness::process::Folder;
use crate::harness::{Ask, eventually, poll};

fn told(output: &Output) -> (bool, String) {
    let told = [&output.stdout[..], &output.stderr].concat();
    (output.status.success(), String::from_utf8(told).expect("the output is UTF-8"))
}

#[tokio::test]
async fn check_names_every_mistake_with_its_file_and_line() {
    let folder = Folder::new();
    write_application(folder.path(), "market", "");
    let (is_good, text) = told(&folder.run(&["apps", "check", "."]).await);
    assert!(is_good && text == "market.toml: market is good\n", "{text}");
    let write = |file: &str, text: &str| {
        std::fs::write(folder.path().join(file), text).expect("the folder can be written");
    };
    write("a.toml", "name = \"a\"\n\ncolour = 1\n");
    write("b.toml", "name = \n");
    write("c.toml", "name = \"c\"\n[[tokens]]\nalgorithm = \"HS256\"\nsecret_env = \"WHISPERSPACE_APP_C_SECRET\"\n");
    write("weak", "short");
    write("d.toml", "name = \"d\"\n[[tokens]]\nalgorithm = \"HS256\"\nsecret_file = \"weak\"\n");
    let (is_good, text) = told(&folder.run(&["apps", "check", "."]).await);
    assert!(!is_good, "{text}");
    for place in ["a.toml:3: ", "b.toml:1: ", "c.toml:2: ", "d.toml:2: the secret is shorter"] {
        assert!(text.contains(place), "{place} is not told: {text}");
    }
    assert!(!text.contains("market.toml"), "{text}");
    let (is_good, text) = told(&folder.run(&["apps", "check", "nowhere"]).await);
    assert!(!is_good && text.contains("nowhere"), "{text}");
    let mut command = folder.command(&["apps", "check", "."]);
    command.env("WHISPERSPACE_APP_C_SECRET", "the secret of the application c");
    let (_, text) = told(&Folder::finish(command).await);
    assert!(!text.contains("c.toml:") && !text.contains("no option is called so"), "{text}");
}

#[tokio::test]
async fn a_key_is_shown_once_and_its_line_lets_it_in() {
    let folder = Folder::new();
    let (is_good, text) = told(&folder.run(&["apps", "key", "market"]).await);
    assert!(is_good, "{text}");
    let key = text.lines().find_map(|line| line.strip_prefix("  wsk_market_")).expect("is shown");
    let hash = text.lines().find(|line| line.starts_with("  hash = \"sha256:")).expect("is shown");
    assert!(key.len() == 43 && !hash.contains(key));
    let (_, again) = told(&folder.run(&["apps", "key", "market"]).await);
    assert_ne!(text, again);
    let (is_good, text) = told(&folder.run(&["apps", "key", "No Name"]).await);
    assert!(!is_good && text.contains("small letters"), "{text}");

    write_application(folder.path(), "market", &format!("[[api_keys]]\n{}", hash.trim()));
    let server = folder.serve(&["--database=memory:", "--apps=."]).await;
    let ask = Ask::get("/api/v1/apps/market/channels");
    ask.clone().bearer(&format!("wsk_market_{key}")).send(server.addr).await.assert_status(200);
    assert_eq!(ask.bearer(key).send(server.addr).await.code(), ErrorCode::Unauthorized);
    assert!(!folder.stderr().contains(key), "is in no log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_takes_what_the_files_say_now_and_ends_nobody() {
    let folder = Folder::new();
    let apps = folder.path().join("apps");
    std::fs::create_dir(&apps).expect("the folder can be written");
    let (old, new) = (NewKey::draw("market"), NewKey::draw("market"));
    write_application(&apps, "market", &lets_in(&old));
    std::fs::write(apps.join("broken.toml"), "name = \"broken\"\ncolour = 1\n").expect("the folder can be written");
    let server = folder.serve(&["--database=memory:", "--apps=apps"]).await;
    eventually("the mistake in the log", || {
        folder.stderr().contains("broken.toml") && folder.stderr().contains("has a mistake")
    })
    .await;
    let guest = crate::harness::Guest::at(server.addr, None).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let told = json!({"channel": "chat:1", "event": "x"});
    let publish = async |key: &NewKey| {
        Ask::post("/api/v1/apps/market/publish").bearer(&key.key).json(&told).send(server.addr).await.status
    };
    assert_eq!((publish(&old).await, publish(&new).await), (200, 401));
    // A leaked key is taken back, and another one is there.
    write_application(&apps, "market", &lets_in(&new));
    server.signal(libc::SIGHUP);
    poll("the new key", async || (publish(&new).await == 200).then_some(())).await;
    assert_eq!(publish(&old).await, 401);
    client.say(&room.code, "and nobody notices").await;

    // A mistake is told, and what was there before goes on.
    std::fs::write(apps.join("market.toml"), "name = \n").expect("the folder can be written");
    server.signal(libc::SIGHUP);
    eventually("the second mistake in the log", || folder.stderr().contains("market.toml")).await;
    assert_eq!(publish(&new).await, 200);
    // Without its file it is gone.
    std::fs::remove_file(apps.join("market.toml")).expect("is there");
    server.signal(libc::SIGHUP);
    poll("its end", async || (publish(&new).await == 401).then_some(())).await;
    assert!(server.terminate().await.success());
}
