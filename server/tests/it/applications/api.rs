//! What an application's backend may ask for, and that a key opens one application only.

use protocol::ErrorCode;
use serde_json::{Value, json};

use super::{Two, claims, token};
use crate::harness::Ask;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_its_own_application_and_nothing_else_opens_any() {
    let two = Two::start().await;
    let addr = two.server.addr;
    let told = json!({"channel": "chat:1", "event": "x", "data": 1});
    let user = token("market", claims("market", "ada"));
    let guest = crate::harness::Guest::new(&two.server).await;
    let market = "/api/v1/apps/market/publish";
    Ask::post(market).bearer(&two.market.key).json(&told).send(addr).await.assert_status(200);
    for key in [two.other.key.as_str(), user.as_str(), guest.token(), "wsk_market_", &two.market.hash, ""] {
        assert_eq!(Ask::post(market).bearer(key).json(&told).send(addr).await.code(), ErrorCode::Unauthorized);
    }
    let twice = Ask::post(market).bearer(&two.market.key).bearer(&two.market.key).json(&told);
    assert_eq!(twice.send(addr).await.code(), ErrorCode::Unauthorized, "a proxy may have read the other one");
    assert_eq!(Ask::post(market).json(&told).send(addr).await.code(), ErrorCode::Unauthorized);
    let cookie = Ask::post(market).cookie(&two.market.key).json(&told).send(addr).await;
    assert_eq!(cookie.code(), ErrorCode::Unauthorized);
    for unknown in ["nothing", "Market", "%2e%2e", "%ff"] {
        let ask = Ask::post(&format!("/api/v1/apps/{unknown}/publish")).bearer(&two.market.key).json(&told);
        let code = ask.send(addr).await.code();
        assert!(code == ErrorCode::Unauthorized || code == ErrorCode::NotFound, "{unknown}: {code}");
    }
    for what in ["subscribe", "unsubscribe", "disconnect"] {
        let ask =
            Ask::post(&format!("/api/v1/apps/market/{what}")).bearer(&two.other.key).json(&json!({"user": "ada"}));
        assert_eq!(ask.send(addr).await.code(), ErrorCode::Unauthorized, "{what}");
    }
    for what in ["presence?channel=chat:1", "count?channel=chat:1", "channels", "debug"] {
        let ask = Ask::get(&format!("/api/v1/apps/market/{what}")).bearer(&two.other.key);
        assert_eq!(ask.send(addr).await.code(), ErrorCode::Unauthorized, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_told_is_refused_in_words() {
    let two = Two::start().await;
    for (wrong, word) in [
        (json!({"event": "x"}), "one of channel"),
        (json!({"channel": "chat:1", "user": "ada", "event": "x"}), "one of channel"),
        (json!({"channel": "chat:1"}), "one of channel"),
        (json!({"channel": "chat:1", "event": ""}), "event"),
        (json!({"channel": "nothing:1", "event": "x"}), "no pattern"),
        (json!({"channel": "chat:*", "event": "x"}), "no pattern"),
        (json!({"channel": "chat:1", "event": "x", "namespace": "/nowhere"}), "namespace"),
        (json!({"channel": "chat:1", "event": "x", "except_caller": true}), "except_caller"),
        (json!({"channel": "chat:1", "event": "x", "id": ""}), "id"),
        (json!({"channel": "chat:1", "event": "x", "data": "x".repeat(70_000)}), "data"),
    ] {
        let answer = two.post("publish", &wrong).await;
        assert_eq!(answer.code(), ErrorCode::BadFrame, "{wrong}");
        let told: Value = answer.json();
        assert!(told["detail"].as_str().expect("is told").contains(word), "{wrong}: {told}");
    }
    let ask = Ask::post("/api/v1/apps/market/publish").bearer(&two.market.key);
    assert_eq!(ask.clone().body("text/plain", b"{}").send(two.server.addr).await.code(), ErrorCode::UnsupportedMedia);
    for list in [&b"[null]"[..], br#"[[{"user": "ada", "event": "x"}]]"#, br#"[null, null, "ada", null, "x"]"#] {
        let answer = ask.clone().body("application/json", list).send(two.server.addr).await;
        assert_eq!(answer.code(), ErrorCode::BadFrame, "{}", String::from_utf8_lossy(list));
    }
    assert_eq!(ask.clone().body("application/json", b"[").send(two.server.addr).await.code(), ErrorCode::BadFrame);
    let large = format!(r#"{{"channel": "chat:1", "event": "x", "data": "{}"}}"#, "x".repeat(1_100_000));
    let large = ask.body("application/json", large.as_bytes()).send(two.server.addr).await;
    assert_eq!(large.code(), ErrorCode::TooLarge);
    for (what, body) in [
        ("subscribe", json!({"user": "ada", "channel": "nothing:1"})),
        ("unsubscribe", json!({"user": "ada", "channel": ""})),
        ("subscribe", json!({"user": "a:b", "channel": "chat:1"})),
        ("disconnect", json!({"user": ""})),
        ("disconnect", json!({})),
    ] {
        let code = two.post(what, &body).await.code();
        assert!(code == ErrorCode::NotFound || code == ErrorCode::BadFrame, "{what}: {code}");
    }
    assert_eq!(two.get("count?channel=nothing:1").await.code(), ErrorCode::NotFound);
    assert_eq!(two.get("presence").await.code(), ErrorCode::BadFrame);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_a_result_each_and_a_bound() {
    let two = Two::start().await;
    let batch = json!({"batch": [
        {"channel": "chat:1", "event": "x", "data": {"a": 1}},
        {"channel": "nothing", "event": "x"},
        {"users": ["ada", "ben"], "event": "x", "namespace": "/news"},
        7,
        [null, null, "ada", null, "x"],
    ]});
    let told: Value = two.post("publish", &batch).await.assert_status(200).json();
    assert_eq!((&told[0], &told[2]), (&json!({"connections": 0}), &json!({"connections": 0})));
    assert!([1, 3, 4].iter().all(|place| told[*place]["error"].is_string()), "{told}");
    assert_eq!(two.post("publish", &json!({"batch": []})).await.assert_status(200).json::<Value>(), json!([]));
    let one = json!({"user": "ada", "event": "x"});
    let thousand = json!({"batch": vec![one.clone(); 1_000]});
    let told: Vec<Value> = two.post("publish", &thousand).await.assert_status(200).json();
    assert_eq!(told.len(), 1_000);
    assert_eq!(two.post("publish", &json!({"batch": vec![one; 1_001]})).await.code(), ErrorCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_the_same_id_is_told_once_a_minute() {
    let two = Two::start().await;
    let told = json!({"channel": "chat:1", "event": "x", "id": "once"});
    let outcome = async |body: &Value| two.post("publish", body).await.assert_status(200).json::<Value>();
    assert_eq!(outcome(&told).await, json!({"connections": 0}));
    assert_eq!(outcome(&told).await, json!({"repeated": true}));
    assert_eq!(outcome(&json!({"batch": [told.clone()]})).await, json!([{"repeated": true}]));
    let others = Ask::post("/api/v1/apps/other/publish").bearer(&two.other.key).json(&told);
    let others = others.send(two.server.addr).await.assert_status(200).json::<Value>();
    assert_eq!(others, json!({"connections": 0}), "another application's ids are its own");
    let wrong = json!({"channel": "nothing", "event": "x", "id": "wrong"});
    two.post("publish", &wrong).await.assert_status(400);
    two.post("publish", &wrong).await.assert_status(400);
    two.server.state.clock.advance(60_000);
    assert_eq!(outcome(&told).await, json!({"connections": 0}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_where_is_told_to_the_backend_and_to_administrators() {
    let two = Two::start().await;
    let nobody = json!({"connections": 0, "users": 0});
    assert_eq!(two.get("count?channel=chat:1").await.assert_status(200).json::<Value>(), nobody);
    assert_eq!(two.get("presence?channel=chat:1").await.json::<Value>(), json!({"users": []}));
    assert_eq!(two.get("channels").await.json::<Value>(), json!({"channels": []}));
    let empty = json!({"totalConnections": 0, "totalRooms": 0, "rooms": []});
    assert_eq!(two.get("debug").await.json::<Value>(), empty);
    let membership = json!({"user": "ada", "channel": "chat:1"});
    let none = json!({"connections": 0});
    assert_eq!(two.post("subscribe", &membership).await.assert_status(200).json::<Value>(), none);
    assert_eq!(two.post("unsubscribe", &membership).await.json::<Value>(), none);
    assert_eq!(two.post("disconnect", &json!({"user": "ada"})).await.json::<Value>(), none);

    let debug = Ask::get("/api/messages/admin/socket-debug");
    let ask = async |token: &str| debug.clone().bearer(token).send(two.server.addr).await;
    let mut admin = claims("market", "root");
    admin["role"] = json!("admin");
    assert_eq!(ask(&token("market", admin.clone())).await.assert_status(200).json::<Value>(), empty);
    assert_eq!(ask(&token("market", claims("market", "ada"))).await.code(), ErrorCode::Forbidden);
    assert_eq!(ask(&token("other", admin)).await.code(), ErrorCode::Unauthorized, "signed by another one");
    assert_eq!(ask(&two.market.key).await.code(), ErrorCode::Unauthorized);
    assert_eq!(debug.send(two.server.addr).await.code(), ErrorCode::Unauthorized);
}
