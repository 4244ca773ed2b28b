//! Rooms that let people in one by one: who knocks waits, and comes in when somebody inside says yes.

use protocol::api::{AdmitMember, RoomView};
use protocol::{ClientFrame, ErrorCode, Knocking, Limits, ServerFrame};
use serde_json::json;

use crate::harness::{Answer, Ask, Guest, Room, TestClient, TestServer, poll};
use crate::socketio::Raw;

async fn a_lobby(owner: &Guest) -> Room {
    let room = owner.room().await;
    let path = format!("/api/v1/rooms/{}", room.code);
    let view: RoomView = owner.ask(Ask::new("PATCH", &path).json(&json!({"lobby": true}))).await.json();
    assert!(view.lobby);
    room
}

/// Waits until this many wait.
async fn expect_knocks(client: &mut TestClient, count: usize) -> Vec<Knocking> {
    client
        .expect("who knocks", |frame| match frame {
            ServerFrame::Knocks { knocks, .. } if knocks.len() == count => Some(knocks.clone()),
            _ => None,
        })
        .await
}

async fn knock(who: &Guest, room: &Room) -> Answer {
    who.ask(Ask::post(&format!("/api/v1/rooms/{}/knock", room.code))).await
}

async fn answer(by: &Guest, room: &Room, knocking: &Knocking, on: bool) -> Answer {
    let body = AdmitMember { member: knocking.id.clone(), on };
    by.ask(Ask::post(&format!("/api/v1/rooms/{}/admit", room.code)).json(&body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_comes_into_a_lobby_unasked_by_any_transport() {
    let server = TestServer::spawn().await;
    let (owner, stranger) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    assert_eq!(stranger.join(&room.code, None).await.code(), ErrorCode::KnockFirst);
    let mut line = stranger.connect().await;
    let cid = line.ask_join(&room.code, None, None).await;
    line.expect_error(ErrorCode::KnockFirst, Some(&cid)).await;
    let mut raw = Raw::connect(stranger.addr, &json!({"token": stranger.token()})).await;
    raw.send(&format!("427{}", json!(["join_room", room.code]))).await;
    assert!(raw.expect("437").await.contains("knock_first"));
    owner.enter(&room).await;
    owner.join(&room.code, None).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knocks_by_http_is_shown_to_those_who_may_let_in_and_is_let_in() {
    let server = TestServer::spawn().await;
    let (owner, member, visitor) =
        (Guest::new(&server).await, Guest::new(&server).await, Guest::named(&server, "Sam").await);
    let room = owner.room().await;
    let (mut inside, mut other) = (owner.enter(&room).await, member.enter(&room).await);
    let path = format!("/api/v1/rooms/{}", room.code);
    owner.ask(Ask::new("PATCH", &path).json(&json!({"lobby": true}))).await.assert_status(200);
    let (answered, ()) = tokio::join!(knock(&visitor, &room), async {
        let knocks = expect_knocks(&mut inside, 1).await;
        assert_eq!(knocks[0].name.as_str(), "Sam");
        assert_eq!(answer(&member, &room, &knocks[0], true).await.code(), ErrorCode::Forbidden);
        answer(&owner, &room, &knocks[0], true).await.assert_status(204);
        expect_knocks(&mut inside, 0).await;
    });
    let view: RoomView = answered.assert_status(200).json();
    assert!(view.member);
    visitor.enter(&room).await;
    let heard = other.ping().await;
    assert!(!heard.iter().any(|frame| matches!(frame, ServerFrame::Knocks { .. })), "members are not told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_turned_away_hears_it_and_waits_before_knocking_again() {
    let server = TestServer::spawn().await;
    let (owner, visitor) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    let (refused, ()) = tokio::join!(knock(&visitor, &room), async {
        let knocks = expect_knocks(&mut inside, 1).await;
        answer(&owner, &room, &knocks[0], false).await.assert_status(204);
        assert_eq!(answer(&owner, &room, &knocks[0], true).await.code(), ErrorCode::NoSuchMember);
    });
    assert_eq!(refused.code(), ErrorCode::NotLetIn);
    let again = knock(&visitor, &room).await;
    assert!(again.problem().retry_after_ms.is_some_and(|wait_ms| wait_ms > 50_000));
    assert_eq!(visitor.join(&room.code, None).await.code(), ErrorCode::KnockFirst);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_knock_over_a_socket_is_answered_there_and_ends_with_the_line() {
    let server = TestServer::spawn().await;
    let (owner, visitor, gone) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    let ask = |cid| ClientFrame::Knock { cid, code: room.code.clone(), pin: None };
    let mut leaving = gone.connect().await;
    let cid = leaving.cid();
    leaving.tell(&ask(cid)).await;
    expect_knocks(&mut inside, 1).await;
    leaving.close().await;
    expect_knocks(&mut inside, 0).await;
    let mut line = visitor.connect().await;
    let cid = line.cid();
    line.tell(&ask(cid.clone())).await;
    let knocks = expect_knocks(&mut inside, 1).await;
    // What comes behind a knock does not wait for people.
    line.ping().await;
    let admit = inside.cid();
    inside
        .tell(&ClientFrame::Admit { cid: admit, room: room.code.clone(), member: knocks[0].id.clone(), on: true })
        .await;
    let done = |frame: &ServerFrame| matches!(frame, ServerFrame::Done { cid: done, .. } if *done == cid).then_some(());
    line.expect("word that one is let in", done).await;
    line.join(&room.code).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_nobody_answers_says_so_and_the_knock_stands_for_the_next() {
    let limits = |limits: &mut Limits| {
        (limits.knock_wait_ms, limits.knock_kept_ms, limits.joins_per_minute) = (50, 400, 1_000);
    };
    let server = TestServer::limited(limits).await;
    let (owner, visitor) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    knock(&visitor, &room).await.assert_status(202);
    let knocks = expect_knocks(&mut inside, 1).await;
    knock(&visitor, &room).await.assert_status(202);
    answer(&owner, &room, &knocks[0], true).await.assert_status(204);
    knock(&visitor, &room).await.assert_status(200);
    // Somebody who asks no more is forgotten.
    let forgotten = Guest::new(&server).await;
    knock(&forgotten, &room).await.assert_status(202);
    let waits = async || {
        let live = server.state.hub.live_rooms().into_iter().find(|live| live.code == room.code())?;
        live.knocks().list().is_empty().then_some(())
    };
    poll("nobody waits any more", waits).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_changes_their_mind_waits_no_more_and_too_many_do_not_wait_at_all() {
    let server = TestServer::limited(|limits| limits.knocks_per_room = 1).await;
    let (owner, visitor, other) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    let (answered, ()) = tokio::join!(knock(&visitor, &room), async {
        expect_knocks(&mut inside, 1).await;
        assert_eq!(knock(&other, &room).await.code(), ErrorCode::TooManyKnocks);
        visitor.ask(Ask::new("DELETE", &format!("/api/v1/rooms/{}/knock", room.code))).await.assert_status(204);
        expect_knocks(&mut inside, 0).await;
    });
    assert_eq!(answered.code(), ErrorCode::NotLetIn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_comes_in_when_nobody_is_asked_about_any_more() {
    let server = TestServer::spawn().await;
    let (owner, visitor) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    let asking = tokio::spawn({
        let (visitor, room) = (visitor.clone(), room.clone());
        async move { knock(&visitor, &room).await }
    });
    expect_knocks(&mut inside, 1).await;
    let path = format!("/api/v1/rooms/{}", room.code);
    owner.ask(Ask::new("PATCH", &path).json(&json!({"lobby": false}))).await.assert_status(200);
    expect_knocks(&mut inside, 0).await;
    asking.await.expect("is answered").assert_status(200);
    visitor.enter(&room).await;
}
