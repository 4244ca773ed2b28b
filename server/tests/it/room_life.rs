//! How a room ends: by its last member, its owner, its lifetime, or for want of people. Everybody inside is told why.

use protocol::api::{CreateRoom, RoomView};
use protocol::{ErrorCode, LeaveReason, RoomCode, RoomName, ServerFrame};
use serde_json::json;
use server::janitor::Janitor;
use server::store::{self, RoomId, UserId};

use crate::harness::{Ask, Guest, TestServer, eventually, poll};
use crate::socketio::Raw;

async fn is_gone(guest: &Guest, code: &str) -> bool {
    let answer = guest.look_up(code).await;
    answer.status != 200 && answer.code() == ErrorCode::RoomEnded
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leave_of_the_last_member_deletes_the_room() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let (mut first, mut second) = (one.enter(&room).await, two.enter(&room).await);
    first.leave(&room.code).await;
    assert!(!is_gone(&two, &room.code).await, "one member is left");
    second.leave(&room.code).await;
    assert!(is_gone(&two, &room.code).await);
    let cid = second.ask_join(&room.code, None, None).await;
    second.expect_error(ErrorCode::RoomEnded, Some(&cid)).await;
    eventually("the room's task is over", || server.state.hub.room_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leave_ends_every_tab_of_the_person_and_of_nobody_else() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let (mut stays, mut asks, mut tab) = (one.enter(&room).await, two.enter(&room).await, two.enter(&room).await);
    asks.leave(&room.code).await;
    assert_eq!(tab.expect_left().await, LeaveReason::Left);
    for client in [&mut asks, &mut tab] {
        let cid = client.send(&room.code, "gone").await;
        client.expect_error(ErrorCode::NotInRoom, Some(&cid)).await;
    }
    stays.say(&room.code, "alone").await;
    // By HTTP it is the same.
    two.join(&room.code, None).await.assert_status(200);
    tab.join(&room.code).await;
    two.leave(&room.code).await.assert_status(204);
    assert_eq!(tab.expect_left().await, LeaveReason::Left);
    assert_eq!(two.leave(&room.code).await.code(), ErrorCode::NotInRoom);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_owner_leaves_the_oldest_member_inherits() {
    let server = TestServer::spawn().await;
    let (one, two, three) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let mut first = one.enter(&room).await;
    let mut second = two.connect().await;
    let heir = second.join(&room.code).await.you;
    let mut third = three.connect().await;
    let youngest = third.join(&room.code).await.you;
    first.leave(&room.code).await;
    third
        .expect("the new owner", |frame| match frame {
            ServerFrame::Presence { joined, changed, .. } => {
                let mut told = joined.iter().chain(changed).filter(|member| member.owner);
                assert!(!told.clone().any(|member| member.id == youngest));
                told.any(|member| member.id == heir).then_some(())
            }
            _ => None,
        })
        .await;
    let delete = || Ask::new("DELETE", &format!("/api/v1/rooms/{}", room.code));
    assert_eq!(three.ask(delete()).await.code(), ErrorCode::Forbidden);
    assert_eq!(one.ask(delete()).await.code(), ErrorCode::Forbidden, "who left owns nothing");
    assert_eq!(delete().send(server.addr).await.code(), ErrorCode::Unauthorized);
    two.ask(delete()).await.assert_status(204);
    assert_eq!(third.expect_left().await, LeaveReason::Deleted);
    assert_eq!(second.expect_left().await, LeaveReason::Deleted);
    assert!(is_gone(&two, &room.code).await);
    assert_eq!(two.ask(delete()).await.code(), ErrorCode::RoomEnded);
    let cid = second.send(&room.code, "too late").await;
    let (code, _) = second.next_error(Some(&cid)).await;
    assert!(matches!(code, ErrorCode::NotInRoom | ErrorCode::RoomEnded), "{code}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lifetime_ends_a_room_under_those_inside() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let now = server.state.clock.wall();
    // The API allows no less than an hour, so this one is put into the store.
    let owner = server.identity(guest.token()).await.user;
    let room = store::Room {
        id: RoomId([7; 16]),
        code: RoomCode::parse("SHRT2345").expect("is a code"),
        name: RoomName::parse("short").expect("is a name"),
        topic: None,
        pin_hash: None,
        locked: false,
        timer_s: None,
        lobby: false,
        moderators: Vec::new(),
        capacity: 10,
        sealed: false,
        owner,
        created_at: now,
        expires_at: now + 60_000,
    };
    server.state.store.create_room(room).await.expect("the store keeps it");
    let mut client = guest.connect().await;
    let joined = client.join("SHRT-2345").await;
    assert_eq!(joined.room.expires_at, now + 60_000);
    server.state.clock.advance(30_000);
    client.say("SHRT2345", "not before its time").await;
    server.state.clock.advance(30_000);
    assert_eq!(client.expect_left().await, LeaveReason::Expired);
    assert!(is_gone(&guest, "SHRT2345").await);
    eventually("the room's task is over", || server.state.hub.room_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_without_a_seat_ends_after_its_time_and_no_earlier() {
    let server = TestServer::limited(|limits| limits.grace_ms = 0).await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    guest.enter(&room).await.close().await;
    eventually("the seat is empty", || server.state.hub.session_count() == 0).await;
    let empty_since = server.state.clock.wall();
    let mine = guest.ask(Ask::get("/api/v1/rooms")).await.json::<Vec<RoomView>>();
    assert_eq!(mine.len(), 1, "the room waits for its people");
    // Somebody comes back in time: the count begins anew.
    guest.enter(&room).await.close().await;
    poll("the end of the room", async || {
        server.state.clock.advance(20_000);
        is_gone(&guest, &room.code).await.then_some(())
    })
    .await;
    assert!(server.state.clock.wall() >= empty_since + server.state.config.limits.room_empty_ms);
    assert!(guest.ask(Ask::get("/api/v1/rooms")).await.json::<Vec<RoomView>>().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_whose_owner_expires_passes_on_and_those_inside_are_told() {
    let server = TestServer::spawn().await;
    let (owner, heir) = (Guest::new(&server).await, Guest::register(&server, "heir", "long enough").await);
    let room = owner.room_with(CreateRoom { lifetime_s: Some(604_800), ..CreateRoom::default() }).await;
    let mut inside = heir.connect().await;
    let joined = inside.join(&room.code).await;
    assert!(!joined.members[0].owner, "it is somebody else's");
    // A guest who is not seen for a day is forgotten.
    server::janitor::Janitor::default()
        .look(&server.state, server.state.clock.now().after(25 * realtime::clock::HOUR_MS))
        .await;
    let told = inside.expect("the new role", |frame| match frame {
        // The newcomer and the new role may be told in one.
        ServerFrame::Presence { joined: came, changed, .. } => {
            came.iter().chain(changed).find(|member| member.id == joined.you && member.owner).cloned()
        }
        _ => None,
    });
    told.await;
    assert!(inside.join(&room.code).await.members[0].owner, "whoever joins sees the same");
    assert!(heir.look_up(&room.code).await.json::<RoomView>().owner, "and the room can be deleted by its new owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_a_room_that_nobody_ever_enters_ends_too() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    poll("the end of the room", async || {
        server.state.clock.advance(20_000);
        is_gone(&guest, &room.code).await.then_some(())
    })
    .await;
    eventually("nothing is left of it", || server.state.hub.room_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_a_room_to_which_nobody_returns_ends() {
    let folder = tempfile::TempDir::new().expect("there is room for a temporary folder");
    let server = TestServer::in_folder(folder.path(), |_| {}).await;
    let guest = Guest::new(&server).await;
    let (empty, used) = (guest.room().await, guest.room().await);
    guest.enter(&empty).await.close().await;
    server.stop().await;

    let server = TestServer::in_folder(folder.path(), |_| {}).await;
    let guest = Guest { addr: server.addr, ..guest };
    let mut inside = guest.enter(&used).await;
    assert!(!is_gone(&guest, &empty.code).await, "it was there after the restart");
    poll("the end of the room", async || {
        server.state.clock.advance(20_000);
        is_gone(&guest, &empty.code).await.then_some(())
    })
    .await;
    inside.say(&used.code, "somebody is here").await;
    assert!(!is_gone(&guest, &used.code).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_room_deletes_its_membership() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    two.join(&room.code, None).await.assert_status(200);
    let mine = async || two.ask(Ask::get("/api/v1/rooms")).await.json::<Vec<RoomView>>();
    let listed = mine().await;
    assert!(listed.len() == 1 && listed[0].code == room.code() && listed[0].member && !listed[0].owner);
    one.ask(Ask::new("DELETE", &format!("/api/v1/rooms/{}", room.code))).await.assert_status(204);
    assert!(mine().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_ended_says_so_to_whoever_comes_too_late() {
    let server = TestServer::limited(|limits| limits.misses_per_minute = 5).await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let path = format!("/r/{}", room.code);
    one.leave(&room.code).await.assert_status(204);
    let looked = two.look_up(&room.code).await;
    assert_eq!((looked.status, looked.code()), (410, ErrorCode::RoomEnded));
    assert_eq!(two.join(&room.code, None).await.code(), ErrorCode::RoomEnded);
    assert_eq!(two.leave(&room.code).await.code(), ErrorCode::RoomEnded);
    let page = Ask::get(&path).send(server.addr).await.assert_status(410);
    assert!(page.text().contains("This room has ended"));
    let mut client = two.connect().await;
    let cid = client.ask_join(&room.code, None, None).await;
    client.expect_error(ErrorCode::RoomEnded, Some(&cid)).await;
    let mut script = Raw::connect(server.addr, &json!({"token": two.token()})).await;
    script.send(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
    let answer = script.expect("431").await;
    assert!(answer.contains("NOT_FOUND") && answer.contains(ErrorCode::RoomEnded.text()), "{answer}");
    // It helps a guesser to no more guesses.
    assert_eq!(two.look_up(&room.code).await.code(), ErrorCode::RateLimited);
    // Whoever is given the code next has a room like any other.
    let now = server.state.clock.wall();
    let next = store::Room {
        id: RoomId([7; 16]),
        code: room.code(),
        name: RoomName::parse("next").expect("is a name"),
        topic: None,
        pin_hash: None,
        locked: false,
        timer_s: None,
        lobby: false,
        moderators: Vec::new(),
        capacity: 10,
        sealed: false,
        owner: server.identity(one.token()).await.user,
        created_at: now,
        expires_at: now + 3_600_000,
    };
    server.state.store.create_room(next).await.expect("the store keeps it");
    one.look_up(&room.code).await.assert_status(200);
    Ask::get(&path).send(server.addr).await.assert_status(200);
}

/// A room that nobody has entered since the start has no task that could tell of its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_ended_in_the_database_alone_says_so_too() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let now = server.state.clock.now();
    let owner = server.identity(guest.token()).await.user;
    // One whose time is over, and one whose members are gone.
    for (id, code, owner, lasts_ms) in [(7, "SHRT2345", owner, 1), (8, "GNES2345", UserId([9; 16]), 3_600_000)] {
        let room = store::Room {
            id: RoomId([id; 16]),
            code: RoomCode::parse(code).expect("is a code"),
            name: RoomName::parse("quiet").expect("is a name"),
            topic: None,
            pin_hash: None,
            locked: false,
            timer_s: None,
            lobby: false,
            moderators: Vec::new(),
            capacity: 10,
            sealed: false,
            owner,
            created_at: now.wall,
            expires_at: now.wall + lasts_ms,
        };
        server.state.store.create_room(room).await.expect("the store keeps it");
    }
    Janitor::default().look(&server.state, now.after(1_000)).await;
    assert_eq!(server.state.hub.room_count(), 0);
    for code in ["SHRT2345", "GNES2345"] {
        assert_eq!(guest.look_up(code).await.code(), ErrorCode::RoomEnded, "{code}");
        Ask::get(&format!("/r/{code}")).send(server.addr).await.assert_status(410);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_rooms_are_forgotten_where_the_operator_wants_it() {
    let server = TestServer::limited(|limits| limits.ended_rooms_max = 0).await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    guest.leave(&room.code).await.assert_status(204);
    assert_eq!(guest.look_up(&room.code).await.code(), ErrorCode::RoomNotFound);
}
