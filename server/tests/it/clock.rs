//! The wall clock is set an hour back or forth under a running server: nothing that lasts lasts longer or shorter.

use std::time::Instant;

use protocol::api::{CreateRoom, RoomView};
use protocol::{ErrorCode, LeaveReason, RoomCode, RoomName};
use server::janitor::Janitor;
use server::store::{self, RoomId};

use crate::harness::{Ask, Guest, TestClient, TestServer, eventually};

const HOUR_MS: u64 = 3_600_000;
/// Either way.
const SET_BY_MS: [i64; 2] = [-3_600_000, 3_600_000];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wall_clock_that_is_set_refuses_no_message_and_ends_typing_in_time() {
    for set_by_ms in SET_BY_MS {
        let server = TestServer::limited(|limits| {
            limits.sends_burst = 4;
            limits.sends_refill_ms = 200;
        })
        .await;
        let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
        let room = one.room().await;
        let mut watcher = one.enter(&room).await;
        let mut types = two.connect().await;
        let you = types.join(&room.code).await.you;
        types.say(&room.code, "before").await;
        types.typing(&room.code, true).await;
        assert!(watcher.expect_typing().await == [you.clone()]);

        server.state.clock.set_wall_by(set_by_ms);
        server.state.clock.advance(server.state.config.limits.typing_expires_ms);
        let set_at = Instant::now();
        assert!(watcher.expect_typing().await.is_empty(), "typing ends by itself");
        assert!(set_at.elapsed().as_millis() < 5_000, "and in time: {:?}", set_at.elapsed());
        for number in 0..3 {
            types.say(&room.code, &format!("after {number}")).await;
        }
        // Whoever is too fast waits for what was agreed, and not for an hour; and does wait.
        let mut told = Vec::new();
        for number in 0..6 {
            let cid = types.send(&room.code, &format!("too fast {number}")).await;
            if let Some(wait_ms) = refusal(&mut types, &cid).await {
                told.push(wait_ms);
            }
        }
        assert!(!told.is_empty() && told.iter().all(|wait_ms| *wait_ms <= 200), "{told:?}");
        // The set is told again whoever types.
        types.typing(&room.code, false).await;
        types.typing(&room.code, true).await;
        assert!(watcher.expect_typing().await == [you]);
    }
}

/// The wait of a refused message, or `None` where it was acknowledged.
async fn refusal(client: &mut TestClient, asked: &protocol::ClientId) -> Option<u64> {
    client
        .expect("an answer", |frame| match frame {
            protocol::ServerFrame::Ack { cid, .. } if cid == asked => Some(None),
            protocol::ServerFrame::Error { cid: Some(cid), code: ErrorCode::RateLimited, retry_after_ms, .. }
                if cid == asked =>
            {
                Some(*retry_after_ms)
            }
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wall_clock_that_is_set_neither_ends_a_room_nor_keeps_it() {
    for set_by_ms in SET_BY_MS {
        let server = TestServer::spawn().await;
        let (one, two) = (Guest::new(&server).await, Guest::new(&server).await);
        let room = one.room_with(CreateRoom { lifetime_s: Some(3_600), ..CreateRoom::default() }).await;
        let mut inside = one.enter(&room).await;
        server.state.clock.set_wall_by(set_by_ms);
        Janitor::default().look(&server.state, server.state.clock.now()).await;
        inside.say(&room.code, "still here").await;
        let joined = two.connect().await.join(&room.code).await;
        let is_right = |expires_at: u64| {
            let left_ms = expires_at.saturating_sub(server.state.clock.wall());
            (HOUR_MS - 60_000..=HOUR_MS + 1_000).contains(&left_ms)
        };
        assert!(is_right(joined.room.expires_at), "the end is told by the clock as it stands");
        assert!(is_right(two.look_up(&room.code).await.json::<RoomView>().expires_at));
        let mine = one.ask(Ask::get("/api/v1/rooms")).await.json::<Vec<RoomView>>();
        assert!(mine.len() == 1 && is_right(mine[0].expires_at));
        // Its hour ends an hour after its start, and by no purge before.
        let later = server.state.clock.now();
        Janitor::default().look(&server.state, later.after(HOUR_MS - 60_000)).await;
        inside.say(&room.code, "and still").await;
        Janitor::default().look(&server.state, later.after(HOUR_MS + 60_000)).await;
        if set_by_ms > 0 {
            assert_eq!(inside.expect_left().await, LeaveReason::Expired);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_ends_when_its_time_is_over_whatever_the_wall_clock_says() {
    for set_by_ms in SET_BY_MS {
        let server = TestServer::spawn().await;
        let guest = Guest::new(&server).await;
        let now = server.state.clock.wall();
        // The API allows no less than an hour, so this one is put into the store.
        let room = store::Room {
            id: RoomId([7; 16]),
            code: RoomCode::parse("SHRT2345").expect("is a code"),
            name: RoomName::parse("short").expect("is a name"),
            topic: None,
            pin_hash: None,
            locked: false,
            timer_s: None,
            lobby: false,
            moderators: Vec::new(),
            capacity: 10,
            sealed: false,
            owner: server.identity(guest.token()).await.user,
            created_at: now,
            expires_at: now + 60_000,
        };
        server.state.store.create_room(room).await.expect("the store keeps it");
        let mut client = guest.connect().await;
        client.join("SHRT-2345").await;
        server.state.clock.set_wall_by(set_by_ms);
        // Half of its minute is left for what the test itself takes.
        server.state.clock.advance(30_000);
        client.say("SHRT2345", "not yet").await;
        server.state.clock.advance(30_000);
        assert_eq!(client.expect_left().await, LeaveReason::Expired);
        eventually("the room's task is over", || server.state.hub.room_count() == 0).await;
        assert_eq!(guest.look_up("SHRT2345").await.code(), ErrorCode::RoomEnded);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grace_and_empty_rooms_and_the_wait_for_a_pin_last_as_agreed() {
    for set_by_ms in SET_BY_MS {
        let server = TestServer::spawn().await;
        let (owner, guesser) = (Guest::new(&server).await, Guest::new(&server).await);
        let room = owner.pin_room("right one").await;
        let lost = owner.enter(&room).await.cut();
        for _ in 0..=server.state.config.limits.pin_tries {
            guesser.join(&room.code, Some("wrong one")).await;
        }
        server.state.clock.set_wall_by(set_by_ms);
        let refused = guesser.join(&room.code, Some("right one")).await;
        assert_eq!(refused.code(), ErrorCode::TooManyTries);
        let wait_s: u64 = refused.header("retry-after").expect("a wait").parse().expect("in seconds");
        assert!((1..=60).contains(&wait_s), "{wait_s} s");
        server.state.clock.advance(server.state.config.limits.grace_ms / 2);
        let back = TestClient::resume(&lost).await;
        assert!(back.resumed, "the grace period is not over");
        back.close().await;
        let identity = server.identity(owner.token()).await;
        server.state.hub.end_login(identity.user, identity.login);
        let empty_since = server.state.clock.mono();
        eventually("the end of the empty room", || {
            server.state.clock.advance(10_000);
            server.state.hub.room_count() == 0
        })
        .await;
        let lasted_ms = server.state.clock.mono().since(empty_since);
        assert!(lasted_ms >= server.state.config.limits.room_empty_ms, "{lasted_ms} ms");
    }
}
