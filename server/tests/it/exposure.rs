//! What is open to everybody, what one person learns of another, and what a path can reach.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{Activity, ErrorCode};
use serde_json::{Value, json};

use crate::harness::api::credentials;
use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, TestClient, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_only_a_known_few_paths_answer_without_credentials() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let room_path = format!("/api/v1/rooms/{}", room.code);
    let page_path = format!("/r/{}", room.code);
    let (join, leave) = (format!("{room_path}/join"), format!("{room_path}/leave"));
    let paths = [
        "/",
        "/about",
        "/account",
        &page_path,
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
        &room_path,
        &join,
        &leave,
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
    let mut open = BTreeSet::new();
    for path in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let ask = if method == "GET" {
                Ask::get(path)
            } else {
                Ask::new(method, path).json(&json!({}))
            };
            let answer = ask.send(server.addr).await;
            assert!(answer.status < 500, "{method} {path}: {}", answer.status);
            if answer.status < 300 {
                open.insert(format!("{method} {}", path.replace(&room.code, "CODE")));
            }
        }
    }
    let known = [
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
    assert_eq!(open, known.map(str::to_owned).into());
    for (username, password) in [
        ("admin", "admin"),
        ("admin", "password"),
        ("admin", "changeme"),
        ("root", "root"),
        ("whisperspace", "whisperspace"),
        ("test", "test"),
    ] {
        let answer = credentials("login", username, password)
            .send(server.addr)
            .await;
        assert_eq!(
            answer.code(),
            ErrorCode::BadCredentials,
            "{username}/{password}"
        );
    }
}

/// The claims of a token that would tie its owner to other places.
fn claims(token: &str) -> Vec<String> {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("is base64url"))
            .expect("is JSON");
    ["sub", "jti"]
        .map(|name| claims[name].as_str().expect("is a string").to_owned())
        .into()
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
    let mut secrets = vec![
        watched.token().to_owned(),
        client.session.as_str().to_owned(),
        client.secret.as_str().to_owned(),
    ];
    secrets.extend(claims(watched.token()));
    secrets.push(there.as_str().to_owned());
    secrets.extend(["real.name", "127.0.0.1", &elsewhere.code].map(str::to_owned));
    secrets.push(URL_SAFE_NO_PAD.encode("real.name"));

    client.say(&room.code, "hello").await;
    client.typing(&room.code, true).await;
    sees.expect_typing().await;
    client.status(Activity::Away).await;
    sees.expect_state(&here, Activity::Away).await;
    let rename = watched
        .ask(Ask::new("PATCH", "/api/v1/me").json(&json!({"name": "Other Name"})))
        .await;
    let renamed: protocol::api::Session = rename.assert_status(200).json();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_no_path_reaches_a_file() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("canary.txt"), "the canary file")
        .expect("the folder can be written");
    let server = folder.serve(&[]).await;
    let secret =
        std::fs::read(folder.data().join("secret")).expect("the first start makes a secret");
    let before: BTreeSet<_> = folder.files().into_iter().map(|(path, _)| path).collect();
    let up = [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "..\\",
        "..%5c",
        "....//",
        "%252e%252e%252f",
        "/",
        "%2f",
    ];
    let targets = [
        "canary.txt",
        "data/secret",
        "data/whisperspace.db",
        "etc/passwd",
        "proc/self/environ",
    ];
    for prefix in [
        "/",
        "/r/",
        "/pkg/",
        "/pkg/none/",
        "/api/v1/rooms/",
        "/api/v1/me/logins/",
    ] {
        for step in up {
            for depth in [1, 3, 12] {
                for target in targets {
                    let path = format!("{prefix}{}{target}", step.repeat(depth));
                    let answer = Ask::get(&path).send(server.addr).await;
                    assert!(
                        answer.status >= 300 && answer.status < 500,
                        "{path}: {}",
                        answer.status
                    );
                    let holds = |needle: &[u8]| {
                        answer
                            .body
                            .windows(needle.len())
                            .any(|window| window == needle)
                    };
                    assert!(
                        !holds(b"the canary file")
                            && !holds(b"root:")
                            && !holds(&secret)
                            && !holds(b"SQLite"),
                        "{path}"
                    );
                }
            }
        }
    }
    for code in ["CON", "a/b", "%00", "x".repeat(4_000).as_str()] {
        let answer = Ask::get(&format!("/r/{code}")).send(server.addr).await;
        assert!(
            (300..500).contains(&answer.status),
            "{code}: {}",
            answer.status
        );
    }
    let after: BTreeSet<_> = folder.files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(before, after, "no request makes a file");
}
