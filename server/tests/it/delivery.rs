//! What is said: acknowledged once, relayed once, in one order for all.

use protocol::{ClientId, ErrorCode, ServerFrame};

use crate::harness::{Guest, Heard, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_send_is_acknowledged_again_and_relayed_once() {
    let server = TestServer::spawn().await;
    let (guest, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = guest.room().await;
    let (mut sender, mut reader) = (guest.enter(&room).await, other.enter(&room).await);
    let first = sender.say(&room.code, "once").await;
    sender.send_as(&first.cid, &room.code, "once").await;
    assert_eq!(sender.expect_ack(&first.cid).await, first, "the same ack");
    // The same name with another text is a repetition too: the name is what counts.
    sender.send_as(&first.cid, &room.code, "twice?").await;
    assert_eq!(sender.expect_ack(&first.cid).await, first);
    sender.say(&room.code, "the end").await;
    let texts: Vec<_> = reader.messages_until("the end").await.into_iter().map(|message| message.text).collect();
    assert_eq!(texts, ["once", "the end"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_may_use_the_same_cid() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let (mut first, mut second) = (one.enter(&room).await, two.enter(&room).await);
    let cid = ClientId::parse("same").expect("is a cid");
    first.send_as(&cid, &room.code, "from one").await;
    first.expect_message("from one").await;
    second.send_as(&cid, &room.code, "from two").await;
    let heard = first.expect_message("from two").await;
    assert_eq!(heard.cid, cid);
    second.expect_ack(&cid).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_senders_copy_and_its_ack_come_together_and_agree() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.connect().await;
    let joined = client.join(&room.code).await;
    for number in 1..=20 {
        let cid = client.send(&room.code, &format!("number {number}")).await;
        let ack = client.expect_ack(&cid).await;
        let Heard::Frame(ServerFrame::Message(message)) = client.next().await else {
            panic!("the message does not follow its ack");
        };
        assert_eq!((message.seq, &message.id, &message.cid), (ack.seq, &ack.id, &cid));
        assert_eq!(message.seq, joined.position.seq + number);
        assert_eq!((&message.member, &message.name), (&joined.you, &joined.members[0].name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_one_order_the_senders_too() {
    const EACH: usize = 25;
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(Guest::new(&server).await.enter(&room).await);
    }
    // The first four talk across each other; all six listen.
    let mut tasks = tokio::task::JoinSet::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        let code = room.code.clone();
        tasks.spawn(async move {
            if number < 4 {
                for sent in 0..EACH {
                    client.send(&code, &format!("{number}/{sent}")).await;
                }
            }
            let mut order = Vec::new();
            while order.len() < 4 * EACH {
                if let Heard::Frame(ServerFrame::Message(message)) = client.next().await {
                    order.push((message.seq, message.id, message.text));
                }
            }
            order
        });
    }
    let orders = tasks.join_all().await;
    for order in &orders {
        assert_eq!(order, &orders[0]);
        assert!(order.windows(2).all(|two| two[1].0 == two[0].0 + 1), "numbers without a hole");
    }
    for speaker in 0..4 {
        let own: Vec<_> = orders[0].iter().filter(|(_, _, text)| text.starts_with(&format!("{speaker}/"))).collect();
        let sent: Vec<_> = (0..EACH).map(|sent| format!("{speaker}/{sent}")).collect();
        assert!(own.iter().map(|(_, _, text)| text).eq(&sent), "what one person says keeps its order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_names_the_request_that_it_answers() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let cid = client.send("22222222", "nowhere").await;
    client.expect_error(ErrorCode::NotInRoom, Some(&cid)).await;
    let cid = client.send("no code", "nowhere").await;
    client.expect_error(ErrorCode::InvalidCode, Some(&cid)).await;
    client.wire.text("{\"t\":\"send\",\"cid\":\"half\",\"text\":7}").await;
    let half = ClientId::parse("half").expect("is a cid");
    client.expect_error(ErrorCode::BadFrame, Some(&half)).await;
    client.wire.text("{\"t\":\"send\",\"cid\":\"no good cid\",\"text\":\"x\"}").await;
    client.expect_error(ErrorCode::BadFrame, None).await;
    client.wire.text("{\"t\":\"dance\",\"cid\":\"unknown\"}").await;
    let unknown = ClientId::parse("unknown").expect("is a cid");
    client.expect_error(ErrorCode::BadFrame, Some(&unknown)).await;
    client.say(&room.code, "the connection goes on").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_named_by_what_people_type() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let dashed = room.code().dashed();
    let mut client = guest.connect().await;
    for typed in [
        dashed.clone(),
        dashed.to_lowercase(),
        format!("  {} {}  ", &room.code[..4], &room.code[4..]),
        format!("{}/r/{}?from=link#top", server.origin(), room.code),
    ] {
        let joined = client.join(&typed).await;
        assert_eq!(joined.room.code, room.code());
        let cid = client.send(&typed, "hello").await;
        client.expect_ack(&cid).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_sure_of_an_ack_may_ask_again_however_fast() {
    let server = TestServer::limited(|limits| {
        limits.sends_burst = 1;
        limits.sends_refill_ms = 3_600_000;
    })
    .await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let ack = client.say(&room.code, "the only one").await;
    for _ in 0..3 {
        client.send_as(&ack.cid, &room.code, "the only one").await;
        assert_eq!(client.expect_ack(&ack.cid).await, ack);
    }
    let cid = client.send(&room.code, "one more").await;
    client.expect_error(ErrorCode::RateLimited, Some(&cid)).await;
}
