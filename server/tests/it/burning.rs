//! Burn timers on the wire: relayed as chosen, bounded, kept of the room, and over also for whoever comes back too late.

use std::time::{Duration, Instant};

use protocol::api::ChangeRoom;
use protocol::{ClientFrame, ErrorCode, Refers, SendBody, SendMessage, Timer};
use serde_json::json;

use crate::harness::{Ask, Guest, Lost, Room, TestClient, TestServer, poll};
use crate::socketio::{Polling, Raw};

async fn two_inside(server: &TestServer) -> (Guest, Room, TestClient, TestClient) {
    let (one, two) = (Guest::new(server).await, Guest::new(server).await);
    let room = one.room().await;
    let (first, second) = (one.enter(&room).await, two.enter(&room).await);
    (one, room, first, second)
}

async fn send(client: &mut TestClient, room: &Room, text: &str, timer_s: Option<u64>) -> protocol::ClientId {
    let (cid, body) = (client.cid(), SendBody::Text(text.to_owned()));
    let (room, refers) = (room.code.clone(), Refers { timer_s, ..Refers::default() });
    client.tell(&ClientFrame::Send(SendMessage { cid: cid.clone(), room, body, refers })).await;
    cid
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_timer_is_told_to_all_and_one_outside_of_its_bounds_is_refused() {
    let server = TestServer::spawn().await;
    let limits = server.state.config.limits.clone();
    let (_owner, room, mut writer, mut reader) = two_inside(&server).await;
    for seconds in [limits.burn_s_min, limits.burn_s_max] {
        let text = format!("for {seconds} s");
        send(&mut writer, &room, &text, Some(seconds.into())).await;
        for client in [&mut writer, &mut reader] {
            let told = client.expect_message(&text).await;
            let ends_at = told.at + limits.burn_unread_ms;
            assert_eq!(told.timer, Some(Timer { after_s: seconds, ends_at }));
        }
    }
    send(&mut writer, &room, "for good", Some(0)).await;
    assert_eq!(reader.expect_message("for good").await.timer, None);
    for outside in [1, u64::from(limits.burn_s_min) - 1, u64::from(limits.burn_s_max) + 1, u64::MAX] {
        let cid = send(&mut writer, &room, "x", Some(outside)).await;
        writer.expect_error(ErrorCode::InvalidTimer, Some(&cid)).await;
    }
    for odd in ["-1", "2.5", "1e99"] {
        let frame = format!(r#"{{"t":"send","cid":"odd","room":"{}","text":"x","timer_s":{odd}}}"#, room.code);
        writer.wire.text(&frame).await;
        let cid = protocol::ClientId::parse("odd").expect("is a cid");
        assert_eq!(writer.next_error(Some(&cid)).await.0, ErrorCode::InvalidTimer, "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rooms_timer_holds_for_what_is_said_without_one_and_is_kept() {
    let server = TestServer::spawn().await;
    let (owner, room, mut writer, mut reader) = two_inside(&server).await;
    let path = format!("/api/v1/rooms/{}", room.code);
    let set = |timer_s| Ask::new("PATCH", &path).json(&ChangeRoom { timer_s: Some(timer_s), ..ChangeRoom::default() });
    owner.ask(set(1)).await.assert_status(400);
    owner.ask(set(300)).await.assert_status(200);
    send(&mut writer, &room, "as the room", None).await;
    assert_eq!(reader.expect_message("as the room").await.timer.map(|timer| timer.after_s), Some(300));
    send(&mut writer, &room, "my own", Some(5)).await;
    assert_eq!(reader.expect_message("my own").await.timer.map(|timer| timer.after_s), Some(5));
    let late = Guest::new(&server).await;
    late.join(&room.code, None).await.assert_status(200);
    assert_eq!(late.connect().await.join(&room.code).await.room.timer_s, Some(300));
    owner.ask(set(0)).await.assert_status(200);
    send(&mut writer, &room, "for good again", None).await;
    assert_eq!(reader.expect_message("for good again").await.timer, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_when_it_is_over_gets_its_place_and_not_its_text() {
    let server = TestServer::limited(|limits| limits.burn_unread_ms = 1_000).await;
    let (_owner, room, mut writer, reader) = two_inside(&server).await;
    let lost = reader.cut();
    send(&mut writer, &room, "the key is under the mat", Some(5)).await;
    let (told, began) = (writer.expect_message("the key is under the mat").await, Instant::now());
    writer.say(&room.code, "this stays").await;
    // It is there until its time is over; each line that breaks confirms nothing.
    let mut lost = lost;
    loop {
        let mut back = TestClient::resume(&lost).await;
        assert!(back.resumed);
        let owed = back.messages_until("this stays").await;
        let owed: Vec<_> = owed.iter().map(|message| (message.seq, message.text.as_str())).collect();
        if owed == [(told.seq, ""), (told.seq + 1, "this stays")] {
            break;
        }
        assert_eq!(owed, [(told.seq, "the key is under the mat"), (told.seq + 1, "this stays")]);
        assert!(began.elapsed() < Duration::from_secs(20), "it is never over");
        lost = Lost { have: 0, ..back.cut() };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_polls_when_it_is_over_does_not_fetch_it_any_more() {
    let server = TestServer::limited(|limits| limits.burn_unread_ms = 1_000).await;
    let (_owner, room, mut writer, _reader) = two_inside(&server).await;
    let other = Guest::new(&server).await;
    let mut old = Polling::connect(server.addr, &json!({"token": other.token()})).await;
    old.post(&format!("42[\"join_room\",\"{}\"]", room.code)).await;
    old.expect("42[\"joined_room\"").await;
    send(&mut writer, &room, "the key is under the mat", Some(5)).await;
    writer.expect_message("the key is under the mat").await;
    let began = Instant::now();
    poll("it is over", async || (began.elapsed() >= Duration::from_secs(1)).then_some(())).await;
    writer.say(&room.code, "this stays").await;
    let fetched = old.expect("42[\"new_message\"").await;
    assert!(fetched.contains("this stays"), "{fetched}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_io_clients_are_told_of_timers_and_may_choose_one() {
    let server = TestServer::spawn().await;
    let (_owner, room, mut writer, _reader) = two_inside(&server).await;
    let other = Guest::new(&server).await;
    let mut old = Raw::connect(server.addr, &json!({"token": other.token()})).await;
    old.send(&format!("42[\"join_room\",\"{}\"]", room.code)).await;
    old.expect("42[\"joined_room\"").await;
    send(&mut writer, &room, "for thirty", Some(30)).await;
    let told = old.expect("42[\"new_message\"").await;
    assert!(told.contains("\"burnAfter\":30,\"burnAt\":\"20"), "{told}");
    let said = json!(["send_message", {"room": room.code, "content": "from the old", "burnAfter": 60}]);
    old.send(&format!("42{said}")).await;
    assert_eq!(writer.expect_message("from the old").await.timer.map(|timer| timer.after_s), Some(60));
}
