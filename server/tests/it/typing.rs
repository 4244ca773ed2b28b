//! Typing: the whole set in one frame, stops never lost, everything ends by itself.

use std::time::Duration;

use protocol::{ErrorCode, MemberId, ServerFrame};

use crate::harness::{Guest, Room, TestClient, TestServer};

async fn watched(server: &TestServer) -> (Room, TestClient, TestClient, MemberId) {
    let (one, two) = (Guest::new(server).await, Guest::new(server).await);
    let room = one.room().await;
    let watcher = one.enter(&room).await;
    let mut types = two.connect().await;
    let you = types.join(&room.code).await.you;
    (room, watcher, types, you)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_shows_and_stops() {
    let server = TestServer::spawn().await;
    let (room, mut watcher, mut types, you) = watched(&server).await;
    types.typing(&room.code, true).await;
    assert!(watcher.expect_typing().await == [you.clone()]);
    types.typing(&room.code, false).await;
    assert!(watcher.expect_typing().await.is_empty());
    // A stop is followed by a start without a wait: a message was sent, the next one is begun.
    types.typing(&room.code, true).await;
    assert!(watcher.expect_typing().await == [you.clone()]);
    types.say(&room.code, "sent").await;
    assert!(watcher.expect_typing().await.is_empty(), "what is sent is not typed any more");
    types.typing(&room.code, false).await;
    types.typing(&room.code, true).await;
    assert!(watcher.expect_typing().await == [you]);
    types.cut();
    assert!(watcher.expect_typing().await.is_empty(), "who is gone types no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_ends_by_itself() {
    let server = TestServer::spawn().await;
    let (room, mut watcher, mut types, you) = watched(&server).await;
    types.typing(&room.code, true).await;
    assert!(watcher.expect_typing().await == [you]);
    let lasts_ms = server.state.config.limits.typing_expires_ms;
    server.state.clock.advance(lasts_ms / 2);
    let meanwhile = watcher.ping().await;
    assert!(!meanwhile.iter().any(|frame| matches!(frame, ServerFrame::Typing { .. })), "not before its time");
    server.state.clock.advance(lasts_ms / 2);
    assert!(watcher.expect_typing().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_signals_are_one_frame_for_the_others() {
    let server = TestServer::spawn().await;
    let (room, mut watcher, mut types, you) = watched(&server).await;
    for _ in 0..40 {
        types.typing(&room.code, true).await;
    }
    types.ping().await;
    assert!(watcher.expect_typing().await == [you]);
    types.say(&room.code, "the end").await;
    assert!(watcher.expect_typing().await.is_empty());
    let frames = watcher.wire.texts.iter().filter(|text| text.contains("\"t\":\"typing\"")).count();
    assert_eq!(frames, 2, "one to begin, one to end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_typists_are_one_set() {
    let server = TestServer::spawn().await;
    let (room, mut watcher, mut first, one) = watched(&server).await;
    let mut second = Guest::new(&server).await.connect().await;
    let two = second.join(&room.code).await.you;
    first.typing(&room.code, true).await;
    second.typing(&room.code, true).await;
    let mut both = [one, two.clone()];
    both.sort();
    let mut set = watcher.expect_typing().await;
    if set.len() < 2 {
        set = watcher.expect_typing().await;
    }
    assert!(set == both);
    first.typing(&room.code, false).await;
    assert!(watcher.expect_typing().await == [two]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_typing_and_sending_to_a_room_not_joined_are_refused() {
    let server = TestServer::spawn().await;
    let (room, mut watcher, mut inside, _) = watched(&server).await;
    let outsider = Guest::new(&server).await;
    let mut outside = outsider.connect().await;
    // A member without a seat is outside too.
    let mut seatless = {
        let member = Guest::new(&server).await;
        member.join(&room.code, None).await.assert_status(200);
        member.connect().await
    };
    for client in [&mut outside, &mut seatless] {
        client.typing(&room.code, true).await;
        client.expect_error(ErrorCode::NotInRoom, None).await;
        let cid = client.send(&room.code, "through the wall").await;
        client.expect_error(ErrorCode::NotInRoom, Some(&cid)).await;
        client
            .tell(&protocol::ClientFrame::Status { state: protocol::Activity::Away, room: Some(room.code.clone()) })
            .await;
        client.expect_error(ErrorCode::NotInRoom, None).await;
        let cid = client.cid();
        client.tell(&protocol::ClientFrame::Leave { cid: cid.clone(), room: room.code.clone() }).await;
        client.expect_error(ErrorCode::NotInRoom, Some(&cid)).await;
    }
    inside.say(&room.code, "the end").await;
    let heard = watcher.messages_until("the end").await;
    assert_eq!(heard.len(), 1, "nothing came through");
    // Presence and typing would have been told by the next tick.
    let second = Duration::from_millis(server.state.config.limits.presence_tick_ms * 3);
    let later = tokio::time::timeout(
        second,
        watcher.expect("typing", |frame| matches!(frame, ServerFrame::Typing { .. }).then_some(())),
    );
    assert!(later.await.is_err(), "somebody outside was seen typing");
}
