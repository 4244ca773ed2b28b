//! Several nodes that share their rooms over a real Redis server: one order, one list of people, owners who are obeyed
//! everywhere, and rooms that go on where the engine is away.

use protocol::api::{AdmitMember, InviteView, JoinRoom, MakeInvite};
use protocol::{ClientFrame, ErrorCode, Knocking, LeaveReason, Notice, ReadUpTo, ServerFrame};
use realtime::broker::Reach;
use serde_json::json;

use crate::harness::engine::Engine;
use crate::harness::{Ask, Guest, Heard, Room, TestClient, TestServer, poll};

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
    // All of them come from one address: which one it is, only the node that had the guest could know.
    for node in [&nodes.a, &nodes.b] {
        let refused = async || {
            let stranger = Guest::at(node.addr, None).await;
            let answer = stranger.join(code.as_str(), None).await;
            (answer.status != 200 && answer.code() == ErrorCode::Banned).then_some(())
        };
        poll("a new guest from the same address is kept out", refused).await;
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
    for client in [&mut talk.here, &mut talk.there] {
        expect_notice(client, Notice::Apart).await;
    }
    talk.here.say(&code, "alone here").await;
    talk.there.say(&code, "alone there").await;
    let mut late = TestClient::connect(nodes.a.addr, talk.owner.token()).await;
    late.join(&code).await;
    expect_notice(&mut late, Notice::Apart).await;
    late.close().await;
    // A room that begins meanwhile is apart from the others as well.
    let begun = Guest { addr: nodes.a.addr, session: talk.owner.session.clone() }.room().await;
    let mut meanwhile = TestClient::connect(nodes.a.addr, talk.owner.token()).await;
    meanwhile.join(&begun.code).await;
    expect_notice(&mut meanwhile, Notice::Apart).await;
    nodes.engine.start_again().await;
    expect_notice(&mut meanwhile, Notice::Together).await;
    meanwhile.close().await;
    // Each is told, in whatever order, that nodes are one again, and that it missed what the other node said.
    for client in [&mut talk.here, &mut talk.there] {
        let (mut together, mut missed) = (false, false);
        client
            .expect("that nodes are one again, and a gap", |frame| {
                together |= matches!(frame, ServerFrame::Notice { notice: Notice::Together, .. });
                missed |= matches!(frame, ServerFrame::Gap { missed: None, .. });
                (together && missed).then_some(())
            })
            .await;
    }
    for node in [&nodes.a, &nodes.b] {
        assert!(node.state.hub.counts().gaps.get() > 0, "what everybody in a room is told counts, too");
    }
    talk.both_hear("together again").await;
    talk.there.say(&code, "and back").await;
    let messages = talk.here.messages_until("and back").await;
    assert!(messages.iter().all(|message| message.text != "alone there"), "nothing is told late");
    assert_eq!(nodes.engine.keys(), Vec::<String>::new(), "nothing is kept at the engine");
    let mut again = TestClient::connect(nodes.b.addr, talk.owner.token()).await;
    assert_eq!(again.join(&code).await.count, 2, "both are known on both");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_to_a_room_while_nodes_were_apart_holds_when_they_are_together() {
    let mut nodes = Nodes::start().await;
    let (mut burned, mut kicked) = (nodes.talk(10).await, nodes.talk(10).await);
    let code = |talk: &Talk| talk.room.code.clone();
    nodes.engine.kill();
    for talk in [&mut burned, &mut kicked] {
        expect_notice(&mut talk.here, Notice::Apart).await;
        expect_notice(&mut talk.there, Notice::Apart).await;
    }
    let cid = burned.here.cid();
    burned.here.tell(&ClientFrame::Burn { cid, room: code(&burned) }).await;
    assert_eq!(burned.here.expect_left().await, LeaveReason::Deleted);
    let (cid, room, member) = (kicked.here.cid(), code(&kicked), kicked.guest_id.clone());
    kicked.here.tell(&ClientFrame::Kick { cid: cid.clone(), room, member }).await;
    let done = |frame: &ServerFrame| matches!(frame, ServerFrame::Done { cid: by, .. } if *by == cid).then_some(());
    kicked.here.expect("done", done).await;
    // On the other node both rooms went on.
    burned.there.say(&code(&burned), "is anybody there").await;
    kicked.there.say(&code(&kicked), "is anybody there").await;
    nodes.engine.start_again().await;
    assert_eq!(burned.there.expect_left().await, LeaveReason::Deleted);
    assert_eq!(kicked.there.expect_left().await, LeaveReason::Kicked);
    kicked.here.say(&code(&kicked), "now they are one again").await;
}

async fn expect_notice(client: &mut TestClient, expected: Notice) {
    let told = |frame: &ServerFrame| matches!(frame, ServerFrame::Notice { notice, .. } if *notice == expected);
    client.expect("notice", |frame| told(frame).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_types_and_how_far_somebody_has_read_is_told_on_every_node() {
    let nodes = Nodes::start().await;
    let mut talk = nodes.talk(10).await;
    let code = talk.room.code.clone();
    talk.there.typing(&code, true).await;
    assert_eq!(talk.here.expect_typing().await, vec![talk.guest_id.clone()]);
    talk.there.typing(&code, false).await;
    assert!(talk.here.expect_typing().await.is_empty());
    talk.there.typing(&code, true).await;
    assert_eq!(talk.here.expect_typing().await, vec![talk.guest_id.clone()]);
    talk.there.say(&code, "typed").await;
    talk.here.expect_message("typed").await;
    assert!(talk.here.expect_typing().await.is_empty(), "the message ends it");
    // Who tells how far they have read is told it of others.
    let said = talk.here.say(&code, "news").await;
    let sent_at = talk.there.expect_message("news").await.at;
    for client in [&mut talk.here, &mut talk.there] {
        client.tell(&ClientFrame::Read { room: code.clone(), id: Some(said.id.clone()) }).await;
    }
    let told = |read: &ReadUpTo| read.member == talk.guest_id && read.at == sent_at;
    talk.here
        .expect("receipt", |frame| match frame {
            ServerFrame::Receipt { reads, .. } => reads.iter().any(told).then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knocks_at_one_node_is_let_in_by_somebody_on_another() {
    let nodes = Nodes::start().await;
    let mut talk = nodes.talk(10).await;
    let path = format!("/api/v1/rooms/{}", talk.room.code);
    talk.owner.ask(Ask::new("PATCH", &path).json(&json!({"lobby": true}))).await.assert_status(200);
    let visitors = [Guest::at(nodes.b.addr, None).await, Guest::at(nodes.b.addr, None).await];
    for (visitor, on) in visitors.iter().zip([true, false]) {
        let knock = visitor.ask(Ask::post(&format!("{path}/knock")));
        let (answered, ()) = tokio::join!(knock, async {
            let knocks = expect_knocks(&mut talk.here, 1).await;
            let answer = AdmitMember { member: knocks[0].id.clone(), on };
            talk.owner.ask(Ask::post(&format!("{path}/admit")).json(&answer)).await.assert_status(204);
            expect_knocks(&mut talk.here, 0).await;
        });
        if on {
            answered.assert_status(200);
        } else {
            assert_eq!(answered.code(), ErrorCode::NotLetIn);
        }
    }
    // Who was turned away may not knock again at another node either.
    let turned_away = Guest { addr: nodes.a.addr, session: visitors[1].session.clone() };
    assert_eq!(turned_away.ask(Ask::post(&format!("{path}/knock"))).await.code(), ErrorCode::NotLetIn);
    visitors[0].connect().await.join(&talk.room.code).await;
}

async fn expect_knocks(client: &mut TestClient, count: usize) -> Vec<Knocking> {
    client
        .expect("who knocks", |frame| match frame {
            ServerFrame::Knocks { knocks, .. } if knocks.len() == count => Some(knocks.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invite_lets_in_at_every_node_and_once_where_it_is_for_one() {
    let nodes = Nodes::start().await;
    let owner = Guest::new(&nodes.a).await;
    let room = owner.pin_room("4711").await;
    let path = format!("/api/v1/rooms/{}", room.code);
    let heard = || (nodes.a.state.hub.broker().state().others == 1).then_some(());
    poll("node b", async || heard()).await;
    poll("node a", async || (nodes.b.state.hub.broker().state().others == 1).then_some(())).await;
    let wish = MakeInvite { once: true, lasts_s: None };
    let once: InviteView = owner.ask(Ask::post(&format!("{path}/invites")).json(&wish)).await.json();
    let token = once.token.expect("who makes it is told").as_str().to_owned();
    let join_by = async |who: &Guest| {
        let body = JoinRoom { pin: None, invite: Some(token.clone()) };
        who.ask(Ask::post(&format!("{path}/join")).json(&body)).await
    };
    let guests = futures::future::join_all((0..6).map(|number| {
        let node = if number % 2 == 0 { &nodes.a } else { &nodes.b };
        Guest::at(node.addr, None)
    }));
    let guests = guests.await;
    let answers = futures::future::join_all(guests.iter().map(join_by)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "one for one");
    // A second one is seen and taken back at the other node.
    let many: InviteView = owner.ask(Ask::post(&format!("{path}/invites")).json(&MakeInvite::default())).await.json();
    let there = Guest { addr: nodes.b.addr, session: owner.session.clone() };
    let listed: Vec<InviteView> = there.ask(Ask::get(&format!("{path}/invites"))).await.json();
    assert_eq!(listed.iter().map(|one| &one.id).collect::<Vec<_>>(), [&many.id]);
    let revoke = Ask::new("DELETE", &format!("{path}/invites/{}", many.id.as_str()));
    there.ask(revoke).await.assert_status(204);
    let token = many.token.expect("is told").as_str().to_owned();
    let body = JoinRoom { pin: None, invite: Some(token) };
    let late = Guest::new(&nodes.a).await.ask(Ask::post(&format!("{path}/join")).json(&body)).await;
    assert_eq!(late.code(), ErrorCode::InvalidInvite);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_has_one_allowance_over_all_nodes() {
    let nodes = Nodes::start().await;
    let owner = Guest::new(&nodes.a).await;
    let room = owner.pin_room("right").await;
    poll("node b", async || (nodes.a.state.hub.broker().state().reach == Reach::Together).then_some(())).await;
    poll("node a", async || (nodes.b.state.hub.broker().state().reach == Reach::Together).then_some(())).await;
    let guesser = [Guest::new(&nodes.a).await, Guest::at(nodes.b.addr, None).await];
    let body = JoinRoom { pin: Some("guess".to_owned()), invite: None };
    let join = format!("/api/v1/rooms/{}/join", room.code);
    let mut wrong = 0;
    // A guess at one node is known at the other a moment later: the last ones may be refused late, by as many as there are
    // nodes, and not by an allowance for each.
    let refused = loop {
        let answer = guesser[wrong % 2].ask(Ask::post(&join).json(&body)).await;
        if answer.code() != ErrorCode::WrongPin {
            break answer;
        }
        wrong += 1;
        assert!(wrong <= 8, "five are free, wherever they are made");
    };
    assert_eq!(refused.code(), ErrorCode::TooManyTries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_resumes_at_another_node_joins_anew_and_is_told_that_something_may_be_missed() {
    let nodes = Nodes::start().await;
    let mut talk = nodes.talk(10).await;
    let code = talk.room.code.clone();
    talk.here.say(&code, "seen").await;
    talk.there.expect_message("seen").await;
    let position = talk.there.join(&code).await.position;
    let mut lost = talk.there.cut();
    lost.addr = nodes.a.addr;
    talk.here.say(&code, "meanwhile").await;
    let mut back = TestClient::resume(&lost).await;
    assert!(!back.resumed, "that session is at the other node");
    back.ask_join(&code, None, Some(position)).await;
    let missed = back.expect("gap", |frame| match frame {
        ServerFrame::Gap { missed, .. } => Some(*missed),
        _ => None,
    });
    assert_eq!(missed.await, None, "numbers of two nodes have nothing to do with each other");
    talk.here.say(&code, "goes on").await;
    back.expect_message("goes on").await;
}
