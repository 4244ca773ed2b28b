//! `whisperspace db`: checks, schemas, and moving people and rooms to another database and back.

use std::process::Output;

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
