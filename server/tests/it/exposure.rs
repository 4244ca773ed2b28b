//! What is open to everybody, what one person learns of another, and what a path can reach.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{Activity, ErrorCode};
use serde_json::{Value, json};

use crate::harness::api::credentials;
use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, TestClient, TestServer};

/// Everything that is served, and what other servers keep for their operators.
const PATHS: &[&str] = &[
    "/",
    "/about",
    "/account",
    "/r/CODE",
    "/healthz",
    "/readyz",
    "/ws",
    "/create",
    "/join",
    "/leave",
    "/api/v1/guest",
    "/api/v1/register",
    "/api/v1/login",
    "/api/v1/logout",
    "/api/v1/me",
    "/api/v1/me/password",
    "/api/v1/me/logins",
    "/api/v1/me/logins/AAAAAAAAAAAAAAAAAAAAAA",
    "/api/v1/rooms",
    "/api/v1/rooms/CODE",
    "/api/v1/rooms/CODE/join",
    "/api/v1/rooms/CODE/leave",
    "/admin",
    "/admin/",
    "/api/admin",
    "/api/v1/admin",
    "/api/v1/users",
    "/api/v1/stats",
    "/api/v1/config",
    "/api/v1/rooms/all",
    "/metrics",
    "/status",
    "/debug",
    "/debug/pprof",
    "/console",
    "/env",
    "/.env",
    "/config",
    "/secret",
    "/whisperspace.db",
    "/api/v1/logins",
    "/api/v1/sessions",
    "/api/v1/messages",
    "/graphql",
    "/socket.io/",
    "/server-status",
    "/actuator/health",
];

/// What of it answers to nobody in particular.
const OPEN: [&str; 9] = [
    "GET /",
    "GET /about",
    "GET /account",
    "GET /api/v1/rooms/CODE",
    "GET /healthz",
    "GET /r/CODE",
    "GET /readyz",
    "POST /api/v1/guest",
    "POST /api/v1/logout",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_only_a_known_few_paths_answer_without_credentials() {
    let server = TestServer::spawn().await;
    let room = Guest::new(&server).await.room().await;
    let mut open = BTreeSet::new();
    for path in PATHS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let ask = Ask::new(method, &path.replace("CODE", &room.code));
            let ask = if method == "GET" { ask } else { ask.json(&json!({})) };
            let answer = ask.send(server.addr).await;
            assert!(answer.status < 500, "{method} {path}: {}", answer.status);
            if answer.status < 300 {
                open.insert(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(open, OPEN.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_there_is_no_default_password() {
    let server = TestServer::spawn().await;
    for name in ["admin", "root", "whisperspace", "test", "user", "guest"] {
        for password in [name, "password", "changeme"] {
            let answer = credentials("login", name, password).send(server.addr).await;
            assert_eq!(answer.code(), ErrorCode::BadCredentials, "{name}/{password}");
        }
    }
}

/// The claims of a token that would tie its owner to other places.
fn claims(token: &str) -> Vec<String> {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("is base64url")).expect("is JSON");
    ["sub", "jti"].map(|name| claims[name].as_str().expect("is a string").to_owned()).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r11_nothing_of_a_person_but_name_and_member_id_reaches_another() {
    let server = TestServer::spawn().await;
    let watched = Guest::register(&server, "real.name", "correct horse battery").await;
    let (watcher, third) = (Guest::new(&server).await, Guest::new(&server).await);
    let (room, elsewhere) = (watcher.room().await, third.room().await);
    let mut sees = watcher.enter(&room).await;
    let mut client = watched.connect().await;
    let here = client.join(&room.code).await.you;
    let there = client.join(&elsewhere.code).await.you;
    assert!(here != there, "another id in each room");
    let mut secrets =
        vec![watched.token().to_owned(), client.session.as_str().to_owned(), client.secret.as_str().to_owned()];
    secrets.extend(claims(watched.token()));
    secrets.push(there.as_str().to_owned());
    secrets.extend(["real.name", "127.0.0.1", &elsewhere.code].map(str::to_owned));
    secrets.push(URL_SAFE_NO_PAD.encode("real.name"));

    client.say(&room.code, "hello").await;
    client.typing(&room.code, true).await;
    sees.expect_typing().await;
    client.status(Activity::Away).await;
    sees.expect_state(&here, Activity::Away).await;
    let rename = watched.ask(Ask::new("PATCH", "/api/v1/me").json(&json!({"name": "Other Name"}))).await;
    let renamed: protocol::api::TokenAnswer = rename.assert_status(200).json();
    secrets.push(renamed.token);
    let lost = client.cut();
    sees.expect_state(&here, Activity::Offline).await;
    let mut client = TestClient::resume(&lost).await;
    secrets.push(client.secret.as_str().to_owned());
    // The state of the room as somebody sees it who comes later.
    let mut late = Guest::new(&server).await.connect().await;
    late.join(&room.code).await;
    client.say(&room.code, "goodbye").await;
    late.expect_message("goodbye").await;
    client.leave(&room.code).await;
    sees.expect_gone(&here).await;
    let heard = [sees.wire.texts, late.wire.texts].concat();
    assert!(heard.iter().any(|text| text.contains(here.as_str())));
    for secret in &secrets {
        let told = heard.iter().find(|text| text.contains(secret.as_str()));
        assert!(told.is_none(), "{secret} in {told:?}");
    }
}

/// Ways out of a folder, to files that are there.
fn paths_below(prefix: &str) -> Vec<String> {
    let up = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "....//", "%252e%252e%252f", "/", "%2f"];
    let files = ["canary.txt", "data/secret", "data/whisperspace.db", "etc/passwd", "proc/self/environ"];
    let mut paths = Vec::new();
    for step in up {
        for depth in [1, 3, 12] {
            paths.extend(files.map(|file| format!("{prefix}{}{file}", step.repeat(depth))));
        }
    }
    paths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_no_path_reaches_a_file() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("canary.txt"), "the canary file").expect("the folder can be written");
    let server = folder.serve(&[]).await;
    let secret = std::fs::read(folder.data().join("secret")).expect("the first start makes a secret");
    let before: BTreeSet<_> = folder.files().into_iter().map(|(path, _)| path).collect();
    for prefix in ["/", "/r/", "/pkg/", "/pkg/none/", "/api/v1/rooms/", "/api/v1/me/logins/"] {
        for path in paths_below(prefix) {
            let answer = Ask::get(&path).send(server.addr).await;
            assert!((300..500).contains(&answer.status), "{path}: {}", answer.status);
            for content in [b"the canary file".as_slice(), b"root:", b"SQLite", &secret] {
                let found = answer.body.windows(content.len()).any(|window| window == content);
                assert!(!found, "{path}");
            }
        }
    }
    for code in ["CON", "a/b", "%00", "x".repeat(4_000).as_str()] {
        let answer = Ask::get(&format!("/r/{code}")).send(server.addr).await;
        assert!((300..500).contains(&answer.status), "{code}: {}", answer.status);
    }
    let after: BTreeSet<_> = folder.files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(before, after, "no request makes a file");
}
