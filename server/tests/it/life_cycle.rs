//! What ends by itself, by a clock that the test sets: guests, rooms, and after a crash what nobody comes back to.

use protocol::api::CreateRoom;
use protocol::{ErrorCode, LeaveReason};
use server::auth::TOKEN_MS;
use server::janitor::Janitor;
use server::store::RoomId;

use crate::harness::{Ask, Guest, Room, TestServer};

const HOUR: u64 = 3_600_000;

async fn id_of(server: &TestServer, room: &Room) -> RoomId {
    let found = server.state.store.room_by_code(room.code(), 0).await.expect("the store answers");
    found.expect("the room is kept").id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_end_with_their_memberships_and_rooms_pass_on() {
    let server = TestServer::spawn().await;
    let account = Guest::register(&server, "robin", "correct horse battery").await;
    let guest = Guest::new(&server).await;
    let (theirs, alone) = (guest.room().await, guest.room().await);
    account.join(&theirs.code, None).await.assert_status(200);
    // Rooms live longer than guests: what ends here ends because its owner did.
    let ids = (id_of(&server, &theirs).await, id_of(&server, &alone).await);
    let user = server.identity(guest.token()).await.user;
    let mut janitor = Janitor::default();
    janitor.look(&server.state, server.state.clock.now()).await;
    assert!(server.state.store.is_member(ids.0, user, 0).await.expect("answers"));
    let end = server.state.store.user(user, 0).await.expect("answers").and_then(|user| user.expires_at);
    assert!(end.is_some_and(|end| end <= server.state.clock.wall() + TOKEN_MS));
    janitor.look(&server.state, server.state.clock.now().after(TOKEN_MS)).await;
    assert_eq!(server.state.store.user(user, 0).await.expect("answers"), None);
    assert!(!server.state.store.is_member(ids.0, user, 0).await.expect("answers"));
    assert_eq!(server.state.store.members(ids.1).await.expect("answers"), []);
    assert_eq!(guest.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Unauthorized);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_too_old_end_with_their_membership_and_members_are_told_why() {
    let server = TestServer::spawn().await;
    let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
    // Shorter than a guest's life.
    let room = one.room_with(CreateRoom { lifetime_s: Some(3_600), ..CreateRoom::default() }).await;
    let (mut first, mut second) = (one.enter(&room).await, two.enter(&room).await);
    let id = id_of(&server, &room).await;
    let mut janitor = Janitor::default();
    let now = server.state.clock.now();
    let left_ms = room.view.expires_at - now.wall;
    janitor.look(&server.state, now.after(left_ms - 1_000)).await;
    first.say(&room.code, "still here").await;
    janitor.look(&server.state, now.after(left_ms + 60_000)).await;
    assert_eq!(first.expect_left().await, LeaveReason::Expired);
    assert_eq!(second.expect_left().await, LeaveReason::Expired);
    assert_eq!(server.state.store.members(id).await.expect("answers"), []);
    assert_eq!(server.state.store.room(id, 0).await.expect("answers"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_rooms_count_as_without_a_seat_from_the_restart_on() {
    let folder = tempfile::TempDir::new().expect("there is room for a temporary folder");
    let server = TestServer::in_folder(folder.path(), |_| {}).await;
    let guest = Guest::new(&server).await;
    let (left, used) = (guest.room().await, guest.room().await);
    let (left_id, used_id) = (id_of(&server, &left).await, id_of(&server, &used).await);
    server.stop().await;

    let server = TestServer::in_folder(folder.path(), |_| {}).await;
    let guest = Guest { addr: server.addr, ..guest };
    let (start, empty_ms) = (server.state.clock.now(), server.state.config.limits.room_empty_ms);
    let lives = async |id| server.state.store.room(id, 0).await.expect("answers").is_some();
    let mut janitor = Janitor::default();
    janitor.look(&server.state, start).await;
    let mut back = guest.enter(&used).await;
    janitor.look(&server.state, start.after(empty_ms - 1)).await;
    assert!(lives(left_id).await && lives(used_id).await, "not before its time");
    janitor.look(&server.state, start.after(empty_ms)).await;
    assert!(!lives(left_id).await, "nobody came back");
    assert!(lives(used_id).await, "somebody is inside");
    assert_eq!(server.state.store.members(left_id).await.expect("answers"), []);
    back.say(&used.code, "as if nothing had happened").await;
    assert!(empty_ms < HOUR, "well before its lifetime");
}
