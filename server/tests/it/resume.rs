//! A dropped line: within the grace nothing that was kept is lost or doubled, beyond it the loss is told exactly.

use protocol::{Activity, ErrorCode, Message, MessageId, Position, Secret, ServerFrame};

use crate::harness::{Guest, Heard, Joined, Lost, Room, TestClient, TestServer};

/// Two people in a room, and what the second was told on joining.
async fn two_inside(server: &TestServer) -> (Room, TestClient, TestClient, Joined) {
    let (one, two) = (Guest::new(server).await, Guest::new(server).await);
    let room = one.room().await;
    let mut stays = one.enter(&room).await;
    let mut drops = two.connect().await;
    let joined = drops.join(&room.code).await;
    stays.expect_state(&joined.you, Activity::Online).await;
    (room, stays, drops, joined)
}

/// What a resumed connection is told until its room's state comes: messages, and gaps in front of them.
async fn owed(client: &mut TestClient) -> (Vec<Message>, Vec<Option<u64>>) {
    let (mut messages, mut gaps) = (Vec::new(), Vec::new());
    client
        .expect("joined", |frame| match frame {
            ServerFrame::Message(message) => {
                messages.push(message.clone());
                None
            }
            ServerFrame::Gap { missed, .. } => {
                assert!(messages.is_empty(), "the hole is before what was kept, and is told there");
                gaps.push(*missed);
                None
            }
            ServerFrame::Joined { cid: None, .. } => Some(()),
            _ => None,
        })
        .await;
    (messages, gaps)
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

/// Claims a session; the claim must not hold, and what comes instead must be new and empty.
async fn expect_fresh(claim: &Lost) {
    let client = TestClient::resume(claim).await;
    assert!(!client.resumed && client.rooms.is_empty());
    assert!(client.session != claim.session && client.secret != claim.secret);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_during_a_drop_arrives_once_and_in_order() {
    let server = TestServer::spawn().await;
    let (room, mut stays, drops, joined) = two_inside(&server).await;
    let lost = drops.cut();
    stays.expect_state(&joined.you, Activity::Offline).await;
    for number in 1..=5 {
        stays.say(&room.code, &format!("missed {number}")).await;
    }
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    assert_eq!(back.rooms, [room.code()]);
    assert!(back.session == lost.session && back.secret != lost.secret, "the secret is a new one");
    let (messages, gaps) = owed(&mut back).await;
    assert_eq!(texts(&messages), ["missed 1", "missed 2", "missed 3", "missed 4", "missed 5"]);
    assert!(gaps.is_empty());
    stays.expect_state(&joined.you, Activity::Online).await;
    stays.say(&room.code, "live").await;
    assert_eq!(texts(&back.messages_until("live").await), ["live"]);
    // And once more: what arrived after the first return is not sent again after the second.
    let lost = back.cut();
    stays.expect_state(&joined.you, Activity::Offline).await;
    stays.say(&room.code, "missed 6").await;
    let mut back = TestClient::resume(&lost).await;
    assert_eq!(texts(&owed(&mut back).await.0), ["missed 6"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acks_that_were_lost_come_again_and_a_repeated_send_is_relayed_once() {
    let server = TestServer::spawn().await;
    let (room, mut stays, mut drops, joined) = two_inside(&server).await;
    let cid = drops.send(&room.code, "did it arrive?").await;
    stays.expect_message("did it arrive?").await;
    let lost = drops.cut();
    stays.expect_state(&joined.you, Activity::Offline).await;
    let mut back = TestClient::resume(&lost).await;
    let ack = back.expect_ack(&cid).await;
    back.expect_message("did it arrive?").await;
    back.send_as(&cid, &room.code, "did it arrive?").await;
    assert_eq!(back.expect_ack(&cid).await, ack);
    back.say(&room.code, "the end").await;
    assert_eq!(texts(&stays.messages_until("the end").await), ["the end"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_is_not_sent_again() {
    let server = TestServer::spawn().await;
    let (room, mut stays, mut drops, joined) = two_inside(&server).await;
    stays.say(&room.code, "read").await;
    drops.expect_message("read").await;
    let have = drops.have;
    drops.tell(&protocol::ClientFrame::Pong { have }).await;
    drops.ping().await;
    // What cannot be: more than was sent. It is refused and harms nothing.
    drops.tell(&protocol::ClientFrame::Pong { have: have + 1_000 }).await;
    drops.expect_error(ErrorCode::BadFrame, None).await;
    let lost = drops.cut();
    stays.expect_state(&joined.you, Activity::Offline).await;
    stays.say(&room.code, "unread").await;
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    assert_eq!(texts(&owed(&mut back).await.0), ["unread"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_given_back_only_to_who_proves_it() {
    let server = TestServer::spawn().await;
    let (_, mut stays, drops, joined) = two_inside(&server).await;
    let lost = drops.cut();
    stays.expect_state(&joined.you, Activity::Offline).await;
    let stranger = Guest::new(&server).await;
    expect_fresh(&Lost { token: stranger.token().to_owned(), ..lost.clone() }).await;
    let guessed = Secret::parse("AAAAAAAAAAAAAAAAAAAAAA").expect("has the shape of one");
    expect_fresh(&Lost { secret: guessed, ..lost.clone() }).await;
    expect_fresh(&Lost { have: 1_000_000, ..lost.clone() }).await;
    // None of that has spoilt it for the one whose it is.
    let back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    drop(back);
    stays.expect_state(&joined.you, Activity::Offline).await;
    expect_fresh(&lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_fit_the_retention_is_counted_exactly() {
    const SAID: usize = 60;
    let server = TestServer::limited(|limits| {
        limits.retention_bytes_max = 6_000;
        limits.sends_burst = 1_000;
    })
    .await;
    let (room, mut stays, drops, joined) = two_inside(&server).await;
    let lost = drops.cut();
    stays.expect_state(&joined.you, Activity::Offline).await;
    for number in 0..SAID {
        stays.say(&room.code, &format!("number {number}")).await;
    }
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed, "too much is a gap, never an end");
    let (messages, gaps) = owed(&mut back).await;
    assert!((1..SAID).contains(&messages.len()), "{} of {SAID} were kept", messages.len());
    assert_eq!(gaps, [Some((SAID - messages.len()) as u64)]);
    let last: Vec<_> = (SAID - messages.len()..SAID).map(|number| format!("number {number}")).collect();
    assert_eq!(texts(&messages), last, "the newest are kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_that_did_not_arrive_is_told_again_and_not_twice() {
    let server = TestServer::limited(|limits| limits.retention_bytes_max = 0).await;
    let (room, mut stays, drops, joined) = two_inside(&server).await;
    let mut lost = drops.cut();
    for total in 1..=3_u64 {
        stays.expect_state(&joined.you, Activity::Offline).await;
        stays.say(&room.code, "unheard").await;
        // The line ends again before anything of what it says is read.
        let unread = TestClient::resume(&lost).await;
        assert!(unread.resumed);
        stays.expect_state(&joined.you, Activity::Online).await;
        lost = unread.cut();
        lost.have = 0;
        stays.expect_state(&joined.you, Activity::Offline).await;
        let mut back = TestClient::resume(&lost).await;
        assert_eq!(owed(&mut back).await, (vec![], vec![Some(total)]));
        stays.expect_state(&joined.you, Activity::Online).await;
        lost = back.cut();
        lost.have = 0;
    }
    stays.expect_state(&joined.you, Activity::Offline).await;
    let mut back = TestClient::resume(&lost).await;
    assert_eq!(owed(&mut back).await.1, [Some(3)]);
    let lost = back.cut();
    stays.expect_state(&joined.you, Activity::Offline).await;
    assert_eq!(owed(&mut TestClient::resume(&lost).await).await, (vec![], vec![]), "what arrived is not told again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_grace_the_loss_is_told_by_the_position() {
    let server = TestServer::limited(|limits| limits.grace_ms = 100).await;
    let (room, mut stays, mut drops, joined) = two_inside(&server).await;
    stays.say(&room.code, "seen").await;
    let seen = drops.expect_message("seen").await.seq;
    let lost = drops.cut();
    stays.expect_gone(&joined.you).await;
    let here = Position { epoch: joined.position.epoch, seq: seen, changes: None };

    let mut back = TestClient::resume(&lost).await;
    assert!(!back.resumed && back.rooms.is_empty());
    let cid = back.ask_join(&room.code, None, Some(here)).await;
    back.expect_joined(Some(cid)).await;
    let nothing = back.ping().await;
    assert!(!nothing.iter().any(|frame| matches!(frame, ServerFrame::Gap { .. })), "nothing was missed");

    stays.expect_state(&joined.you, Activity::Online).await;
    drop(back);
    stays.expect_gone(&joined.you).await;
    for number in 1..=3 {
        stays.say(&room.code, &format!("missed {number}")).await;
    }
    for (since, missed) in
        [(here, Some(3)), (Position { epoch: here.epoch + 1, ..here }, None), (Position { seq: 1_000, ..here }, None)]
    {
        let mut back = TestClient::connect(lost.addr, &lost.token).await;
        let cid = back.ask_join(&room.code, None, Some(since)).await;
        back.expect_joined(Some(cid)).await;
        let gap = back.next().await;
        assert!(gap == Heard::Frame(ServerFrame::Gap { room: room.code(), missed }), "{gap:?} after {since:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_takeover_closes_the_older_connection_with_4514() {
    let server = TestServer::spawn().await;
    let (room, mut stays, drops, joined) = two_inside(&server).await;
    let mut older = drops;
    let claim = Lost {
        addr: server.addr,
        token: String::new(),
        session: older.session.clone(),
        secret: older.secret.clone(),
        have: older.have,
    };
    // The token of the older one is needed: a copied tab has it too.
    let claim = Lost { token: older.token().to_owned(), ..claim };
    let mut newer = TestClient::resume(&claim).await;
    assert!(newer.resumed);
    older.wire.expect_end(ErrorCode::Replaced).await;
    assert_eq!(ErrorCode::Replaced.close_code(), 4514);
    owed(&mut newer).await;
    stays.say(&room.code, "who hears this?").await;
    newer.expect_message("who hears this?").await;
    newer.say(&room.code, "the newer one").await;
    stays.expect_message("the newer one").await;
    // The end of the older line is no drop: nobody saw the person go offline.
    let told: Vec<_> = stays.wire.texts.iter().filter(|text| text.contains("offline")).collect();
    assert!(told.is_empty(), "{told:?} of {:?}", joined.you);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_grace_a_drop_is_the_end_of_the_session() {
    let server = TestServer::limited(|limits| limits.grace_ms = 0).await;
    let (_, mut stays, drops, joined) = two_inside(&server).await;
    let lost = drops.cut();
    assert_eq!(stays.expect_gone(&joined.you).await, 1);
    expect_fresh(&lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_the_room_is_there_and_possibly_some_was_missed() {
    let folder = tempfile::TempDir::new().expect("there is room for a temporary folder");
    let server = TestServer::in_folder(folder.path(), |_| {}).await;
    let (room, mut stays, drops, joined) = two_inside(&server).await;
    let before: MessageId = stays.say(&room.code, "before").await.id;
    let lost = drops.cut();
    drop(stays);
    server.stop().await;

    let server = TestServer::in_folder(folder.path(), |_| {}).await;
    let mut back = TestClient::resume(&Lost { addr: server.addr, ..lost }).await;
    assert!(!back.resumed, "sessions are in memory only");
    let cid = back.ask_join(&room.code, None, Some(joined.position)).await;
    let again = back.expect_joined(Some(cid)).await;
    assert!(again.position.epoch != joined.position.epoch);
    assert!(again.you == joined.you && again.room == joined.room, "the same room, the same member");
    let gap = back.next().await;
    assert!(gap == Heard::Frame(ServerFrame::Gap { room: room.code(), missed: None }), "{gap:?}");
    let after = back.say(&room.code, "after").await;
    assert!(after.id != before, "ids do not repeat after a restart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_without_a_line_are_bounded_and_the_oldest_makes_way() {
    let server = TestServer::limited(|limits| limits.connections_per_user = 2).await;
    let guest = Guest::new(&server).await;
    let user = server.identity(guest.token()).await.user;
    let mut lost = Vec::new();
    for _ in 0..6 {
        lost.push(guest.connect().await.cut());
        let connected = || server.state.hub.sessions_of(user).iter().any(|session| session.is_connected());
        crate::harness::eventually("the drop is noticed", || !connected()).await;
    }
    assert_eq!(server.state.hub.session_count(), 2, "as many as may be connected");
    expect_fresh(&lost[3]).await;
    assert!(TestClient::resume(&lost[5]).await.resumed, "the newest is kept");
}
