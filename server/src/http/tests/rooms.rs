//! Rooms by the API, and by the forms of the pages.

use std::collections::HashSet;

use axum::http::StatusCode;
use protocol::api::{RoomView, TokenAnswer};
use protocol::{ErrorCode, RoomCode};
use serde_json::{Value, json};

use super::Server;
use crate::config::Options;

async fn make(server: &Server, owner: &TokenAnswer, request: Value) -> RoomView {
    server.ask("POST", "/api/v1/rooms").bearer(owner).json(&request).send().await.json(StatusCode::CREATED)
}

fn path(code: RoomCode, rest: &str) -> String {
    format!("/api/v1/rooms/{}{rest}", code.as_str())
}

#[tokio::test]
async fn a_room_is_made_as_wished_or_as_usual() {
    let server = Server::new();
    let owner = server.guest().await;
    let request = json!({ "name": " Tea  time ", "capacity": 500, "lifetime_s": 604_800 });
    let answer = server.ask("POST", "/api/v1/rooms").bearer(&owner).json(&request).send().await;
    let room: RoomView = answer.json(StatusCode::CREATED);
    assert_eq!(answer.headers["location"], format!("/r/{}", room.code.as_str()).as_str());
    assert_eq!(
        (room.name.as_ref().map(|name| name.as_str().to_owned()), room.capacity),
        (Some("Tea time".to_owned()), 500)
    );
    assert_eq!((room.expires_at - room.created_at, room.pin, room.count), (604_800_000, false, Some(0)));
    assert!(room.member && room.owner && room.you.is_some());
    let usual = make(&server, &owner, json!({})).await;
    assert_eq!((usual.capacity, usual.expires_at - usual.created_at), (50, 86_400_000));
    assert!(usual.name.is_some());
    let least = make(&server, &owner, json!({ "capacity": 2, "lifetime_s": 3_600, "pin": "1234" })).await;
    assert_eq!((least.capacity, least.expires_at - least.created_at, least.pin), (2, 3_600_000, true));
    let mine: Vec<RoomView> = server.ask("GET", "/api/v1/rooms").bearer(&owner).send().await.json(StatusCode::OK);
    let codes: HashSet<_> = mine.iter().map(|view| view.code).collect();
    assert_eq!(codes, HashSet::from([room.code, usual.code, least.code]));
    assert!(mine.iter().all(|view| view.member && view.owner && view.name.is_some()));
}

#[tokio::test]
async fn strangers_learn_of_a_locked_room_that_it_is_locked() {
    let server = Server::new();
    let (owner, other) = (server.guest().await, server.guest().await);
    let open = make(&server, &owner, json!({ "name": "Open" })).await;
    let locked = make(&server, &owner, json!({ "name": "Locked", "pin": "open sesame" })).await;
    let view: RoomView = server.ask("GET", &path(open.code, "")).send().await.json(StatusCode::OK);
    assert_eq!(
        (view.name.is_some(), view.count, view.member, view.owner, view.you),
        (true, Some(0), false, false, None)
    );
    for ask in [server.ask("GET", &path(locked.code, "")), server.ask("GET", &path(locked.code, "")).bearer(&other)] {
        let answer = ask.send().await;
        let view: RoomView = answer.json(StatusCode::OK);
        assert_eq!((view.pin, view.name, view.count, view.member, view.you), (true, None, None, false, None));
        assert!(!answer.text().contains("Locked"));
    }
    let view: RoomView = server.ask("GET", &path(locked.code, "")).bearer(&owner).send().await.json(StatusCode::OK);
    assert_eq!((view.name.is_some(), view.count, view.member, view.owner), (true, Some(0), true, true));
}

#[tokio::test]
async fn a_code_is_taken_as_people_type_it() {
    let server = Server::new();
    let owner = server.guest().await;
    let room = make(&server, &owner, json!({})).await;
    let dashed = room.code.dashed();
    for typed in
        [dashed.to_lowercase(), format!("%20{}%20", dashed.replace('-', "%20")), format!("http:%2F%2Fx%2Fr%2F{dashed}")]
    {
        let guest = server.guest().await;
        let view: RoomView =
            server.ask("POST", &format!("/api/v1/rooms/{typed}/join")).bearer(&guest).send().await.json(StatusCode::OK);
        assert_eq!((view.code, view.member), (room.code, true));
    }
}

#[tokio::test]
async fn a_pin_is_asked_of_newcomers_only() {
    let server = Server::new();
    let (owner, guest) = (server.guest().await, server.guest().await);
    let room = make(&server, &owner, json!({ "pin": "open sesame" })).await;
    let join = |session: &TokenAnswer, body: Value| {
        server.ask("POST", &path(room.code, "/join")).bearer(session).json(&body).send()
    };
    join(&guest, json!({})).await.refused(ErrorCode::PinRequired);
    join(&guest, json!({ "pin": "  " })).await.refused(ErrorCode::PinRequired);
    for wrong in ["open sesam", "OPEN SESAME", "x", &"x".repeat(1_000)] {
        join(&guest, json!({ "pin": wrong })).await.refused(ErrorCode::WrongPin);
    }
    let view: RoomView = join(&guest, json!({ "pin": " open sesame " })).await.json(StatusCode::OK);
    assert!(view.member && !view.owner && view.name.is_some());
    let _: RoomView = join(&guest, json!({ "pin": "wrong" })).await.json(StatusCode::OK);
    let _: RoomView = join(&owner, json!({})).await.json(StatusCode::OK);
}

#[tokio::test]
async fn guessing_a_pin_costs_time_and_locks_out_nobody_else() {
    let options = Options { trust_proxy: vec!["192.0.2.1".to_owned()], ..Options::default() };
    let server = Server::with(options);
    let owner = server.guest().await;
    let room = make(&server, &owner, json!({ "pin": "open sesame" })).await;
    let guess = |session: &TokenAnswer, from: &str, pin: &str| {
        let ask = server.ask("POST", &path(room.code, "/join")).bearer(session).header("x-forwarded-for", from);
        ask.json(&json!({ "pin": pin })).send()
    };
    for left in (0..5).rev() {
        // Another guest is no way round it.
        let refused = guess(&server.guest().await, "203.0.113.1", "wrong").await.refused(ErrorCode::WrongPin);
        assert_eq!(
            (refused.tries_left, refused.retry_after_ms.is_some()),
            (Some(left), left == 0),
            "how many are left"
        );
    }
    let answer = guess(&server.guest().await, "203.0.113.1", "open sesame").await;
    assert!(answer.refused(ErrorCode::TooManyTries).retry_after_ms.is_some_and(|wait_ms| wait_ms > 29_000));
    let _: RoomView = guess(&server.guest().await, "203.0.113.2", "open sesame").await.json(StatusCode::OK);
}

#[tokio::test]
async fn guessing_codes_is_limited_an_address() {
    let server = Server::with(Options { limit: vec!["misses_per_minute=3".to_owned()], ..Options::default() });
    let owner = server.guest().await;
    let room = make(&server, &owner, json!({})).await;
    for _ in 0..5 {
        let _: RoomView = server.ask("GET", &path(room.code, "")).send().await.json(StatusCode::OK);
    }
    for _ in 0..3 {
        server.ask("GET", "/api/v1/rooms/AAAAAAAA").send().await.refused(ErrorCode::RoomNotFound);
    }
    server.ask("GET", "/api/v1/rooms/AAAAAAAA").send().await.refused(ErrorCode::RateLimited);
    server.ask("GET", &path(room.code, "")).send().await.refused(ErrorCode::RateLimited);
}

#[tokio::test]
async fn the_last_one_who_leaves_takes_the_room_along() {
    let server = Server::new();
    let (owner, guest) = (server.guest().await, server.guest().await);
    let room = make(&server, &owner, json!({})).await;
    let ask =
        |method: &str, rest: &str, who: &TokenAnswer| server.ask(method, &path(room.code, rest)).bearer(who).send();
    ask("POST", "/leave", &guest).await.refused(ErrorCode::NotInRoom);
    let _: RoomView = ask("POST", "/join", &guest).await.json(StatusCode::OK);
    ask("POST", "/leave", &owner).await.done();
    let view: RoomView = ask("GET", "", &guest).await.json(StatusCode::OK);
    assert!(view.owner, "the room was handed on");
    ask("POST", "/leave", &guest).await.done();
    ask("GET", "", &guest).await.refused(ErrorCode::RoomEnded);
}

#[tokio::test]
async fn a_room_is_deleted_by_its_owner() {
    let server = Server::new();
    let (owner, guest) = (server.guest().await, server.guest().await);
    let room = make(&server, &owner, json!({})).await;
    let ask =
        |method: &str, rest: &str, who: &TokenAnswer| server.ask(method, &path(room.code, rest)).bearer(who).send();
    let _: RoomView = ask("POST", "/join", &guest).await.json(StatusCode::OK);
    ask("DELETE", "", &guest).await.refused(ErrorCode::Forbidden);
    ask("DELETE", "", &owner).await.done();
    ask("DELETE", "", &owner).await.refused(ErrorCode::RoomEnded);
    ask("POST", "/join", &guest).await.refused(ErrorCode::RoomEnded);
    assert_eq!(server.state.store.live_rooms(server.state.clock.wall()).await.expect("answers").len(), 0);
}

#[tokio::test]
async fn one_address_makes_so_many_rooms_and_one_user_so_many_joins() {
    let limit =
        vec!["rooms_made_per_hour=2".to_owned(), "joins_per_minute=3".to_owned(), "members_per_room=2".to_owned()];
    let server = Server::with(Options { limit, ..Options::default() });
    let owner = server.guest().await;
    let room = make(&server, &owner, json!({})).await;
    // What cannot be made costs nothing.
    server
        .ask("POST", "/api/v1/rooms")
        .bearer(&owner)
        .json(&json!({ "capacity": 1 }))
        .send()
        .await
        .refused(ErrorCode::InvalidCapacity);
    make(&server, &owner, json!({})).await;
    server.ask("POST", "/api/v1/rooms").bearer(&owner).json(&json!({})).send().await.refused(ErrorCode::RateLimited);
    let second = server.account("second").await;
    for _ in 0..3 {
        let _: RoomView =
            server.ask("POST", &path(room.code, "/join")).bearer(&second).send().await.json(StatusCode::OK);
    }
    server.ask("POST", &path(room.code, "/join")).bearer(&second).send().await.refused(ErrorCode::RateLimited);
    let third = server.guest().await;
    server.ask("POST", &path(room.code, "/join")).bearer(&third).send().await.refused(ErrorCode::TooManyMembers);
}

#[tokio::test]
async fn without_scripts_a_room_is_made_and_joined_by_forms() {
    let server = Server::new();
    let made = server
        .ask("POST", "/create")
        .cookie("asked")
        .form("name=Ada&code=&room=Tea+time&pin=open+sesame&capacity=3&lifetime_s=3600")
        .send()
        .await;
    let code = RoomCode::parse(made.led_to()).expect("leads into the room");
    assert_eq!(made.led_to(), format!("/r/{}", code.as_str()));
    let owner = made.cookie().expect("is somebody now");
    let view: RoomView = server.ask("GET", &path(code, "")).cookie(&owner).send().await.json(StatusCode::OK);
    assert_eq!((view.owner, view.capacity, view.pin, view.expires_at - view.created_at), (true, 3, true, 3_600_000));
    let me: protocol::Me = server.ask("GET", "/api/v1/me").cookie(&owner).send().await.json(StatusCode::OK);
    assert_eq!(me.name.as_str(), "Ada");
    let dashed = code.dashed().to_lowercase();
    let first = server.ask("POST", "/join").cookie("asked").form(&format!("name=Bob&code={dashed}")).send().await;
    first.refused(ErrorCode::PinRequired);
    let bob = first.cookie().expect("is somebody now");
    let wrong = server.ask("POST", "/join").cookie(&bob).form(&format!("name=Bob&code={dashed}&pin=nope")).send().await;
    wrong.refused(ErrorCode::WrongPin);
    let right = server
        .ask("POST", "/join")
        .cookie(&bob)
        .form(&format!("name=Bobby&code={dashed}&pin=open+sesame"))
        .send()
        .await;
    assert_eq!(right.led_to(), format!("/r/{}", code.as_str()));
    let bob = right.cookie().expect("has another name now");
    let me: protocol::Me = server.ask("GET", "/api/v1/me").cookie(&bob).send().await.json(StatusCode::OK);
    assert_eq!(me.name.as_str(), "Bobby");
    let left = server.ask("POST", "/leave").cookie(&bob).form(&format!("code={dashed}")).send().await;
    assert_eq!(left.led_to(), "/");
    let view: RoomView = server.ask("GET", &path(code, "")).cookie(&bob).send().await.json(StatusCode::OK);
    assert!(!view.member);
}

#[tokio::test]
async fn a_form_that_fails_tells_a_program_why() {
    let server = Server::new();
    let table = [
        ("/create", "name=%CC%81", ErrorCode::InvalidName),
        ("/create", "room=%00&capacity=2", ErrorCode::InvalidRoomName),
        ("/create", "room=&capacity=many", ErrorCode::InvalidCapacity),
        ("/create", "capacity=1", ErrorCode::InvalidCapacity),
        ("/create", "lifetime_s=-1", ErrorCode::InvalidLifetime),
        ("/create", "pin=12", ErrorCode::InvalidPin),
        ("/join", "code=", ErrorCode::InvalidCode),
        ("/join", "code=AAAA-AAAA", ErrorCode::RoomNotFound),
        ("/join", "code=%0D%0ASet-Cookie:x", ErrorCode::InvalidCode),
    ];
    for (path, body, code) in table {
        server.ask("POST", path).cookie("asked").form(body).send().await.refused(code);
    }
    let left = server.ask("POST", "/leave").cookie("asked").form("code=AAAAAAAA").send().await;
    assert_eq!(left.led_to(), "/?error=unauthorized");
    server.ask("POST", "/join").json(&json!({})).send().await.refused(ErrorCode::UnsupportedMedia);
    server.ask("POST", "/join").form("name=%FF&name=x").send().await.refused(ErrorCode::BadFrame);
    let guest = server.guest().await;
    for path in ["/create", "/join", "/leave"] {
        server
            .ask("POST", path)
            .header("origin", "http://evil.example")
            .form("")
            .send()
            .await
            .refused(ErrorCode::BadOrigin);
        server.ask("POST", path).without("origin").form("").send().await.refused(ErrorCode::BadOrigin);
        server.ask("POST", path).without("origin").bearer(&guest).form("").send().await.refused(ErrorCode::BadOrigin);
    }
}
