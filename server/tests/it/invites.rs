//! Invites: what lets in without the PIN and past a lock, and what does not.

use protocol::api::{InviteView, JoinRoom, MakeInvite, QrView, RoomView};
use protocol::{ClientFrame, ErrorCode, Limits};
use serde_json::json;

use crate::harness::{Answer, Ask, Guest, Room, TestServer};
use crate::socketio::Raw;

async fn make(by: &Guest, room: &Room, wish: MakeInvite) -> InviteView {
    by.ask(Ask::post(&format!("/api/v1/rooms/{}/invites", room.code)).json(&wish)).await.assert_status(201).json()
}

async fn list(by: &Guest, room: &Room) -> Vec<InviteView> {
    by.ask(Ask::get(&format!("/api/v1/rooms/{}/invites", room.code))).await.assert_status(200).json()
}

async fn join_by(who: &Guest, room: &Room, invite: &str) -> Answer {
    let body = JoinRoom { pin: None, invite: Some(invite.to_owned()) };
    who.ask(Ask::post(&format!("/api/v1/rooms/{}/join", room.code)).json(&body)).await
}

fn token(invite: &InviteView) -> String {
    invite.token.as_ref().expect("who makes it is told").as_str().to_owned()
}

async fn set(by: &Guest, room: &Room, what: serde_json::Value) {
    by.ask(Ask::new("PATCH", &format!("/api/v1/rooms/{}", room.code)).json(&what)).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_for_one_lets_one_in_without_the_pin_and_past_lock_and_lobby() {
    let server = TestServer::spawn().await;
    let (owner, first, second) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.pin_room("4711").await;
    set(&owner, &room, json!({"locked": true, "lobby": true})).await;
    let invite = make(&owner, &room, MakeInvite { once: true, lasts_s: None }).await;
    assert_eq!(join_by(&second, &room, "AAAAAAAAAAAAAAAAAAAAAA").await.code(), ErrorCode::InvalidInvite);
    join_by(&first, &room, &token(&invite)).await.assert_status(200);
    assert_eq!(join_by(&second, &room, &token(&invite)).await.code(), ErrorCode::InvalidInvite);
    assert_eq!(second.join(&room.code, None).await.code(), ErrorCode::RoomLocked);
    join_by(&first, &room, "whatever").await.assert_status(200);
    assert!(list(&owner, &room).await.is_empty(), "what is used up is not listed");
    let other = owner.room().await;
    let invite = make(&owner, &room, MakeInvite::default()).await;
    set(&owner, &other, json!({"locked": true})).await;
    assert_eq!(join_by(&second, &other, &token(&invite)).await.code(), ErrorCode::InvalidInvite, "of another room");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_come_at_once_with_a_link_for_one_one_is_let_in() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.pin_room("4711").await;
    let token = token(&make(&owner, &room, MakeInvite { once: true, lasts_s: None }).await);
    let mut guests = Vec::new();
    for _ in 0..8 {
        guests.push(Guest::new(&server).await);
    }
    let answers = futures::future::join_all(guests.iter().map(|guest| join_by(guest, &room, &token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_lets_in_by_every_transport_and_until_it_is_taken_back() {
    let server = TestServer::spawn().await;
    let (owner, one, two, three) =
        (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.pin_room("4711").await;
    let invite = make(&owner, &room, MakeInvite { once: false, lasts_s: Some(3_600) }).await;
    let mut line = one.connect().await;
    let cid = line.cid();
    let join = |cid, invite| ClientFrame::Join { cid, code: room.code.clone(), pin: None, invite, since: None };
    line.tell(&join(cid.clone(), Some(token(&invite)))).await;
    line.expect_joined(Some(cid)).await;
    let mut raw = Raw::connect(two.addr, &json!({"token": two.token()})).await;
    raw.send(&format!("42{}", json!(["join_room", {"room": room.code, "invite": token(&invite)}]))).await;
    raw.expect("42[\"joined_room\"").await;
    let form = format!("code={}&invite={}", room.code, token(&invite));
    let ask = Ask::post("/join").form(&form).cookie(three.token()).origin(&format!("http://{}", server.addr));
    ask.send(server.addr).await.assert_status(303);
    let known = list(&owner, &room).await;
    assert_eq!((known.len(), known[0].used, &known[0].token), (1, 3, &None));
    let path = format!("/api/v1/rooms/{}/invites/{}", room.code, invite.id.as_str());
    assert_eq!(one.ask(Ask::new("DELETE", &path)).await.code(), ErrorCode::Forbidden);
    owner.ask(Ask::new("DELETE", &path)).await.assert_status(204);
    assert_eq!(owner.ask(Ask::new("DELETE", &path)).await.code(), ErrorCode::InvalidInvite);
    let late = Guest::new(&server).await;
    assert_eq!(join_by(&late, &room, &token(&invite)).await.code(), ErrorCode::InvalidInvite);
    // With the PIN a dead link keeps nobody out.
    let body = JoinRoom { pin: Some("4711".to_owned()), invite: Some(token(&invite)) };
    late.ask(Ask::post(&format!("/api/v1/rooms/{}/join", room.code)).json(&body)).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_passes_no_ban_and_no_capacity_and_is_not_used_up_by_either() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let banned = Guest::register(&server, "banished", "correct horse").await;
    let late = Guest::register(&server, "latecomer", "correct horse").await;
    let room = owner.room_for(2).await;
    let view: RoomView = banned.join(&room.code, None).await.json();
    let ban = json!({"member": view.you.expect("is a member")});
    let (_first, second) = (owner.enter(&room).await, banned.enter(&room).await);
    let token = token(&make(&owner, &room, MakeInvite { once: true, lasts_s: None }).await);
    set(&owner, &room, json!({"locked": true})).await;
    assert_eq!(join_by(&late, &room, &token).await.code(), ErrorCode::RoomFull);
    owner.ask(Ask::post(&format!("/api/v1/rooms/{}/ban", room.code)).json(&ban)).await.assert_status(204);
    drop(second);
    assert_eq!(join_by(&banned, &room, &token).await.code(), ErrorCode::Banned);
    crate::harness::poll("there is a seat", async || (join_by(&late, &room, &token).await.status == 200).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_as_many_invites_as_the_limit_and_they_run_out() {
    let limits = |limits: &mut Limits| limits.invites_per_room = 1;
    let server = TestServer::limited(limits).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let path = format!("/api/v1/rooms/{}/invites", room.code);
    make(&owner, &room, MakeInvite { once: true, lasts_s: Some(3_600) }).await;
    assert_eq!(owner.ask(Ask::post(&path)).await.code(), ErrorCode::TooManyInvites);
    let short = Ask::post(&path).json(&MakeInvite { once: true, lasts_s: Some(59) });
    assert_eq!(owner.ask(short).await.code(), ErrorCode::InvalidInviteTime);
    for odd in [json!({"once": 1}), json!({"forever": true})] {
        assert_eq!(owner.ask(Ask::post(&path).json(&odd)).await.code(), ErrorCode::BadFrame);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_drawn_for_who_is_signed_in() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let draw = |text: &str| Ask::post("/api/v1/qr").json(&json!({"text": text}));
    let drawn: QrView = guest.ask(draw("https://chat.example/r/KW7P3MXQ")).await.assert_status(200).json();
    assert!(drawn.size > 8 && drawn.path.starts_with('M'));
    assert_eq!(guest.ask(draw(&"x".repeat(301))).await.code(), ErrorCode::TooLarge);
    assert_eq!(draw("x").send(server.addr).await.code(), ErrorCode::Unauthorized);
}
