//! Canaries: what people type is looked for in every file, log line and database, plain, as hex and as base64, at the
//! most talkative level, after a clean stop and after SIGKILL.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use protocol::api::{CreateRoom, JoinRoom};

use crate::harness::api::credentials;
use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, TestClient, Wire};

/// One secret, in every form in which it could lie around.
struct Canary {
    what: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    fn new(what: &'static str, text: &str) -> Self {
        let bytes = text.as_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![bytes.to_vec(), hex.clone().into_bytes(), hex.to_uppercase().into_bytes()];
        for engine in [STANDARD, URL_SAFE] {
            for offset in 0..3 {
                // Inside a longer text the first and last characters depend on the neighbours; what is between does not.
                let shifted = engine.encode([&vec![0; offset][..], bytes].concat());
                let start = [0, 2, 3][offset];
                let whole = (offset + bytes.len()) / 3 * 4;
                forms.push(shifted.as_bytes()[start..whole].to_vec());
            }
        }
        let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        forms.push(wide);
        Self { what, forms }
    }

    fn is_in(&self, content: &[u8]) -> bool {
        self.forms.iter().any(|form| content.windows(form.len()).any(|window| window == form))
    }
}

/// Random text that is nowhere by chance.
fn random(prefix: &str) -> String {
    let letters = |byte: u8| char::from(b'a' + byte % 26);
    format!("{prefix}{}", server::clock::random::<14>().map(letters).iter().collect::<String>())
}

struct Planted {
    /// In no file at all.
    nowhere: Vec<Canary>,
    /// In the database, where it names the room, and in no other file.
    database_only: Vec<Canary>,
}

/// Sends a canary down every way that leads into the server.
async fn plant(addr: std::net::SocketAddr) -> (Planted, Vec<TestClient>) {
    let (text, markup, unsent) = (random("text"), random("mark"), random("unsent"));
    let (name, renamed, typed) = (random("Na"), random("Nb"), random("Nc"));
    let (pin, wrong_pin, password, wrong_password) = (random("pin"), random("bad"), random("pass"), random("word"));
    let (room_name, header, path, query) = (random("room"), random("head"), random("path"), random("query"));

    let owner = Guest::at(addr, Some(&name)).await;
    let request = CreateRoom { name: Some(room_name.clone()), pin: Some(pin.clone()), ..CreateRoom::default() };
    let room = owner.room_with(request).await;
    let mut client = owner.enter(&room).await;
    client.say(&room.code, &text).await;
    client.say(&room.code, &format!("**{markup}** https://example.org/{markup}")).await;
    client.typing(&room.code, true).await;
    // A frame that cannot be read, a text that is too long, a room that is another.
    client.wire.text(&format!("{{\"t\":\"send\",\"text\":\"{unsent}\"")).await;
    client.wire.text(&format!("{{\"t\":\"{unsent}\",\"cid\":\"{unsent}\"}}")).await;
    client.send(&room.code, &unsent.repeat(1_000)).await;
    client.send(&unsent, &unsent).await;
    client.wire.binary(unsent.as_bytes()).await;
    client.ping().await;

    let other = Guest::at(addr, Some(&typed)).await;
    for tried in [&wrong_pin, &pin] {
        other.ask(Ask::post(&format!("/api/v1/rooms/{}/join", room.code)).json(&JoinRoom { pin: Some(tried.clone()) })).await;
    }
    let mut reader = other.enter(&room).await;
    reader.ping().await;
    other.ask(Ask::new("PATCH", "/api/v1/me").json(&serde_json::json!({"name": renamed}))).await.assert_status(200);
    let account = credentials("register", "robin", &password).send(addr).await.assert_status(201);
    let account: protocol::api::Session = account.json();
    credentials("login", "robin", &wrong_password).send(addr).await;
    Guest::at(addr, None).await.ask(credentials("login", &wrong_password, &password)).await;

    for asked in [format!("/r/{}", room.code), format!("/api/v1/rooms/{}", room.code), format!("/r/{path}"), format!("/{path}?{query}={query}")] {
        let ask = Ask::get(&asked).header("user-agent", &header).header("x-forwarded-for", &header).header("referer", &header);
        ask.cookie(owner.token()).send(addr).await;
    }
    Ask::new(&path.to_uppercase(), "/").send(addr).await;
    Ask::post("/api/v1/login").body("application/json", format!("{{\"username\": {unsent}").as_bytes()).send(addr).await;
    let mut nobody = Wire::open(addr).await;
    nobody.text(&format!("{{\"t\":\"hello\",\"token\":\"{unsent}\"}}")).await;
    nobody.end().await;

    let tokens = [owner.token(), other.token(), &account.token].map(|token| Canary::new("a token", token));
    let secrets = [&client, &reader].map(|client| Canary::new("a resume secret", client.secret.as_str()));
    let mut nowhere: Vec<Canary> = [
        ("a message", &text),
        ("a message with markup", &markup),
        ("what was refused", &unsent),
        ("a guest's name", &name),
        ("a guest's new name", &renamed),
        ("another guest's name", &typed),
        ("a PIN", &pin),
        ("a wrong PIN", &wrong_pin),
        ("a password", &password),
        ("a wrong password", &wrong_password),
        ("a header", &header),
        ("a path", &path),
        ("a query", &query),
    ]
    .map(|(what, text)| Canary::new(what, text))
    .into();
    nowhere.push(Canary::new("a method", &path.to_uppercase()));
    nowhere.extend(tokens);
    nowhere.extend(secrets);
    let database_only = vec![Canary::new("a room's code", &room.code), Canary::new("a room's name", &room_name)];
    (Planted { nowhere, database_only }, vec![client, reader])
}

fn search(folder: &Folder, planted: &Planted) {
    let files = folder.files();
    let named = |name: &str| files.iter().any(|(path, content)| path.ends_with(name) && !content.is_empty());
    assert!(named("data/whisperspace.db") && named("stderr") && named("stdout"), "there is something to be searched");
    for (path, content) in &files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let database = name.starts_with("whisperspace.db");
        for canary in &planted.nowhere {
            assert!(!canary.is_in(content), "{} is in {}", canary.what, path.display());
        }
        for canary in planted.database_only.iter().filter(|_| !database) {
            assert!(!canary.is_in(content), "{} is in {}", canary.what, path.display());
        }
    }
}

fn is_in_database(folder: &Folder, canary: &Canary) -> bool {
    let database = |path: &std::path::Path| path.to_string_lossy().contains("whisperspace.db");
    folder.files().iter().any(|(path, content)| database(path) && canary.is_in(content))
}

async fn run(format: &str, kill: bool) {
    let folder = Folder::new();
    let server = folder.serve(&["--log=trace", &format!("--log-format={format}")]).await;
    let (planted, clients) = plant(server.addr).await;
    // The search finds what is there: the room is in the database.
    assert!(planted.database_only.iter().all(|canary| is_in_database(&folder, canary)));
    search(&folder, &planted);
    if kill {
        server.kill();
    } else {
        assert!(server.terminate().await.success());
    }
    drop(clients);
    search(&folder, &planted);
    let log = folder.stderr();
    assert!(log.contains("answered") && log.contains("/api/v1/rooms/{code}"), "the log is talkative: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_typed_is_found_after_a_clean_stop() {
    run("text", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_typed_is_found_after_sigkill() {
    run("json", true).await;
}

#[test]
fn a_canary_is_found_in_every_form() {
    let canary = Canary::new("a test", "textabcdefghij");
    let inside = |around: &str| format!("{around}textabcdefghij{around}");
    for around in ["", "x", "xy", "xyz"] {
        let text = inside(around);
        assert!(canary.is_in(text.as_bytes()));
        assert!(canary.is_in(STANDARD.encode(&text).as_bytes()), "{around}");
        assert!(canary.is_in(URL_SAFE.encode(&text).as_bytes()), "{around}");
        let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert!(canary.is_in(hex.as_bytes()));
    }
    assert!(!canary.is_in(b"textabcdefghi"));
}
