//! What people typed is gone from the memory of the real binary when nobody needs it any more: its memory is read from
//! outside, as the kernel shows it.

use std::time::Duration;

use protocol::ClientFrame;
use protocol::api::CreateRoom;
use server::selftest::scan::{Canary, Found, Search};

use crate::harness::api::credentials;
use crate::harness::process::{BinServer, Folder};
use crate::harness::{Guest, TestClient, poll};

/// Short, so that a dropped session is over soon.
const GRACE: &str = "grace_ms=100";

fn places(server: &BinServer, canaries: &[Canary]) -> Vec<Found> {
    let pid = u32::try_from(server.pid()).expect("ids of processes are positive");
    let report = Search::new(canaries).process(pid).expect("a parent may read the memory of its child");
    assert!(report.bytes > 1 << 20, "there is something to look through: {} bytes", report.bytes);
    report.found
}

/// Waits until none of it is found. What is left behind in freed memory does not go by waiting.
async fn assert_forgotten(server: &BinServer, canaries: &[Canary]) {
    let mut left = Vec::new();
    let looking = poll("nothing is found", async || {
        left = places(server, canaries);
        left.is_empty().then_some(())
    });
    let in_time = tokio::time::timeout(Duration::from_secs(10), looking).await.is_ok();
    assert!(
        in_time,
        "{} places hold what was typed, the first of them {:#?}",
        left.len(),
        left.iter().take(20).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_forgotten_when_all_have_them_and_names_when_all_have_gone() {
    let folder = Folder::new();
    let server = folder.serve(&["--limit", GRACE]).await;
    let texts: Vec<_> = (0..20).map(|_| Canary::new("a message", 32)).collect();
    let (names, room_name) = ([(); 3].map(|()| Canary::new("a name", 30)), Canary::new("the room's name", 32));
    let [first, second, third] = &names;
    let owner = Guest::at(server.addr, Some(&first.text)).await;
    let request = CreateRoom { name: Some(room_name.text.clone()), ..CreateRoom::default() };
    let room = owner.room_with(request).await;
    let mut inside: Vec<TestClient> = vec![owner.enter(&room).await];
    for name in [second, third] {
        let guest = Guest::at(server.addr, Some(&name.text)).await;
        guest.join(&room.code, None).await;
        inside.push(guest.enter(&room).await);
    }
    for text in &texts {
        inside[0].say(&room.code, &format!("*{0}* {0}", text.text)).await;
    }
    let last = format!("*{0}* {0}", texts[19].text);
    for client in &mut inside {
        client.expect_message(&last).await;
    }
    // Nobody has confirmed anything: each session has all of it.
    let kept = places(&server, &texts).len();
    assert!(kept >= 40, "a search that finds {kept} places finds nothing later either");
    for client in &mut inside {
        client.tell(&ClientFrame::Ping { have: Some(client.have) }).await;
        client.ping().await;
    }
    // They are still inside, and say nothing more.
    assert_forgotten(&server, &texts).await;
    for mut client in inside {
        client.leave(&room.code).await;
        client.close().await;
    }
    let everything: Vec<_> = texts.into_iter().chain(names).chain([room_name]).collect();
    assert_forgotten(&server, &everything).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_forgotten_as_soon_as_they_were_tried() {
    let folder = Folder::new();
    let server = folder.serve(&["--limit", GRACE]).await;
    let words = ["a PIN", "a wrong PIN", "a password", "a wrong password"].map(|what| Canary::new(what, 32));
    let [pin, wrong_pin, password, wrong_password] = &words;
    let owner = Guest::at(server.addr, None).await;
    let room = owner.pin_room(&pin.text).await;
    let other = Guest::at(server.addr, None).await;
    for pin in [wrong_pin, pin] {
        other.join(&room.code, Some(&pin.text)).await;
    }
    credentials("register", "robin", &password.text).send(server.addr).await.assert_status(201);
    credentials("login", "robin", &wrong_password.text).send(server.addr).await.assert_status(401);
    credentials("login", "robin", &password.text).send(server.addr).await.assert_status(200);
    // The room and the account are there as before.
    assert_forgotten(&server, &words).await;
}

/// Over every transport. The connections stay open and idle meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_selftest_finds_nothing_that_should_be_forgotten() {
    let tried = Folder::new().run(&["selftest", "--memory"]).await;
    let (told, why) = (String::from_utf8_lossy(&tried.stdout), String::from_utf8_lossy(&tried.stderr));
    assert!(tried.status.success(), "{told}{why}");
    assert_eq!(told.matches(": 0 places").count(), 3, "three searches, and none found anything: {told}");
}
