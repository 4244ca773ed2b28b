//! Who is inside, and whether they look: right within a second, counted by person and not by tab.

use std::time::{Duration, Instant};

use protocol::{Activity, ClientFrame, ErrorCode, ServerFrame};

use crate::harness::{Guest, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_connection_shows_within_a_second() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let mut watcher = one.enter(&room).await;
    for polite in [true, false] {
        let mut goes = two.connect().await;
        let you = goes.join(&room.code).await.you;
        watcher.expect_state(&you, Activity::Online).await;
        let gone_at = Instant::now();
        if polite {
            goes.close().await;
        } else {
            goes.cut();
        }
        watcher.expect_state(&you, Activity::Offline).await;
        let took = gone_at.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_the_grace_ends_the_seat_and_not_the_membership() {
    let server = TestServer::limited(|limits| limits.grace_ms = 700).await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.pin_room("4711").await;
    let mut watcher = one.enter(&room).await;
    let mut goes = two.connect().await;
    goes.ask_join(&room.code, Some("4711"), None).await;
    let you = goes.expect("joined", |frame| match frame {
        ServerFrame::Joined { you, .. } => Some(you.clone()),
        _ => None,
    });
    let you = you.await;
    watcher.expect_state(&you, Activity::Online).await;
    goes.cut();
    watcher.expect_state(&you, Activity::Offline).await;
    assert_eq!(watcher.expect_gone(&you).await, 1);
    let again = two.connect().await.join(&room.code).await;
    assert!(again.you == you, "the same member, without the PIN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_closing_one_of_two_tabs_changes_nothing_for_others() {
    let server = TestServer::limited(|limits| limits.grace_ms = 0).await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let mut watcher = one.enter(&room).await;
    let mut first = two.connect().await;
    let you = first.join(&room.code).await.you;
    watcher.expect_state(&you, Activity::Online).await;
    let heard = watcher.wire.texts.len();

    let mut second = two.connect().await;
    let joined = second.join(&room.code).await;
    assert!(joined.you == you);
    assert_eq!((joined.count, joined.members.len()), (2, 2));
    first.close().await;
    crate::harness::eventually("the first tab is closed", || server.state.hub.session_count() == 2).await;
    second.say(&room.code, "still here").await;
    watcher.expect_message("still here").await;
    let look = two.look_up(&room.code).await.json::<protocol::api::RoomView>();
    assert!(look.member && look.count == Some(2));
    let told: Vec<_> = watcher.wire.texts[heard..].iter().filter(|text| text.contains("\"presence\"")).collect();
    assert!(told.is_empty(), "{told:?}");
    second.close().await;
    assert_eq!(watcher.expect_gone(&you).await, 1, "the last tab is the person");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_as_present_as_the_most_present_tab() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let mut watcher = one.enter(&room).await;
    let mut first = two.connect().await;
    let you = first.join(&room.code).await.you;
    watcher.expect_state(&you, Activity::Online).await;
    first.status(Activity::Away).await;
    watcher.expect_state(&you, Activity::Away).await;
    let mut second = two.enter(&room).await;
    watcher.expect_state(&you, Activity::Online).await;
    second.status(Activity::Away).await;
    watcher.expect_state(&you, Activity::Away).await;
    first.status(Activity::Online).await;
    watcher.expect_state(&you, Activity::Online).await;
    first.cut();
    watcher.expect_state(&you, Activity::Away).await;
    // Only the server says that somebody is offline.
    second.status(Activity::Offline).await;
    second.expect_error(ErrorCode::BadFrame, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_tab_joins_as_away() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room().await;
    let mut watcher = one.enter(&room).await;
    let mut hidden = two.connect().await;
    hidden.status(Activity::Away).await;
    let you = hidden.join(&room.code).await.you;
    watcher.expect_state(&you, Activity::Away).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_may_be_for_the_room_that_is_looked_at() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let (looked_at, other) = (one.room().await, one.room().await);
    let mut watcher = one.enter(&looked_at).await;
    let mut reader = two.connect().await;
    let (you, elsewhere) = (reader.join(&looked_at.code).await.you, reader.join(&other.code).await.you);
    watcher.expect_state(&you, Activity::Online).await;
    let status = |state| ClientFrame::Status { state, room: Some(looked_at.code.clone()) };
    reader.tell(&status(Activity::Away)).await;
    watcher.expect_state(&you, Activity::Away).await;
    let there = watcher.join(&other.code).await;
    let state = there.members.iter().find(|member| member.id == elsewhere).map(|member| member.state);
    assert_eq!(state, Some(Activity::Online), "the other room is told nothing");
    reader.tell(&status(Activity::Online)).await;
    watcher.expect_state(&you, Activity::Online).await;
    // Only the server says who is offline.
    reader.tell(&status(Activity::Offline)).await;
    reader.expect_error(ErrorCode::BadFrame, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_joiner_gets_the_state_and_the_others_what_changed() {
    let server = TestServer::spawn().await;
    let one = Guest::named(&server, "Quiet Heron").await;
    let room = one.room().await;
    let mut first = one.connect().await;
    let alone = first.join(&room.code).await;
    assert_eq!((alone.count, alone.members.len()), (1, 1));
    assert!(alone.members[0].owner && alone.members[0].id == alone.you);
    let two = Guest::named(&server, "Amber Finch").await;
    let mut second = two.connect().await;
    let joined = second.join(&room.code).await;
    assert_eq!(joined.count, 2);
    let names: Vec<_> = joined.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["Amber Finch", "Quiet Heron"], "the reader first");
    let told = first.expect_state(&joined.you, Activity::Online).await;
    assert!(told == joined.members[0] && !told.owner);
    second.leave(&room.code).await;
    assert_eq!(first.expect_gone(&joined.you).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_has_its_bound_and_the_count_has_none() {
    let server = TestServer::limited(|limits| limits.roster_max = 3).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let mut inside = vec![owner.enter(&room).await];
    for _ in 0..4 {
        inside.push(Guest::new(&server).await.enter(&room).await);
    }
    let mut last = Guest::new(&server).await.connect().await;
    let joined = last.join(&room.code).await;
    assert_eq!((joined.count, joined.members.len()), (6, 3));
    assert!(joined.members[0].id == joined.you);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_unique_in_a_room_without_regard_to_case() {
    let server = TestServer::spawn().await;
    let owner = Guest::named(&server, "Robin").await;
    let room = owner.room().await;
    let mut first = owner.enter(&room).await;
    let mut inside = Vec::new();
    for (wished, given) in [("robin", "robin 2"), ("ROBIN", "ROBIN 3"), ("Robin 2", "Robin 2 2")] {
        let mut next = Guest::named(&server, wished).await.connect().await;
        let joined = next.join(&room.code).await;
        assert_eq!(joined.members[0].name.as_str(), given);
        let seen = first.expect_state(&joined.you, Activity::Online).await;
        assert_eq!(seen.name.as_str(), given);
        next.say(&room.code, given).await;
        assert_eq!(first.expect_message(given).await.name.as_str(), given, "a message carries the same name");
        inside.push(next);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_is_told_in_every_room_at_once() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::named(&server, "Before").await, Guest::new(&server).await);
    let rooms = [one.room().await, one.room().await];
    let (mut own, mut watcher) = (one.connect().await, two.connect().await);
    let mut ids = Vec::new();
    for room in &rooms {
        ids.push(own.join(&room.code).await.you);
        watcher.join(&room.code).await;
    }
    let change = protocol::api::ChangeMe { name: "  After \t this ".to_owned() };
    let answer = one.ask(crate::harness::Ask::new("PATCH", "/api/v1/me").json(&change)).await.assert_status(200);
    assert_eq!(answer.json::<protocol::api::TokenAnswer>().me.name.as_str(), "After this");
    let mut renamed = 0;
    while renamed < 2 {
        renamed += watcher
            .expect("the new name", |frame| match frame {
                ServerFrame::Presence { joined, changed, .. } => {
                    let after = joined.iter().chain(changed).filter(|member| member.name.as_str() == "After this");
                    Some(after.filter(|member| ids.contains(&member.id)).count())
                }
                _ => None,
            })
            .await;
    }
    own.say(&rooms[0].code, "who am I?").await;
    assert_eq!(watcher.expect_message("who am I?").await.name.as_str(), "After this");
}
