//! Sealed rooms: what is said there is relayed to the byte and read by nobody but the members, and nobody who cannot read it
//! is let in.

use protocol::api::{CreateRoom, RoomView};
use protocol::{ErrorCode, ServerFrame};
use serde_json::json;

use crate::harness::{Ask, Guest, Room, TestClient, TestServer};
use crate::socketio::Raw;

async fn sealed_room(owner: &Guest) -> Room {
    owner.room_with(CreateRoom { sealed: true, ..CreateRoom::default() }).await
}

async fn refused(client: &mut TestClient, room: &Room, sealed: &str, code: ErrorCode) {
    let cid = client.seal(&room.code, sealed).await;
    client.expect_error(code, Some(&cid)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_sealed_when_it_is_made_and_says_so() {
    let server = TestServer::spawn().await;
    let (owner, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = sealed_room(&owner).await;
    assert!(room.view.sealed && !owner.room().await.view.sealed);
    assert!(other.look_up(&room.code).await.json::<RoomView>().sealed, "who knows the code is told");
    let own: Vec<RoomView> = owner.ask(Ask::get("/api/v1/rooms")).await.json();
    assert_eq!(own.iter().map(|view| view.sealed).collect::<Vec<_>>(), [true, false]);
    assert!(owner.connect().await.join(&room.code).await.room.sealed);
    for nonsense in [json!({"sealed": "yes"}), json!({"sealed": 1}), json!({"sealed": null})] {
        assert_eq!(
            owner.ask(Ask::post("/api/v1/rooms").json(&nonsense)).await.code(),
            ErrorCode::BadFrame,
            "{nonsense}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sealed_reaches_everybody_as_it_was_sent_in_one_order() {
    let server = TestServer::spawn().await;
    let (ada, ben) = (Guest::named(&server, "Ada").await, Guest::new(&server).await);
    let room = sealed_room(&ada).await;
    let (mut one, mut two) = (ada.enter(&room).await, ben.enter(&room).await);
    let most = "-_".repeat(16_384);
    // The second would be markup if anybody read it.
    for (seq, sent) in (1..).zip(["AQIDBA", "__bold__", "PGI-", &most]) {
        let cid = one.seal(&room.code, sent).await;
        let ack = one.expect_ack(&cid).await;
        let (own, theirs) = (one.expect_sealed().await, two.expect_sealed().await);
        assert_eq!(own, theirs);
        assert_eq!((own.seq, &own.id, own.name.as_str(), own.sealed.as_str()), (seq, &ack.id, "Ada", sent));
        assert_eq!((ack.seq, own.cid), (seq, cid));
    }
    // Who comes back is told how many were missed.
    let lost = two.cut();
    for _ in 0..3 {
        one.seal(&room.code, "AQIDBA").await;
        one.expect_sealed().await;
    }
    // Of what was taken back meanwhile there is the place.
    let gone = one.seal(&room.code, "AQIDBA").await;
    let gone = one.expect_ack(&gone).await;
    let cid = one.delete(&room.code, &gone.id).await;
    one.expect_ack(&cid).await;
    let mut back = TestClient::resume(&lost).await;
    for seq in 5..=7 {
        assert_eq!(back.expect_sealed().await.seq, seq);
    }
    assert_eq!(back.expect_message("").await.seq, gone.seq);
    assert_eq!(back.expect_change(&gone.id).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_room_refuses_what_is_said_in_the_other() {
    let server = TestServer::limited(|limits| limits.sealed_chars_max = 1_024).await;
    let guest = Guest::new(&server).await;
    let (sealed, plain) = (sealed_room(&guest).await, guest.room().await);
    let mut client = guest.enter(&sealed).await;
    client.join(&plain.code).await;
    let text = client.send(&sealed.code, "**in the clear**").await;
    client.expect_error(ErrorCode::SealedRoom, Some(&text)).await;
    refused(&mut client, &plain, "AQIDBA", ErrorCode::NotSealed).await;
    refused(&mut client, &sealed, "", ErrorCode::EmptyText).await;
    for nonsense in ["A", "AQIDB", "AQ==", "AQ/+", "AQ ID", "\u{e9}\u{e9}", "<b>"] {
        refused(&mut client, &sealed, nonsense, ErrorCode::BadFrame).await;
    }
    refused(&mut client, &sealed, &"A".repeat(1_026), ErrorCode::TextTooLong).await;
    // What was refused has no place in the order.
    let fits = client.seal(&sealed.code, &"A".repeat(1_024)).await;
    assert_eq!(client.expect_ack(&fits).await.seq, 1);
    assert_eq!(client.say(&plain.code, "text").await.seq, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socketio_clients_cannot_read_there_and_are_told_so_at_the_door() {
    let server = TestServer::spawn().await;
    let (owner, guest) = (Guest::new(&server).await, Guest::new(&server).await);
    let (sealed, plain) = (sealed_room(&owner).await, owner.room().await);
    let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    raw.send(&format!("421{}", json!(["join_room", sealed.code]))).await;
    let answer = raw.expect("431").await;
    assert!(answer.contains("\"reason\":\"sealed_room\"") && answer.contains("UNAUTHORIZED"), "{answer}");
    assert!(raw.expect("42").await.starts_with("42[\"error\","));
    let view: RoomView = guest.look_up(&sealed.code).await.json();
    assert!(!view.member, "nobody became a member for nothing");
    // A member who has every room entered by itself hears nothing of the one that cannot be read.
    let mut all = Raw::connect(server.addr, &json!({"token": owner.token(), "autoJoin": true})).await;
    let joined = all.expect("42").await;
    assert_eq!(joined, format!("42[\"joined_room\",\"{}\"]", plain.code));
    let mut page = owner.enter(&sealed).await;
    let cid = page.seal(&sealed.code, "AQIDBA").await;
    page.expect_ack(&cid).await;
    all.send(&format!("422{}", json!(["send_message", {"room": plain.code, "content": "last"}]))).await;
    loop {
        let packet = all.expect("4").await;
        assert!(!packet.contains(&sealed.code) && !packet.contains("\"error\""), "{packet}");
        if packet.contains("\"last\"") {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_that_it_cannot_read_there_and_takes_nobody_in() {
    let server = TestServer::spawn().await;
    let (owner, guest) = (Guest::new(&server).await, Guest::new(&server).await);
    let form = Ask::post("/create").origin(&server.origin()).form("room=Vault&sealed=on");
    let made = form.cookie(owner.token()).send(server.addr).await.assert_status(303);
    let place = made.header("location").expect("leads somewhere").to_owned();
    let code = place.strip_prefix("/r/").expect("leads to the room");
    assert!(owner.look_up(code).await.json::<RoomView>().sealed);
    for person in [&owner, &guest] {
        let page = Ask::get(&place).cookie(person.token()).send(server.addr).await.assert_status(200).text();
        assert!(page.contains("This room is sealed") && !page.contains("<textarea") && !page.contains("Vault"));
    }
    let join = Ask::post("/join").origin(&server.origin()).form(&format!("code={code}"));
    assert_eq!(join.cookie(guest.token()).send(server.addr).await.code(), ErrorCode::SealedRoom);
    assert!(!guest.look_up(code).await.json::<RoomView>().member);
    // No page has a box for it, so a form with one that is refused is answered without a page.
    let wrong =
        Ask::post("/create").origin(&server.origin()).form("sealed=on&capacity=1").header("accept", "text/html");
    assert_eq!(wrong.cookie(owner.token()).send(server.addr).await.code(), ErrorCode::InvalidCapacity);
    let strange = Ask::post("/create").origin(&server.origin()).form("sealed=perhaps");
    assert_eq!(strange.cookie(owner.token()).send(server.addr).await.code(), ErrorCode::BadFrame);
    assert!(!owner.connect().await.ping().await.iter().any(|frame| matches!(frame, ServerFrame::Joined { .. })));
}
