//! How often somebody may say something does not depend on how often they connect.

use serde_json::json;
use tempfile::TempDir;

use super::{claims, token, write_application};
use crate::harness::TestServer;
use crate::socketio::Raw;

const SLOW: &str = r#"
[limits]
events_burst = 2
events_refill_ms = 3600000
[[events]]
name = "hello"
steps = [{ reply = "hello", data = { to = "$user.name" } }]
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_connects_again_has_no_new_burst() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    write_application(folder.path(), "market", SLOW);
    let apps = folder.path().to_owned();
    let server = TestServer::with(move |config| config.apps = Some(apps)).await;
    let auth = json!({"token": token("market", claims("market", "ada"))});
    let mut ada = Raw::connect(server.addr, &auth).await;
    for _ in 0..2 {
        ada.send("42[\"hello\"]").await;
        ada.expect("42[\"hello\",{\"to\":\"ada\"}]").await;
    }
    drop(ada);
    let mut again = Raw::connect(server.addr, &auth).await;
    again.send("42[\"hello\"]").await;
    let refused = again.expect("42[\"error\"").await;
    assert!(refused.contains("RATE_LIMIT"), "{refused}");
}
