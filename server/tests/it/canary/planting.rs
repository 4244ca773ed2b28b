//! Sends a canary down every way that leads into the server.

use std::net::SocketAddr;

use protocol::api::{CreateRoom, InviteView, TokenAnswer};
use protocol::{ClientFrame, ErrorCode, MessageId, Refers, SendBody, SendMessage, ServerFrame};
use serde_json::json;

use super::Canary;
use crate::harness::api::credentials;
use crate::harness::{Ask, Guest, Room, TestClient, Wire};

pub(super) struct Planted {
    /// In no file at all.
    pub(super) nowhere: Vec<Canary>,
    /// In the database, where it names the room, and in no other file.
    pub(super) database_only: Vec<Canary>,
}

/// Random text that is nowhere by chance, and what it stands for.
struct Word {
    what: &'static str,
    text: String,
}

impl Word {
    fn new(what: &'static str) -> Self {
        Self { what, text: random_word() }
    }
}

/// Sixteen letters.
pub(crate) fn random_word() -> String {
    realtime::clock::random::<16>().map(|byte| char::from(b'a' + byte % 26)).iter().collect()
}

/// Plants them all; answers what to look for, and connections that are still open.
pub(super) async fn plant(addr: SocketAddr) -> (Planted, Vec<TestClient>) {
    let mut words = Vec::new();
    let mut word = |what: &'static str| {
        let word = Word::new(what);
        let text = word.text.clone();
        words.push(word);
        text
    };
    let (name, other_name, new_name) =
        (word("a guest's name"), word("another guest's name"), word("a guest's new name"));
    let settled_name = word("the name of a guest who makes an account");
    let (pin, wrong_pin) = (word("a PIN"), word("a wrong PIN"));
    let sealed = word("a sealed message");
    let (text, markup, refused) = (word("a message"), word("a message with markup"), word("what was refused"));
    let (whisper, answer) = (word("a whisper"), word("an answer"));
    let (edited, too_much) = (word("an edit"), word("an edit that was refused"));
    let burning = word("a message with a burn timer");
    let (password, wrong_password) = (word("a password"), word("a wrong password"));
    let (header, path, query) = (word("a header"), word("a path"), word("a query"));
    let (knocking, false_invite) = (word("the name of who knocks"), word("a wrong invite"));
    let room_name = Word::new("a room's name");

    let owner = Guest::at(addr, Some(&name)).await;
    let request = CreateRoom { name: Some(room_name.text.clone()), pin: Some(pin.clone()), ..CreateRoom::default() };
    let room = owner.room_with(request).await;
    let mut client = talk(&owner, &room, [&text, &markup, &refused]).await;
    change(&mut client, &room, &edited, &too_much).await;
    let burns = format!(r#"{{"t":"send","cid":"burns","room":"{}","text":"{burning}","timer_s":5}}"#, room.code);
    client.wire.text(&burns).await;
    client.expect_message(&burning).await;
    let vault = owner.room_with(CreateRoom { sealed: true, ..CreateRoom::default() }).await;
    let mut inside = owner.enter(&vault).await;
    let cid = inside.seal(&vault.code, &sealed).await;
    inside.expect_ack(&cid).await;
    let other = Guest::at(addr, Some(&other_name)).await;
    for tried in [&wrong_pin, &pin] {
        other.join(&room.code, Some(tried)).await;
    }
    let mut reader = other.enter(&room).await;
    whisper_and_answer(&mut client, &mut reader, &room, [&whisper, &answer]).await;
    let rename = Ask::new("PATCH", "/api/v1/me").json(&json!({"name": new_name}));
    other.ask(rename).await.assert_status(200);
    let account = sign_up(addr, &password, &wrong_password).await;
    // What a guest is called is written down by no way out of being a guest.
    let settles = Guest::at(addr, Some(&settled_name)).await;
    settles.ask(credentials("register", "wren", &password)).await.assert_status(201);
    let invite = knock(&owner, addr, &knocking, &false_invite).await;
    browse(&owner, &room, [&header, &path, &query]).await;
    be_refused(addr, &refused).await;

    let mut nowhere: Vec<Canary> = words.iter().map(|word| Canary::new(word.what, &word.text)).collect();
    nowhere.push(Canary::new("an invite", &invite));
    nowhere.push(Canary::new("a method", &path.to_uppercase()));
    let tokens = [owner.token(), other.token(), &account.token];
    nowhere.extend(tokens.map(|token| Canary::new("a token", token)));
    let clients = vec![client, inside, reader];
    nowhere.extend(clients.iter().map(|client| Canary::new("a resume secret", client.secret.as_str())));
    let code = Canary::new("a room's code", &room.code);
    let database_only = vec![code, Canary::new(room_name.what, &room_name.text)];
    (Planted { nowhere, database_only }, clients)
}

/// What is said, and what cannot be: a frame that is none, a text too long, a room that is another.
async fn talk(owner: &Guest, room: &Room, [text, markup, refused]: [&String; 3]) -> TestClient {
    let mut client = owner.enter(room).await;
    client.say(&room.code, text).await;
    client.say(&room.code, &format!("**{markup}** https://example.org/{markup}")).await;
    client.typing(&room.code, true).await;
    client.wire.text(&format!("{{\"t\":\"send\",\"text\":\"{refused}\"")).await;
    client.wire.text(&format!("{{\"t\":\"{refused}\",\"cid\":\"{refused}\"}}")).await;
    client.send(&room.code, &refused.repeat(1_000)).await;
    client.send(refused, refused).await;
    client.wire.binary(refused.as_bytes()).await;
    client.ping().await;
    client
}

/// What becomes of messages: an edit, one that cannot be, a deletion.
async fn change(client: &mut TestClient, room: &Room, edited: &str, refused: &str) {
    let said = client.say(&room.code, "to be changed").await;
    client.edit(&room.code, &said.id, &format!("**{edited}**")).await;
    client.edit(&room.code, &MessageId::parse(refused).expect("has the shape"), refused).await;
    client.edit(&room.code, &said.id, &refused.repeat(1_000)).await;
    client.react(&room.code, &said.id, refused, true).await;
    let cid = client.delete(&room.code, &said.id).await;
    client.expect_ack(&cid).await;
}

/// What is for one person, said, edited, refused and answered; an answer to all that names somebody.
async fn whisper_and_answer(
    client: &mut TestClient,
    reader: &mut TestClient,
    room: &Room,
    [whisper, answer]: [&String; 2],
) {
    let to = reader.join(&room.code).await.you;
    let cid = client.whisper(&room.code, &to, &format!("**{whisper}**"), None).await;
    let id = client.expect_ack(&cid).await.id;
    let cid = client.edit(&room.code, &id, whisper).await;
    client.expect_ack(&cid).await;
    reader.edit(&room.code, &id, whisper).await;
    client.whisper(&room.code, &to, &whisper.repeat(1_000), Some(&id)).await;
    let said = reader.say(&room.code, answer).await;
    let (cid, body) = (client.cid(), SendBody::Text(format!("*{answer}*")));
    let refers = Refers { reply: Some(said.id), mentions: vec![to], ..Refers::default() };
    client.tell(&ClientFrame::Send(SendMessage { cid: cid.clone(), room: room.code.clone(), body, refers })).await;
    client.expect_ack(&cid).await;
}

/// Somebody waits to be let in, an invite is made, used and guessed; answers its token.
async fn knock(owner: &Guest, addr: SocketAddr, name: &str, false_invite: &str) -> String {
    let room = owner.room().await;
    let path = format!("/api/v1/rooms/{}", room.code);
    owner.ask(Ask::new("PATCH", &path).json(&json!({"lobby": true}))).await.assert_status(200);
    let (mut inside, visitor) = (owner.enter(&room).await, Guest::at(addr, Some(name)).await);
    let mut outside = visitor.connect().await;
    let asked = outside.cid();
    outside.tell(&ClientFrame::Knock { cid: asked.clone(), code: room.code.clone(), pin: None }).await;
    let waits = |frame: &ServerFrame| match frame {
        ServerFrame::Knocks { knocks, .. } => knocks.first().map(|one| one.id.clone()),
        _ => None,
    };
    let member = inside.expect("who knocks", waits).await;
    let cid = inside.cid();
    inside.tell(&ClientFrame::Admit { cid, room: room.code.clone(), member, on: false }).await;
    outside.expect_error(ErrorCode::NotLetIn, Some(&asked)).await;
    let made: InviteView = owner.ask(Ask::post(&format!("{path}/invites"))).await.assert_status(201).json();
    let token = made.token.expect("who makes it is told").as_str().to_owned();
    for invite in [false_invite, token.as_str()] {
        visitor.ask(Ask::post(&format!("{path}/join")).json(&json!({"invite": invite}))).await;
    }
    token
}

async fn sign_up(addr: SocketAddr, password: &str, wrong_password: &str) -> TokenAnswer {
    let account = credentials("register", "robin", password).send(addr).await.assert_status(201);
    credentials("login", "robin", wrong_password).send(addr).await;
    credentials("login", wrong_password, password).send(addr).await;
    account.json()
}

/// Requests whose address, method and headers hold something.
async fn browse(owner: &Guest, room: &Room, [header, path, query]: [&String; 3]) {
    for asked in [
        format!("/r/{}", room.code),
        format!("/api/v1/rooms/{}", room.code),
        format!("/r/{path}"),
        format!("/{path}?{query}={query}"),
    ] {
        let ask =
            Ask::get(&asked).header("user-agent", header).header("x-forwarded-for", header).header("referer", header);
        ask.cookie(owner.token()).send(owner.addr).await;
    }
    Ask::new(&path.to_uppercase(), "/").send(owner.addr).await;
}

/// What is turned away before anybody knows who it is.
async fn be_refused(addr: SocketAddr, refused: &str) {
    let half = format!("{{\"username\": {refused}");
    Ask::post("/api/v1/login").body("application/json", half.as_bytes()).send(addr).await;
    let mut nobody = Wire::open(addr).await;
    nobody.text(&format!("{{\"t\":\"hello\",\"token\":\"{refused}\"}}")).await;
    nobody.end().await;
}
