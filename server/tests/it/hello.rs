//! The first frame of a connection: in time, right, once.

use std::time::Instant;

use protocol::{ClientFrame, ErrorCode, SUBPROTOCOL, ServerFrame};

use crate::harness::{Guest, Heard, TestClient, TestServer, Wire, frame};

async fn expect_bad_frame(wire: &mut Wire, named: Option<&str>) {
    match wire.next().await {
        Heard::Frame(ServerFrame::Error { code: ErrorCode::BadFrame, cid, .. }) => {
            assert_eq!(cid.as_ref().map(protocol::ClientId::as_str), named);
        }
        other => panic!("no bad_frame but {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_without_a_hello_is_closed_with_4003() {
    let server = TestServer::limited(|limits| limits.hello_ms_max = 200).await;
    let opened = Instant::now();
    let mut wire = Wire::open(server.addr).await;
    wire.expect_end(ErrorCode::HelloTimeout).await;
    assert!(opened.elapsed().as_millis() >= 200, "closed before the deadline");
    assert_eq!(ErrorCode::HelloTimeout.close_code(), 4003);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_hellos_do_not_move_the_deadline() {
    let server = TestServer::limited(|limits| limits.hello_ms_max = 300).await;
    let mut wire = Wire::open(server.addr).await;
    let opened = Instant::now();
    let mut refused = 0;
    let end = loop {
        let _ = wire.try_text("{}").await;
        match wire.next().await {
            Heard::Frame(ServerFrame::Error { .. }) => refused += 1,
            Heard::Frame(ServerFrame::Bye { code, .. }) => break code,
            other => panic!("neither an error nor bye but {other:?}"),
        }
    };
    assert_eq!(end, ErrorCode::HelloTimeout);
    assert!(refused > 0, "no try was answered");
    assert!(opened.elapsed().as_secs() < 3, "the deadline moved with each try");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_hello_is_answered_and_the_wait_goes_on() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let mut wire = Wire::open(server.addr).await;
    for text in ["", "hello", "null", "[]", "{\"t\":\"hello\",\"colour\":\"red\"}", "{\"t\":\"hello\",\"token\":7}"] {
        wire.text(text).await;
        expect_bad_frame(&mut wire, None).await;
    }
    wire.text("{\"t\":\"send\",\"cid\":\"c9\",\"room\":\"KW7P3MXQ\",\"text\":\"early\"}").await;
    expect_bad_frame(&mut wire, Some("c9")).await;
    wire.binary(b"\x00\xff").await;
    expect_bad_frame(&mut wire, None).await;
    let client = TestClient::hello(wire, server.addr, guest.token(), None).await;
    assert_eq!(client.me, guest.session.me);
    assert!(!client.resumed && client.rooms.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_hello_and_a_binary_frame_are_refused_and_the_connection_goes_on() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let mut client = guest.connect().await;
    client.tell(&ClientFrame::Hello { token: Some(guest.token().to_owned()), resume: None, follow: false }).await;
    client.expect_error(ErrorCode::BadFrame, None).await;
    client.wire.binary(b"{\"t\":\"ping\"}").await;
    client.expect_error(ErrorCode::BadFrame, None).await;
    client.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_without_a_good_token_is_told_so_and_closed() {
    let server = TestServer::spawn().await;
    for token in [None, Some(String::new()), Some("e30.e30.e30".to_owned())] {
        let mut wire = Wire::open(server.addr).await;
        wire.text(&frame(&ClientFrame::Hello { token, resume: None, follow: false })).await;
        match wire.next().await {
            Heard::Frame(ServerFrame::Error { code: ErrorCode::Unauthorized, .. }) => {}
            other => panic!("no unauthorized but {other:?}"),
        }
        wire.expect_end(ErrorCode::Unauthorized).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_version_is_agreed_on_in_the_upgrade() {
    let server = TestServer::spawn().await;
    let (_, response) = Wire::try_open(server.addr, &[]).await.expect("this version is served");
    assert_eq!(response.headers()["sec-websocket-protocol"], SUBPROTOCOL);
    let other = [("sec-websocket-protocol", "whisperspace.v0, graphql-ws")];
    let refused = Wire::try_open(server.addr, &other).await.err().expect("no version in common");
    assert_eq!(refused.status(), 426);
    let one_of = format!("whisperspace.v0, {SUBPROTOCOL}");
    let (_, response) = Wire::try_open(server.addr, &[("sec-websocket-protocol", one_of.as_str())])
        .await
        .expect("one version is in common");
    assert_eq!(response.headers()["sec-websocket-protocol"], SUBPROTOCOL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_welcome_tells_the_limits_in_force() {
    let server = TestServer::limited(|limits| {
        limits.text_chars_max = 77;
        limits.grace_ms = 1_234;
    })
    .await;
    let guest = Guest::new(&server).await;
    let mut wire = Wire::open(server.addr).await;
    wire.text(&frame(&ClientFrame::Hello { token: Some(guest.token().to_owned()), resume: None, follow: false })).await;
    let Heard::Frame(ServerFrame::Welcome { limits, now, .. }) = wire.next().await else { panic!("no welcome") };
    assert_eq!(limits, (&server.state.config.limits).into());
    assert_eq!((limits.text_chars_max, limits.grace_ms), (77, 1_234));
    let here = server.state.clock.wall();
    assert!(now <= here && here - now < 10_000, "the server's clock is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_is_an_object_and_no_list_that_could_be_read_as_one() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let listed = format!("[\"typing\",\"{}\",true]", room.code);
    for list in ["[\"ping\"]", "[\"pong\",0]", &listed] {
        client.wire.text(list).await;
        client.expect_error(ErrorCode::BadFrame, None).await;
    }
}
