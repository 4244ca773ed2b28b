//! The original's events: one client by WebSocket, one by polling, and a browser in the same room.

use protocol::api::CreateRoom;

use super::{Line, Transcript};
use crate::harness::{Guest, TestServer, Wire};
use crate::socketio::{Polling, Raw};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_io_conversation_goes_as_it_is_written_down() {
    let mut server = TestServer::limited(|limits| limits.text_chars_max = 200).await;
    let (ada, ben) = (Guest::named(&server, "Ada").await, Guest::named(&server, "Ben").await);
    let cleo = Guest::named(&server, "Cleo").await;
    let room = ada.room_with(CreateRoom { name: Some("Handover".to_owned()), ..CreateRoom::default() }).await.code;
    let mut talk = Transcript::default();
    talk.know("room", &room);
    for (kind, guest) in [("ada's id", &ada), ("ben's id", &ben)] {
        talk.know(kind, &guest.session.id);
    }

    strangers(&mut talk, &server).await;
    browser(&mut talk, &cleo, &room).await;
    connecting(&mut talk, &ada, &ben).await;
    joining(&mut talk, &room).await;
    talking(&mut talk, &room).await;
    refusals(&mut talk, &room).await;
    leaving(&mut talk, &ada, &room).await;

    talk.step("the server stops");
    server.begin_stop();
    talk.hear_end("ada").await;
    talk.hear_end("cleo").await;
    talk.check("socketio.txt");
}

async fn strangers(talk: &mut Transcript, server: &TestServer) {
    talk.step("without a token, in a namespace that is not there, and before any");
    for connect in ["40", "40{\"token\":\"e30.e30.e30\"}", "40/elsewhere,{\"token\":\"e30.e30.e30\"}"] {
        talk.enter("eve", Line::WebSocket(Raw::open(server.addr).await));
        talk.hear("eve", "0{").await;
        talk.say("eve", connect).await;
        talk.hear("eve", "44").await;
        talk.cut("eve");
    }
    talk.enter("eve", Line::WebSocket(Raw::open(server.addr).await));
    talk.hear("eve", "0{").await;
    talk.say("eve", "42[\"join_room\",\"22222222\"]").await;
    talk.hear_end("eve").await;
}

async fn connecting(talk: &mut Transcript, ada: &Guest, ben: &Guest) {
    talk.step("with one: by WebSocket, and by polling");
    talk.enter("ada", Line::WebSocket(Raw::open(ada.addr).await));
    talk.hear("ada", "0{").await;
    talk.say("ada", &format!("40{{\"token\":\"{}\"}}", ada.token())).await;
    talk.hear("ada", "40{").await;
    talk.enter("ben", Line::Polling(Polling::open(ben.addr).await));
    talk.say("ben", &format!("40{{\"token\":\"{}\"}}", ben.token())).await;
    talk.hear("ben", "40{").await;
}

/// She hears of every change, so that the script can wait for it.
async fn browser(talk: &mut Transcript, cleo: &Guest, room: &str) {
    talk.step("a browser is there");
    talk.enter("cleo", Line::Native(Wire::open(cleo.addr).await));
    talk.say("cleo", &format!("{{\"t\":\"hello\",\"token\":\"{}\"}}", cleo.token())).await;
    talk.hear("cleo", "welcome").await;
    talk.say("cleo", &format!("{{\"t\":\"join\",\"cid\":\"c1\",\"code\":\"{room}\"}}")).await;
    talk.hear("cleo", "joined").await;
    talk.hear("cleo", "presence").await;
}

async fn joining(talk: &mut Transcript, room: &str) {
    talk.step("a room that is not there, and one that is");
    talk.say("ada", "421[\"join_room\",\"22222222\"]").await;
    talk.hear("ada", "42[\"error\"").await;
    talk.say("ada", &format!("422[\"join_room\",\"{room}\"]")).await;
    talk.hear("ada", "users_online").await;
    talk.hear("cleo", "presence").await;
    // Who is inside is told to the one who enters, and then to all.
    talk.hear("ada", "users_online").await;
    talk.step("a second person asks without an acknowledgement");
    talk.say("ben", &format!("42[\"join_room\",{{\"roomCode\":\"{room}\"}}]")).await;
    talk.hear("ben", "users_online").await;
    talk.hear("cleo", "presence").await;
    talk.all_hear(&["ada", "ben"], "users_online").await;
}

async fn talking(talk: &mut Transcript, room: &str) {
    talk.step("typing, and the message that ends it");
    talk.say("ben", &format!("42[\"typing_start\",{{\"room\":\"{room}\"}}]")).await;
    talk.all_hear(&["ada", "cleo"], "typing").await;
    let content = format!("{{\"room\":\"{room}\",\"content\":\"2 < 3 & **more**\",\"messageType\":\"image\"}}");
    talk.say("ben", &format!("427[\"send_message\",{content}]")).await;
    talk.all_hear(&["ada", "ben", "cleo"], "**more**").await;
    talk.all_hear(&["ada", "cleo"], "typing").await;
    talk.step("without an acknowledgement");
    talk.say("ada", &format!("42[\"send_message\",{{\"room\":\"{room}\",\"content\":\"<b>plain</b>\"}}]")).await;
    talk.all_hear(&["ada", "ben", "cleo"], "plain").await;
    talk.step("from the browser");
    talk.say("cleo", &format!("{{\"t\":\"send\",\"cid\":\"c2\",\"room\":\"{room}\",\"text\":\"hello\"}}")).await;
    talk.all_hear(&["ada", "ben", "cleo"], "hello").await;
}

async fn refusals(talk: &mut Transcript, room: &str) {
    talk.step("what is refused leaves the line open");
    for call in [
        format!("4210[\"send_message\",{{\"room\":\"{room}\",\"content\":\"\"}}]"),
        format!("4211[\"send_message\",{{\"room\":\"{room}\",\"content\":\"{}\"}}]", "x".repeat(201)),
        format!("4212[\"send_message\",{{\"room\":\"{room}\",\"content\":\"x\",\"messageType\":\"system\"}}]"),
        "4213[\"send_message\",{\"room\":\"22222222\",\"content\":\"x\"}]".to_owned(),
        "4214[\"leave_room\",\"22222222\"]".to_owned(),
        "42[\"typing_start\",\"22222222\"]".to_owned(),
        "4215[\"join_room\"]".to_owned(),
    ] {
        talk.say("ada", &call).await;
        talk.hear("ada", "42[\"error\"").await;
    }
    talk.say("ada", "4216[\"dance\",1]").await;
    talk.hear("ada", "42[\"error\"").await;
}

async fn leaving(talk: &mut Transcript, ada: &Guest, room: &str) {
    talk.step("she leaves the room, and comes again");
    talk.say("ada", &format!("4220[\"leave_room\",\"{room}\"]")).await;
    talk.hear("ada", "left_room").await;
    talk.hear("ben", "users_online").await;
    talk.hear("cleo", "presence").await;
    talk.say("ada", &format!("4221[\"join_room\",\"{room}\"]")).await;
    talk.hear("ada", "users_online").await;
    talk.hear("cleo", "presence").await;
    talk.all_hear(&["ada", "ben"], "users_online").await;
    talk.step("he says goodbye");
    talk.say("ben", "41").await;
    talk.hear("cleo", "presence").await;
    talk.hear("ada", "users_online").await;
    talk.step("binary is no event of this server");
    talk.enter("eve", Line::WebSocket(Raw::open(ada.addr).await));
    talk.hear("eve", "0{").await;
    talk.say("eve", &format!("40{{\"token\":\"{}\"}}", ada.token())).await;
    talk.hear("eve", "40{").await;
    talk.say("eve", "451-[\"send_message\",{\"_placeholder\":true,\"num\":0}]").await;
    talk.say("eve", "42[\"typing_start\",\"22222222\"]").await;
    talk.hear_end("eve").await;
}
