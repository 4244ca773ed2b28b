//! Five people in one room, over every transport, who type things that are to be forgotten, and some that are refused.

use std::net::SocketAddr;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::http::{Answer, Ask, Http};
use super::scan::Canary;
use super::socket::Socket;

/// What a display name may have.
const NAME_LETTERS: usize = 30;
const LETTERS: usize = 32;
/// Libraries keep words so short beside their length, on the stack too, and not in a block of their own.
const SHORT_LETTERS: usize = 15;
/// More than may be sent at once.
const HASTE: usize = 60;
/// Polls until an answer.
const POLLS_MAX: usize = 200;

/// How long something typed is of use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Until {
    /// Everybody has said that they have it, or it was refused or checked.
    Confirmed,
    /// The room is there.
    Room,
    /// Its person is connected.
    Session,
}

/// What was typed.
#[derive(Default)]
pub(super) struct Script(Vec<(Until, Canary)>);

impl Script {
    fn word(&mut self, until: Until, what: &'static str, letters: usize) -> String {
        let canary = Canary::new(what, letters);
        let text = canary.text.clone();
        self.0.push((until, canary));
        text
    }

    fn said(&mut self, what: &'static str) -> String {
        self.word(Until::Confirmed, what, LETTERS)
    }
}

/// Somebody who comes by long polling.
struct Polling {
    http: Http,
    path: String,
}

/// Everybody.
pub(super) struct Cast {
    script: Script,
    code: String,
    owner: Socket,
    friend: Socket,
    socket_io: Socket,
    polling: Polling,
    /// Of the one who uses the forms of the pages.
    page: (Http, String),
    api: Http,
}

impl Cast {
    /// They come in, say something each, and hear all of it; some of what they try is refused.
    pub(super) fn enter(address: SocketAddr) -> anyhow::Result<Self> {
        let (mut script, mut api) = (Script::default(), Http::open(address)?);
        let mut guest = |script: &mut Script, what| -> anyhow::Result<String> {
            let name = script.word(Until::Session, what, NAME_LETTERS);
            field(&api.json("/api/v1/guest", None, &json!({ "name": name }).to_string())?, "token")
        };
        let tokens = [
            guest(&mut script, "the owner's name")?,
            guest(&mut script, "a name")?,
            guest(&mut script, "a name by Socket.IO")?,
            guest(&mut script, "a name by polling")?,
            guest(&mut script, "a name of the API")?,
        ];
        let (pin, room) = (script.said("the PIN"), script.word(Until::Room, "the room's name", LETTERS));
        let body = json!({ "name": room, "pin": pin }).to_string();
        let code = field(&api.json("/api/v1/rooms", Some(&tokens[0]), &body)?, "code")?;
        let wrong = script.word(Until::Confirmed, "a wrong PIN", SHORT_LETTERS);
        let mut owner = native(address, &tokens[0])?;
        owner.send(&json!({"t": "join", "cid": "j", "code": code}).to_string())?;
        owner.expect("\"t\":\"joined\"")?;
        let mut friend = native(address, &tokens[1])?;
        friend.send(&json!({"t": "join", "cid": "w", "code": code, "pin": wrong}).to_string())?;
        friend.expect("wrong_pin")?;
        friend.send(&json!({"t": "join", "cid": "j", "code": code, "pin": pin}).to_string())?;
        friend.expect("\"t\":\"joined\"")?;
        let mut socket_io = Socket::open(address, "/socket.io/?EIO=4&transport=websocket")?;
        socket_io.send(&format!("40{}", json!({ "token": tokens[2] })))?;
        socket_io.expect("40{")?;
        socket_io.send(&format!("421{}", json!(["join_room", {"room": code, "pin": pin}])))?;
        socket_io.expect("431")?;
        let mut polling = Polling::connect(address, &tokens[3])?;
        polling.post(&format!("421{}", json!(["join_room", {"room": code, "pin": pin}])))?;
        polling.expect("431")?;
        let mut page = (Http::open(address)?, tokens[4].clone());
        let name = script.word(Until::Session, "a name typed into a page", NAME_LETTERS);
        let form = format!("name={name}&code={code}&pin={pin}");
        let led = page.0.form("/join", &page.1, &form)?;
        ensure!(led.status == 303, "the form of the page is answered with {}", led.status);
        sign_up(&mut script, &mut api)?;
        let mut cast = Self { script, code, owner, friend, socket_io, polling, page, api };
        cast.be_refused()?;
        cast.talk()?;
        Ok(cast)
    }

    /// What no transport takes.
    fn be_refused(&mut self) -> anyhow::Result<()> {
        let code = self.code.clone();
        let long = self.script.said("a text that is too long").repeat(200);
        self.friend.send(&json!({"t": "send", "cid": "r1", "room": code, "text": long}).to_string())?;
        self.friend.expect("text_too_long")?;
        self.socket_io.send(&format!("422{}", json!(["send_message", {"room": code, "content": long}])))?;
        self.socket_io.expect("432")?;
        self.polling.post(&format!("422{}", json!(["send_message", {"room": code, "content": long}])))?;
        self.polling.expect("432")?;
        let elsewhere = self.script.said("a text for a room that is not theirs");
        self.friend.send(&json!({"t": "send", "cid": "r2", "room": "22222222", "text": elsewhere}).to_string())?;
        self.friend.expect("\"cid\":\"r2\"")?;
        let broken = self.script.said("what is no frame");
        self.friend.send(&format!("{{\"t\":\"send\",\"cid\":\"r3\",\"text\":\"{broken}\""))?;
        self.friend.binary(&broken)?;
        self.friend.confirm()?;
        let (kind, body) = ("application/json", format!("{{\"username\": \"{broken}"));
        let headers = [format!("x-{broken}: {broken}")];
        let refused =
            self.page.0.ask(&Ask { method: "POST", path: "/api/v1/login", headers: &headers, kind, body: &body })?;
        ensure!(refused.status == 400, "half a body is answered with {}", refused.status);
        let boxes = self.script.said("a box that no form has");
        let refused = self.page.0.form("/join", &self.page.1, &format!("code={boxes}&colour={boxes}"))?;
        ensure!(refused.status == 400, "a box that is not ours is answered with {}", refused.status);
        let hasty = self.script.said("a text said too fast");
        for number in 0..HASTE {
            let send = json!({"t": "send", "cid": format!("h{number}"), "room": code, "text": hasty});
            self.friend.send(&send.to_string())?;
        }
        self.friend.expect("rate_limited").map(drop)
    }

    /// Each says something, and all hear it.
    fn talk(&mut self) -> anyhow::Result<()> {
        let code = self.code.clone();
        let send = |cid: &str, text: &str| json!({"t": "send", "cid": cid, "room": code, "text": text}).to_string();
        let emit = |text: &str| format!("423{}", json!(["send_message", {"room": code, "content": text}]));
        let by_socket_io = self.script.said("a message by Socket.IO");
        self.socket_io.send(&emit(&by_socket_io))?;
        self.all_hear(&by_socket_io)?;
        let by_polling = self.script.said("a message by polling");
        self.polling.post(&emit(&by_polling))?;
        self.all_hear(&by_polling)?;
        let marked = self.script.said("a message with markup");
        let marked = format!("**{marked}** `{marked}` https://example.org/{marked} ||{marked}||");
        self.owner.send(&send("m1", &marked))?;
        self.all_hear(marked.get(2..2 + LETTERS).unwrap_or_default())?;
        let short = self.script.word(Until::Confirmed, "a short message", SHORT_LETTERS);
        self.owner.send(&send("m3", &format!("*{short}* [{short}](https://example.org/{short})")))?;
        self.all_hear(&short)?;
        let plain = self.script.said("a message");
        self.owner.send(&send("m2", &plain))?;
        self.all_hear(&plain)
    }

    fn all_hear(&mut self, text: &str) -> anyhow::Result<()> {
        for socket in [&mut self.owner, &mut self.friend, &mut self.socket_io] {
            socket.expect(text)?;
        }
        self.polling.expect(text)
    }

    /// Those who can say what they have do so.
    pub(super) fn confirm(&mut self) -> anyhow::Result<()> {
        self.owner.confirm()?;
        self.friend.confirm()
    }

    /// Everybody leaves, and so the room ends. Their connections stay.
    pub(super) fn leave(&mut self) -> anyhow::Result<()> {
        let code = self.code.clone();
        for socket in [&mut self.owner, &mut self.friend] {
            socket.send(&json!({"t": "leave", "cid": "l", "room": code}).to_string())?;
            socket.expect("\"t\":\"left\"")?;
        }
        let leave = format!("429{}", json!(["leave_room", code]));
        self.socket_io.send(&leave)?;
        self.socket_io.expect("439")?;
        self.polling.post(&leave)?;
        self.polling.expect("439")?;
        let left = self.page.0.form("/leave", &self.page.1, &format!("code={code}"))?;
        ensure!(left.status == 303, "leaving by the form is answered with {}", left.status);
        Ok(())
    }

    /// Everybody goes; connections of the API stay, as a proxy holds them.
    pub(super) fn go(self) -> (Script, [Http; 2]) {
        for socket in [self.owner, self.friend, self.socket_io] {
            socket.close();
        }
        let mut polling = self.polling;
        // Engine.IO's close packet; the session would wait for its next poll otherwise.
        let _ = polling.post("1");
        (self.script, [self.api, self.page.0])
    }

    /// What is to be forgotten when all have it.
    pub(super) fn said(&self) -> Vec<&Canary> {
        self.script.until(Until::Confirmed)
    }

    /// And what with the room.
    pub(super) fn of_the_room(&self) -> Vec<&Canary> {
        self.script.until(Until::Room)
    }
}

impl Script {
    fn until(&self, until: Until) -> Vec<&Canary> {
        self.0.iter().filter(|(of, _)| *of <= until).map(|(_, canary)| canary).collect()
    }

    /// Everything that was typed.
    pub(super) fn all(&self) -> Vec<&Canary> {
        self.until(Until::Session)
    }
}

impl Polling {
    fn connect(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let path = "/socket.io/?EIO=4&transport=polling".to_owned();
        let mut polling = Self { http: Http::open(address)?, path };
        let opened = polling.poll()?;
        let opened: Value = serde_json::from_str(opened.trim_start_matches('0')).context("that is no handshake")?;
        let session = opened.get("sid").and_then(Value::as_str).context("no session")?;
        polling.path = format!("{}&sid={session}", polling.path);
        polling.post(&format!("40{}", json!({ "token": token })))?;
        polling.expect("40{")?;
        Ok(polling)
    }

    fn poll(&mut self) -> anyhow::Result<String> {
        let ask = Ask { method: "GET", path: &self.path, ..Ask::default() };
        Ok(self.http.ask(&ask)?.body)
    }

    fn post(&mut self, packet: &str) -> anyhow::Result<()> {
        let ask = Ask { method: "POST", path: &self.path, kind: "text/plain", body: packet, ..Ask::default() };
        let status = self.http.ask(&ask)?.status;
        ensure!(status == 200, "a packet by polling is answered with {status}");
        Ok(())
    }

    fn expect(&mut self, part: &str) -> anyhow::Result<()> {
        for _ in 0..POLLS_MAX {
            let packets = self.poll()?;
            if packets.split('\u{1e}').any(|packet| packet == "2") {
                self.post("3")?;
            }
            if packets.contains(part) {
                return Ok(());
            }
        }
        bail!("what was waited for does not come by polling")
    }
}

fn native(address: SocketAddr, token: &str) -> anyhow::Result<Socket> {
    let mut socket = Socket::open(address, "/ws")?;
    socket.send(&json!({"t": "hello", "token": token}).to_string())?;
    socket.expect("\"t\":\"welcome\"")?;
    Ok(socket)
}

/// An account, and two sign-ins to it: one with another password.
fn sign_up(script: &mut Script, api: &mut Http) -> anyhow::Result<()> {
    let (password, wrong) = (script.said("a password"), script.said("a wrong password"));
    for (path, password, status) in [("register", &password, 201), ("login", &wrong, 401), ("login", &password, 200)] {
        let body = json!({ "username": "selftest", "password": password }).to_string();
        let answered = api.json(&format!("/api/v1/{path}"), None, &body)?.status;
        ensure!(answered == status, "{path} is answered with {answered} and not {status}");
    }
    Ok(())
}

fn field(answer: &Answer, name: &str) -> anyhow::Result<String> {
    let value: Value = serde_json::from_str(&answer.body)
        .with_context(|| format!("an answer with status {} is no object", answer.status))?;
    let field = value.get(name).and_then(Value::as_str);
    Ok(field.with_context(|| format!("an answer with status {} has no {name}", answer.status))?.to_owned())
}
