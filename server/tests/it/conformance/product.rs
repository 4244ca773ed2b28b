//! What the product adds to the protocols: a login, one namespace, no attachments.

use serde_json::{Value, json};

use super::client::{Session, Socket};
use super::{Pace, Target};
use crate::harness::Guest;

async fn connected(target: &Target, guest: &Guest) -> Socket {
    let (mut socket, _) = Socket::session(target).await;
    socket.send(&format!("40{}", json!({"token": guest.token()}))).await;
    let told = socket.text().await;
    let payload: Value = serde_json::from_str(told.strip_prefix("40").expect("is let in")).expect("is JSON");
    assert!(payload["sid"].is_string(), "{payload}");
    socket
}

async fn guest(target: &Target) -> Guest {
    Guest::new(target.product.as_ref().expect("the product")).await
}

#[tokio::test]
async fn without_a_good_token_the_namespace_is_refused_and_the_session_may_try_again() {
    let target = Target::product(Pace::Calm).await;
    let guest = guest(&target).await;
    for auth in ["", "{}", "{\"token\":null}", "{\"token\":5}", "{\"token\":\"a.b.c\"}", "[]", "\"x\""] {
        let (mut socket, _) = Socket::session(&target).await;
        socket.send(&format!("40{auth}")).await;
        socket.hears("44{\"message\":\"Authentication error\"}").await;
        socket.close().await;
    }
    let session = Session::open(&target).await;
    session.posts("40").await;
    assert_eq!(session.poll().await, "44{\"message\":\"Authentication error\"}");
    connected(&target, &guest).await.close().await;
}

#[tokio::test]
async fn an_attachment_ends_the_session() {
    let target = Target::product(Pace::Calm).await;
    let guest = guest(&target).await;
    let mut socket = connected(&target, &guest).await;
    socket.binary(&[1, 2, 3]).await;
    ends_quietly(&mut socket).await;
    let mut socket = connected(&target, &guest).await;
    socket.send("451-[\"send_message\",{\"_placeholder\":true,\"num\":0}]").await;
    socket.try_send("42[\"typing_start\",\"22222222\"]").await;
    ends_quietly(&mut socket).await;
}

async fn ends_quietly(socket: &mut Socket) {
    for before in socket.ends().await {
        assert!(["1", "41"].contains(&before.as_str()), "{before}");
    }
}

#[tokio::test]
async fn what_is_no_packet_ends_the_session_and_no_other() {
    let target = Target::product(Pace::Calm).await;
    let (one, two) = (guest(&target).await, guest(&target).await);
    let mut witness = connected(&target, &one).await;
    for packet in ["4abc", "47", "42{}", "42\"text\"", "42[\"join_room\"", "42abc[\"join_room\",1]", "9"] {
        let mut socket = connected(&target, &two).await;
        socket.send(packet).await;
        ends_quietly(&mut socket).await;
    }
    witness.send("421[\"join_room\",\"22222222\"]").await;
    assert!(witness.text().await.starts_with("431[{\"ok\":false"));
}

#[tokio::test]
async fn a_client_that_leaves_its_namespace_leaves_the_server() {
    let target = Target::product(Pace::Calm).await;
    let guest = guest(&target).await;
    let server = target.product.as_ref().expect("the product");
    let mut socket = connected(&target, &guest).await;
    crate::harness::eventually("its session is open", || server.state.hub.session_count() == 1).await;
    socket.send("41").await;
    crate::harness::eventually("its session is over", || server.state.hub.session_count() == 0).await;
    drop(socket);
}

#[tokio::test]
async fn an_upgraded_session_goes_on_where_it_was() {
    let target = Target::product(Pace::Calm).await;
    let guest = guest(&target).await;
    let room = guest.room().await;
    let session = Session::open(&target).await;
    session.posts(&format!("40{}", json!({"token": guest.token()}))).await;
    assert!(session.poll().await.starts_with("40{\"sid\":\""));
    let mut socket = session.probed().await;
    assert_eq!(session.poll().await, "6");
    let join = format!("421[\"join_room\",\"{}\"]", room.code);
    socket.send_at_once(&["5", &join]).await;
    assert!(socket.text().await.starts_with("431[{\"ok\":true"));
}
