//! A room's task under load and at the edges of a session's life, where timing over sockets alone would be luck.

use std::sync::Arc;

use chat::{Input, RoomStart, SessionKey};
use futures::FutureExt as _;
use protocol::{Activity, ClientFrame, ClientId, MemberId, RoomCode, RoomName, Secret, ServerFrame, SessionId};
use realtime::channel::{RoomCommand, RoomHandle, RoomTask, SeatHandle};
use realtime::hub;
use realtime::session::for_rooms::RoomsSession;
use realtime::session::{Carrier, Generation, Turn};
use server::rooms;
use server::store::{Membership, Room, RoomId};
use server::ws::Native;

use crate::harness::{Ask, Guest, TestServer, poll};

const MAILBOX_MAX: usize = 64;

/// A stored room with a task that does not run yet: what is asked of it waits.
async fn stalled(server: &TestServer, owner: &Guest) -> (RoomTask, RoomHandle) {
    let (state, now) = (&server.state, server.state.clock.now());
    let stored = Room {
        id: RoomId([7; 16]),
        code: RoomCode::parse("SHRT2345").expect("is a code"),
        name: RoomName::parse("stalled").expect("is a name"),
        topic: None,
        pin_hash: None,
        locked: false,
        timer_s: None,
        lobby: false,
        moderators: Vec::new(),
        capacity: 10,
        sealed: false,
        owner: server.identity(owner.token()).await.user,
        created_at: now.wall,
        expires_at: now.wall + 3_600_000,
    };
    state.store.create_room(stored.clone()).await.expect("the store keeps it");
    let start = RoomStart {
        info: rooms::info(&stored),
        node: state.hub.node(),
        epoch: 1,
        owner: state.keys.member_id(stored.id.into(), stored.owner),
        moderators: std::collections::BTreeSet::new(),
        limits: state.config.limits.clone(),
        ids: Box::new(state.keys.message_ids(stored.id.into())),
        now,
    };
    RoomTask::new(stored.id.into(), start, state.hub.clone(), MAILBOX_MAX)
}

fn secret() -> Secret {
    hub::random_secret()
}

async fn session(server: &TestServer, guest: &Guest, number: u64) -> Arc<RoomsSession> {
    let id = SessionId::parse(&format!("session-{number:014}")).expect("22 characters");
    let identity = server.identity(guest.token()).await;
    Arc::new(RoomsSession::of_person(SessionKey(number), id, &Native, identity, Carrier::Bearer, secret()))
}

/// Gives a session a line, as a transport does.
fn connect(server: &TestServer, session: &RoomsSession) -> Generation {
    let limits = &server.state.config.limits;
    let attached = session
        .attach_person(&session.identity(), Carrier::Bearer, None, secret(), limits, |_, _| ServerFrame::Ping {});
    attached.expect("it is not over").generation
}

fn join(server: &TestServer, room: &RoomHandle, session: &Arc<RoomsSession>) -> MemberId {
    let identity = session.identity();
    let member = server.state.keys.member_id(room.id, identity.user);
    let input = Input::Join {
        session: session.key,
        cid: None,
        member: member.clone(),
        name: identity.name,
        activity: Activity::Online,
        since: None,
        mark: None,
    };
    room.request(session, input).expect("there is a place");
    member
}

/// Commands without any effect until the mailbox is full.
fn fill(room: &RoomHandle) {
    let nobody = SessionKey(u64::MAX);
    while room
        .send(RoomCommand { input: Input::Typing { session: nobody, on: true }, session: None, done: None })
        .is_ok()
    {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leave_waits_for_a_busy_room_and_is_answered_by_its_name() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let (task, room) = stalled(&server, &guest).await;
    let mut client = guest.connect().await;
    let user = server.identity(guest.token()).await.user;
    let other = server.identity(Guest::new(&server).await.token()).await.user;
    let (membership, now) = (Membership { user: other, joined_at: 0 }, server.state.clock.wall());
    server.state.store.join(room.id.into(), membership, 10, now).await.expect("the store answers");
    let session = server.state.hub.sessions_of(user).pop().expect("it is connected");
    let member = join(&server, &room, &session);
    assert!(session.entered(SeatHandle { room: room.clone(), code: room.code, member }));
    fill(&room);

    let cid = ClientId::parse("leave-1").expect("is a cid");
    client.tell(&ClientFrame::Leave { cid: cid.clone(), room: room.code.as_str().to_owned() }).await;
    let is_member = async || server.state.store.is_member(room.id.into(), user, now).await.expect("the store answers");
    poll("the membership has ended", async || (!is_member().await).then_some(())).await;
    let running = tokio::spawn(task.run());
    client
        .expect("left", |frame| match frame {
            ServerFrame::Left { cid: Some(by), .. } if *by == cid => Some(()),
            ServerFrame::Error { code, .. } => panic!("{code} instead of left"),
            _ => None,
        })
        .await;
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ended_at_the_door_leaves_no_seat_however_busy_the_room_is() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let (task, room) = stalled(&server, &guest).await;
    let ended = session(&server, &guest, 1).await;
    ended.end();
    join(&server, &room, &ended);
    fill(&room);
    // Others wait in line: the mailbox is full again as soon as it is emptied.
    let mut waiting: Vec<_> = (0..MAILBOX_MAX * 2)
        .map(|_| Box::pin(room.send_in_turn(RoomCommand { input: Input::Tick, session: None, done: None })))
        .collect();
    assert!(waiting.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
    let running = tokio::spawn(task.run());
    futures::future::join_all(waiting).await;
    let (done, handled) = tokio::sync::oneshot::channel();
    let last = RoomCommand { input: Input::Tick, session: None, done: Some(done) };
    room.send_in_turn(last).await.expect("the room goes on");
    handled.await.expect("the room goes on");
    assert_eq!(room.count(), 0, "a seat without a session");
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_line_was_lost_at_the_door_is_shown_offline() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    let (task, room) = stalled(&server, &one).await;
    let (watches, lost) = (session(&server, &one, 1).await, session(&server, &two, 2).await);
    let line = connect(&server, &watches);
    let gone = connect(&server, &lost);
    join(&server, &room, &watches);
    let member = join(&server, &room, &lost);
    assert!(lost.detach(gone), "the line ends while the room has not come to the join");
    let running = tokio::spawn(task.run());
    let state = poll("the newcomer is told", async || {
        let Some(Turn::Write(frames)) = watches.turn(line, false) else { return None };
        frames.iter().find_map(|bytes| {
            let payload = websocket::payload(bytes);
            let text = std::str::from_utf8(&payload).expect("frames are text");
            match protocol::decode_server(text).expect("the server sends frames") {
                ServerFrame::Presence { joined, changed, .. } => {
                    joined.iter().chain(&changed).find(|person| person.id == member).map(|person| person.state)
                }
                _ => None,
            }
        })
    })
    .await;
    assert_eq!(state, Activity::Offline);
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looked_a_room_up_before_its_end_does_not_bring_it_back() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let hub = &server.state.hub;
    let stored = server.state.store.room_by_code(room.code(), 0).await.expect("answers").expect("is kept");
    owner.ask(Ask::new("DELETE", &format!("/api/v1/rooms/{}", room.code))).await.assert_status(204);
    poll("the end of its task", async || (!hub.is_live(stored.id.into())).then_some(())).await;
    let late = server.state.rooms.live(&stored);
    poll("the end of the late task", async || (late.is_over() && !hub.is_live(stored.id.into())).then_some(())).await;
    assert_eq!(hub.room_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_joins_while_a_room_is_ended_is_refused_or_told() {
    const ROUNDS: usize = 12;
    let server =
        TestServer::limited(|limits| (limits.rooms_made_per_hour, limits.joins_per_minute) = (1_000, 1_000)).await;
    let owner = Guest::new(&server).await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Guest::new(&server).await.connect().await);
    }
    for _ in 0..ROUNDS {
        let room = owner.room().await;
        let joins = clients.iter_mut().map(async |client| {
            let cid = client.ask_join(&room.code, None, None).await;
            let joined = client
                .expect("an answer to the join", |frame| match frame {
                    ServerFrame::Joined { cid: asked, .. } if asked.as_ref() == Some(&cid) => Some(true),
                    ServerFrame::Error { cid: asked, .. } if asked.as_ref() == Some(&cid) => Some(false),
                    _ => None,
                })
                .await;
            if joined {
                let is_end = |frame: &ServerFrame| matches!(frame, ServerFrame::Left { .. }).then_some(());
                client.expect("the end of the room", is_end).await;
            }
        });
        let end =
            async { owner.ask(Ask::new("DELETE", &format!("/api/v1/rooms/{}", room.code))).await.assert_status(204) };
        tokio::join!(futures::future::join_all(joins), end);
    }
    poll("that no room is left", async || (server.state.hub.room_count() == 0).then_some(())).await;
}
