//! Rooms that let people in one by one: who knocks waits, and comes in when somebody inside says yes.

use std::time::{Duration, Instant};

use protocol::api::{AdmitMember, BanView, RoomView};
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
    let left = Instant::now();
    leaving.close().await;
    expect_knocks(&mut inside, 0).await;
    assert!(left.elapsed() < Duration::from_millis(1_500), "they look as if they still waited");
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
        (limits.knock_wait_ms, limits.knock_kept_ms, limits.joins_per_minute) = (50, 2_000, 1_000);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_comes_past_no_lock_when_the_lobby_is_turned_off() {
    let server = TestServer::spawn().await;
    let (owner, visitor) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    let (refused, ()) = tokio::join!(knock(&visitor, &room), async {
        expect_knocks(&mut inside, 1).await;
        let path = format!("/api/v1/rooms/{}", room.code);
        owner.ask(Ask::new("PATCH", &path).json(&json!({"locked": true}))).await.assert_status(200);
        owner.ask(Ask::new("PATCH", &path).json(&json!({"lobby": false}))).await.assert_status(200);
        expect_knocks(&mut inside, 0).await;
    });
    assert_eq!(refused.code(), ErrorCode::RoomLocked);
    assert_eq!(visitor.join(&room.code, None).await.code(), ErrorCode::RoomLocked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_in_front_of_a_room_that_ends_hears_that_it_has_ended() {
    let server = TestServer::spawn().await;
    let (owner, visitor, other) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    let mut line = other.connect().await;
    let cid = line.cid();
    line.tell(&ClientFrame::Knock { cid: cid.clone(), code: room.code.clone(), pin: None }).await;
    let (refused, ()) = tokio::join!(knock(&visitor, &room), async {
        expect_knocks(&mut inside, 2).await;
        owner.ask(Ask::new("DELETE", &format!("/api/v1/rooms/{}", room.code))).await.assert_status(204);
    });
    assert_eq!(refused.code(), ErrorCode::RoomEnded);
    line.expect_error(ErrorCode::RoomEnded, Some(&cid)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knocks_may_be_banned_and_comes_back_by_no_way() {
    let server = TestServer::spawn().await;
    let (owner, member) = (Guest::new(&server).await, Guest::new(&server).await);
    let visitor = Guest::register(&server, "unwelcome", "correct horse").await;
    let room = owner.room().await;
    let (mut inside, _member) = (owner.enter(&room).await, member.enter(&room).await);
    let path = format!("/api/v1/rooms/{}", room.code);
    owner.ask(Ask::new("PATCH", &path).json(&json!({"lobby": true}))).await.assert_status(200);
    let (refused, told) = tokio::join!(knock(&visitor, &room), async {
        let knocks = expect_knocks(&mut inside, 1).await;
        let ban = Ask::post(&format!("{path}/ban")).json(&json!({"member": knocks[0].id}));
        assert_eq!(member.ask(ban.clone()).await.code(), ErrorCode::Forbidden);
        owner.ask(ban).await.assert_status(204);
        expect_knocks(&mut inside, 0).await;
        knocks
    });
    assert_eq!(refused.code(), ErrorCode::Banned);
    assert_eq!(knock(&visitor, &room).await.code(), ErrorCode::Banned);
    let neighbour = Guest::new(&server).await;
    assert_eq!(knock(&neighbour, &room).await.code(), ErrorCode::Banned, "a new guest from the same place");
    let bans: Vec<BanView> = owner.ask(Ask::get(&format!("{path}/bans"))).await.json();
    assert_eq!((bans.len(), &bans[0].member, bans[0].name.as_ref()), (1, &told[0].id, Some(&told[0].name)));
    owner.ask(Ask::new("DELETE", &format!("{path}/bans/{}", told[0].id.as_str()))).await.assert_status(204);
    let (answered, ()) = tokio::join!(knock(&visitor, &room), async {
        expect_knocks(&mut inside, 1).await;
    });
    answered.assert_status(202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_io_clients_knock_and_are_called_back_when_it_is_decided() {
    let server = TestServer::spawn().await;
    let (owner, visitor, other) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = a_lobby(&owner).await;
    let mut inside = owner.enter(&room).await;
    for (who, on) in [(&visitor, true), (&other, false)] {
        let mut raw = Raw::connect(who.addr, &json!({"token": who.token()})).await;
        raw.send(&format!("425{}", json!(["knock_room", {"room": room.code}]))).await;
        let knocks = expect_knocks(&mut inside, 1).await;
        answer(&owner, &room, &knocks[0], on).await.assert_status(204);
        let called = raw.expect("435").await;
        if on {
            assert!(called.contains("\"ok\":true") && called.contains(&room.code), "{called}");
            raw.send(&format!("426{}", json!(["join_room", room.code]))).await;
            raw.expect("42[\"joined_room\"").await;
        } else {
            assert!(called.contains("\"reason\":\"not_let_in\""), "{called}");
        }
        expect_knocks(&mut inside, 0).await;
        raw.send(&format!("427{}", json!(["knock_room", {"room": {"$ne": 1}}]))).await;
        assert!(raw.expect("437").await.contains("INVALID_INPUT"));
    }
}
