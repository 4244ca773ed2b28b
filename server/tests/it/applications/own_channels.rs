//! A token that names more channels than one connection may hear: what is left out is told by each way of coming in.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::native::Client;
use super::streams::Reader;
use super::{claims, token, write_application};
use crate::harness::TestServer;
use crate::socketio::Raw;

const FEW: &str = r#"
[limits]
subscriptions_per_connection = 4
[[channels]]
pattern = "team:{team}"
subscribe = [{ listed = "team", in = "chats" }]
enter = true
"#;

/// Five teams and one's own channel: two too many.
fn of_five_teams(user: &str) -> String {
    let mut claims = claims("market", user);
    claims["chats"] = json!(["1", "2", "3", "4", "5"]);
    token("market", claims)
}

const TOLD: &str = "Channels left out: 2. ";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_too_many_channels_is_told_how_many_are_left_out() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    write_application(folder.path(), "market", FEW);
    let apps = folder.path().to_owned();
    let server = TestServer::with(move |config| config.apps = Some(apps)).await;

    let mut ada = Raw::connect(server.addr, &json!({"token": of_five_teams("ada")})).await;
    let told = ada.expect("42[\"error\"").await;
    assert!(told.contains("TOO_MANY") && told.contains(TOLD), "{told}");

    let hello = json!({"t": "hello", "app": "market", "token": of_five_teams("ben")});
    let (mut ben, _) = Client::hello(&server, hello).await;
    let told = loop {
        let frame = ben.read().await.expect("the line stays");
        if frame["t"] == "error" {
            break frame;
        }
        assert_eq!(frame["t"], "subscribed", "{frame}");
    };
    assert_eq!((&told["code"], &told["cid"]), (&json!("TOO_MANY"), &Value::Null));
    assert!(told["text"].as_str().is_some_and(|text| text.starts_with(TOLD)), "{told}");

    let mut cem = Reader::open_at(server.addr, &of_five_teams("cem"), "").await;
    cem.until("event: error\ndata: ").await;
    cem.until(TOLD).await;
}
