//! What owners and moderators may do, refused to everybody else: over HTTP, `WebSocket` and Socket.IO.

use protocol::api::{AdmitMember, BanView, ChangeRole, ChangeRoom, PutOut, RoomView};
use protocol::{
    Activity, ClientFrame, ClientId, ErrorCode, LeaveReason, Member, MemberId, Power, Role, RoomInfo, ServerFrame,
};
use serde_json::{Value, json};

use crate::harness::{Ask, Guest, Room, TestClient, TestServer, poll};
use crate::socketio::Raw;

/// What is asked of a room: by the power that it needs.
struct Wish {
    power: Power,
    room: Room,
    target: MemberId,
}

impl Wish {
    fn set(&self) -> Option<ChangeRoom> {
        let none = ChangeRoom::default();
        Some(match self.power {
            Power::Rename => ChangeRoom { name: Some("Pier".to_owned()), ..none },
            Power::SetTopic => ChangeRoom { topic: Some("Tides".to_owned()), ..none },
            Power::SetPin => ChangeRoom { pin: Some("4711".to_owned()), ..none },
            Power::SetCapacity => ChangeRoom { capacity: Some(7), ..none },
            Power::ExtendLife => ChangeRoom { lifetime_s: Some(2 * 86_400), ..none },
            Power::Lock => ChangeRoom { locked: Some(true), ..none },
            Power::SetTimer => ChangeRoom { timer_s: Some(30), ..none },
            Power::SetLobby => ChangeRoom { lobby: Some(true), ..none },
            Power::Admit
            | Power::Invite
            | Power::Kick
            | Power::Ban
            | Power::LiftBan
            | Power::Appoint
            | Power::HandOver
            | Power::Burn => return None,
        })
    }

    /// Whether there is a word for it: invites are made by HTTP alone.
    fn can_be_asked(&self, by: By) -> bool {
        match by {
            By::Http => true,
            By::WebSocket | By::SocketIo => self.power != Power::Invite,
        }
    }

    /// What becomes of it for who may: nobody knocks here, and nobody was banned.
    fn outcome(&self) -> Result<(), ErrorCode> {
        if matches!(self.power, Power::Admit | Power::LiftBan) { Err(ErrorCode::NoSuchMember) } else { Ok(()) }
    }

    fn role(&self) -> Role {
        if self.power == Power::HandOver { Role::Owner } else { Role::Moderator }
    }

    fn http(&self) -> Ask {
        let (path, member) = (format!("/api/v1/rooms/{}", self.room.code), self.target.clone());
        match (self.set(), self.power) {
            (Some(set), _) => Ask::new("PATCH", &path).json(&set),
            (None, Power::Kick) => Ask::post(&format!("{path}/kick")).json(&PutOut { member }),
            (None, Power::Ban) => Ask::post(&format!("{path}/ban")).json(&PutOut { member }),
            (None, Power::Burn) => Ask::new("DELETE", &path),
            (None, Power::Invite) => Ask::post(&format!("{path}/invites")),
            (None, Power::Admit) => Ask::post(&format!("{path}/admit")).json(&AdmitMember { member, on: true }),
            (None, Power::LiftBan) => Ask::new("DELETE", &format!("{path}/bans/{}", member.as_str())),
            (None, _) => Ask::post(&format!("{path}/role")).json(&ChangeRole { member, role: self.role() }),
        }
    }

    fn frame(&self, cid: ClientId) -> ClientFrame {
        let (room, member) = (self.room.code.clone(), self.target.clone());
        match (self.set(), self.power) {
            (Some(set), _) => ClientFrame::Change { cid, room, set },
            (None, Power::Kick) => ClientFrame::Kick { cid, room, member },
            (None, Power::Ban) => ClientFrame::Ban { cid, room, member },
            (None, Power::Burn) => ClientFrame::Burn { cid, room },
            (None, Power::Admit) => ClientFrame::Admit { cid, room, member, on: true },
            (None, Power::LiftBan) => ClientFrame::Unban { cid, room, member },
            (None, _) => ClientFrame::Role { cid, room, member, role: self.role() },
        }
    }

    fn event(&self) -> (&'static str, Value) {
        let (room, member) = (&self.room.code, self.target.as_str());
        match (self.set(), self.power) {
            (Some(set), _) => {
                let mut fields = serde_json::to_value(set).expect("is JSON");
                fields["room"] = json!(room);
                ("update_room", fields)
            }
            (None, Power::Kick) => ("kick_user", json!({"room": room, "userId": member})),
            (None, Power::Ban) => ("ban_user", json!({"room": room, "userId": member})),
            (None, Power::Burn) => ("delete_room", json!(room)),
            (None, Power::Admit) => ("admit_user", json!({"room": room, "userId": member})),
            (None, Power::LiftBan) => ("unban_user", json!({"room": room, "userId": member})),
            (None, _) => ("set_role", json!({"room": room, "userId": member, "role": self.role()})),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum By {
    Http,
    WebSocket,
    SocketIo,
}

/// Asks; answers the refusal.
async fn ask(by: By, who: &Guest, wish: &Wish) -> Result<(), ErrorCode> {
    match by {
        By::Http => {
            let answer = who.ask(wish.http()).await;
            if answer.status < 300 { Ok(()) } else { Err(answer.code()) }
        }
        By::WebSocket => {
            let mut client = who.enter(&wish.room).await;
            let cid = client.cid();
            client.tell(&wish.frame(cid.clone())).await;
            answered(&mut client, &cid).await
        }
        By::SocketIo => {
            let mut raw = Raw::connect(who.addr, &json!({"token": who.token()})).await;
            raw.send(&format!("42{}", json!(["join_room", wish.room.code]))).await;
            raw.expect("42[\"joined_room\"").await;
            let (name, argument) = wish.event();
            raw.send(&format!("427{}", json!([name, argument]))).await;
            let answer = raw.expect("437").await;
            let answer: Value = serde_json::from_str(&answer[3..]).expect("is JSON");
            let reason = answer[0]["reason"].as_str();
            if answer[0]["ok"] == json!(true) { Ok(()) } else { Err(code_of(reason.expect("says why"))) }
        }
    }
}

fn code_of(reason: &str) -> ErrorCode {
    *ErrorCode::ALL.iter().find(|code| code.as_str() == reason).expect("is of the table")
}

async fn answered(client: &mut TestClient, asked: &ClientId) -> Result<(), ErrorCode> {
    client
        .expect("the answer", |frame| match frame {
            ServerFrame::Done { cid, .. } if cid == asked => Some(Ok(())),
            ServerFrame::Error { cid: Some(cid), code, .. } if cid == asked => Some(Err(*code)),
            _ => None,
        })
        .await
}

/// Asks over a socket, and waits for the answer.
async fn wish(client: &mut TestClient, frame: impl FnOnce(ClientId) -> ClientFrame) -> Result<(), ErrorCode> {
    let cid = client.cid();
    client.tell(&frame(cid.clone())).await;
    answered(client, &cid).await
}

/// A room with somebody of each role, and the one whom it is about.
async fn a_room(server: &TestServer) -> (Room, [Guest; 3], MemberId) {
    let [owner, moderator, member, target] =
        [Guest::new(server).await, Guest::new(server).await, Guest::new(server).await, Guest::new(server).await];
    let room = owner.room().await;
    let id = async |guest: &Guest| {
        let view: RoomView = guest.join(&room.code, None).await.assert_status(200).json();
        view.you.expect("is a member")
    };
    let (named, _, about) = (id(&moderator).await, id(&member).await, id(&target).await);
    let role = ChangeRole { member: named, role: Role::Moderator };
    owner.ask(Ask::post(&format!("/api/v1/rooms/{}/role", room.code)).json(&role)).await.assert_status(204);
    (room, [member, moderator, owner], about)
}

async fn generous() -> TestServer {
    TestServer::limited(|limits| {
        (limits.powers_per_minute, limits.rooms_made_per_hour, limits.guests_made_per_hour) = (1_000, 1_000, 10_000);
        limits.connections_per_address = 10_000;
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_power_is_refused_to_everyone_who_lacks_it_and_allowed_to_who_has_it() {
    let server = generous().await;
    for by in [By::Http, By::WebSocket, By::SocketIo] {
        let (room, people, target) = a_room(&server).await;
        for power in Power::ALL {
            let wish = Wish { power: *power, room: room.clone(), target: target.clone() };
            for (role, who) in [Role::Member, Role::Moderator].into_iter().zip(&people) {
                if !role.may(*power) && wish.can_be_asked(by) {
                    assert_eq!(
                        ask(by, who, &wish).await,
                        Err(ErrorCode::Forbidden),
                        "{power:?} for a {role:?} by {by:?}"
                    );
                }
            }
        }
        let untouched: RoomView = people[2].look_up(&room.code).await.json();
        assert_eq!((untouched.name, untouched.pin, untouched.locked), (room.view.name.clone(), false, false));
        for power in Power::ALL {
            for role in [Role::Moderator, Role::Owner].into_iter().filter(|role| role.may(*power)) {
                let (room, people, target) = a_room(&server).await;
                let wish = Wish { power: *power, room, target };
                let who = &people[if role == Role::Owner { 2 } else { 1 }];
                if !wish.can_be_asked(by) {
                    continue;
                }
                assert_eq!(ask(by, who, &wish).await, wish.outcome(), "{power:?} for a {role:?} by {by:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_have_no_power_and_nobody_has_one_over_their_like() {
    let server = generous().await;
    let (room, [member, moderator, owner], target) = a_room(&server).await;
    let stranger = Guest::new(&server).await;
    let wish = |power, target: &MemberId| Wish { power, room: room.clone(), target: target.clone() };
    for power in Power::ALL {
        assert_eq!(ask(By::Http, &stranger, &wish(*power, &target)).await, Err(ErrorCode::Forbidden), "{power:?}");
    }
    let mut outside = stranger.connect().await;
    let cid = outside.cid();
    outside.tell(&wish(Power::Kick, &target).frame(cid.clone())).await;
    assert_eq!(answered(&mut outside, &cid).await, Err(ErrorCode::NotInRoom));
    let id = async |guest: &Guest| {
        let view: RoomView = guest.look_up(&room.code).await.json();
        view.you.expect("is a member")
    };
    let (named, owns) = (id(&moderator).await, id(&owner).await);
    for (who, about) in [(&moderator, &owns), (&moderator, &named), (&owner, &owns)] {
        for power in [Power::Kick, Power::Ban] {
            assert_eq!(ask(By::Http, who, &wish(power, about)).await, Err(ErrorCode::Forbidden));
        }
    }
    let nobody = MemberId::parse(&"A".repeat(22)).expect("is an id");
    assert_eq!(ask(By::Http, &owner, &wish(Power::Kick, &nobody)).await, Err(ErrorCode::NoSuchMember));
    assert_eq!(ask(By::Http, &member, &wish(Power::Kick, &nobody)).await, Err(ErrorCode::Forbidden));
}

async fn expect_room(client: &mut TestClient) -> RoomInfo {
    let told = |frame: &ServerFrame| if let ServerFrame::Room { room, .. } = frame { Some(room.clone()) } else { None };
    client.expect("what the room is now", told).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_room_is_now_is_told_to_all_kept_and_holds_at_the_door() {
    let server = generous().await;
    let (owner, other, late) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    let (mut first, mut second) = (owner.enter(&room).await, other.enter(&room).await);
    let set = ChangeRoom {
        name: Some("  The \"pier\"  ".to_owned()),
        topic: Some("Who has the keys?".to_owned()),
        pin: Some("4711".to_owned()),
        capacity: Some(2),
        lifetime_s: Some(2 * 86_400),
        timer_s: Some(300),
        ..ChangeRoom::default()
    };
    let code = || room.code.clone();
    assert_eq!(wish(&mut first, |cid| ClientFrame::Change { cid, room: code(), set }).await, Ok(()));
    let told = expect_room(&mut second).await;
    assert_eq!(told.timer_s, Some(300));
    assert_eq!((told.name.as_str(), told.capacity, told.pin), ("The \u{201c}pier\u{201d}", 2, true));
    assert_eq!(told.topic.as_ref().map(protocol::Topic::as_str), Some("Who has the keys?"));
    assert_eq!(told.expires_at, told.created_at + 2 * 86_400_000);
    assert_eq!(late.join(&room.code, None).await.code(), ErrorCode::PinRequired);
    late.join(&room.code, Some("4711")).await.assert_status(200);
    let mut third = late.connect().await;
    let cid = third.ask_join(&room.code, None, None).await;
    third.expect_error(ErrorCode::RoomFull, Some(&cid)).await;
    let view: RoomView = other.look_up(&room.code).await.json();
    assert_eq!((view.name, view.topic, view.expires_at), (Some(told.name), told.topic, told.expires_at));
    let open = ChangeRoom { pin: Some(String::new()), topic: Some(" ".to_owned()), ..ChangeRoom::default() };
    assert_eq!(wish(&mut first, |cid| ClientFrame::Change { cid, room: code(), set: open }).await, Ok(()));
    let told = expect_room(&mut second).await;
    assert_eq!((told.topic, told.pin), (None, false));
    Guest::new(&server).await.join(&room.code, None).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_outside_their_rules_change_nothing() {
    let server = generous().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let table = [
        (json!({"name": ""}), ErrorCode::InvalidRoomName),
        (json!({"topic": "x".repeat(201)}), ErrorCode::InvalidTopic),
        (json!({"pin": "123"}), ErrorCode::InvalidPin),
        (json!({"capacity": 1}), ErrorCode::InvalidCapacity),
        (json!({"capacity": -1}), ErrorCode::InvalidCapacity),
        (json!({"capacity": 1e99}), ErrorCode::InvalidCapacity),
        (json!({"capacity": 4_294_967_298_u64}), ErrorCode::InvalidCapacity),
        (json!({"lifetime_s": 3_600}), ErrorCode::InvalidLifetime),
        (json!({"lifetime_s": 604_801}), ErrorCode::InvalidLifetime),
        (json!({"owner": "me"}), ErrorCode::BadFrame),
        (json!({}), ErrorCode::BadFrame),
        (json!({"name": "Pier", "pin": "1"}), ErrorCode::InvalidPin),
    ];
    let mut client = owner.enter(&room).await;
    for (set, code) in table {
        let path = format!("/api/v1/rooms/{}", room.code);
        let answer = owner.ask(Ask::new("PATCH", &path).json(&set)).await;
        assert_eq!(answer.code(), code, "{set}");
        let cid = client.cid();
        let frame = json!({"t": "change", "cid": cid, "room": room.code, "set": set});
        client.wire.text(&frame.to_string()).await;
        assert_eq!(answered(&mut client, &cid).await, Err(code), "{set}");
    }
    let view: RoomView = owner.look_up(&room.code).await.json();
    assert_eq!((view.name, view.expires_at), (room.view.name, room.view.expires_at));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_room_lets_members_back_and_nobody_new_in() {
    let server = generous().await;
    let (owner, member, stranger) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    let (mut first, second) = (owner.enter(&room).await, member.enter(&room).await);
    let lock = |on| ChangeRoom { locked: Some(on), ..ChangeRoom::default() };
    let code = || room.code.clone();
    assert_eq!(wish(&mut first, |cid| ClientFrame::Change { cid, room: code(), set: lock(true) }).await, Ok(()));
    assert_eq!(stranger.join(&room.code, None).await.code(), ErrorCode::RoomLocked);
    let mut outside = stranger.connect().await;
    let cid = outside.ask_join(&room.code, None, None).await;
    outside.expect_error(ErrorCode::RoomLocked, Some(&cid)).await;
    second.close().await;
    assert!(member.enter(&room).await.join(&room.code).await.room.locked);
    assert_eq!(wish(&mut first, |cid| ClientFrame::Change { cid, room: code(), set: lock(false) }).await, Ok(()));
    outside.join(&room.code).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_kicked_comes_back_by_the_code_and_who_is_banned_does_not_come_back() {
    let server = generous().await;
    let (owner, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    let (mut first, mut second) = (owner.enter(&room).await, other.connect().await);
    let member = second.join(&room.code).await.you;
    // Who comes and goes within one tick is not told.
    first.expect_state(&member, Activity::Online).await;
    let code = || room.code.clone();
    assert_eq!(wish(&mut first, |cid| ClientFrame::Kick { cid, room: code(), member: member.clone() }).await, Ok(()));
    assert_eq!(second.expect_left().await, LeaveReason::Kicked);
    first.expect_gone(&member).await;
    assert_eq!(second.join(&room.code).await.you, member, "the same person");
    assert_eq!(wish(&mut first, |cid| ClientFrame::Ban { cid, room: code(), member: member.clone() }).await, Ok(()));
    assert_eq!(second.expect_left().await, LeaveReason::Banned);
    let cid = second.ask_join(&room.code, None, None).await;
    second.expect_error(ErrorCode::Banned, Some(&cid)).await;
    assert_eq!(other.join(&room.code, None).await.code(), ErrorCode::Banned);
    let renamed = Ask::new("PATCH", "/api/v1/me").json(&json!({"name": "Somebody else"}));
    other.ask(renamed).await.assert_status(200);
    assert_eq!(other.join(&room.code, None).await.code(), ErrorCode::Banned, "also under another name");
    let fresh = Guest::new(&server).await;
    assert_eq!(fresh.join(&room.code, None).await.code(), ErrorCode::Banned, "a new guest from the same place");
    let account = Guest::register(&server, "neighbour", "correct horse").await;
    account.join(&room.code, None).await.assert_status(200);
    let next = owner.room().await;
    other.join(&next.code, None).await.assert_status(200);
    assert_eq!(
        wish(&mut first, |cid| ClientFrame::Ban { cid, room: code(), member: member.clone() }).await,
        Err(ErrorCode::NoSuchMember)
    );
    let bans: Vec<BanView> = owner.ask(Ask::get(&format!("/api/v1/rooms/{}/bans", room.code))).await.json();
    assert_eq!((bans.len(), &bans[0].member, bans[0].name.is_some()), (1, &member, true));
    let lift = |cid| ClientFrame::Unban { cid, room: code(), member: member.clone() };
    assert_eq!(wish(&mut first, lift).await, Ok(()));
    poll("the ban is lifted", async || (other.join(&room.code, None).await.status == 200).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_come_in_yet_can_be_put_out() {
    let server = generous().await;
    let (owner, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    let view: RoomView = other.join(&room.code, None).await.assert_status(200).json();
    let member = view.you.expect("is a member");
    let path = format!("/api/v1/rooms/{}/ban", room.code);
    owner.ask(Ask::post(&path).json(&PutOut { member })).await.assert_status(204);
    let mut client = other.connect().await;
    let cid = client.ask_join(&room.code, None, None).await;
    client.expect_error(ErrorCode::Banned, Some(&cid)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_are_told_outlive_the_room_task_and_end_with_the_membership() {
    let server = generous().await;
    let (owner, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    let (mut first, mut second) = (owner.enter(&room).await, other.connect().await);
    let member = second.join(&room.code).await.you;
    let code = || room.code.clone();
    let name = |role| {
        let (room, member) = (code(), member.clone());
        move |cid| ClientFrame::Role { cid, room, member, role }
    };
    assert_eq!(wish(&mut first, name(Role::Moderator)).await, Ok(()));
    let role = second.expect("the role", |frame| match frame {
        ServerFrame::Presence { joined, changed, .. } => {
            let told = joined.iter().chain(changed).find(|one| one.id == member);
            told.map(Member::role).filter(|role| *role != Role::Member)
        }
        _ => None,
    });
    assert_eq!(role.await, Role::Moderator);
    let view: RoomView = other.look_up(&room.code).await.json();
    assert!(view.moderator && !view.owner);
    assert_eq!(wish(&mut first, name(Role::Owner)).await, Ok(()));
    assert_eq!(wish(&mut first, name(Role::Member)).await, Err(ErrorCode::Forbidden), "who handed over is a member");
    let view: RoomView = other.look_up(&room.code).await.json();
    assert!(view.owner && !view.moderator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_who_leaves_is_followed_by_who_has_been_inside_for_longest() {
    let server = generous().await;
    let (owner, absent, inside) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    absent.join(&room.code, None).await.assert_status(200);
    let (mut first, _second) = (owner.enter(&room).await, inside.enter(&room).await);
    first.leave(&room.code).await;
    let owns = async |guest: &Guest| guest.look_up(&room.code).await.json::<RoomView>().owner;
    assert!(owns(&inside).await && !owns(&absent).await, "the one inside, though the other joined before");
    inside.leave(&room.code).await.assert_status(204);
    poll("the last member owns it", async || owns(&absent).await.then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burned_room_is_gone_for_all_and_its_code_says_so() {
    let server = generous().await;
    let (owner, other) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = owner.room().await;
    let (mut first, mut second) = (owner.enter(&room).await, other.enter(&room).await);
    let code = room.code.clone();
    assert_eq!(wish(&mut first, |cid| ClientFrame::Burn { cid, room: code }).await, Ok(()));
    assert_eq!(first.expect_left().await, LeaveReason::Deleted);
    assert_eq!(second.expect_left().await, LeaveReason::Deleted);
    assert_eq!(other.look_up(&room.code).await.code(), ErrorCode::RoomEnded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn powers_are_limited_a_minute() {
    let server = TestServer::limited(|limits| limits.powers_per_minute = 2).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let rename = Ask::new("PATCH", &format!("/api/v1/rooms/{}", room.code)).json(&json!({"name": "Pier"}));
    for _ in 0..2 {
        owner.ask(rename.clone()).await.assert_status(200);
    }
    assert_eq!(owner.ask(rename).await.code(), ErrorCode::RateLimited);
}
