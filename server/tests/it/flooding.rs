//! Too large, too long, too fast, too many: each has its limit, its code, and a way on.

use std::time::{Duration, Instant};

use protocol::{ClientFrame, ErrorCode, Limits};
use tokio::net::TcpStream;

use crate::harness::{Guest, TestServer, Wire};

/// A `send` of exactly so many bytes.
fn send_of(bytes: usize, room: &str) -> String {
    let head = format!("{{\"t\":\"send\",\"cid\":\"big\",\"room\":\"{room}\",\"text\":\"");
    let text = "x".repeat(bytes - head.len() - 2);
    format!("{head}{text}\"}}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_64_kib_is_read_and_one_byte_more_closes_with_4501() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let big = protocol::ClientId::parse("big").expect("is a cid");
    client.wire.text(&send_of(64 * 1024, &room.code)).await;
    client.expect_error(ErrorCode::TextTooLong, Some(&big)).await;
    client.say(&room.code, "still here").await;
    let _ = client.wire.try_text(&send_of(64 * 1024 + 1, &room.code)).await;
    client.wire.expect_end(ErrorCode::TooLarge).await;
    assert_eq!(ErrorCode::TooLarge.close_code(), 4501);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_frame_before_hello_closes_too() {
    let server = TestServer::spawn().await;
    let mut wire = Wire::open(server.addr).await;
    let _ = wire.try_text(&send_of(200_000, "KW7P3MXQ")).await;
    wire.expect_end(ErrorCode::TooLarge).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_characters_pass_and_one_more_does_not() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    for character in ["x", "ß", "語", "🦀"] {
        // What surrounds a text is not counted.
        let full = character.repeat(5_000);
        let cid = client.send(&room.code, &format!("  {full}\n")).await;
        client.expect_ack(&cid).await;
        client.expect_message(&full).await;
        let cid = client.send(&room.code, &character.repeat(5_001)).await;
        client.expect_error(ErrorCode::TextTooLong, Some(&cid)).await;
    }
    for nothing in ["", " ", "\n\t\u{3000}"] {
        let cid = client.send(&room.code, nothing).await;
        client.expect_error(ErrorCode::EmptyText, Some(&cid)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_messages_pass_at_once_then_the_sender_is_told_how_long_to_wait() {
    let server = TestServer::limited(|limits| limits.sends_refill_ms = 1_500).await;
    assert_eq!(Limits::default().sends_burst, 30);
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let (mut client, mut other) = (guest.enter(&room).await, guest.enter(&room).await);
    let started = Instant::now();
    for number in 0..29 {
        client.send(&room.code, &format!("number {number}")).await;
    }
    // The limit is the person's, whatever the tab.
    other.say(&room.code, "number 29").await;
    client.expect_message("number 29").await;
    let refused = client.send(&room.code, "one too many").await;
    let (code, wait_ms) = client.next_error(Some(&refused)).await;
    assert!(
        started.elapsed() < Duration::from_millis(1_500),
        "the machine is too slow for this test to mean something"
    );
    let wait_ms = wait_ms.expect("a rate limit says how long to wait");
    assert_eq!(code, ErrorCode::RateLimited);
    assert!((1..=1_500).contains(&wait_ms), "{wait_ms} ms");
    server.state.clock.advance(wait_ms);
    client.send_as(&refused, &room.code, "one too many").await;
    client.expect_ack(&refused).await;
    other.expect_message("one too many").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_any_kind_are_limited_and_flooding_closes_with_4508() {
    let server = TestServer::limited(|limits| limits.frames_per_minute = 20).await;
    assert_eq!(Limits::default().frames_per_minute, 300);
    let guest = Guest::new(&server).await;
    let mut client = guest.connect().await;
    for _ in 0..20 {
        client.ping().await;
    }
    let cid = client.ask_join("KW7P3MXQ", None, None).await;
    let wait_ms = client.expect_error(ErrorCode::RateLimited, Some(&cid)).await.expect("says how long to wait");
    assert!((1..=3_000).contains(&wait_ms), "{wait_ms} ms");
    let flood = vec!["{\"t\":\"ping\"}".to_owned(); 400];
    client.wire.texts_at_once(&flood).await;
    client.wire.expect_end(ErrorCode::Flooding).await;
    assert_eq!(ErrorCode::Flooding.close_code(), 4508);
    guest.connect().await.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_now_and_then_are_no_flood_however_long_a_connection_lives() {
    let server = TestServer::limited(|limits| {
        (limits.refusals_burst, limits.refusals_refill_ms) = (3, 50);
    })
    .await;
    let mut client = Guest::new(&server).await.connect().await;
    for _ in 0..12 {
        client.wire.text("{\"t\":\"of_the_future\"}").await;
        client.expect_error(ErrorCode::BadFrame, None).await;
        server.state.clock.advance(50);
    }
    client.wire.texts_at_once(&vec!["{}".to_owned(); 100]).await;
    client.wire.expect_end(ErrorCode::Flooding).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joins_are_limited_for_each_person() {
    let server = TestServer::limited(|limits| limits.joins_per_minute = 3).await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut client = guest.connect().await;
    for _ in 0..3 {
        client.join(&room.code).await;
    }
    let cid = client.ask_join(&room.code, None, None).await;
    let wait_ms = client.expect_error(ErrorCode::RateLimited, Some(&cid)).await;
    assert!(wait_ms.is_some_and(|wait_ms| (1..=20_000).contains(&wait_ms)));
    let refused = guest.join(&room.code, None).await;
    assert_eq!(refused.code(), ErrorCode::RateLimited, "HTTP counts with the socket");
    Guest::new(&server).await.enter(&room).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ninth_connection_of_a_person_is_refused_until_one_ends() {
    let server = TestServer::limited(|limits| limits.grace_ms = 0).await;
    let guest = Guest::new(&server).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(guest.connect().await);
    }
    let mut ninth = Wire::open(server.addr).await;
    ninth
        .text(&crate::harness::frame(&ClientFrame::Hello {
            token: Some(guest.token().to_owned()),
            resume: None,
            follow: false,
        }))
        .await;
    ninth.expect_end(ErrorCode::TooManyConnections).await;
    for client in &mut open {
        client.ping().await;
    }
    open.pop().expect("eight are open").close().await;
    crate::harness::eventually("the eighth place is free again", || server.state.connections.total() == 7).await;
    guest.connect().await.ping().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_and_the_whole_server_have_their_bounds() {
    let server = TestServer::limited(|limits| limits.connections_per_address = 2).await;
    let _two = (Wire::open(server.addr).await, Wire::open(server.addr).await);
    let refused = Wire::try_open(server.addr, &[]).await.err().expect("the third is one too many");
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));

    let server = TestServer::limited(|limits| limits.connections_total = 1).await;
    let one = Wire::open(server.addr).await;
    let refused = Wire::try_open(server.addr, &[]).await.err().expect("the second is one too many");
    assert_eq!(refused.status(), 503);
    one.close().await;
    crate::harness::eventually("the place is free again", || server.state.connections.total() == 0).await;
    Wire::open(server.addr).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_in_as_many_rooms_as_it_may() {
    let server = TestServer::limited(|limits| limits.rooms_per_session = 2).await;
    let guest = Guest::new(&server).await;
    let rooms = [guest.room().await, guest.room().await, guest.room().await];
    let mut client = guest.connect().await;
    client.join(&rooms[0].code).await;
    client.join(&rooms[1].code).await;
    let cid = client.ask_join(&rooms[2].code, None, None).await;
    client.expect_error(ErrorCode::TooManyRooms, Some(&cid)).await;
    client.join(&rooms[1].code).await;
    client.leave(&rooms[0].code).await;
    client.join(&rooms[2].code).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_head_of_a_request_has_to_come_in_time() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = TestServer::limited(|limits| limits.headers_ms_max = 300).await;
    let mut stream = TcpStream::connect(server.addr).await.expect("the server listens");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.expect("the line is open");
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "a half request holds its connection for ever");
}
