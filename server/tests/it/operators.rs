//! Operator objects where strings are expected: refused over HTTP (`problems`) and over the socket, and the database is
//! the same afterwards.

use protocol::{ErrorCode, ServerFrame};
use serde_json::{Value, json};
use server::store::{Membership, Room, User};

use crate::harness::{Ask, Guest, Heard, TestServer, Wire};

async fn everything(server: &TestServer) -> (Vec<User>, Vec<(Room, Vec<Membership>)>) {
    let store = &server.state.store;
    let users = store.users_page(None, 1_000).await.expect("the store answers");
    (users, store.rooms_page(None, 1_000).await.expect("the store answers"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_operator_objects_change_nothing_by_http_or_socket() {
    let server = TestServer::spawn().await;
    let account = Guest::register(&server, "admin", "correct horse battery").await;
    let room = account.pin_room("4711").await;
    let stranger = Guest::new(&server).await;
    let mut client = stranger.connect().await;
    let before = everything(&server).await;
    for operator in [json!({"$ne": null}), json!({"$gt": ""}), json!({"$where": "1"}), json!([{"$regex": ".*"}])] {
        for frame in [
            json!({"t": "join", "cid": "c", "code": operator}),
            json!({"t": "join", "cid": "c", "code": room.code, "pin": operator}),
            json!({"t": "leave", "cid": "c", "room": operator}),
            json!({"t": "send", "cid": "c", "room": operator, "text": operator}),
        ] {
            client.wire.text(&frame.to_string()).await;
            let (code, _) = client.expect("a refusal", refusal).await;
            assert_eq!(code, ErrorCode::BadFrame, "{frame}");
        }
        let mut nobody = Wire::open(server.addr).await;
        nobody.text(&json!({"t": "hello", "token": operator}).to_string()).await;
        assert!(!matches!(nobody.next().await, Heard::Frame(ServerFrame::Welcome { .. })));
        let join = Ask::post(&format!("/api/v1/rooms/{}/join", room.code)).json(&json!({"pin": operator}));
        assert_eq!(stranger.ask(join).await.status, 400);
    }
    // As text they are values like any other.
    for typed in ["$ne", "{\"$gt\":\"\"}", "$members.user", "a.b"] {
        let login = json!({"username": typed, "password": typed});
        let answer = Ask::post("/api/v1/login").json(&login).send(server.addr).await;
        assert!(matches!(answer.code(), ErrorCode::BadCredentials | ErrorCode::RateLimited), "{typed}");
        let cid = client.ask_join(typed, Some(typed), None).await;
        client.expect_error(ErrorCode::InvalidCode, Some(&cid)).await;
    }
    assert!(before == everything(&server).await, "the database is as it was");
}

fn refusal(frame: &ServerFrame) -> Option<(ErrorCode, Value)> {
    match frame {
        ServerFrame::Error { code, .. } => Some((*code, Value::Null)),
        _ => None,
    }
}
