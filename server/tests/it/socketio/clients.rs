//! The official clients in JavaScript and Python: by polling, by WebSocket, and by the upgrade.

use std::process::Stdio;
use std::time::Duration;

use protocol::api::RoomView;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::puppet::{Client, Puppet, all, are_there, command};
use crate::harness::process::Folder;
use crate::harness::{Guest, TestServer, eventually, poll};

/// As many as ask at once.
const CLIENTS: usize = 200;

/// A client that is killed, or that polls no more, is missed by its heartbeat only.
const fn notice_soon(limits: &mut protocol::Limits) {
    (limits.ping_every_ms, limits.silence_ms_max) = (500, 4_000);
}

/// Runs one scenario with both clients, each way; all at once, each against rooms and people of its own.
async fn everyone<F: Future<Output = ()>>(scenario: impl Fn(Client, &'static str) -> F) {
    futures::future::join_all(all().into_iter().map(|(client, way)| scenario(client, way))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_comes_in_without_a_token() {
    if !are_there() {
        return;
    }
    let server = TestServer::spawn().await;
    let addr = server.addr;
    everyone(move |client, way| async move {
        for auth in [json!({}), json!({"token": "a.b.c"}), json!({"token": {"$ne": null}})] {
            let mut puppet = Puppet::start(client, way, addr, &auth);
            let error = puppet.hear("connect_error").await;
            assert_eq!(error, "Authentication error", "{client:?} by {way}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_existing_client_talks_with_a_browser_both_ways() {
    if !are_there() {
        return;
    }
    let server = TestServer::spawn().await;
    let mut guests = Vec::new();
    for _ in all() {
        guests.push((Guest::named(&server, "Browser").await, Guest::named(&server, "Script").await));
    }
    let guests = std::sync::Mutex::new(guests);
    everyone(|client, way| {
        let (browser, script) = guests.lock().expect("no panic").pop().expect("two for each");
        talk(client, way, browser, script)
    })
    .await;
}

async fn talk(client: Client, way: &'static str, browser: Guest, script: Guest) {
    let room = browser.room().await;
    let mut page = browser.enter(&room).await;
    let mut puppet = Puppet::connect(client, way, browser.addr, script.token()).await;
    if way == "upgrade" {
        puppet.hear("upgraded").await;
    }
    // R2 and R8: nothing without a seat, nothing in a room that is not there.
    for (event, argument) in
        [("send_message", json!({"room": room.code, "content": "x"})), ("leave_room", json!(room.code))]
    {
        assert_eq!(puppet.ask(event, argument).await["code"], "UNAUTHORIZED", "{client:?} by {way}: {event}");
        assert_eq!(puppet.hear("error").await["code"], "UNAUTHORIZED");
    }
    puppet.emit("typing_start", json!({"room": room.code})).await;
    assert_eq!(puppet.hear("error").await["code"], "UNAUTHORIZED");
    assert_eq!(puppet.ask("join_room", json!("22222222")).await["code"], "NOT_FOUND");
    assert!(!puppet.has_heard("joined_room"));

    let typed = format!(" {}-{} ", room.code[..4].to_lowercase(), room.code[4..].to_lowercase());
    let joined = puppet.ask("join_room", json!({"roomCode": typed})).await;
    assert_eq!((joined["ok"].clone(), joined["success"].clone()), (json!(true), json!(true)), "{joined}");
    assert_eq!(puppet.hear("joined_room").await, json!(room.code));
    let online = puppet.hear_where("users_online", |list| list.as_array().is_some_and(|list| list.len() == 2)).await;
    let own = &script.session.id;
    let names: Vec<_> = online.as_array().expect("a list").iter().map(|entry| &entry["username"]).collect();
    assert!(names.contains(&&json!("Browser")) && names.contains(&&json!("Script")), "{online}");
    assert!(online.as_array().expect("a list").iter().any(|entry| entry["userId"] == *own), "{online}");

    let sent = json!({"room": room.code, "content": "2 < 3 & **more**", "messageType": "image"});
    let ack = puppet.ask("send_message", sent).await;
    assert_eq!(ack["ok"], true, "{ack}");
    let echo = puppet.hear("new_message").await;
    let seen = page.expect_message("2 < 3 & **more**").await;
    assert_eq!((&ack["id"], &ack["messageId"]), (&echo["_id"], &echo["_id"]));
    assert_eq!(echo["_id"], seen.id.as_str());
    assert_eq!((&echo["content"], &echo["messageType"]), (&json!("2 < 3 & **more**"), &json!("text")));
    assert_eq!((&echo["html"], &echo["isEdited"]), (&json!(seen.html), &json!(false)));
    assert_eq!((&echo["sender"]["_id"], &echo["sender"]["username"]), (&json!(own), &json!("Script")));
    assert_eq!(echo["createdAt"].as_str().map(str::len), Some(24));
    assert_ne!(echo["sender"]["_id"], seen.member.as_str(), "others know another id");

    let said = page.say(&room.code, "from the browser").await;
    let heard = puppet.hear("new_message").await;
    assert_eq!((&heard["_id"], &heard["content"]), (&json!(said.id.as_str()), &json!("from the browser")));
    page.typing(&room.code, true).await;
    assert_eq!(puppet.hear("user_typing").await["username"], "Browser");
    page.typing(&room.code, false).await;
    assert_eq!(puppet.hear("user_stop_typing").await["username"], "Browser");
    puppet.emit("typing_start", json!({"room": room.code})).await;
    while page.expect_typing().await != [seen.member.clone()] {}
    puppet.emit("typing_stop", json!({"room": room.code})).await;
    while !page.expect_typing().await.is_empty() {}
    assert!(!puppet.has_heard("user_typing"), "nobody is told of their own typing");

    assert_eq!(puppet.ask("leave_room", json!({"room": room.code})).await["ok"], true);
    assert_eq!(puppet.hear("left_room").await, json!(room.code));
    page.expect_gone(&seen.member).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sockets_of_one_person_are_one_presence() {
    if !are_there() {
        return;
    }
    let server = TestServer::limited(|limits| {
        limits.grace_ms = 100;
        notice_soon(limits);
    })
    .await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let inside = async || owner.look_up(&room.code).await.json::<RoomView>().count;
    for (first, second) in [("websocket", "polling"), ("polling", "websocket")] {
        let person = Guest::named(&server, "Twice").await;
        let user = server.identity(person.token()).await.user;
        let sockets = || server.state.hub.sessions_of(user).len();
        let mut first = Puppet::connect(Client::JavaScript, first, server.addr, person.token()).await;
        let mut second = Puppet::connect(Client::Python, second, server.addr, person.token()).await;
        for puppet in [&mut first, &mut second] {
            assert_eq!(puppet.ask("join_room", json!(room.code)).await["ok"], true);
            let list = puppet.hear("users_online").await;
            assert_eq!(list.as_array().map(Vec::len), Some(1), "one person: {list}");
        }
        assert_eq!((sockets(), inside().await), (2, Some(1)));
        drop(second);
        eventually("one of two is over", || sockets() == 1).await;
        assert_eq!(inside().await, Some(1), "the other still holds the seat");
        assert_eq!(first.ask("send_message", json!({"room": room.code, "content": "x"})).await["ok"], true);
        drop(first);
        eventually("both are over", || sockets() == 0).await;
        poll("the seat is free", async || inside().await.filter(|count| *count == 0)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_rate_a_message_is_refused_and_the_next_second_takes_it() {
    if !are_there() {
        return;
    }
    let server = TestServer::limited(|limits| (limits.sends_burst, limits.sends_refill_ms) = (2, 300)).await;
    let (mut people, addr) = (Vec::new(), server.addr);
    for _ in all() {
        let guest = Guest::new(&server).await;
        let code = guest.room().await.code;
        people.push((guest, code));
    }
    let people = std::sync::Mutex::new(people);
    everyone(|client, way| {
        let (guest, code) = people.lock().expect("no panic").pop().expect("one for each");
        async move {
            let mut puppet = Puppet::connect(client, way, addr, guest.token()).await;
            puppet.ask("join_room", json!(code)).await;
            let message = json!({"room": code, "content": "again"});
            let mut refused = Value::Null;
            for _ in 0..200 {
                refused = puppet.ask("send_message", message.clone()).await;
                if refused["ok"] == false {
                    break;
                }
            }
            assert_eq!(refused["code"], "RATE_LIMIT", "{client:?} by {way}: {refused}");
            assert_eq!(puppet.hear("error").await["code"], "RATE_LIMIT");
            assert!(refused["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{refused}");
            poll("a message is taken again", async || {
                puppet.ask("send_message", message.clone()).await["ok"].as_bool().filter(|ok| *ok)
            })
            .await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_line_comes_back_inside_and_after_the_grace_period() {
    if !are_there() {
        return;
    }
    for (grace_ms, stays) in [(30_000, true), (1, false)] {
        let server = TestServer::limited(|limits| {
            limits.grace_ms = grace_ms;
            notice_soon(limits);
        })
        .await;
        let owner = Guest::new(&server).await;
        everyone(|client, way| come_back(client, way, &server, &owner, stays)).await;
    }
}

async fn come_back(client: Client, way: &'static str, server: &TestServer, owner: &Guest, stays: bool) {
    let room = owner.room().await;
    let script = Guest::new(server).await;
    let user = server.identity(script.token()).await.user;
    let mut puppet = Puppet::connect(client, way, server.addr, script.token()).await;
    if way == "upgrade" {
        puppet.hear("upgraded").await;
    }
    puppet.ask("join_room", json!(room.code)).await;
    let sender = async |puppet: &mut Puppet| {
        let mut page = owner.enter(&room).await;
        assert_eq!(puppet.ask("send_message", json!({"room": room.code, "content": "x"})).await["ok"], true);
        page.expect_message("x").await.member
    };
    let before = sender(&mut puppet).await;
    let old = server.state.hub.sessions_of(user);
    puppet.forget();
    puppet.drop_line().await;
    puppet.hear("disconnect").await;
    puppet.hear("connect").await;
    eventually("the old line is missed", || old.iter().all(|session| !session.is_connected())).await;
    let sessions = || server.state.hub.sessions_of(user).len();
    if stays {
        assert_eq!(sessions(), 2, "the old session holds the seat: {client:?} by {way}");
    } else {
        eventually("the old session is over", || sessions() == 1).await;
    }
    assert_eq!(puppet.ask("send_message", json!({"room": room.code, "content": "y"})).await["code"], "UNAUTHORIZED");
    assert_eq!(puppet.ask("join_room", json!(room.code)).await["ok"], true);
    assert_eq!(sender(&mut puppet).await, before, "others see the same person: {client:?} by {way}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_has_its_clients_back_without_a_call() {
    if !are_there() {
        return;
    }
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let addr = server.addr;
    let guest = Guest::at(addr, None).await;
    let room = guest.room().await;
    let mut puppets = Vec::new();
    for (client, way) in all() {
        let mut puppet = Puppet::start(client, way, addr, &json!({"token": guest.token(), "autoJoin": true}));
        puppet.hear("connect").await;
        assert_eq!(puppet.hear("joined_room").await, json!(room.code));
        puppets.push(puppet);
    }
    let asked = std::time::Instant::now();
    assert!(server.terminate().await.success());
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    for puppet in &mut puppets {
        puppet.hear("disconnect").await;
        puppet.forget();
    }
    let again = folder.serve_at(&addr.to_string(), &[]).await;
    assert_eq!(again.addr, addr);
    for puppet in &mut puppets {
        puppet.hear("connect").await;
        assert_eq!(puppet.hear("joined_room").await, json!(room.code));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_hundred_clients_ask_in_their_connect_handlers_is_answered() {
    if !are_there() {
        return;
    }
    let server = TestServer::limited(|limits| {
        limits.guests_made_per_hour = 1_000;
        limits.connections_per_address = 1_000;
        // They open all at once, before any of them has said who it is.
        limits.strangers_per_network = 1_000;
    })
    .await;
    let owner = Guest::new(&server).await;
    let room = owner.room_for(300).await;
    let mut tokens = String::new();
    for _ in 0..CLIENTS {
        tokens.push_str(Guest::new(&server).await.token());
        tokens.push('\n');
    }
    let mut swarm = command(Client::JavaScript);
    swarm.args(["swarm.mjs", &format!("http://{}", server.addr), &room.code]);
    let mut swarm = swarm.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node starts");
    let mut told = swarm.stdin.take().expect("was asked for");
    told.write_all(tokens.as_bytes()).await.expect("it reads");
    drop(told);
    let ended = tokio::time::timeout(Duration::from_mins(1), swarm.wait_with_output()).await;
    let output = ended.expect("every call is answered in time").expect("it runs");
    let tally: Value = serde_json::from_slice(&output.stdout).expect("every call was answered");
    let count = |name: &str| tally[name].as_u64().expect("a number");
    assert_eq!(count("join_room") + count("send_message") + count("refused"), 2 * CLIENTS as u64, "{tally}");
}

/// The first block of a language in the documentation.
fn example(language: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/socketio.md")).expect("is there");
    let block = page.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    block.expect("the page has an example").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_of_the_documentation_work() {
    if !are_there() {
        return;
    }
    let server = TestServer::spawn().await;
    for (client, language, flag) in
        [(Client::JavaScript, "javascript", "--input-type=module"), (Client::Python, "python", "-")]
    {
        let mut program = command(client);
        program.arg(flag).env("WHISPERSPACE", server.origin()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = program.spawn().expect("it starts");
        let mut told = program.stdin.take().expect("was asked for");
        told.write_all(example(language).as_bytes()).await.expect("it reads");
        drop(told);
        let ended = tokio::time::timeout(crate::harness::PATIENCE, program.wait_with_output()).await;
        let output = ended.expect("it ends in time").expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("I: Hello!"), "{language}: {said}");
    }
}
