//! Frames may follow `hello` at once: none is lost, and the answers come in the order of the requests.

use std::collections::BTreeSet;

use protocol::{ClientFrame, ClientId, SendBody, SendMessage, ServerFrame};

use crate::harness::{Guest, Heard, Room, TestClient, TestServer, Wire, frame};

fn cid(name: &str) -> ClientId {
    ClientId::parse(name).expect("is a cid")
}

fn hello(guest: &Guest) -> String {
    frame(&ClientFrame::Hello { token: Some(guest.token().to_owned()), resume: None, follow: false })
}

fn join(name: &str, room: &Room) -> String {
    frame(&ClientFrame::Join { cid: cid(name), code: room.code.clone(), pin: None, invite: None, since: None })
}

fn send(name: &str, room: &Room, text: &str) -> String {
    let body = SendBody::Text(text.to_owned());
    frame(&ClientFrame::Send(SendMessage {
        cid: cid(name),
        room: room.code.clone(),
        body,
        refers: protocol::Refers::default(),
    }))
}

/// The answers to requests, as `frame:cid`.
async fn answers(wire: &mut Wire, count: usize) -> Vec<String> {
    let mut answers = Vec::new();
    while answers.len() < count {
        match wire.next().await {
            Heard::Frame(ServerFrame::Welcome { .. }) => answers.push("welcome".to_owned()),
            Heard::Frame(ServerFrame::Joined { cid: Some(cid), .. }) => {
                answers.push(format!("joined:{}", cid.as_str()));
            }
            Heard::Frame(ServerFrame::Ack { cid, .. }) => {
                answers.push(format!("ack:{}", cid.as_str()));
            }
            Heard::Frame(ServerFrame::Message(message)) => {
                answers.push(format!("message:{}", message.cid.as_str()));
            }
            Heard::Frame(ServerFrame::Left { cid: Some(cid), .. }) => {
                answers.push(format!("left:{}", cid.as_str()));
            }
            Heard::Frame(ServerFrame::Pong {}) => answers.push("pong".to_owned()),
            Heard::Frame(ServerFrame::Error { code, cid, .. }) => {
                answers.push(format!("{code}:{}", cid.as_ref().map_or("", ClientId::as_str)));
            }
            Heard::Frame(_) => {}
            closed @ Heard::Closed(_) => panic!("{closed:?} after {answers:?}"),
        }
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hello_join_and_send_in_one_packet_are_answered_in_order() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut wire = Wire::open(server.addr).await;
    wire.texts_at_once(&[hello(&guest), join("j", &room), send("s", &room, "at once")]).await;
    assert_eq!(answers(&mut wire, 4).await, ["welcome", "joined:j", "ack:s", "message:s"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_pipeline_with_refusals_in_it_keeps_its_order() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let (room, other) = (guest.room().await, guest.room().await);
    let mut wire = Wire::open(server.addr).await;
    let packet = [
        hello(&guest),
        send("early", &room, "not inside yet"),
        join("j1", &room),
        send("s1", &room, "one"),
        send("empty", &room, "   "),
        join("nowhere", &Room { code: "22222222".to_owned(), view: room.view.clone() }),
        join("j2", &other),
        send("s2", &other, "two"),
        send("s3", &room, "three"),
        frame(&ClientFrame::Leave { cid: cid("l1"), room: room.code.clone() }),
        send("late", &room, "not inside any more"),
        send("s4", &other, "four"),
    ];
    wire.texts_at_once(&packet).await;
    // Two rooms are two tasks: the order is that of each room.
    let heard = answers(&mut wire, 16).await;
    let of = |names: &[&str]| -> Vec<String> {
        heard.iter().filter(|answer| names.iter().any(|name| answer.ends_with(&format!(":{name}")))).cloned().collect()
    };
    assert_eq!(
        of(&["early", "j1", "s1", "empty", "s3", "l1", "late"]),
        [
            "not_in_room:early",
            "joined:j1",
            "ack:s1",
            "message:s1",
            "empty_text:empty",
            "ack:s3",
            "message:s3",
            "left:l1",
            "not_in_room:late"
        ]
    );
    assert_eq!(of(&["j2", "s2", "s4"]), ["joined:j2", "ack:s2", "message:s2", "ack:s4", "message:s4"]);
    assert_eq!(of(&["nowhere"]), ["room_not_found:nowhere"]);
    assert_eq!(heard[0], "welcome");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_connections_pipeline_at_once_and_none_loses_a_frame() {
    const PEOPLE: u32 = 200;
    let server = TestServer::limited(|limits| {
        limits.guests_made_per_hour = 1_000;
        limits.connections_per_address = 1_000;
    })
    .await;
    let owner = Guest::new(&server).await;
    let room = owner.room_for(PEOPLE).await;
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(Guest::new(&server).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (number, guest) in people.into_iter().enumerate() {
        let (addr, room) = (server.addr, room.clone());
        tasks.spawn(async move {
            let mut wire = Wire::open(addr).await;
            let text = format!("from {number}");
            wire.texts_at_once(&[hello(&guest), join("j", &room), send("s", &room, &text)]).await;
            let mut client = TestClient::welcomed(wire, addr, guest.token()).await;
            let joined = client.expect_joined(Some(cid("j"))).await;
            let mut acked = None;
            let mut heard = joined.position.seq;
            // Everything that is said after the join comes, in its order and without a hole.
            while heard < u64::from(PEOPLE) {
                match client.next().await {
                    Heard::Frame(ServerFrame::Ack { seq, .. }) => acked = Some(seq),
                    Heard::Frame(ServerFrame::Message(message)) => {
                        assert_eq!(message.seq, heard + 1);
                        heard += 1;
                    }
                    Heard::Frame(_) => {}
                    closed @ Heard::Closed(_) => panic!("{closed:?}"),
                }
            }
            acked.expect("the own message was acknowledged before the last one")
        });
    }
    let places: BTreeSet<u64> = tasks.join_all().await.into_iter().collect();
    assert_eq!(places, (1..=u64::from(PEOPLE)).collect());
}
