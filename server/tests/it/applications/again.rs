//! Clients of channels that ask twice, come from a page, or leave with something unsaid.

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::native::{Client, Market, hello};
use super::{claims, token, write_application};
use crate::harness::{Ask, TestServer};
use crate::socketio::Raw;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_comes_again_is_answered_again_and_done_once() {
    let market = Market::start().await;
    let (mut ada, _) = Client::of_market(&market.server, "ada", "1").await;
    let (mut ben, _) = Client::of_market(&market.server, "ben", "1").await;
    ada.subscribe("board:1").await;
    ben.subscribe("board:1").await;
    let said = |cid: &str| json!({"t": "publish", "cid": cid, "channel": "board:1", "event": "cursor", "data": cid});
    ada.ask(said("once"), "done").await;
    ada.ask(said("once"), "done").await;
    ada.ask(said("then"), "done").await;
    assert_eq!(ben.next("event").await["data"]["data"], "once");
    assert_eq!(ben.next("event").await["data"]["data"], "then");
    let refused = json!({"t": "publish", "cid": "r", "channel": "chat:1", "event": "cursor"});
    for _ in 0..2 {
        ada.ask(refused.clone(), "error").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_an_application_connects_for_that_one_only() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    write_application(folder.path(), "market", "origins = [\"https://market.example\"]");
    write_application(folder.path(), "other", "");
    let apps = folder.path().to_owned();
    let server = TestServer::with(move |config| config.apps = Some(apps)).await;
    let open = async |origin: &str| {
        let mut request = format!("ws://{}/ws", server.addr).into_client_request().expect("is a URL");
        request.headers_mut().insert("origin", origin.parse().expect("is a header"));
        let stream = TcpStream::connect(server.addr).await.expect("the server listens");
        let opened = tokio_tungstenite::client_async(request, stream).await;
        opened.ok().map(|(socket, _)| Client { socket, have: 0 })
    };
    assert!(open("https://evil.example").await.is_none());
    let mut page = open("https://market.example").await.expect("is listed");
    page.send(hello("ada", "1")).await;
    page.next("welcome").await;
    let of_other = json!({"t": "hello", "token": token("other", claims("other", "ada"))});
    let guest: Value = Ask::post("/api/v1/guest").send(server.addr).await.json();
    for foreign in [of_other, json!({"t": "hello", "token": guest["token"]})] {
        let mut page = open("https://market.example").await.expect("is listed");
        page.send(foreign).await;
        assert_eq!(page.next("error").await["code"], "bad_origin");
    }
    // By Socket.IO it is told so in the words of applications' documents; who names none is the chat's.
    for (query, headers, words) in [
        ("EIO=4", &[("origin", "https://market.example")][..], "Authentication failed"),
        ("EIO=4&app=market", &[], "Authentication failed"),
        ("EIO=4", &[], "Authentication error"),
    ] {
        let stream = TcpStream::connect(server.addr).await.expect("the server listens");
        let mut socket = Raw::over(stream, server.addr, query, headers).await.expect("is opened");
        socket.send("40").await;
        assert_eq!(socket.expect("44").await, format!("44{{\"message\":\"{words}\"}}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_of_who_is_sent_away_at_the_door() {
    let market = Market::start().await;
    let (mut ben, _) = Client::of_market(&market.server, "ben", "1").await;
    ben.subscribe("board:1").await;
    let token = hello("ada", "1")["token"].clone();
    let ask = |namespaces: Value| json!({"t": "hello", "token": token, "app": "market", "namespaces": namespaces});
    let mut ada = Client::open(&market.server, "").await;
    ada.send(ask(json!(["/", "/staff"]))).await;
    assert_eq!(ada.next("error").await["code"], "forbidden");
    let (mut again, welcome) = Client::hello(&market.server, ask(json!(["/news", "/", "/news"]))).await;
    assert_eq!(welcome["namespaces"], json!(["/news", "/"]), "each once");
    again.next("subscribed").await;
    assert_eq!(ben.next("event").await["event"], "online");
    ben.send(json!({"t": "ping"})).await;
    ben.next("pong").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_that_may_be_left_out_is_told_when_its_sender_goes() {
    let market = Market::start().await;
    let (mut ada, _) = Client::of_market(&market.server, "ada", "1").await;
    let (mut ben, _) = Client::of_market(&market.server, "ben", "1").await;
    ada.subscribe("chat:1").await;
    ben.subscribe("chat:1").await;
    for x in 1..=3 {
        ada.ask(json!({"t": "event", "cid": format!("m{x}"), "event": "move", "data": {"x": x}}), "done").await;
    }
    ada.ask(json!({"t": "unsubscribe", "cid": "u", "channel": "chat:1"}), "unsubscribed").await;
    assert_eq!(ben.next("event").await["data"]["x"], 1);
    assert_eq!(ben.next("event").await["data"]["x"], 3);
}
