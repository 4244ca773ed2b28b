//! The event log: what happened is in it, line by line, and nobody is; whatever becomes of its file, the server goes on.
//! And the ids of requests, by which an answer, a line of the log and a line of the event log are found together.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use protocol::api::PutOut;
use protocol::{ErrorCode, LeaveReason};
use serde_json::{Value, json};
use server::config::EventLogTo;
use server::event_log::{AdminAct, Event, Via};
use tempfile::TempDir;

use crate::canary::random_word;
use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, TestClient, TestServer, Wire, poll};
use crate::socketio::Polling;

const DAY_MS: i64 = 86_400_000;

/// A log in the making.
struct Log(PathBuf);

impl Log {
    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        text.lines().map(line).collect()
    }

    /// The lines of an event, once there are so many.
    async fn of(&self, event: &str, count: usize) -> Vec<Value> {
        poll(event, async || {
            let lines: Vec<_> = self.lines().into_iter().filter(|line| line["event"] == event).collect();
            (lines.len() >= count).then_some(lines)
        })
        .await
    }

    async fn one(&self, event: &str) -> Value {
        self.of(event, 1).await.remove(0)
    }
}

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_else(|| panic!("no {field} in {line}"))
}

/// What a line says beside who, where and when.
fn said(line: &Value) -> String {
    let words = ["event", "kind", "act", "reason", "code", "transport"];
    words.iter().filter_map(|word| line[*word].as_str()).collect::<Vec<_>>().join(" ")
}

async fn logging(folder: &Path) -> (TestServer, Log) {
    let path = folder.join("events.jsonl");
    let to = EventLogTo::File(path.clone());
    let server = TestServer::with(|config| {
        config.event_log = Some(to);
        config.node_name = Some("one".to_owned());
        config.limits.refusals_burst = 2;
        // Who is there stays signed in when a test goes on to the next day.
        config.limits.token_s = 2_592_000;
    })
    .await;
    (server, Log(path))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_is_told_in_order_and_names_nobody() {
    let folder = TempDir::new().expect("there is room");
    let (server, log) = logging(folder.path()).await;
    let (name, words) = (random_word(), random_word());
    let owner = Guest::named(&server, &name).await;
    let other = Guest::named(&server, &name).await;
    let room = owner.room().await;
    let mut inside = owner.enter(&room).await;
    let mut second = other.enter(&room).await;
    // Another session of the same person is nobody new.
    let third = other.enter(&room).await;
    for _ in 0..3 {
        inside.say(&room.code, &words).await;
    }
    let cid = second.ask_join("no code", None, None).await;
    second.expect_error(ErrorCode::InvalidCode, Some(&cid)).await;
    Ask::get("/api/v1/me").send(server.addr).await.assert_status(401);
    let lost = inside.cut();
    let mut inside = TestClient::resume(&lost).await;
    inside.expect_joined(None).await;
    let member = other.connect().await.join(&room.code).await.you;
    let kick = Ask::post(&format!("/api/v1/rooms/{}/kick", room.code)).json(&PutOut { member });
    owner.ask(kick).await.assert_status(204);
    assert_eq!(second.expect_left().await, LeaveReason::Kicked);
    drop(third);
    let mut flood = other.connect().await;
    for _ in 0..3 {
        flood.wire.text("{}").await;
    }
    flood.wire.expect_end(ErrorCode::Flooding).await;
    let act = AdminAct::EndRoom;
    let live = server.state.hub.live_rooms().first().map(|live| live.id);
    server.state.events.record(Event::Admin { act, room: live, person: None });
    owner.ask(Ask::new("DELETE", &format!("/api/v1/rooms/{}", room.code))).await.assert_status(204);
    owner.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
    server.stop().await;

    is_told(&log.lines());
    names_nobody(&log, &[&owner, &other], &[&name, &words, &room.code, lost.session.as_str()]);
}

/// Everything that happened above.
fn is_told(lines: &[Value]) {
    let told: Vec<_> = lines.iter().map(said).collect();
    let expected = [
        "server_started",
        "login_made guest",
        "login_made guest",
        "room_made",
        "joined",
        "joined",
        "refused invalid_code native",
        "refused unauthorized http",
        "resumed",
        "left kicked",
    ];
    assert_eq!(told[..expected.len()], expected, "{told:#?}");
    for line in
        ["refused bad_frame native", "evicted flooding", "admin end_room", "room_ended deleted", "login_ended deleted"]
    {
        assert!(told.iter().any(|told| told == line), "{line} is not in {told:#?}");
    }
    assert_eq!(told[told.len() - 2..], ["server_stopping", "server_stopped"]);
    // Of people who were inside when it ended there is a number.
    assert_eq!(lines.iter().find(|line| line["event"] == "room_ended").map(|line| &line["inside"]), Some(&1.into()));
    // A person and a room are the same on all lines of a day.
    let marks = |field: &str| -> BTreeSet<_> { lines.iter().filter_map(|line| line[field].as_str()).collect() };
    assert_eq!((marks("person").len(), marks("room").len(), marks("node").len()), (2, 1, 1), "{lines:#?}");
    assert_eq!(text(&lines[1], "person"), text(&lines[4], "person"), "who signed in is who joined");
}

/// And nobody who did it, for anybody but the operator.
fn names_nobody(log: &Log, guests: &[&Guest], words: &[&str]) {
    let mode = std::fs::metadata(&log.0).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let whole = std::fs::read_to_string(&log.0).expect("can be read");
    let of_guests = guests.iter().flat_map(|guest| guest.token().split('.').chain([guest.session.id.as_str()]));
    for word in words.iter().copied().chain(["127.0.0.1"]).chain(of_guests) {
        assert!(!whole.contains(word), "{word} is in {whole}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_next_day_everybody_is_somebody_else() {
    let folder = TempDir::new().expect("there is room");
    let (server, log) = logging(folder.path()).await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let guest = Guest::new(&server).await;
    let mut client = guest.connect().await;
    for day in 0..2 {
        server.state.clock.set_wall_by(day * DAY_MS);
        client.join(&room.code).await;
        client.leave(&room.code).await;
        if day == 0 {
            guest.enter(&room).await.leave(&room.code).await;
        }
    }
    let (joined, left) = (log.of("joined", 3).await, log.of("left", 3).await);
    for field in ["person", "room"] {
        let of = |line: &Value| text(line, field).to_owned();
        assert_eq!(of(&joined[0]), of(&joined[1]), "one day, one {field}");
        assert_ne!(of(&joined[1]), of(&joined[2]), "another day, another {field}");
        assert_eq!(of(&joined[2]), of(&left[2]));
        assert_eq!(of(&joined[2]).len(), 12);
    }
    assert_ne!(text(&joined[0], "at")[..10], text(&joined[2], "at")[..10]);
    assert!(left.iter().all(|line| text(line, "reason") == "left"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_line_has_gone_and_refusals_without_end_have_a_number() {
    let folder = TempDir::new().expect("there is room");
    let path = folder.path().join("events.jsonl");
    let to = EventLogTo::File(path.clone());
    let server = TestServer::with(|config| {
        config.event_log = Some(to);
        config.limits.grace_ms = 0;
    })
    .await;
    let log = Log(path);
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    drop(guest.enter(&room).await);
    assert_eq!(text(&log.one("left").await, "reason"), "disconnected");
    for _ in 0..400 {
        server.state.events.record(Event::Refused(Via::Http, ErrorCode::NotFound));
    }
    server.stop().await;
    let lines = log.lines();
    let refused = lines.iter().filter(|line| line["event"] == "refused").count();
    let left_out: u64 =
        lines.iter().filter(|line| line["event"] == "left_out").filter_map(|line| line["count"].as_u64()).sum();
    assert!((200..400).contains(&refused), "{refused} lines");
    assert_eq!(refused as u64 + left_out, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_written_stops_nothing_and_is_tried_again() {
    let folder = Folder::new();
    let server = folder.serve(&["--database=memory:", "--event-log=/dev/full"]).await;
    let guest = Guest::at(server.addr, None).await;
    guest.enter(&guest.room().await).await;
    let warned = || folder.stderr().matches("the event log cannot be written").count();
    poll("the operator is told", async || (warned() > 0).then_some(())).await;
    assert!(server.terminate().await.success());
    assert_eq!(warned(), 1, "once: {}", folder.stderr());

    // Below a file there is no file; when that is a folder, there is.
    let below = folder.path().join("below");
    std::fs::write(&below, "").expect("the folder can be written");
    let server = folder.serve(&["--database=memory:", "--event-log=below/events.jsonl"]).await;
    poll("the operator is told", async || (warned() > 1).then_some(())).await;
    Guest::at(server.addr, None).await;
    std::fs::remove_file(&below).and_then(|()| std::fs::create_dir(&below)).expect("the folder can be written");
    let log = Log(below.join("events.jsonl"));
    // Nobody has to do anything for it.
    let lost = log.one("lost").await;
    assert_eq!(lost["count"], 2, "that it began, and the guest: {lost}");
    assert!(folder.stderr().contains("the event log is written again"), "{}", folder.stderr());
    Guest::at(server.addr, None).await;
    log.one("login_made").await;
    assert!(server.terminate().await.success());
    log.one("server_stopped").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_moved_away_is_begun_anew_and_loses_nothing() {
    let folder = Folder::new();
    let mut server = folder.serve(&["--database=memory:", "--event-log=events.jsonl"]).await;
    let (now, before) = (folder.path().join("events.jsonl"), folder.path().join("events.jsonl.1"));
    let logs = [Log(now.clone()), Log(before.clone())];
    let made = || -> usize {
        let lines = logs.iter().flat_map(Log::lines);
        lines.filter(|line| line["event"] == "login_made").count()
    };
    Guest::at(server.addr, None).await;
    poll("the first line", async || (made() == 1).then_some(())).await;
    std::fs::rename(&now, &before).expect("the folder can be written");
    server.signal(libc::SIGHUP);
    for guests in 2..5 {
        Guest::at(server.addr, None).await;
        poll("one line more", async || (made() == guests).then_some(())).await;
    }
    assert_eq!(logs[1].lines().len(), 2, "the start and the first guest");
    assert_eq!(std::fs::metadata(&now).expect("it is there").permissions().mode() & 0o777, 0o600);
    // Deleted, and without a word.
    std::fs::remove_file(&now).expect("the folder can be written");
    Guest::at(server.addr, None).await;
    logs[0].one("login_made").await;
    assert!(server.is_running());
    assert!(server.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn standard_output_takes_the_log_too() {
    let folder = Folder::new();
    let server = folder.serve(&["--database=memory:", "--event-log=-"]).await;
    Guest::at(server.addr, None).await;
    assert!(server.terminate().await.success());
    let told = std::fs::read_to_string(folder.path().join("stdout")).expect("it is there");
    let events: Vec<Value> =
        told.lines().filter(|line| line.starts_with('{')).filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(
        events.iter().map(said).collect::<Vec<_>>(),
        ["server_started", "login_made guest", "server_stopping", "server_stopped"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_id_is_in_the_header_the_body_and_every_log() {
    for (format, has) in [("text", "request="), ("json", "\"request\":\"")] {
        let folder = Folder::new();
        let format = format!("--log-format={format}");
        let server = folder.serve(&["--database=memory:", "--log=debug", "--event-log=events.jsonl", &format]).await;
        let refused = Ask::get("/api/v1/me").header("x-request-id", "chosen-by-a-stranger").send(server.addr).await;
        let id = refused.header("x-request-id").expect("every answer has one").to_owned();
        assert_eq!(refused.assert_status(401).problem().request_id.as_deref(), Some(&*id));
        assert_eq!(id.len(), 16, "{id}");
        let lines = poll("a line with it", async || {
            let lines: Vec<_> = folder.stderr().lines().filter(|line| line.contains(&id)).map(str::to_owned).collect();
            (!lines.is_empty()).then_some(lines)
        })
        .await;
        assert!(
            lines.iter().any(|line| line.contains("answered") && line.contains(&format!("{has}{id}"))),
            "{lines:?}"
        );
        let log = Log(folder.path().join("events.jsonl"));
        assert_eq!(text(&log.one("refused").await, "request"), id);
        assert!(!folder.stderr().contains("chosen-by-a-stranger"));
        // The request that opens a socket names what happens on it, also in tasks of its own.
        let (wire, answer) = Wire::try_open(server.addr, &[]).await.expect("it is opened");
        let id = answer.headers()["x-request-id"].to_str().expect("is text").to_owned();
        let guest = Guest::at(server.addr, None).await;
        let mut client = TestClient::hello(wire, server.addr, guest.token(), None).await;
        let asked = client.ask_join("KW7P3MXQ", None, None).await;
        client.expect_error(ErrorCode::RoomNotFound, Some(&asked)).await;
        let refused = log.of("refused", 2).await;
        assert_eq!((said(&refused[1]).as_str(), text(&refused[1], "request")), ("refused room_not_found native", &*id));
        assert!(server.terminate().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_on_a_session_of_socket_io_has_the_id_of_the_request_that_opened_it() {
    let folder = TempDir::new().expect("there is room");
    let (server, log) = logging(folder.path()).await;
    let mut nobody = Polling::open(server.addr).await;
    nobody.post("40{}").await;
    nobody.expect("44{").await;
    let guest = Guest::new(&server).await;
    let mut client = Polling::connect(server.addr, &json!({"token": guest.token()})).await;
    for id in 0..2 {
        client.post(&format!("42{id}[\"join_room\",\"KW7P3MXQ\"]")).await;
        client.expect(&format!("43{id}[")).await;
    }
    let refused = log.of("refused", 3).await;
    let told: Vec<_> = refused.iter().map(said).collect();
    let of_session = "refused room_not_found socket.io";
    assert_eq!(told, ["refused unauthorized socket.io", of_session, of_session]);
    let id = |line: usize| text(&refused[line], "request");
    assert!(id(0) != id(1) && id(1) == id(2) && id(1).len() == 16, "{refused:?}");
    assert_eq!(refused[1]["person"], log.one("login_made").await["person"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_chooses_the_id_where_it_is_well_formed() {
    let server = TestServer::with(|config| config.proxies = vec!["127.0.0.1".parse().expect("is a network")]).await;
    let told = async |ask: Ask| ask.send(server.addr).await.header("x-request-id").map(str::to_owned);
    for well in ["0f8fad5b-d9cb-469f-a165-70867728950e", "4bf92f3577b34da6a3ce929d0e0e4736", "a1b2c3d4"] {
        assert_eq!(told(Ask::get("/healthz").header("X-Request-Id", well)).await.as_deref(), Some(well));
    }
    for ill in ["short", "what somebody typed", "a1b2c3d4;a1b2c3d4", &"a".repeat(37)] {
        let drawn = told(Ask::get("/nowhere").header("x-request-id", ill)).await.expect("every answer has one");
        assert_ne!(drawn, ill);
    }
    let twice = Ask::get("/").header("x-request-id", "a1b2c3d4").header("x-request-id", "d4c3b2a1");
    assert!(told(twice).await.is_some_and(|drawn| drawn.len() == 16));
}
