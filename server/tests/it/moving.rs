//! `whisperspace db`: checks, schemas, and moving people and rooms to another database and back.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use protocol::api::RoomView;

use crate::harness::database::{is_mongodb, mongodb, uri_of};
use crate::harness::process::Folder;
use crate::harness::{Ask, Guest};

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_rooms_move_counted_and_compared() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let (one, two) = (Guest::at(server.addr, None).await, Guest::at(server.addr, None).await);
    let room = one.pin_room("4711").await;
    two.join(&room.code, Some("4711")).await.assert_status(200);
    assert!(server.terminate().await.success());

    let checked = succeeded(&folder.run(&["--data-dir=data", "db", "check"]).await);
    assert_eq!(checked, "sqlite: in order, 2 users, 2 logins, 1 rooms, 2 memberships\n");
    let there = if is_mongodb() {
        uri_of(&mongodb(), &format!("ws_it_move_{}", u64::from_be_bytes(realtime::clock::random())))
    } else {
        "sqlite:there.db".to_owned()
    };
    let moved = succeeded(&folder.run(&["--data-dir=data", "db", "migrate", &there]).await);
    assert!(moved.ends_with("compared: 2 users, 2 logins, 1 rooms, 2 memberships\n"), "{moved}");
    assert!(!moved.contains("://"), "no address is printed: {moved}");
    let again = folder.run(&["--data-dir=data", "db", "migrate", &there]).await;
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("not empty"));
    let back = ["--data-dir=data", "--database", &there, "db", "migrate", "sqlite:back.db"];
    succeeded(&folder.run(&back).await);

    for database in [there.as_str(), "sqlite:back.db"] {
        succeeded(&folder.run(&["--data-dir=data", "--database", database, "db", "check"]).await);
        let server = folder.serve(&["--database", database]).await;
        for (person, owns) in [(&one, true), (&two, false)] {
            let person = Guest { addr: server.addr, ..(*person).clone() };
            let rooms: Vec<RoomView> = person.ask(Ask::get("/api/v1/rooms")).await.json();
            assert_eq!((rooms.len(), rooms[0].owner), (1, owns));
            assert!(rooms[0].you == person.look_up(&room.code).await.json::<RoomView>().you);
        }
        assert!(server.terminate().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_made_while_people_come_is_a_folder_to_go_on_from() {
    let folder = Folder::new();
    let add = folder.command(&["--data-dir=data", "admin", "add", "keeper"]);
    succeeded(&Folder::finish_told(add, "a long enough password\n").await);
    let server = folder.serve(&["--limit", "guests_made_per_hour=1000"]).await;
    let one = Guest::at(server.addr, None).await;
    let room = one.pin_room("4711").await;
    let (address, over) = (server.addr, Arc::new(AtomicBool::new(false)));
    let still = Arc::clone(&over);
    let coming = tokio::spawn(async move {
        let mut people = Vec::new();
        while !still.load(Ordering::Relaxed) && people.len() < 200 {
            people.push(Guest::at(address, None).await);
        }
        people.len()
    });
    let told = succeeded(&folder.run(&["--data-dir=data", "db", "backup", "copy"]).await);
    assert!(told.starts_with("copied to copy\nsqlite: in order, "), "{told}");
    over.store(true, Ordering::Relaxed);
    assert!(coming.await.expect("nobody is refused") > 0, "the server served meanwhile");
    let mut files: Vec<_> = std::fs::read_dir(folder.path().join("copy"))
        .expect("is there")
        .map(|entry| {
            let entry = entry.expect("can be read");
            let mode = entry.metadata().expect("can be read").permissions().mode() & 0o777;
            (entry.file_name().into_string().expect("is UTF-8"), mode)
        })
        .collect();
    files.sort();
    let expected = ["operators", "secret", "whisperspace.db"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(files, expected);
    let again = folder.run(&["--data-dir=data", "db", "backup", "copy"]).await;
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("not empty"));

    assert!(server.terminate().await.success());
    std::fs::rename(folder.data(), folder.path().join("lost")).expect("moves");
    std::fs::rename(folder.path().join("copy"), folder.data()).expect("moves");
    let server = folder.serve(&[]).await;
    let person = Guest { addr: server.addr, ..one.clone() };
    let view: RoomView = person.look_up(&room.code).await.json();
    assert!(view.owner && view.you == room.view.you, "signed in as before, and the room is theirs");
    assert!(server.terminate().await.success());
}

#[tokio::test]
async fn what_cannot_be_copied_is_said() {
    let folder = Folder::new();
    for (arguments, says) in [
        (["--database=memory:", "db", "backup", "copy"], "ends with its server"),
        (["--data-dir=nowhere", "db", "backup", "copy"], "there is no database file"),
    ] {
        let output = folder.run(&arguments).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && stderr.contains(says), "{stderr}");
        assert!(!folder.path().join("copy").exists(), "nothing was made");
    }
}

#[tokio::test]
async fn schemas_are_printed() {
    let folder = Folder::new();
    let tables = succeeded(&folder.run(&["db", "export-schema"]).await);
    assert!(tables.contains("CREATE TABLE memberships"), "{tables}");
    let uri = "mongodb://user:hunter2hunter2@nowhere.invalid/db";
    let collections = succeeded(&folder.run(&["--database", uri, "db", "export-schema"]).await);
    assert!(collections.contains("\"by_member\"") && !collections.contains("hunter2"), "{collections}");
    let printed = succeeded(&folder.run(&["--database", uri, "--print-config"]).await);
    assert!(printed.contains("mongodb://***@nowhere.invalid/db") && !printed.contains("hunter2"), "{printed}");
}
