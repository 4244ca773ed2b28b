//! Seats: a person's, counted against the capacity, kept through the grace, gone with the last tab.

use protocol::api::RoomView;
use protocol::{Activity, ErrorCode};

use crate::harness::{Guest, TestClient, TestServer, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_room_counts_people_and_not_tabs() {
    let server = TestServer::limited(|limits| limits.grace_ms = 0).await;
    let (one, two, three) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room_for(2).await;
    let mut first = one.enter(&room).await;
    one.enter(&room).await.ping().await;
    let mut second = two.connect().await;
    let you = second.join(&room.code).await.you;
    first.expect_state(&you, Activity::Online).await;
    let mut third = three.connect().await;
    let cid = third.ask_join(&room.code, None, None).await;
    third.expect_error(ErrorCode::RoomFull, Some(&cid)).await;
    third.ping().await;
    let look: RoomView = three.look_up(&room.code).await.json();
    assert!(!look.member, "who was not let in is no member");
    assert_eq!((look.count, look.capacity), (Some(2), 2));
    let mine = three.ask(crate::harness::Ask::get("/api/v1/rooms")).await.json::<Vec<RoomView>>();
    assert!(mine.is_empty());
    // One more tab of somebody inside is let in all the same.
    let tab = two.enter(&room).await;
    tab.close().await;
    second.close().await;
    first.expect_gone(&you).await;
    assert_eq!(third.join(&room.code).await.count, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_person_keeps_the_seat_for_the_grace() {
    let server = TestServer::limited(|limits| limits.grace_ms = 700).await;
    let (one, two, three) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room_for(2).await;
    let mut first = one.enter(&room).await;
    let mut second = two.connect().await;
    let you = second.join(&room.code).await.you;
    first.expect_state(&you, Activity::Online).await;
    let mut third = three.connect().await;
    second.cut();
    first.expect_state(&you, Activity::Offline).await;
    let cid = third.ask_join(&room.code, None, None).await;
    third.expect_error(ErrorCode::RoomFull, Some(&cid)).await;
    first.expect_gone(&you).await;
    third.join(&room.code).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r7_the_only_member_reloads_within_the_grace_and_finds_the_same_room() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.connect().await;
    let before = client.join(&room.code).await;
    client.say(&room.code, "one").await;
    let lost = client.close().await;
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed && back.rooms == [room.code()]);
    let after = back.expect_joined(None).await;
    assert!(after.you == before.you && after.room == before.room && after.members == before.members);
    assert_eq!(after.position.epoch, before.position.epoch, "the same room, not a new one of that name");
    assert_eq!(back.say(&room.code, "two").await.seq, 2);
    // And without the session, as after a crash of the browser.
    back.cut();
    let mut anew = guest.connect().await;
    let joined = anew.join(&room.code).await;
    assert!(!anew.resumed && joined.you == before.you);
    assert_eq!((joined.count, joined.position.epoch, joined.position.seq), (1, before.position.epoch, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r18_nothing_is_left_when_all_have_left() {
    let server = TestServer::limited(|limits| {
        limits.grace_ms = 50;
        limits.room_empty_ms = 1_000;
    })
    .await;
    let mut rooms = Vec::new();
    let mut clients = Vec::new();
    for number in 0..12 {
        let guest = Guest::new(&server).await;
        if number % 4 == 0 {
            rooms.push(guest.room().await);
        }
        let mut client = guest.connect().await;
        for room in &rooms {
            client.join(&room.code).await;
            client.say(&room.code, "hello").await;
            client.typing(&room.code, true).await;
        }
        clients.push(client);
    }
    let hub = &server.state.hub;
    assert_eq!((hub.session_count(), hub.room_count()), (12, 3));
    assert_eq!((server.state.connections.total(), server.state.connections.addresses()), (12, 1));
    for (number, mut client) in clients.into_iter().enumerate() {
        match number % 3 {
            0 => drop(client.cut()),
            1 => drop(client.close().await),
            _ => {
                for room in &rooms {
                    client.leave(&room.code).await;
                    if number < 8 && room.code == rooms[0].code {
                        break;
                    }
                }
            }
        }
    }
    eventually("no connection is left", || server.state.connections.total() == 0).await;
    assert_eq!(server.state.connections.addresses(), 0);
    eventually("no session is left", || hub.session_count() == 0).await;
    eventually("no room is left", || hub.room_count() == 0).await;
    for room in &rooms {
        let gone = crate::harness::Ask::get(&format!("/api/v1/rooms/{}", room.code)).send(server.addr).await;
        assert_eq!(gone.code(), ErrorCode::RoomEnded);
    }
    let hour = server.state.clock.now().after(2 * realtime::clock::HOUR_MS);
    server.state.rate_limits.prune(hour);
    assert!(server.state.rate_limits.is_empty(), "rates are forgotten when they are of no consequence any more");
}
