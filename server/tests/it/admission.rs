//! Who comes in: the code, the PIN, and the bounds of a room.

use protocol::api::{CreateRoom, RoomView};
use protocol::{ErrorCode, ServerFrame};

use crate::harness::{Answer, Ask, Guest, Room, TestClient, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_joining_without_pin_or_membership_is_refused() {
    let server = TestServer::spawn().await;
    let (owner, stranger) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.pin_room("correct horse").await;
    let mut inside = owner.enter(&room).await;
    let mut outside = stranger.connect().await;
    for (pin, expected) in [
        (None, ErrorCode::PinRequired),
        (Some(""), ErrorCode::PinRequired),
        (Some("wrong horse"), ErrorCode::WrongPin),
        (Some("Correct horse"), ErrorCode::WrongPin),
    ] {
        let cid = outside.ask_join(&room.code, pin, None).await;
        outside.expect_error(expected, Some(&cid)).await;
        assert_eq!(stranger.join(&room.code, pin).await.code(), expected, "HTTP is no way around");
    }
    inside.say(&room.code, "among ourselves").await;
    let cid = outside.send(&room.code, "hello?").await;
    outside.expect_error(ErrorCode::NotInRoom, Some(&cid)).await;
    let heard = outside.ping().await;
    assert!(heard.iter().all(|frame| matches!(frame, ServerFrame::Error { .. })), "{heard:?}");
    let look: RoomView = stranger.look_up(&room.code).await.json();
    assert!(look.pin && !look.member && look.name.is_none() && look.count.is_none(), "nothing is told before the PIN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_returns_without_the_pin_until_they_leave() {
    let server = TestServer::spawn().await;
    let (owner, guest) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.pin_room("  4711 ").await;
    let mut stays = owner.enter(&room).await;
    let view: RoomView = guest.join(&room.code, Some("4711")).await.assert_status(200).json();
    assert!(view.member && !view.owner && view.name.is_some());
    let mut client = guest.connect().await;
    let joined = client.join(&room.code).await;
    assert!(Some(joined.you) == view.you && joined.room.pin);
    client.leave(&room.code).await;
    let cid = client.ask_join(&room.code, None, None).await;
    client.expect_error(ErrorCode::PinRequired, Some(&cid)).await;
    stays.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_room_that_does_not_exist_is_not_joined_and_not_made() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let mut client = guest.connect().await;
    for (typed, expected) in [
        ("22222222", ErrorCode::RoomNotFound),
        ("2222-2223", ErrorCode::RoomNotFound),
        ("", ErrorCode::InvalidCode),
        ("2222222", ErrorCode::InvalidCode),
        ("222222222", ErrorCode::InvalidCode),
        ("0OIL1111", ErrorCode::InvalidCode),
        ("../../etc/passwd", ErrorCode::InvalidCode),
        ("２２２２－２２２４", ErrorCode::RoomNotFound),
    ] {
        let cid = client.ask_join(typed, None, None).await;
        client.expect_error(expected, Some(&cid)).await;
    }
    assert_eq!(guest.join("22222222", None).await.code(), ErrorCode::RoomNotFound);
    assert_eq!(guest.leave("22222222").await.code(), ErrorCode::RoomNotFound);
    assert_eq!(guest.look_up("22222222").await.code(), ErrorCode::RoomNotFound);
    assert_eq!(server.state.hub.room_count(), 0);
    let live = server.state.store.live_rooms(server.state.clock.wall()).await.expect("the store answers");
    assert!(live.is_empty());
}

fn named(name: &str) -> CreateRoom {
    CreateRoom { name: Some(name.to_owned()), ..CreateRoom::default() }
}

async fn make(guest: &Guest, request: CreateRoom) -> Answer {
    guest.ask(Ask::post("/api/v1/rooms").json(&request)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_outside_its_rules_is_not_made() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let pinned = |pin: &str| CreateRoom { pin: Some(pin.to_owned()), ..CreateRoom::default() };
    let sized = |capacity| CreateRoom { capacity: Some(capacity), ..CreateRoom::default() };
    let lasting = |seconds| CreateRoom { lifetime_s: Some(seconds), ..CreateRoom::default() };
    for (request, expected) in [
        (named(""), ErrorCode::InvalidRoomName),
        (named(&"x".repeat(51)), ErrorCode::InvalidRoomName),
        (named("right\u{202e}left"), ErrorCode::InvalidRoomName),
        (pinned("123"), ErrorCode::InvalidPin),
        (pinned(&"x".repeat(65)), ErrorCode::InvalidPin),
        (sized(1), ErrorCode::InvalidCapacity),
        (sized(501), ErrorCode::InvalidCapacity),
        (lasting(3_599), ErrorCode::InvalidLifetime),
        (lasting(604_801), ErrorCode::InvalidLifetime),
    ] {
        assert_eq!(make(&guest, request).await.code(), expected);
    }
    // A number that no room can have is a number all the same; what is none can't be read.
    for number in ["-1", "2.5", "1e99", "1e999", "99999999999999999999"] {
        for (field, expected) in [("capacity", ErrorCode::InvalidCapacity), ("lifetime_s", ErrorCode::InvalidLifetime)]
        {
            let body = format!("{{\"{field}\": {number}}}");
            let ask = Ask::post("/api/v1/rooms").body("application/json", body.as_bytes());
            assert_eq!(guest.ask(ask).await.code(), expected, "{body}");
        }
    }
    let words = Ask::post("/api/v1/rooms").body("application/json", b"{\"capacity\": \"ten\"}");
    assert_eq!(guest.ask(words).await.code(), ErrorCode::BadFrame);
    let anonymous = Ask::post("/api/v1/rooms").json(&named("x")).send(server.addr).await;
    assert_eq!(anonymous.code(), ErrorCode::Unauthorized);
    assert!(guest.ask(Ask::get("/api/v1/rooms")).await.json::<Vec<RoomView>>().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_made_at_the_ends_of_its_rules_so_many_times_an_hour() {
    let server = TestServer::limited(|limits| limits.rooms_made_per_hour = 4).await;
    let guest = Guest::new(&server).await;
    let request = |name: &str, pin: &str, capacity, lifetime_s| CreateRoom {
        name: Some(name.to_owned()),
        pin: Some(pin.to_owned()),
        capacity: Some(capacity),
        lifetime_s: Some(lifetime_s),
        sealed: false,
    };
    let answer = make(&guest, request(&"x".repeat(50), &"ü".repeat(64), 500, 604_800)).await.assert_status(201);
    let most: RoomView = answer.json();
    assert_eq!(answer.header("location"), Some(format!("/r/{}", most.code.as_str()).as_str()));
    assert!(most.member && most.owner && most.pin && most.capacity == 500);
    assert_eq!(most.expires_at - most.created_at, 604_800_000);
    make(&guest, request("x", "1234", 2, 3_600)).await.assert_status(201);
    let plain: RoomView = make(&guest, CreateRoom::default()).await.assert_status(201).json();
    let lifetime = plain.expires_at - plain.created_at;
    assert_eq!((plain.capacity, plain.pin, lifetime), (50, false, 86_400_000));
    assert!(plain.name.is_some_and(|name| !name.as_str().is_empty()), "a readable name is drawn");
    make(&guest, named("four")).await.assert_status(201);
    assert_eq!(make(&guest, named("five")).await.code(), ErrorCode::RateLimited);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_has_as_many_members_as_it_may_keep() {
    let server = TestServer::limited(|limits| limits.members_per_room = 2).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let second = Guest::register(&server, "second", "long enough").await;
    second.join(&room.code, None).await.assert_status(200);
    second.join(&room.code, None).await.assert_status(200);
    let third = Guest::new(&server).await;
    assert_eq!(third.join(&room.code, None).await.code(), ErrorCode::TooManyMembers);
    second.leave(&room.code).await.assert_status(204);
    third.join(&room.code, None).await.assert_status(200);
}

async fn is_member(guest: &Guest, room: &Room) -> bool {
    guest.look_up(&room.code).await.json::<RoomView>().member
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_bound_guests_without_a_seat_are_forgotten_first() {
    let server = TestServer::limited(|limits| limits.members_per_room = 5).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let (inside, older, newer) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let account = Guest::register(&server, "account", "long enough").await;
    let mut seated = inside.enter(&room).await;
    for member in [&account, &older, &newer] {
        member.join(&room.code, None).await.assert_status(200);
    }

    // By HTTP and by the socket, one way out for each way in: the longest away goes first.
    let (first, second) = (Guest::new(&server).await, Guest::new(&server).await);
    first.join(&room.code, None).await.assert_status(200);
    assert!(!is_member(&older, &room).await && is_member(&newer, &room).await);
    let mut second_seat = second.enter(&room).await;
    assert!(!is_member(&newer, &room).await && is_member(&first, &room).await);
    let mut first_seat = first.enter(&room).await;

    // The owner, the account and those inside stay, the one without a line too.
    let third = Guest::new(&server).await;
    let lost = second_seat.cut();
    assert_eq!(third.join(&room.code, None).await.code(), ErrorCode::TooManyMembers);
    second_seat = TestClient::resume(&lost).await;
    assert!(second_seat.resumed);
    for member in [&owner, &account, &inside, &first, &second] {
        assert!(is_member(member, &room).await);
    }
    seated.say(&room.code, "we are still here").await;
    second_seat.expect_message("we are still here").await;

    // A seat that ends makes a place.
    first_seat.leave(&room.code).await;
    third.join(&room.code, None).await.assert_status(200);
    older.join(&room.code, None).await.assert_status(200);
    assert!(!is_member(&third, &room).await, "who was forgotten comes in as anybody does");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_newcomers_at_the_bound_each_find_a_place() {
    const MEMBERS: u32 = 12;
    let server = TestServer::limited(|limits| limits.members_per_room = MEMBERS).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    for _ in 1..MEMBERS {
        Guest::new(&server).await.join(&room.code, None).await.assert_status(200);
    }
    let mut newcomers = tokio::task::JoinSet::new();
    for _ in 1..MEMBERS / 2 {
        let (newcomer, room) = (Guest::new(&server).await, room.clone());
        newcomers.spawn(async move {
            newcomer.join(&room.code, None).await.assert_status(200);
        });
    }
    newcomers.join_all().await;
    let stored = server.state.store.room_by_code(room.code(), server.state.clock.wall()).await;
    let stored = stored.expect("the store answers").expect("it lives");
    let members = server.state.store.members(stored.id).await.expect("the store answers");
    assert_eq!((members.len(), stored.owner), (12, members[0].user), "full, and still its maker's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_no_seat_costs_nobody_the_way_back() {
    let server = TestServer::limited(|limits| limits.members_per_room = 3).await;
    let (one, two, away) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = one.room_for(2).await;
    away.join(&room.code, None).await.assert_status(200);
    let (_first, _second) = (one.enter(&room).await, two.enter(&room).await);
    let mut late = Guest::new(&server).await.connect().await;
    let cid = late.ask_join(&room.code, None, None).await;
    late.expect_error(ErrorCode::TooManyMembers, Some(&cid)).await;
    assert!(is_member(&away, &room).await);
}
