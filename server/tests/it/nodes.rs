//! Several nodes that share their rooms over a real Redis server: one order, one list of people, owners who are obeyed
//! everywhere, and rooms that go on where the engine is away.

use protocol::{ClientFrame, ErrorCode, LeaveReason, ServerFrame};

use crate::harness::engine::Engine;
use crate::harness::{Ask, Guest, Heard, Room, TestClient, TestServer};

/// Two nodes with one database and one secret.
struct Nodes {
    engine: Engine,
    a: TestServer,
    b: TestServer,
}

impl Nodes {
    async fn start() -> Self {
        let engine = Engine::start().await;
        let a = TestServer::node(&engine, None).await;
        let b = TestServer::node(&engine, Some(&a)).await;
        Self { engine, a, b }
    }

    /// The owner on one node, somebody else on the other, each of whom knows of the other.
    async fn talk(&self, capacity: u32) -> Talk {
        let owner = Guest::new(&self.a).await;
        let room = owner.room_for(capacity).await;
        let mut here = owner.connect().await;
        let owner_id = here.join(&room.code).await.you;
        // A guest of the other node: their login is in the one database.
        let guest = Guest::at(self.b.addr, None).await;
        let mut there = guest.connect().await;
        let joined = there.join(&room.code).await;
        let guest_id = joined.you;
        if joined.members.iter().all(|member| member.id != owner_id) {
            there.expect_state(&owner_id, protocol::Activity::Online).await;
        }
        here.expect_state(&guest_id, protocol::Activity::Online).await;
        Talk { owner, guest, room, here, there, guest_id }
    }
}

struct Talk {
    owner: Guest,
    guest: Guest,
    room: Room,
    here: TestClient,
    there: TestClient,
    guest_id: protocol::MemberId,
}

impl Talk {
    /// Both have heard the last word of the other.
    async fn both_hear(&mut self, said: &str) {
        self.here.say(&self.room.code, said).await;
        self.there.expect_message(said).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_on_two_nodes_has_one_order_and_nobody_hears_twice() {
    const EACH: usize = 15;
    let nodes = Nodes::start().await;
    let Talk { room, mut here, mut there, .. } = nodes.talk(10).await;
    let mut acks = Vec::new();
    for number in 0..EACH {
        acks.push((
            here.send(&room.code, &format!("a{number}")).await,
            there.send(&room.code, &format!("b{number}")).await,
        ));
    }
    let mut heard = Vec::new();
    for client in [&mut here, &mut there] {
        let mut messages = Vec::new();
        while messages.len() < 2 * EACH {
            messages.push(
                client
                    .expect("a message", |frame| match frame {
                        ServerFrame::Message(message) => Some(message.clone()),
                        _ => None,
                    })
                    .await,
            );
        }
        assert!(messages.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1), "one after the other");
        heard.push(messages.into_iter().map(|message| (message.id, message.text)).collect::<Vec<_>>());
        assert!(client.ping().await.iter().all(|frame| !matches!(frame, ServerFrame::Message(_))), "once each");
    }
    assert_eq!(heard[0], heard[1], "the same order on both");
    for letter in ["a", "b"] {
        let own: Vec<_> =
            heard[0].iter().filter(|(_, text)| text.starts_with(letter)).map(|(_, text)| text.clone()).collect();
        assert_eq!(own, (0..EACH).map(|number| format!("{letter}{number}")).collect::<Vec<_>>());
    }
    assert_eq!(nodes.engine.keys(), Vec::<String>::new(), "nothing is kept at the engine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_inside_one_room_whichever_node_they_are_on() {
    let nodes = Nodes::start().await;
    let mut talk = nodes.talk(2).await;
    let code = talk.room.code.clone();
    let third = Guest::new(&nodes.b).await;
    let mut outside = third.connect().await;
    let asked = outside.ask_join(&code, None, None).await;
    outside.expect_error(ErrorCode::RoomFull, Some(&asked)).await;
    // A whisper finds the other.
    let cid = talk.here.whisper(&code, &talk.guest_id, "for you alone", None).await;
    talk.here.expect_ack(&cid).await;
    let whispered = talk.there.expect("whisper", |frame| match frame {
        ServerFrame::Whisper(whisper) => Some(whisper.text.clone()),
        _ => None,
    });
    assert_eq!(whispered.await, "for you alone");
    // The same person on the other node takes no second seat, and is there as long as they are on one of them.
    let mut again = TestClient::connect(nodes.a.addr, talk.guest.token()).await;
    assert_eq!(again.join(&code).await.count, 2);
    drop(talk.there.close().await);
    talk.here.say(&code, "still two").await;
    again.leave(&code).await;
    assert_eq!(talk.here.expect_gone(&talk.guest_id).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_owner_does_holds_on_every_node() {
    let nodes = Nodes::start().await;
    let mut talk = nodes.talk(10).await;
    let code = talk.room.view.code;
    let cid = talk.here.cid();
    talk.here.tell(&ClientFrame::Kick { cid, room: code.as_str().to_owned(), member: talk.guest_id.clone() }).await;
    assert_eq!(talk.there.expect_left().await, LeaveReason::Kicked);
    assert_eq!(talk.here.expect_gone(&talk.guest_id).await, 1);
    talk.there.join(code.as_str()).await;
    talk.here.expect_state(&talk.guest_id, protocol::Activity::Online).await;
    let cid = talk.here.cid();
    talk.here.tell(&ClientFrame::Ban { cid, room: code.as_str().to_owned(), member: talk.guest_id.clone() }).await;
    assert_eq!(talk.there.expect_left().await, LeaveReason::Banned);
    for node in [&nodes.a, &nodes.b] {
        let mut back = TestClient::connect(node.addr, talk.guest.token()).await;
        let asked = back.ask_join(code.as_str(), None, None).await;
        back.expect_error(ErrorCode::Banned, Some(&asked)).await;
    }
    let mut inside = TestClient::connect(nodes.b.addr, talk.owner.token()).await;
    inside.join(code.as_str()).await;
    assert_eq!(talk.owner.ask(Ask::new("DELETE", &format!("/api/v1/rooms/{}", code.as_str()))).await.status / 100, 2);
    assert_eq!(inside.expect_left().await, LeaveReason::Deleted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_is_signed_out_on_every_node() {
    let nodes = Nodes::start().await;
    let mut talk = nodes.talk(10).await;
    let own = Guest { addr: nodes.a.addr, session: talk.guest.session.clone() };
    own.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
    while let Heard::Frame(_) = talk.there.next().await {}
    assert_eq!(talk.here.expect_gone(&talk.guest_id).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_goes_on_within_each_node_while_the_engine_is_away_and_its_holes_are_told() {
    let mut nodes = Nodes::start().await;
    let mut talk = nodes.talk(10).await;
    let code = talk.room.code.clone();
    talk.both_hear("before").await;
    nodes.engine.kill();
    talk.here.say(&code, "alone here").await;
    talk.there.say(&code, "alone there").await;
    nodes.engine.start_again().await;
    // Each missed what the other node said.
    for client in [&mut talk.here, &mut talk.there] {
        let missed = client.expect("gap", |frame| match frame {
            ServerFrame::Gap { missed, .. } => Some(*missed),
            _ => None,
        });
        assert_eq!(missed.await, None);
    }
    talk.both_hear("together again").await;
    talk.there.say(&code, "and back").await;
    let messages = talk.here.messages_until("and back").await;
    assert!(messages.iter().all(|message| message.text != "alone there"), "nothing is told late");
    assert_eq!(nodes.engine.keys(), Vec::<String>::new(), "nothing is kept at the engine");
    let mut again = TestClient::connect(nodes.b.addr, talk.owner.token()).await;
    assert_eq!(again.join(&code).await.count, 2, "both are known on both");
}
