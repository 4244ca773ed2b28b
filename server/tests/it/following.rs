//! A session that asks for it is in every room that its person is in; one that does not, such as a page, is left alone.

use std::collections::BTreeSet;

use protocol::{ClientFrame, LeaveReason, Resume, RoomCode, ServerFrame};

use crate::harness::{Guest, TestClient, TestServer, Wire, frame};

async fn follower(guest: &Guest, resume: Option<Resume>) -> TestClient {
    let mut wire = Wire::open(guest.addr).await;
    wire.text(&frame(&ClientFrame::Hello { token: Some(guest.token().to_owned()), resume, follow: true })).await;
    TestClient::welcomed(wire, guest.addr, guest.token()).await
}

/// Waits until the client was told that it is inside of all of these, and of no other, without having asked. It may be told
/// twice of a room that it entered just before its line was lost.
async fn expect_inside(client: &mut TestClient, wanted: &[RoomCode]) {
    let wanted: BTreeSet<RoomCode> = wanted.iter().copied().collect();
    let mut inside = BTreeSet::new();
    while inside.len() < wanted.len() {
        inside.insert(client.expect_joined(None).await.room.code);
    }
    assert_eq!(inside, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_asks_for_it_enters_what_its_person_enters_elsewhere() {
    let server = TestServer::spawn().await;
    let (guest, host) = (Guest::new(&server).await, Guest::new(&server).await);
    let (own, hers, later) = (guest.room().await, host.room().await, host.room().await);
    let mut talks = host.enter(&hers).await;
    let mut follows = follower(&guest, None).await;
    // What it was a member of before.
    expect_inside(&mut follows, &[own.code()]).await;
    let (mut phone, mut page) = (guest.connect().await, guest.connect().await);
    phone.join(&hers.code).await;
    expect_inside(&mut follows, &[hers.code()]).await;
    talks.say(&hers.code, "to all your devices").await;
    follows.expect_message("to all your devices").await;
    follows.say(&hers.code, "from this one").await;
    // Away for a moment, it catches up.
    let (session, secret, have) = (follows.session.clone(), follows.secret.clone(), follows.have);
    drop(follows);
    phone.join(&later.code).await;
    let mut follows = follower(&guest, Some(Resume { session, secret, have })).await;
    assert!(follows.resumed);
    expect_inside(&mut follows, &[own.code(), hers.code(), later.code()]).await;
    phone.leave(&later.code).await;
    assert_eq!(follows.expect_left().await, LeaveReason::Left);
    // The page never asked, and was told of none of it.
    let told = page.ping().await;
    assert!(!told.iter().any(|frame| matches!(frame, ServerFrame::Joined { .. })), "{told:?}");
}
