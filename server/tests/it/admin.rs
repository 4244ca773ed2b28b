//! What an operator sees and does: nobody else may, each act does what it says, and nothing that is shown names anybody.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use protocol::admin::{
    BeginDrain, ChangeSwitches, Drain, DrainState, EndedLogins, LiveRooms, NodeOverview, OperatorToken, SocketDebug,
    Switches,
};
use protocol::{ErrorCode, LeaveReason, Limits, Notice, RoomCode, ServerFrame};
use serde_json::{Value, json};
use server::config::{Database, EventLogTo};
use tempfile::TempDir;

use crate::harness::engine::Engine;
use crate::harness::{Answer, Ask, Guest, Heard, TestClient, TestServer, Wire, poll};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const EVENTS: &str = "events.jsonl";
const PASSWORD: &str = "correct horse battery";

/// A server with an operator's token.
async fn with_token() -> (TestServer, TempDir) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("can be written");
    let events = folder.path().join(EVENTS);
    let server = TestServer::with(move |config| {
        config.admin_token_file = Some(file);
        config.event_log = Some(EventLogTo::File(events));
    });
    (server.await, folder)
}

/// Waits for a line of the log of events about this act, and answers it.
async fn act_in(folder: &TempDir, act: &str) -> String {
    let act = format!("\"act\":\"{act}\"");
    poll("the act is in the log", async || {
        let text = std::fs::read_to_string(folder.path().join(EVENTS)).unwrap_or_default();
        text.lines().find(|line| line.contains("\"event\":\"admin\"") && line.contains(&act)).map(str::to_owned)
    })
    .await
}

/// A server with a folder for the file of operators.
async fn in_folder(change: impl FnOnce(&mut Limits)) -> (TestServer, TempDir) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    (TestServer::in_folder(folder.path(), change).await, folder)
}

/// Writes the file of operators, each with the password; none: the file goes.
fn write_operators(server: &TestServer, names: &[&str]) {
    let file = server.state.config.data_dir.join("operators");
    let _ = std::fs::remove_file(&file);
    if names.is_empty() {
        return;
    }
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).expect("can be made");
    for name in names {
        let phc = server::auth::hash_now(PASSWORD.as_bytes()).expect("there is memory");
        writeln!(open, "{name} {phc}").expect("can be written");
    }
}

async fn get(server: &TestServer, what: &str) -> Answer {
    Ask::get(&format!("/api/v1/admin/{what}")).bearer(TOKEN).send(server.addr).await
}

async fn post(server: &TestServer, what: &str, body: &impl serde::Serialize) -> Answer {
    Ask::post(&format!("/api/v1/admin/{what}")).bearer(TOKEN).json(body).send(server.addr).await
}

async fn sign_in(server: &TestServer, name: &str, password: &str) -> Answer {
    let typed = json!({"name": name, "password": password});
    Ask::post("/api/v1/admin/sign-in").json(&typed).send(server.addr).await
}

/// The page's own form.
fn form(server: &TestServer, path: &str, body: &str) -> Ask {
    Ask::post(path).origin(&server.origin()).form(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_does_not_cost_the_name() {
    let (server, _folder) = in_folder(|_| {}).await;
    write_operators(&server, &["maria"]);
    let page = form(&server, "/admin/sign-in", "name=%3Cmaria%3E&password=wrong+password").send(server.addr).await;
    let html = page.assert_status(401).text();
    assert!(html.contains("value=\"&lt;maria") && !html.contains("<maria"), "{html}");
}

/// Signs in by the page; answers its cookie.
async fn cookie_of(server: &TestServer, name: &str) -> String {
    let body = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
    let answer = form(server, "/admin/sign-in", &body).send(server.addr).await.assert_status(303);
    assert_eq!(answer.header("location"), Some("/admin"));
    let set = answer.header("set-cookie").expect("sets a cookie").to_owned();
    for promise in ["; Path=/admin;", "; Max-Age=3600;", "; HttpOnly", "; SameSite=Strict"] {
        assert!(set.contains(promise), "{promise} is not in the cookie");
    }
    set.split(';').next().expect("has a value").to_owned()
}

/// Every address, by what it is asked with.
const ALL: [(&str, &str); 10] = [
    ("GET", "/api/v1/admin/overview"),
    ("GET", "/api/v1/admin/rooms"),
    ("GET", "/api/v1/admin/socket-debug"),
    ("POST", "/api/v1/admin/rooms/AAAAAAAAAAAAAAAAAAAAAA/end"),
    ("POST", "/api/v1/admin/logins/somebody/end"),
    ("GET", "/api/v1/admin/switches"),
    ("POST", "/api/v1/admin/switches"),
    ("GET", "/api/v1/admin/drain"),
    ("POST", "/api/v1/admin/drain"),
    ("DELETE", "/api/v1/admin/drain"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_operator_nothing_is_there_and_the_file_is_seen_while_the_server_runs() {
    let (server, _folder) = in_folder(|_| {}).await;
    let look = async |path: &str| {
        let missing = Ask::get("/nothing").header("accept", "text/html").send(server.addr).await;
        let page = Ask::get(path).header("accept", "text/html").send(server.addr).await;
        (page.status, page.status == missing.status && page.header("content-type") == missing.header("content-type"))
    };
    for names in [&[][..], &["maria"], &[]] {
        write_operators(&server, names);
        let is_there = !names.is_empty();
        for (method, path) in ALL {
            let answer = Ask::new(method, path).bearer(TOKEN).send(server.addr).await;
            assert_eq!(answer.status, if is_there { 401 } else { 404 }, "{method} {path}");
        }
        let wrong_method = Ask::new("PATCH", "/api/v1/admin/drain").send(server.addr).await;
        assert_eq!(wrong_method.status, if is_there { 405 } else { 404 });
        for path in ["/admin", "/admin/style.css"] {
            assert_eq!(look(path).await, if is_there { (200, false) } else { (404, true) }, "{path}");
        }
        let posted = form(&server, "/admin/do", "act=drain").send(server.addr).await;
        assert_eq!(posted.status, if is_there { 401 } else { 404 });
    }
    // A file that others may read lets nobody in.
    write_operators(&server, &["maria"]);
    let file = server.state.config.data_dir.join("operators");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("is ours");
    assert_eq!(sign_in(&server, "maria", PASSWORD).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_an_operator_is_let_in_and_an_operator_is_nobody_else() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let file = folder.path().join("token");
    std::fs::write(&file, TOKEN).expect("can be written");
    let data_dir = folder.path().join("data");
    let server = TestServer::with(|config| {
        config.database = Database::Sqlite(data_dir.join("whisperspace.db"));
        config.data_dir = data_dir;
        config.admin_token_file = Some(file);
    });
    let server = server.await;
    write_operators(&server, &["maria"]);
    let guest = Guest::new(&server).await;
    let account = Guest::register(&server, "maria", PASSWORD).await;
    let session: OperatorToken = sign_in(&server, "MARIA", PASSWORD).await.assert_status(200).json();
    assert_eq!(sign_in(&server, "maria", "wrong horse").await.code(), ErrorCode::BadCredentials);
    assert_eq!(sign_in(&server, "nobody", PASSWORD).await.code(), ErrorCode::BadCredentials);
    let wrong = TOKEN.replace('f', "0");
    for (method, path) in ALL {
        let refused = [None, Some(guest.token()), Some(account.token()), Some(wrong.as_str()), Some("x.y.z")];
        for token in refused {
            let ask = Ask::new(method, path);
            let ask = token.map_or(ask.clone(), |token| ask.bearer(token));
            assert_eq!(ask.send(server.addr).await.code(), ErrorCode::Unauthorized, "{method} {path}");
        }
        // Neither cookie counts there: that of a person, and that of the page.
        for cookie in [format!("ws={}", account.token()), format!("ws-admin={}", session.token)] {
            let ask = Ask::new(method, path).header("cookie", &cookie).origin(&server.origin());
            assert_eq!(ask.send(server.addr).await.code(), ErrorCode::Unauthorized, "{method} {path}");
        }
    }
    for token in [TOKEN, session.token.as_str()] {
        let ask = Ask::get("/api/v1/admin/overview").bearer(token);
        ask.send(server.addr).await.assert_status(200);
        // It is no login of a person.
        assert_eq!(Ask::get("/api/v1/me").bearer(token).send(server.addr).await.code(), ErrorCode::Unauthorized);
        let mut wire = Wire::open(server.addr).await;
        wire.text(&json!({"t": "hello", "token": token}).to_string()).await;
        assert!(!matches!(wire.next().await, Heard::Frame(ServerFrame::Welcome { .. })));
    }
    // An account's cookie is none of an operator, under whichever name.
    for name in ["ws", "ws-admin"] {
        let cookie = format!("{name}={}", account.token());
        let page = Ask::get("/admin").header("cookie", &cookie).send(server.addr).await.assert_status(200);
        assert!(page.text().contains("action=\"/admin/sign-in\""), "asks to sign in");
    }
    server.state.clock.advance(3_600_001);
    let late = Ask::get("/api/v1/admin/overview").bearer(&session.token).send(server.addr).await;
    assert_eq!(late.code(), ErrorCode::Unauthorized, "the hour is over");
    get(&server, "overview").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_a_password_costs_growing_waits() {
    let (server, _folder) = in_folder(|limits| limits.auth_failures = 3).await;
    write_operators(&server, &["maria"]);
    for _ in 0..3 {
        assert_eq!(sign_in(&server, "maria", "a wrong guess").await.code(), ErrorCode::BadCredentials);
    }
    let refused = sign_in(&server, "maria", PASSWORD).await.problem();
    assert!(matches!(refused.code, ErrorCode::RateLimited | ErrorCode::TooManyTries), "{}", refused.code);
    assert!(refused.retry_after_ms.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_are_those_of_what_people_did_and_name_nobody() {
    let (server, _folder) = with_token().await;
    let owner = Guest::named(&server, "Zaphod").await;
    let (room, other) = (owner.room().await, owner.room().await);
    let mut client = owner.enter(&room).await;
    let _inside = Guest::named(&server, "Trillian").await.enter(&room).await;
    client.say(&room.code, "so long and thanks").await;
    client.say(&room.code, "for all the fish").await;
    let missing = owner.ask(Ask::get("/api/v1/rooms/ZZZZ2222")).await;
    assert_eq!(missing.code(), ErrorCode::RoomNotFound);

    let answer = get(&server, "overview").await.assert_status(200);
    let text = answer.text();
    let seen: NodeOverview = answer.json();
    assert_eq!((seen.rooms, seen.sessions_connected, seen.sessions_away), (2, 2, 0));
    assert_eq!((seen.total.messages, seen.total.deliveries, seen.last_minute), (2, 4, seen.total));
    assert!(seen.refusals.iter().any(|refused| refused.code == ErrorCode::RoomNotFound && refused.count == 1));
    assert_eq!(seen.connections.iter().map(|carried| carried.count).sum::<u64>(), 2);
    assert_eq!((seen.other_nodes, seen.node), (None, None));
    assert!(seen.memory_bytes.is_some_and(|bytes| bytes > 1 << 20));

    let answer = get(&server, "rooms").await.assert_status(200);
    let rooms: LiveRooms = answer.json();
    let sizes: Vec<_> = rooms.rooms.iter().map(|room| (room.people, room.sessions, room.locked)).collect();
    assert_eq!((rooms.total, sizes), (2, vec![(2, 2, false), (0, 0, false)]));
    let debugged = get(&server, "socket-debug").await.assert_status(200);
    let sockets: SocketDebug = debugged.json();
    assert_eq!((sockets.total_connections, sockets.total_rooms, sockets.rooms.len()), (2, 2, 1));
    assert_eq!(sockets.rooms[0].room_name, rooms.rooms[0].hash);
    assert_eq!((sockets.rooms[0].socket_ids.len(), sockets.rooms[0].user_ids.len()), (2, 2));
    assert!(rooms.rooms.iter().all(|room| room.hash.len() == 12 && room.age_s < 60));
    for word in [&room.code, &other.code, &room.view.code.dashed(), "Zaphod", "Trillian", "fish", "127.0.0.1"] {
        assert!(
            !text.contains(word) && !answer.text().contains(word) && !debugged.text().contains(word),
            "{word} is shown"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_ended_for_all_by_its_hash() {
    let (server, folder) = with_token().await;
    let owner = Guest::new(&server).await;
    let (room, other) = (owner.room().await, owner.room().await);
    let mut client = owner.enter(&room).await;
    let rooms: LiveRooms = get(&server, "rooms").await.json();
    let path = format!("rooms/{}/end", rooms.rooms[0].hash);
    post(&server, &path, &Value::Null).await.assert_status(204);
    assert_eq!(client.expect_left().await, LeaveReason::Deleted);
    let line = act_in(&folder, "end_room").await;
    assert!(line.contains(&rooms.rooms[0].hash) && !line.contains(&room.code), "{line}");
    assert_eq!(owner.look_up(&room.code).await.code(), ErrorCode::RoomEnded);
    owner.look_up(&other.code).await.assert_status(200);
    let gone = poll("the room is not listed", async || {
        let rooms: LiveRooms = get(&server, "rooms").await.json();
        (rooms.total == 1).then_some(rooms)
    });
    gone.await;
    assert_eq!(post(&server, &path, &Value::Null).await.code(), ErrorCode::RoomNotFound);
    let by_code = format!("rooms/{}/end", other.code);
    assert_eq!(post(&server, &by_code, &Value::Null).await.code(), ErrorCode::RoomNotFound, "a code is no hash");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logins_of_a_person_end_by_name_and_by_hash() {
    let (server, _folder) = with_token().await;
    let one = Guest::register(&server, "Arthur", PASSWORD).await;
    let two = Guest::login(&server, "arthur", PASSWORD).await;
    let guest = Guest::new(&server).await;
    let (mut first, mut second, mut third) = (one.connect().await, two.connect().await, guest.connect().await);
    let ended: EndedLogins = post(&server, "logins/ARTHUR/end", &Value::Null).await.assert_status(200).json();
    assert_eq!(ended.logins, 2);
    for client in [&mut first, &mut second] {
        client.wire.expect_end(ErrorCode::Revoked).await;
    }
    assert_eq!(one.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Revoked);
    let identity = server.identity(guest.token()).await;
    for by in ["here", "away"] {
        let guest = Guest::new(&server).await;
        let client = if by == "here" { Some(guest.connect().await) } else { None };
        let user = server.identity(guest.token()).await.user;
        let hash = server.state.keys.day_mark(server.state.clock.wall() / 86_400_000, &user.0);
        let ended: EndedLogins = post(&server, &format!("logins/{hash}/end"), &Value::Null).await.json();
        assert_eq!(ended.logins, 1, "{by}");
        assert_eq!(guest.ask(Ask::get("/api/v1/me")).await.code(), ErrorCode::Revoked);
        if let Some(mut client) = client {
            client.wire.expect_end(ErrorCode::Revoked).await;
        }
    }
    assert!(server.state.hub.sessions_of(identity.user).len() == 1, "others are left alone");
    third.ping().await;
    for nobody in ["nobody", "AAAAAAAAAAAA", "%20"] {
        let answer = post(&server, &format!("logins/{nobody}/end"), &Value::Null).await;
        assert_eq!(answer.code(), ErrorCode::NotFound, "{nobody}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_closed_is_closed_by_every_way_and_can_be_opened() {
    let (server, folder) = with_token().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let change = ChangeSwitches { registration_closed: Some(true), rooms_closed: Some(true), announcement: None };
    let now: Switches = post(&server, "switches", &change).await.assert_status(200).json();
    assert_eq!(now, Switches { registration_closed: true, rooms_closed: true, announcement: None });
    act_in(&folder, "set").await;
    let register = json!({"username": "ford", "password": PASSWORD});
    let refused = Ask::post("/api/v1/register").json(&register).send(server.addr).await.assert_status(403);
    assert_eq!(refused.code(), ErrorCode::Closed);
    assert_eq!(owner.ask(Ask::post("/api/v1/rooms").json(&json!({}))).await.code(), ErrorCode::Closed);
    let posted = form(&server, "/create", "room=x").cookie(owner.token()).header("accept", "text/html");
    let posted = posted.send(server.addr).await.assert_status(403);
    assert!(posted.text().contains(ErrorCode::Closed.text()), "the page says so");
    // What is there goes on, and guests come in.
    Guest::new(&server).await.enter(&room).await.say(&room.code, "here").await;
    let open = ChangeSwitches { registration_closed: Some(false), rooms_closed: Some(false), announcement: None };
    post(&server, "switches", &open).await.assert_status(200);
    Ask::post("/api/v1/register").json(&register).send(server.addr).await.assert_status(201);
    owner.room().await;
    for wrong in [json!({"announcement": "x".repeat(281)}), json!({"announcement": "a\nb"}), json!({"rooms": true})] {
        assert_eq!(post(&server, "switches", &wrong).await.status, 400, "{wrong}");
    }
}

/// The announcement that comes next: for which room, and what it says.
async fn announced(client: &mut TestClient) -> (Option<RoomCode>, Option<String>) {
    let told = |frame: &ServerFrame| match frame {
        ServerFrame::Notice { room, notice: Notice::Announcement, text } => Some((*room, text.clone())),
        _ => None,
    };
    client.expect("an announcement", told).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_is_told_to_all_and_to_those_who_come_until_it_is_taken_back() {
    let (server, folder) = with_token().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let mut here = owner.enter(&room).await;
    let mut nowhere = Guest::new(&server).await.connect().await;
    let say = async |text: &str| {
        let change = ChangeSwitches { announcement: Some(text.to_owned()), ..ChangeSwitches::default() };
        let now: Switches = post(&server, "switches", &change).await.assert_status(200).json();
        now.announcement
    };
    assert_eq!(say("  Back at ten <b>.  ").await.as_deref(), Some("Back at ten <b>."));
    let text = || Some("Back at ten <b>.".to_owned());
    assert_eq!(announced(&mut here).await, (None, text()));
    assert_eq!(announced(&mut nowhere).await, (None, text()));
    let mut late = Guest::new(&server).await.enter(&room).await;
    assert_eq!(announced(&mut late).await, (Some(room.code()), text()));
    assert_eq!(say(" ").await, None);
    assert_eq!(announced(&mut late).await, (None, None));
    let line = act_in(&folder, "announce").await;
    assert!(!line.contains("ten"), "{line}");
    let mut later = Guest::new(&server).await.enter(&room).await;
    let heard = later.ping().await;
    assert!(!heard.iter().any(|frame| matches!(frame, ServerFrame::Notice { .. })), "nothing holds any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_lets_nobody_in_can_be_taken_back_and_tells_all_to_come_back_elsewhere() {
    let (server, _folder) = with_token().await;
    let guest = Guest::new(&server).await;
    let mut client = guest.connect().await;
    let ready = async || Ask::get("/readyz").send(server.addr).await.status;
    let asked = BeginDrain { after_s: Some(600), over_s: Some(0) };
    let drain: Drain = post(&server, "drain", &asked).await.assert_status(200).json();
    assert!(drain.state == DrainState::Soon && drain.in_s.is_some_and(|in_s| (595..=600).contains(&in_s)));
    assert_eq!(ready().await, 503);
    let refused = Wire::try_open(server.addr, &[]).await;
    assert_eq!(refused.err().map(|refused| refused.status().as_u16()), Some(503), "nobody comes in");
    let polling = Ask::get("/socket.io/?EIO=4&transport=polling").send(server.addr).await;
    assert_eq!(polling.code(), ErrorCode::ShuttingDown);
    client.ping().await;
    let taken: Drain = Ask::new("DELETE", "/api/v1/admin/drain").bearer(TOKEN).send(server.addr).await.json();
    assert_eq!((taken.state, ready().await), (DrainState::Open, 200));
    guest.connect().await.ping().await;

    post(&server, "drain", &asked).await.assert_status(200);
    server.state.clock.advance(600_000);
    loop {
        match client.next().await {
            Heard::Frame(ServerFrame::Bye { code, reconnect_in_ms }) => {
                assert!(code == ErrorCode::ShuttingDown && reconnect_in_ms.is_some());
            }
            Heard::Frame(_) => {}
            Heard::Closed(code) => break assert_eq!(code, Some(1012)),
        }
    }
    let done = poll("all were told", async || {
        let drain: Drain = get(&server, "drain").await.json();
        (drain.state == DrainState::Done).then_some(())
    });
    done.await;
    let late: Drain = Ask::new("DELETE", "/api/v1/admin/drain").bearer(TOKEN).send(server.addr).await.json();
    assert_eq!((late.state, ready().await), (DrainState::Done, 503), "it has begun");
    let wrong = BeginDrain { after_s: Some(3_601), over_s: None };
    assert_eq!(post(&server, "drain", &wrong).await.code(), ErrorCode::BadFrame);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_asks_before_it_does_and_only_the_sites_own_forms_count() {
    let (server, _folder) = in_folder(|_| {}).await;
    write_operators(&server, &["maria", "joe"]);
    let owner = Guest::new(&server).await;
    let mut client = owner.enter(&owner.room().await).await;
    let (maria, joe) = (cookie_of(&server, "maria").await, cookie_of(&server, "joe").await);
    let page =
        async |cookie: &str| Ask::get("/admin").header("cookie", cookie).send(server.addr).await.assert_status(200);
    let seen = page(&maria).await;
    let policy = seen.header("content-security-policy").expect("has a policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("script"), "{policy}");
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    let html = seen.text();
    assert!(html.contains("Signed in as maria") && !html.contains("<script"));
    let hash = html.split("name=\"about\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let hash = hash.expect("there is a room to end").to_owned();

    let body = format!("act=end_room&about={hash}");
    for (origin, cookie) in [("https://evil.example", Some(&maria)), (server.origin().as_str(), None)] {
        for path in ["/admin/ask", "/admin/do"] {
            let ask = Ask::post(path).origin(origin).form(&body);
            let ask = cookie.map_or(ask.clone(), |cookie| ask.header("cookie", cookie));
            let status = ask.send(server.addr).await.status;
            assert_eq!(status, if cookie.is_some() { 403 } else { 401 }, "{origin} {path}");
        }
    }
    let without_origin = Ask::post("/admin/do").form(&body).header("cookie", &maria).send(server.addr).await;
    assert_eq!(without_origin.code(), ErrorCode::BadOrigin);
    let asked = form(&server, "/admin/ask", &body).header("cookie", &maria).send(server.addr).await.assert_status(200);
    assert!(asked.text().contains("End this room for everybody in it?") && asked.text().contains(&hash));
    client.ping().await;
    let done = form(&server, "/admin/do", &body).header("cookie", &joe).send(server.addr).await.assert_status(303);
    assert_eq!(done.header("location"), Some("/admin?done=end_room"));
    assert_eq!(client.expect_left().await, LeaveReason::Deleted);
    let again = form(&server, "/admin/do", &body).header("cookie", &maria).send(server.addr).await.assert_status(404);
    assert!(again.text().contains(ErrorCode::RoomNotFound.text()), "the page says why not");
    let unknown = form(&server, "/admin/do", "act=burn").header("cookie", &maria).send(server.addr).await;
    unknown.assert_status(400);

    // One is taken out of the file, and the other is not.
    let file = server.state.config.data_dir.join("operators");
    let kept: String = std::fs::read_to_string(&file).expect("is there").lines().skip(1).collect();
    std::fs::write(&file, kept + "\n").expect("can be written");
    assert!(page(&maria).await.text().contains("action=\"/admin/sign-in\""));
    assert!(page(&joe).await.text().contains("Signed in as joe"));
    // Another password is another hash.
    write_operators(&server, &["joe"]);
    assert!(page(&joe).await.text().contains("action=\"/admin/sign-in\""));
    // Who signs out is out, whoever has kept the cookie.
    let joe = cookie_of(&server, "joe").await;
    assert!(page(&joe).await.text().contains("Signed in as joe"));
    let out = form(&server, "/admin/sign-out", "").header("cookie", &joe).send(server.addr).await.assert_status(303);
    assert!(out.header("set-cookie").is_some_and(|set| set.contains("Max-Age=0")));
    assert!(page(&joe).await.text().contains("action=\"/admin/sign-in\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_on_one_node_holds_on_the_others() {
    let engine = Engine::start().await;
    let one = TestServer::node(&engine, None).await;
    let other = TestServer::node(&engine, Some(&one)).await;
    write_operators(&one, &["maria"]);
    let session: OperatorToken = sign_in(&one, "maria", PASSWORD).await.assert_status(200).json();
    let ask = async |ask: Ask| ask.bearer(&session.token).send(one.addr).await.assert_status(200);
    let heard = poll("the other node is heard", async || {
        let seen: NodeOverview = ask(Ask::get("/api/v1/admin/overview")).await.json();
        (seen.other_nodes == Some(1)).then_some(())
    });
    heard.await;
    let change = ChangeSwitches { rooms_closed: Some(true), ..ChangeSwitches::default() };
    ask(Ask::post("/api/v1/admin/switches").json(&change)).await;
    let guest = Guest::new(&other).await;
    let refused = poll("no rooms are made there", async || {
        let answer = guest.ask(Ask::post("/api/v1/rooms").json(&json!({}))).await;
        (answer.status != 201).then(|| answer.code())
    });
    assert_eq!(refused.await, ErrorCode::Closed);
    // The other node has no operator.
    assert_eq!(Ask::get("/api/v1/admin/overview").bearer(&session.token).send(other.addr).await.status, 404);
}
