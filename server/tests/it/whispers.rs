//! Whispers: to one person and to nobody else, over every transport; nothing by which others could tell that there was one.

use protocol::api::CreateRoom;
use protocol::{ClientFrame, ErrorCode, MemberId, Refers, SendBody, SendMessage, ServerFrame, Whisper};
use serde_json::json;

use crate::harness::{Guest, Room, TestClient, TestServer};
use crate::socketio::Raw;

/// One person with two tabs and a client of the other dialect.
struct Person {
    tabs: [TestClient; 2],
    events: Raw,
    /// As the room knows them, and as they know themselves by the API.
    member: MemberId,
    own_id: String,
}

impl Person {
    async fn enter(server: &TestServer, room: &Room) -> Self {
        let guest = Guest::new(server).await;
        let (mut first, mut second) = (guest.enter(room).await, guest.connect().await);
        let member = second.join(&room.code).await.you;
        first.ping().await;
        let mut events = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
        events.send(&format!("42[\"join_room\",\"{}\"]", room.code)).await;
        events.expect("42[\"joined_room\"").await;
        Self { tabs: [first, second], events, member, own_id: guest.session.id.clone() }
    }

    /// What has come to each tab that belongs to messages.
    async fn told(&mut self) -> Vec<ServerFrame> {
        let mut told = Vec::new();
        for tab in &mut self.tabs {
            told.extend(tab.ping().await);
        }
        told.retain(|frame| !matches!(frame, ServerFrame::Presence { .. } | ServerFrame::Joined { .. }));
        told
    }
}

async fn three(server: &TestServer) -> (Room, [Person; 3]) {
    let room = Guest::new(server).await.room().await;
    let people =
        [Person::enter(server, &room).await, Person::enter(server, &room).await, Person::enter(server, &room).await];
    (room, people)
}

async fn ask(tab: &mut TestClient, room: &Room, to: &MemberId, text: &str) -> protocol::ClientId {
    tab.whisper(&room.code, to, text, None).await
}

async fn expect_whisper(tab: &mut TestClient, text: &str) -> Whisper {
    tab.expect("whisper", |frame| match frame {
        ServerFrame::Whisper(whisper) if whisper.text == text => Some(whisper.clone()),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whisper_reaches_every_session_of_two_people_and_leaves_no_mark_with_anybody_else() {
    let server = TestServer::spawn().await;
    let (room, [mut ada, mut ben, mut owner]) = three(&server).await;
    let before = ada.tabs[0].say(&room.code, "to all").await;
    for person in [&mut ada, &mut ben, &mut owner] {
        person.events.expect("42[\"new_message\"").await;
        person.told().await;
    }

    let cid = ask(&mut ada.tabs[0], &room, &ben.member, "**only** you").await;
    let ack = ada.tabs[0].expect_ack(&cid).await;
    assert_eq!(ack.seq, before.seq, "it has no number of its own");
    for tab in ada.tabs.iter_mut().chain(&mut ben.tabs) {
        let whisper = expect_whisper(tab, "**only** you").await;
        assert_eq!((&whisper.id, &whisper.member, &whisper.to), (&ack.id, &ada.member, &ben.member));
        assert!(whisper.html.expect("there is markup").contains("<strong>only</strong>"));
    }
    let (to, from) = (Some(ben.member.clone()), Some(ada.member.clone()));
    for (person, sender, recipient) in [(&mut ada, None, to), (&mut ben, from, None)] {
        let heard = person.events.expect("42[\"whisper\"").await;
        let own = person.own_id.clone();
        let id = |member: Option<MemberId>| member.map_or(own.clone(), |member| member.as_str().to_owned());
        let (sender, recipient) = (id(sender), id(recipient));
        for part in [
            "\"messageType\":\"whisper\"".to_owned(),
            format!("\"sender\":{{\"_id\":\"{sender}\""),
            format!("\"recipient\":{{\"_id\":\"{recipient}\""),
        ] {
            assert!(heard.contains(&part), "{part} is not in {heard}");
        }
    }
    // Changed, reacted to and taken back, it is still between these two.
    let cid = ada.tabs[1].edit(&room.code, &ack.id, "mended").await;
    ada.tabs[1].expect_ack(&cid).await;
    for tab in &mut ben.tabs {
        assert_eq!(tab.expect_change(&ack.id).await.as_deref(), Some("mended"));
    }
    let cid = ben.tabs[1].react(&room.code, &ack.id, "🎉", true).await;
    ben.tabs[1].expect_ack(&cid).await;
    assert_eq!(ada.tabs[0].expect_reaction(&ack.id).await.0, "🎉");
    let cid = ada.tabs[0].delete(&room.code, &ack.id).await;
    ada.tabs[0].expect_ack(&cid).await;
    for tab in &mut ben.tabs {
        assert_eq!(tab.expect_change(&ack.id).await, None);
    }
    ben.events.expect("42[\"message-deleted\"").await;

    // The others: nothing, on no line, until the next message, which has the next number.
    assert_eq!(owner.told().await, []);
    let after = ben.tabs[0].say(&room.code, "to all again").await;
    assert_eq!(after.seq, before.seq + 1);
    let heard = owner.events.next().await.expect("goes on");
    assert!(heard.starts_with("42[\"new_message\"") && heard.contains("to all again"), "{heard}");
    for tab in &mut owner.tabs {
        assert_eq!(tab.expect_message("to all again").await.seq, before.seq + 1);
    }
    let position = Guest::new(&server).await.connect().await.join(&room.code).await.position;
    assert_eq!((position.seq, position.changes), (after.seq, Some(0)), "nor can who comes later tell");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_come_by_the_id_of_a_whisper_learns_and_does_nothing_with_it() {
    let server = TestServer::spawn().await;
    let (room, [mut ada, mut ben, mut owner]) = three(&server).await;
    let cid = ask(&mut ada.tabs[0], &room, &ben.member, "secret").await;
    let id = ada.tabs[0].expect_ack(&cid).await.id;

    let other = &mut owner.tabs[0];
    let asked = [
        other.edit(&room.code, &id, "x").await,
        other.delete(&room.code, &id).await,
        other.react(&room.code, &id, "🎉", true).await,
        other.whisper(&room.code, &ben.member, "x", Some(&id)).await,
    ];
    for cid in asked {
        other.expect_error(ErrorCode::UnknownMessage, Some(&cid)).await;
    }
    // Nor do the two tell all of it by an answer, or a third by a whisper; between them it is answered.
    let refers = Refers { reply: Some(id.clone()), ..Refers::default() };
    let cid = ben.tabs[0].cid();
    let body = SendBody::Text("loud".to_owned());
    ben.tabs[0].tell(&ClientFrame::Send(SendMessage { cid: cid.clone(), room: room.code.clone(), body, refers })).await;
    ben.tabs[0].expect_error(ErrorCode::UnknownMessage, Some(&cid)).await;
    let cid = ben.tabs[0].whisper(&room.code, &owner.member, "x", Some(&id)).await;
    ben.tabs[0].expect_error(ErrorCode::UnknownMessage, Some(&cid)).await;
    ben.tabs[0].whisper(&room.code, &ada.member, "heard", Some(&id)).await;
    assert_eq!(expect_whisper(&mut ada.tabs[1], "heard").await.reply, Some(id.clone()));
    // To hear it is not to have said it.
    let cid = ben.tabs[0].edit(&room.code, &id, "x").await;
    ben.tabs[0].expect_error(ErrorCode::NotYours, Some(&cid)).await;
    let told = owner.told().await;
    assert!(told.iter().all(|frame| matches!(frame, ServerFrame::Error { .. })), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_whispered_is_refused_by_its_code() {
    let server = TestServer::limited(|limits| (limits.sends_burst, limits.sends_refill_ms) = (3, 60_000)).await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let (mut ada, gone) = (guest.enter(&room).await, Guest::new(&server).await);
    let mut gone = gone.enter(&room).await;
    let there = gone.join(&room.code).await.you;
    gone.leave(&room.code).await;
    let you = ada.join(&room.code).await.you;
    let cid = ask(&mut ada, &room, &there, "are you there?").await;
    ada.expect_error(ErrorCode::NoSuchMember, Some(&cid)).await;
    let cid = ask(&mut ada, &room, &you, "hello me").await;
    ada.expect_error(ErrorCode::BadFrame, Some(&cid)).await;
    let cid = ask(&mut ada, &room, &there, " ").await;
    ada.expect_error(ErrorCode::EmptyText, Some(&cid)).await;
    let vault = guest.room_with(CreateRoom { sealed: true, ..CreateRoom::default() }).await;
    ada.join(&vault.code).await;
    let cid = ask(&mut ada, &vault, &there, "in the open").await;
    ada.expect_error(ErrorCode::SealedRoom, Some(&cid)).await;
    // What was parsed is counted, among the messages.
    let cid = ask(&mut ada, &room, &there, "and again").await;
    assert!(ada.expect_error(ErrorCode::RateLimited, Some(&cid)).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whisper_waits_for_who_is_away_for_a_moment_and_a_repeated_one_is_told_once() {
    let server = TestServer::spawn().await;
    let room = Guest::new(&server).await.room().await;
    let (mut ada, mut ben) =
        (Guest::new(&server).await.enter(&room).await, Guest::new(&server).await.enter(&room).await);
    let to = ben.join(&room.code).await.you;
    let lost = ben.cut();
    let cid = ask(&mut ada, &room, &to, "for later").await;
    let first = ada.expect_ack(&cid).await;
    ada.whisper_as(&cid, &room.code, &to, "for later", None).await;
    assert_eq!(ada.expect_ack(&cid).await.id, first.id);
    ada.say(&room.code, "behind it").await;
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    let mut heard = Vec::new();
    back.expect("the message behind", |frame| match frame {
        ServerFrame::Whisper(whisper) => {
            heard.push(whisper.text.clone());
            None
        }
        ServerFrame::Message(message) => (message.text == "behind it").then_some(()),
        _ => None,
    })
    .await;
    assert_eq!(heard, ["for later"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_io_clients_whisper_by_the_id_that_their_list_tells() {
    let server = TestServer::spawn().await;
    let (room, [mut ada, mut ben, mut owner]) = three(&server).await;
    let whisper = json!(["message:whisper", {"room": room.code, "userId": ben.member, "content": "psst"}]);
    ada.events.send(&format!("421{whisper}")).await;
    ada.events.expect("431[{\"ok\":true").await;
    let told = expect_whisper(&mut ben.tabs[0], "psst").await;
    assert_eq!(told.member, ada.member);
    assert!(ben.events.expect("42[\"whisper\"").await.contains("\"content\":\"psst\""));
    assert_eq!(owner.told().await, []);
}
