//! How a session begins: what a handshake tells, and which requests begin none.

use serde_json::{Value, json};

use super::client::Socket;
use super::{Pace, Target};
use crate::harness::Ask;

/// A handshake has these fields and no others.
fn assert_handshake(target: &Target, handshake: &Value, upgrades: &Value) {
    let mut rest = handshake.as_object().expect("an object").clone();
    let sid = rest.remove("sid").expect("a sid");
    assert!(sid.as_str().is_some_and(|sid| !sid.is_empty()), "{sid}");
    let expected = json!({
        "upgrades": upgrades,
        "pingInterval": target.ping_ms,
        "pingTimeout": target.timeout_ms,
        "maxPayload": target.payload_bytes_max,
    });
    assert_eq!(Value::Object(rest), expected, "{}", target.label());
}

#[tokio::test]
async fn a_handshake_by_polling_tells_all_that_a_client_needs() {
    for pace in [Pace::Suites, Pace::Calm] {
        for target in Target::all(pace).await {
            let opened = target.get("EIO=4&transport=polling").send(target.addr).await.assert_status(200);
            let text = opened.text();
            assert!(text.starts_with('0'), "{}: {text}", target.label());
            let handshake = serde_json::from_str(&text[1..]).expect("one packet, whose payload is JSON");
            assert_handshake(&target, &handshake, &json!(["websocket"]));
            let kind = opened.header("content-type").unwrap_or_default();
            assert!(kind.to_ascii_lowercase().starts_with("text/plain"), "{}: {kind}", target.label());
        }
    }
}

#[tokio::test]
async fn a_handshake_by_websocket_offers_no_upgrade() {
    for pace in [Pace::Suites, Pace::Calm] {
        for target in Target::all(pace).await {
            let (socket, handshake) = Socket::session(&target).await;
            assert_handshake(&target, &handshake, &json!([]));
            socket.close().await;
        }
    }
}

#[tokio::test]
async fn every_session_has_an_id_of_its_own() {
    for target in Target::all(Pace::Calm).await {
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let (_, handshake) = Socket::session(&target).await;
            assert!(ids.insert(handshake["sid"].to_string()), "{}", target.label());
        }
    }
}

#[tokio::test]
async fn a_handshake_needs_a_version_that_is_spoken() {
    for target in Target::all(Pace::Calm).await {
        for query in ["", "EIO=abc&", "EIO=&", "EIO=5&", "EIO=-4&", "EIO=4.0&"] {
            target.refuses(target.get(&format!("{query}transport=polling")), query).await;
            let refused = Socket::open(&target, &format!("{query}transport=websocket")).await.err();
            assert_eq!(refused, Some(400), "{} {query}", target.label());
        }
    }
}

#[tokio::test]
async fn a_handshake_needs_a_transport_that_is_spoken() {
    for target in Target::all(Pace::Calm).await {
        for query in ["EIO=4", "EIO=4&transport=abc", "EIO=4&transport=", "EIO=4&transport=Polling"] {
            target.refuses(target.get(query), query).await;
            assert_eq!(Socket::open(&target, query).await.err(), Some(400), "{} {query}", target.label());
        }
    }
}

#[tokio::test]
async fn a_handshake_is_a_get() {
    for target in Target::all(Pace::Calm).await {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let ask = Ask::new(method, &target.url("EIO=4&transport=polling"));
            target.refuses(ask, method).await;
        }
    }
}

#[tokio::test]
async fn a_websocket_is_asked_for_by_an_upgrade() {
    for target in Target::all(Pace::Calm).await {
        target.refuses(target.get("EIO=4&transport=websocket"), "no upgrade").await;
    }
}

#[tokio::test]
async fn a_session_that_never_was_is_nobodys() {
    for target in Target::all(Pace::Calm).await {
        for sid in ["AAAAAAAAAAAAAAAA", "short", "%00", "../../etc/passwd"] {
            let query = |transport: &str| format!("EIO=4&transport={transport}&sid={sid}");
            target.refuses(target.get(&query("polling")), sid).await;
            let post = Ask::post(&target.url(&query("polling"))).body("text/plain", b"4x");
            target.refuses(post, sid).await;
            assert_eq!(Socket::open(&target, &query("websocket")).await.err(), Some(400), "{} {sid}", target.label());
        }
    }
}
