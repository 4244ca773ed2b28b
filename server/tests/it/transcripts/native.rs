//! The native protocol: three people from their hello to the server's goodbye.

use protocol::api::CreateRoom;
use serde_json::Value;

use super::{Line, Transcript};
use crate::harness::{Guest, TestServer, Wire};

fn field(frame: &str, name: &str) -> Value {
    let frame: Value = serde_json::from_str(frame).expect("a frame is JSON");
    frame.pointer(name).unwrap_or_else(|| panic!("no {name}")).clone()
}

/// Connects and says hello.
async fn arrive(talk: &mut Transcript, who: &'static str, guest: &Guest) -> String {
    talk.enter(who, Line::Native(Wire::open(guest.addr).await));
    talk.say(who, &format!("{{\"t\":\"hello\",\"token\":\"{}\"}}", guest.token())).await;
    talk.hear(who, "\"t\":\"welcome\"").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_native_conversation_goes_as_it_is_written_down() {
    let mut server = TestServer::limited(|limits| (limits.text_chars_max, limits.sends_burst) = (200, 12)).await;
    let (ada, ben) = (Guest::named(&server, "Ada").await, Guest::named(&server, "Ben").await);
    let cleo = Guest::named(&server, "Cleo").await;
    let room = ada.room_with(CreateRoom { name: Some("Handover".to_owned()), ..CreateRoom::default() }).await.code;
    let mut talk = Transcript::default();
    talk.know("room", &room);

    before_hello(&mut talk, &server, &ada, &room).await;
    let (joined, welcome) = joining(&mut talk, &ben, &room).await;
    talking(&mut talk, &room).await;
    refusals(&mut talk, &room).await;
    a_drop(&mut talk, &ben, &room, &welcome).await;
    a_gap_and_a_leave(&mut talk, &cleo, &room, &joined).await;

    talk.step("the server stops");
    server.begin_stop();
    talk.hear_end("ada").await;
    talk.hear_end("ben").await;
    talk.hear_end("cleo").await;
    talk.check("native.txt");
}

async fn before_hello(talk: &mut Transcript, server: &TestServer, ada: &Guest, room: &str) {
    talk.step("before hello, and a hello that names nobody");
    talk.enter("eve", Line::Native(Wire::open(server.addr).await));
    talk.say("eve", "hello").await;
    talk.hear("eve", "bad_frame").await;
    talk.say("eve", &format!("{{\"t\":\"send\",\"cid\":\"e1\",\"room\":\"{room}\",\"text\":\"early\"}}")).await;
    talk.hear("eve", "bad_frame").await;
    talk.say("eve", "{\"t\":\"hello\",\"token\":\"e30.e30.e30\"}").await;
    talk.hear_end("eve").await;
    talk.step("hello, and a second one");
    arrive(talk, "ada", ada).await;
    talk.say("ada", "{\"t\":\"hello\"}").await;
    talk.hear("ada", "bad_frame").await;
}

/// What was heard of the first seat, and of the second person's hello.
async fn joining(talk: &mut Transcript, ben: &Guest, room: &str) -> (String, String) {
    talk.step("a room that is not there, and one that is");
    talk.say("ada", "{\"t\":\"join\",\"cid\":\"a1\",\"code\":\"22222222\"}").await;
    talk.hear("ada", "\"t\":\"error\"").await;
    talk.say("ada", "{\"t\":\"join\",\"cid\":\"a2\",\"code\":\"no code\"}").await;
    talk.hear("ada", "\"t\":\"error\"").await;
    talk.say("ada", &format!("{{\"t\":\"join\",\"cid\":\"a3\",\"code\":\"{room}\"}}")).await;
    let joined = talk.hear("ada", "\"t\":\"joined\"").await;
    talk.hear("ada", "\"t\":\"presence\"").await;
    talk.step("a second person");
    let welcome = arrive(talk, "ben", ben).await;
    talk.say("ben", &format!("{{\"t\":\"join\",\"cid\":\"b1\",\"code\":\"{room}\"}}")).await;
    talk.hear("ben", "\"t\":\"joined\"").await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"presence\"").await;
    (joined, welcome)
}

async fn talking(talk: &mut Transcript, room: &str) {
    talk.step("typing, and the message that ends it");
    talk.say("ben", &format!("{{\"t\":\"typing\",\"room\":\"{room}\",\"on\":true}}")).await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"typing\"").await;
    let send = format!("{{\"t\":\"send\",\"cid\":\"b2\",\"room\":\"{room}\",\"text\":\"2 < 3 & **more**\"}}");
    talk.say("ben", &send).await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"message\"").await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"typing\"").await;
    talk.step("the same again is acknowledged again, and told to nobody");
    talk.say("ben", &send).await;
    talk.hear("ben", "\"t\":\"ack\"").await;
    talk.step("an answer");
    talk.say("ada", &format!("{{\"t\":\"send\",\"cid\":\"a4\",\"room\":\"{room}\",\"text\":\"plain\"}}")).await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"message\"").await;
    talk.step("away and back");
    for state in ["away", "online"] {
        talk.say("ada", &format!("{{\"t\":\"status\",\"state\":\"{state}\",\"room\":\"{room}\"}}")).await;
        talk.all_hear(&["ada", "ben"], "\"t\":\"presence\"").await;
    }
    talk.step("ping");
    talk.say("ben", "{\"t\":\"ping\",\"have\":1}").await;
    talk.hear("ben", "\"t\":\"pong\"").await;
}

async fn refusals(talk: &mut Transcript, room: &str) {
    talk.step("what is refused leaves the line open");
    for (cid, text) in [("a5", ""), ("a6", &*"x".repeat(201))] {
        talk.say("ada", &format!("{{\"t\":\"send\",\"cid\":\"{cid}\",\"room\":\"{room}\",\"text\":\"{text}\"}}")).await;
        talk.hear("ada", "\"t\":\"error\"").await;
    }
    for frame in [
        "{\"t\":\"send\",\"cid\":\"a7\",\"room\":\"22222222\",\"text\":\"x\"}",
        "{\"t\":\"leave\",\"cid\":\"a8\",\"room\":\"22222222\"}",
        "{\"t\":\"typing\",\"room\":\"22222222\",\"on\":true}",
        "{\"t\":\"dance\",\"cid\":\"a9\"}",
        "{\"t\":\"ping\",\"colour\":\"red\"}",
        "[]",
    ] {
        talk.say("ada", frame).await;
        talk.hear("ada", "\"t\":\"error\"").await;
    }
}

async fn a_drop(talk: &mut Transcript, ben: &Guest, room: &str, welcome: &str) {
    talk.step("a line is cut, and its session resumed");
    // A seat, two acknowledgements, two messages.
    let have = 5;
    talk.cut("ben");
    talk.hear("ada", "\"t\":\"presence\"").await;
    talk.say("ada", &format!("{{\"t\":\"send\",\"cid\":\"a10\",\"room\":\"{room}\",\"text\":\"missed\"}}")).await;
    talk.hear("ada", "\"t\":\"message\"").await;
    talk.enter("ben", Line::Native(Wire::open(ben.addr).await));
    let (session, secret) = (field(welcome, "/session"), field(welcome, "/secret"));
    let resume = format!("{{\"session\":{session},\"secret\":{secret},\"have\":{have}}}");
    talk.say("ben", &format!("{{\"t\":\"hello\",\"token\":\"{}\",\"resume\":{resume}}}", ben.token())).await;
    talk.hear("ben", "\"t\":\"joined\"").await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"presence\"").await;
}

async fn a_gap_and_a_leave(talk: &mut Transcript, cleo: &Guest, room: &str, joined: &str) {
    talk.step("a third person, who has seen the beginning");
    arrive(talk, "cleo", cleo).await;
    let since = format!("{{\"epoch\":{},\"seq\":0}}", field(joined, "/position/epoch"));
    talk.say("cleo", &format!("{{\"t\":\"join\",\"cid\":\"c1\",\"code\":\"{room}\",\"since\":{since}}}")).await;
    talk.hear("cleo", "\"t\":\"joined\"").await;
    talk.all_hear(&["ada", "ben", "cleo"], "\"t\":\"presence\"").await;
    talk.step("she leaves");
    talk.say("cleo", &format!("{{\"t\":\"leave\",\"cid\":\"c2\",\"room\":\"{room}\"}}")).await;
    talk.hear("cleo", "\"t\":\"left\"").await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"presence\"").await;
    talk.say("cleo", &format!("{{\"t\":\"send\",\"cid\":\"c3\",\"room\":\"{room}\",\"text\":\"too late\"}}")).await;
    talk.hear("cleo", "\"t\":\"error\"").await;
    talk.step("and is told of nothing more");
    talk.say("ada", &format!("{{\"t\":\"send\",\"cid\":\"a11\",\"room\":\"{room}\",\"text\":\"only us\"}}")).await;
    talk.all_hear(&["ada", "ben"], "\"t\":\"message\"").await;
}
