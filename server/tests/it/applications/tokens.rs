//! Hostile tokens against a running server, where a token opens something by HTTP.

use jsonwebtoken::Algorithm;
use protocol::ErrorCode;
use serde_json::{Value, json};

use super::{Two, claims, secret, signed, token};
use crate::harness::Ask;

fn admin(change: impl FnOnce(&mut Value)) -> Value {
    let mut admin = claims("market", "root");
    admin["role"] = json!("admin");
    change(&mut admin);
    admin
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_applications_own_good_token_counts() {
    let two = Two::start().await;
    let ask =
        async |token: &str| Ask::get("/api/messages/admin/socket-debug").bearer(token).send(two.server.addr).await;
    let now = two.server.state.clock.wall() / 1_000;
    ask(&token("market", admin(|_| {}))).await.assert_status(200);
    ask(&token("market", admin(|claims| claims["exp"] = json!(now + 60)))).await.assert_status(200);
    let without = |name: &'static str| {
        admin(move |claims| {
            claims.as_object_mut().expect("is an object").remove(name);
        })
    };
    for wrong in [
        token("other", admin(|_| {})),
        token("market", admin(|claims| claims["iss"] = json!("other"))),
        token("market", admin(|claims| claims["iss"] = json!("nobody"))),
        token("market", admin(|claims| claims["exp"] = json!(now))),
        token("market", admin(|claims| claims["nbf"] = json!(now + 3_600))),
        token("market", without("exp")),
        token("market", without("iss")),
        token("market", without("sub")),
        token("market", admin(|claims| claims["sub"] = json!(""))),
        token("market", admin(|claims| claims["sub"] = json!("a:b"))),
        token("market", admin(|claims| claims["sub"] = json!("*"))),
        token("market", admin(|claims| claims["sub"] = json!("x".repeat(129)))),
        token("market", admin(|claims| claims["sub"] = json!(["root"]))),
        token("market", admin(|claims| claims["more"] = json!("x".repeat(9_000)))),
        signed(&secret("market"), Algorithm::HS512, admin(|_| {})),
        signed("", Algorithm::HS256, admin(|_| {})),
        unsigned(&token("market", admin(|_| {}))),
        "a.b.c".to_owned(),
        "x".repeat(7_000),
    ] {
        let answer = ask(&wrong).await;
        assert_eq!(answer.code(), ErrorCode::Unauthorized, "{wrong}");
    }
}

/// The same without a signature, and with an algorithm that has none.
fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).expect("has parts");
    format!("{}.{claims}.", realtime::clock::base64url(br#"{"alg":"none","typ":"JWT"}"#))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_an_application_is_no_login_of_the_chat_nor_the_other_way_round() {
    let two = Two::start().await;
    let ours = token("market", claims("market", "ada"));
    assert_eq!(Ask::get("/api/v1/me").bearer(&ours).send(two.server.addr).await.code(), ErrorCode::Unauthorized);
    let guest = crate::harness::Guest::new(&two.server).await;
    let debug = Ask::get("/api/messages/admin/socket-debug").bearer(guest.token());
    assert_eq!(debug.send(two.server.addr).await.code(), ErrorCode::Unauthorized);
}
